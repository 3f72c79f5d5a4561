//! What a decision may ask of the world outside the request: the clock, the allow list, a registry.
//!
//! An approved image asks for none of them.

/// The world outside the request. Every answer may be missing; what is missing is no exception.
pub trait Facts {
    /// The seconds since 1970-01-01 00:00:00 UTC.
    fn now(&self) -> i64;

    /// The value of the key `namespace` in a ConfigMap, `None` where it has no such key.
    ///
    /// # Errors
    ///
    /// The cause, where the ConfigMap is missing or cannot be read.
    fn allow_list_entry(&self, config_map: &ConfigMap<'_>, namespace: &str) -> Result<Option<String>, String>;

    /// What a registry says of an image, which is named in its full form.
    ///
    /// # Errors
    ///
    /// The cause, where the registry does not answer or answers something else.
    fn image(&self, reference: &str) -> Result<ImageDescription, String>;
}

/// The name of a ConfigMap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConfigMap<'a> {
    /// The namespace that it is in.
    pub namespace: &'a str,
    /// Its own name.
    pub name: &'a str,
}

/// What a registry says of an image (OCI image specification, "Image Configuration" and "Image Manifest").
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImageDescription {
    /// The label or annotation `org.opencontainers.image.licenses`.
    pub licenses: Option<String>,
    /// The label or annotation `org.opencontainers.image.source`.
    pub source: Option<String>,
    /// `created` of the configuration, an RFC 3339 time.
    pub created: Option<String>,
    /// `rootfs.diff_ids` of the configuration, the lowest layer first.
    pub diff_ids: Vec<String>,
}
