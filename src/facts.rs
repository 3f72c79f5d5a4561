//! What a decision may ask of the world outside the request: the clock, the allow list, a registry.
//!
//! An approved image asks for none of them.

use std::fmt;

/// The world outside the request. Any answer may be unavailable. A missing answer never grants an exception.
pub trait Facts {
    /// The seconds since 1970-01-01 00:00:00 UTC.
    fn now(&self) -> i64;

    /// The value of the key `namespace` in a ConfigMap, `None` where it has no such key.
    ///
    /// # Errors
    ///
    /// The cause, where the ConfigMap is missing or cannot be read.
    fn allow_list_entry(&self, config_map: &ConfigMap<'_>, namespace: &str) -> Result<Option<String>, Unavailable>;

    /// What a registry says about an image, which is named in its full form.
    ///
    /// # Errors
    ///
    /// The cause, where the registry does not answer or answers something else.
    fn image(&self, reference: &str) -> Result<ImageDescription, Unavailable>;
}

/// The name of a ConfigMap. `Display` writes it as a message does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConfigMap<'a> {
    /// The namespace that it is in.
    pub namespace: &'a str,
    /// Its own name.
    pub name: &'a str,
}

impl fmt::Display for ConfigMap<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ConfigMap {}/{}", self.namespace, self.name)
    }
}

/// Why a fact is not available.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unavailable {
    /// It does not exist.
    NotFound,
    /// Whoever asks for the policy may not read it.
    NotAuthorised,
    /// The source has been asked too often.
    TooManyRequests,
    /// The source is not asked any more, because of the number of images in the request.
    TooManyQuestions,
    /// The source did not answer in time.
    NoAnswer,
    /// The name of the source does not resolve to an address.
    NameDoesNotResolve,
    /// The source cannot be reached.
    NotReachable,
    /// The source answered with this HTTP status.
    Status(u16),
    /// The answer is something else than what was asked for.
    Unreadable,
    /// Another cause, in the words of the host.
    Other(String),
}

/// For a message about a registry: in the policy's own words only, because a registry may be a stranger's, and could
/// otherwise speak to the reader through an error.
impl fmt::Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotFound => "not found",
            Self::NotAuthorised => "not authorised",
            Self::TooManyRequests => "too many requests",
            Self::TooManyQuestions => {
                return write!(f, "registries are asked about at most {QUESTIONS_MAX} images of a request: name fewer");
            }
            Self::NoAnswer => "no answer in time",
            Self::NameDoesNotResolve => "the registry's name does not resolve",
            Self::NotReachable => "the registry is not reachable",
            Self::Status(status) => return write!(f, "the registry answers with status {status}"),
            Self::Unreadable => "the registry's answer is not an image",
            Self::Other(_) => "the policy server could not ask the registry",
        })
    }
}

/// What a registry says about an image (OCI image specification, "Image Configuration" and "Image Manifest"). Whoever
/// built the image wrote it: each is a claim.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImageDescription {
    /// The digest of the manifest that is described; that of one platform, where the reference names an index.
    pub digest: Option<String>,
    /// The label or annotation `org.opencontainers.image.licenses`.
    pub licenses: Claim,
    /// The label or annotation `org.opencontainers.image.source`.
    pub source: Claim,
    /// `created` of the configuration, an RFC 3339 time.
    pub created: Claim,
    /// The annotation `org.opencontainers.image.created`, likewise.
    pub annotated_created: Claim,
    /// `rootfs.diff_ids` of the configuration, the lowest layer first; `None` where they are not up to [`LAYERS_MAX`]
    /// digests.
    pub diff_ids: Option<Vec<String>>,
}

/// About how many images registries are asked for one request, base images among them. A tenant chooses how many images
/// an object names, and the host answers one question after the other, for everybody.
pub const QUESTIONS_MAX: usize = 100;
/// The most layers of an image that are read: Docker makes no more.
pub const LAYERS_MAX: usize = 127;
/// The longest digest that is read, in bytes: `sha512:` and 128 hex digits.
pub const DIGEST_LENGTH_MAX: usize = 135;
/// The longest claim that is read, in bytes.
pub const CLAIM_LENGTH_MAX: usize = 4096;

/// A string that an image says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Claim {
    /// The image does not say it.
    #[default]
    Missing,
    /// It says this.
    Text(String),
    /// It says something that is not a string, or one over [`CLAIM_LENGTH_MAX`].
    Unreadable,
}

impl Claim {
    /// What an image says with a string: nothing with an empty one, and what is over [`CLAIM_LENGTH_MAX`] is not read.
    #[must_use]
    pub fn of(text: impl Into<String>) -> Self {
        let text = text.into();
        match text.len() {
            0 => Self::Missing,
            1..=CLAIM_LENGTH_MAX => Self::Text(text),
            _ => Self::Unreadable,
        }
    }

    /// A claim, or the one that counts where this one says nothing.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        if self == Self::Missing { other } else { self }
    }
}
