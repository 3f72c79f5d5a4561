//! A world that answers every question, and always the same.

use registry_enforcer::facts::{ConfigMap, Facts, ImageDescription};

/// 2026-06-01 00:00:00 UTC.
const NOW: i64 = 1_780_272_000;

pub struct World;

impl Facts for World {
    fn now(&self) -> i64 {
        NOW
    }

    fn allow_list_entry(&self, _: &ConfigMap<'_>, namespace: &str) -> Result<Option<String>, String> {
        match namespace {
            "tool-mix" => Ok(Some("2026-12-31".to_owned())),
            "tool-none" => Ok(None),
            _ => Err("the API server does not answer".to_owned()),
        }
    }

    fn image(&self, reference: &str) -> Result<ImageDescription, String> {
        if !reference.starts_with("quay.io/") {
            return Err("the registry does not answer".to_owned());
        }
        Ok(ImageDescription {
            licenses: Some("Apache-2.0 OR MIT".to_owned()),
            source: Some("https://example.org/source".to_owned()),
            created: Some("2026-05-01T00:00:00Z".to_owned()),
            diff_ids: vec!["sha256:1".to_owned()],
        })
    }
}
