//! A world that answers every question, and always the same.

use registry_enforcer::facts::{Claim, ConfigMap, Facts, ImageDescription, Unavailable};

/// 2026-06-01 00:00:00 UTC.
const NOW: i64 = 1_780_272_000;

pub struct World;

impl Facts for World {
    fn now(&self) -> i64 {
        NOW
    }

    fn allow_list_entry(&self, _: &ConfigMap<'_>, namespace: &str) -> Result<Option<String>, Unavailable> {
        match namespace {
            "tool-mix" => Ok(Some("2026-12-31".to_owned())),
            "tool-none" => Ok(None),
            _ => Err(Unavailable::NoAnswer),
        }
    }

    fn image(&self, reference: &str) -> Result<ImageDescription, Unavailable> {
        if !reference.starts_with("quay.io/") {
            return Err(Unavailable::NotReachable);
        }
        Ok(ImageDescription {
            digest: None,
            licenses: Claim::Text("Apache-2.0 OR MIT".to_owned()),
            source: Claim::Text("https://example.org/source".to_owned()),
            created: Claim::Text("2026-05-01T00:00:00Z".to_owned()),
            annotated_created: Claim::Missing,
            diff_ids: Some(vec!["sha256:1".to_owned()]),
        })
    }
}
