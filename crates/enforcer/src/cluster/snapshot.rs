//! What the policy may ask of the world, answered out of files and of what the reader asked for.

use std::cell::Cell;

use crate::{
    input::allow_list::AllowList,
    policy::{ConfigMap, Facts, ImageDescription},
};

/// The world at one time.
#[derive(Debug)]
pub struct Snapshot {
    seconds: i64,
    allow_list: Option<AllowList>,
    has_asked_registry: Cell<bool>,
}

impl Snapshot {
    /// The world at a time, with what the ConfigMap says.
    pub fn new(seconds: i64, allow_list: Option<AllowList>) -> Self {
        Self { seconds, allow_list, has_asked_registry: Cell::new(false) }
    }

    /// When this is, since 1970-01-01 00:00:00 UTC.
    pub fn seconds(&self) -> i64 {
        self.seconds
    }

    /// The same world at another time.
    pub fn at(&self, seconds: i64) -> Later<'_> {
        Later { snapshot: self, seconds }
    }

    /// What the reader should know, if a requirement wanted to know what a registry says of an image.
    pub fn note(&self) -> Option<String> {
        self.has_asked_registry.get().then(|| {
            "no registry was asked: of byoc_requirements only pinned_digest and registries are judged".to_owned()
        })
    }
}

/// A world as it will be, if nobody changes it.
#[derive(Debug)]
pub struct Later<'s> {
    snapshot: &'s Snapshot,
    seconds: i64,
}

impl Facts for Later<'_> {
    fn now(&self) -> i64 {
        self.seconds
    }

    fn allow_list_entry(&self, config_map: &ConfigMap<'_>, namespace: &str) -> Result<Option<String>, String> {
        let allow_list = self.snapshot.allow_list.as_ref().ok_or_else(|| format!("{config_map} was not given"))?;
        Ok(allow_list.entry(namespace))
    }

    /// Every image as one that meets all requirements: a report on thousands of images asks no registry,
    /// so of the requirements only those count that the reference alone decides.
    fn image(&self, _: &str) -> Result<ImageDescription, String> {
        self.snapshot.has_asked_registry.set(true);
        Ok(ImageDescription {
            licenses: Some("Apache-2.0".to_owned()),
            source: Some("https://example.org/".to_owned()),
            created: jiff::Timestamp::from_second(self.seconds).ok().map(|time| time.to_string()),
            // The base images have the same, so every image is built on each of them.
            diff_ids: vec!["sha256:".to_owned()],
        })
    }
}
