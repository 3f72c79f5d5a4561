//! Replacements: which image to use instead of one that a prefix matches.

use std::{borrow::Cow, fmt};

use super::{
    prefix::{Prefix, PrefixError},
    reference::Reference,
};

/// What stands in the place of the part of an image that a prefix matches. `Display` writes it as the operator did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replacement<'a>(Prefix<'a>);

impl<'a> Replacement<'a> {
    /// Reads a replacement: a prefix without `*`.
    ///
    /// # Errors
    ///
    /// What is not a prefix, and one with `*`.
    pub fn parse(text: Cow<'a, str>) -> Result<Self, ReplacementError> {
        let prefix = Prefix::parse(text).map_err(ReplacementError::Prefix)?;
        if prefix.has_any() { Err(ReplacementError::Any) } else { Ok(Self(prefix)) }
    }

    /// Whether it has a tag or a digest.
    #[must_use]
    pub fn names_one_image(&self) -> bool {
        self.0.names_one_image()
    }

    /// The image to use instead of one that `prefix` matches: the matched part is replaced, and the deeper path, the
    /// tag and the digest stay as they were written. A prefix with a tag or a digest matches them, too. `None` where
    /// the replacement needs a namespace and there is none, or where nothing is left to name a repository.
    ///
    /// ```
    /// # use registry_enforcer::image::{prefix::Prefix, reference::Reference, replacement::Replacement};
    /// let old = Prefix::parse("*.wmflabs.org".into()).expect("a prefix");
    /// let new = Replacement::parse("registry.example".into()).expect("a replacement");
    /// let image = Reference::parse("tools.wmflabs.org/python/web:3").expect("a reference");
    /// assert_eq!(new.instead_of(&image, &old, None).as_deref(), Some("registry.example/python/web:3"));
    /// ```
    #[must_use]
    pub fn instead_of(
        &self,
        reference: &Reference<'_>,
        prefix: &Prefix<'_>,
        namespace: Option<&str>,
    ) -> Option<String> {
        if self.0.has_namespace() && namespace.is_none() {
            return None;
        }
        let mut instead = self.0.within(namespace).trim_end_matches('/').to_owned();
        for component in reference.components().skip(prefix.matched_components(reference, namespace)) {
            instead.push('/');
            instead.push_str(component);
        }
        // A host alone would read as an image of Docker Hub's.
        if !instead.contains('/') {
            return None;
        }
        if !prefix.names_one_image() {
            instead.push_str(&reference.written_end());
        }
        Some(instead)
    }

    /// An image that this replacement leads to, for a check whether such images may run: in `namespace`, and with as
    /// much of a path as an image that `prefix` matches has at least.
    pub(crate) fn sample(&self, prefix: &Prefix<'_>, namespace: &str) -> String {
        const SAMPLE: &str = "sample";
        let mut sample = self.0.within(Some(namespace)).trim_end_matches('/').to_owned();
        // A host alone would read as an image of Docker Hub's.
        let least = usize::from(self.0.components().next().is_none());
        for _ in 0..prefix.least_components_below().max(least) {
            sample.push('/');
            sample.push_str(SAMPLE);
        }
        if !self.names_one_image() {
            sample.push(':');
            sample.push_str(SAMPLE);
        }
        sample
    }
}

impl fmt::Display for Replacement<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Why a string is not a replacement. `Display` says what to write instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplacementError {
    /// It is not a prefix.
    Prefix(PrefixError),
    /// It has a `*`.
    Any,
}

impl fmt::Display for ReplacementError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Prefix(error) => error.fmt(f),
            Self::Any => f.write_str("has \"*\", which names nothing that someone could use: write it out"),
        }
    }
}

impl std::error::Error for ReplacementError {}
