//! What the policy may ask of the world, answered out of files and of what the reader asked for.

use std::cell::Cell;

use crate::{
    input::allow_list::AllowList,
    policy::{Claim, ConfigMap, Facts, ImageDescription, Unavailable},
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

    /// Each entry of the ConfigMap, where there is one.
    pub fn entries(&self) -> Option<impl Iterator<Item = (&str, &str)>> {
        self.allow_list.as_ref().map(AllowList::entries)
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

    fn allow_list_entry(&self, _: &ConfigMap<'_>, namespace: &str) -> Result<Option<String>, Unavailable> {
        let missing = || Unavailable::Other("it was not given, give it with --allow-list".to_owned());
        Ok(self.snapshot.allow_list.as_ref().ok_or_else(missing)?.entry(namespace))
    }

    /// Every image as one that meets all requirements: a report on thousands of images asks no registry,
    /// so of the requirements only those count that the reference alone decides.
    fn image(&self, reference: &str) -> Result<ImageDescription, Unavailable> {
        self.snapshot.has_asked_registry.set(true);
        let created = jiff::Timestamp::from_second(self.seconds).ok().map(|time| Claim::Text(time.to_string()));
        Ok(ImageDescription {
            digest: reference.split_once('@').map(|(_, digest)| digest.to_owned()),
            licenses: Claim::Text("Apache-2.0".to_owned()),
            source: Claim::Text("https://example.org/".to_owned()),
            created: created.unwrap_or_default(),
            annotated_created: Claim::Missing,
            // The base images have the same, so every image is built on each of them.
            diff_ids: Some(vec!["sha256:".to_owned()]),
        })
    }
}
