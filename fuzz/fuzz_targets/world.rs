//! A world that answers the same question always the same.

use registry_enforcer::facts::{Claim, ConfigMap, Facts, ImageDescription, Unavailable};

/// 2026-06-01 00:00:00 UTC.
const NOW: i64 = 1_780_272_000;

// What images say of themselves: good, bad, nothing.
const LICENSES: &[&str] = &["Apache-2.0 OR MIT", "GPL-2.0-only WITH Classpath-exception-2.0", "Proprietary", ""];
const SOURCES: &[&str] = &["https://example.org/source", "http://example.org", ""];
const TIMES: &[&str] = &["2026-05-01T00:00:00Z", "2025-05-01T00:00:00Z", "1980-01-01T00:00:01Z", ""];
const LAYERS: &[&str] = &["sha256:1", "sha256:2", "sha256:3"];

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
        // Another name is another image, which a fuzzer meets when it changes a letter.
        let mut number =
            reference.bytes().fold(0_u64, |number, byte| number.wrapping_mul(31).wrapping_add(byte.into()));
        let mut choose = |choices: usize| {
            let choice = number % choices as u64;
            number /= choices as u64;
            choice as usize
        };
        let mut claim = |texts: &[&str]| match texts[choose(texts.len())] {
            "" => Claim::Missing,
            text => Claim::Text(text.to_owned()),
        };
        Ok(ImageDescription {
            licenses: claim(LICENSES),
            source: claim(SOURCES),
            created: claim(TIMES),
            annotated_created: claim(TIMES),
            digest: reference.split_once('@').map(|(_, digest)| digest.to_owned()).filter(|_| choose(4) > 0),
            diff_ids: LAYERS.get(..choose(5)).map(|layers| layers.iter().map(|layer| (*layer).to_owned()).collect()),
        })
    }
}
