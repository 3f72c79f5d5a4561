//! Image references, read as a container runtime reads them.
//!
//! The grammar is that of `github.com/distribution/reference` (which containerd, CRI-O and the
//! kubelet use), after Docker's normalisation:
//!
//! ```text
//! reference      := name [ ":" tag ] [ "@" digest ]
//! name           := [ domain "/" ] path
//! domain         := host [ ":" port ]
//! host           := domain-name | "[" IPv6 address "]"
//! domain-name    := label *( "." label )            label     := [a-zA-Z0-9] or [a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]
//! port           := [0-9]+
//! path           := component *( "/" component )    at most 255 characters
//! component      := [a-z0-9]+ *( separator [a-z0-9]+ )
//! separator      := "." | "_" | "__" | "-"+
//! tag            := [A-Za-z0-9_] [A-Za-z0-9_.-]{0,127}
//! digest         := "sha256:" 64 hex | "sha384:" 96 hex | "sha512:" 128 hex      hex is [0-9a-f]
//! ```
//!
//! Normalisation: the first component is the domain if it has a `.`, a `:` or an upper-case letter,
//! or is `localhost`; otherwise the domain is `docker.io`. `index.docker.io` means `docker.io`. A
//! path of one component on `docker.io` is in `library/`. No tag and no digest mean `latest`.
//!
//! Deliberate deviations, all of them refusals:
//!
//! - a first component that looks like a domain and is none (`my_registry.io/x`) is refused;
//!   distribution falls back to a name without a domain, and the runtime then connects to it;
//! - an image ID, whole or its start (`sha256:` and hex digits, or 64 of them alone), is refused;
//!   distribution reads it as the repository `sha256` with a tag, and containerd runs whatever image of
//!   the node has an ID that begins so.

use std::fmt;

/// The domain that a name without one belongs to.
pub const DOCKER_HUB: &str = "docker.io";
/// The tag that a reference with neither tag nor digest has.
pub const DEFAULT_TAG: &str = "latest";
/// The longest path, in bytes (`RepositoryNameTotalLengthMax` of distribution/reference).
pub const PATH_LENGTH_MAX: usize = 255;
/// The longest tag, in bytes.
pub const TAG_LENGTH_MAX: usize = 128;

const LEGACY_DOCKER_HUB: &str = "index.docker.io";
/// The first component of Docker Hub's own repositories.
pub(crate) const OFFICIAL_REPOSITORIES: &str = "library";
/// The digest algorithms of the OCI image specification and go-digest, with their length in hex digits.
const DIGEST_ALGORITHMS: &[(&str, usize)] = &[("sha256", 64), ("sha384", 96), ("sha512", 128)];

/// An image reference after normalisation; its parts are slices of the text it was read from.
///
/// `Display` writes the full form (`docker.io/library/nginx:latest`), which parses to itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reference<'a> {
    domain: &'a str,
    /// The length of the domain without its port, in bytes.
    host_length: usize,
    official: bool,
    path: &'a str,
    tag: Option<&'a str>,
    digest: Option<&'a str>,
}

impl<'a> Reference<'a> {
    /// Reads an image reference.
    ///
    /// # Errors
    ///
    /// Whatever the grammar at the head of this module does not derive, for example `""`,
    /// `"nginx:"`, `"Nginx"`, `"https://quay.io/x"`, `"quay.io/x@sha256:123"`.
    pub fn parse(text: &'a str) -> Result<Self, ReferenceError> {
        if is_image_id(text) {
            return Err(ReferenceError::ImageId);
        }
        // A URL fails at the ":" after its scheme, whatever follows: only then is it looked for.
        Self::parse_parts(text).map_err(|error| match text {
            "" => ReferenceError::Empty,
            url if url.contains("://") => ReferenceError::Scheme,
            _ => error,
        })
    }

    fn parse_parts(text: &'a str) -> Result<Self, ReferenceError> {
        let (name, digest) = split_digest(text)?;
        let (domain, rest) = split_domain(name);
        let (host, port) = split_port(domain);
        if let Some(port) = port {
            check_port(port)?;
        }
        check_host(host)?;
        let (path, tag) = match split_at(rest, b':') {
            Some((path, tag)) => (path, Some(tag)),
            None => (rest, None),
        };
        check_path(path)?;
        if let Some(tag) = tag {
            check_tag(tag)?;
        }
        let official = domain == DOCKER_HUB && !path.contains('/');
        let length = path.len() + if official { OFFICIAL_REPOSITORIES.len() + 1 } else { 0 };
        if length > PATH_LENGTH_MAX {
            return Err(ReferenceError::TooLong);
        }
        Ok(Self { domain, host_length: host.len(), official, path, tag, digest })
    }

    /// The domain with its port, as written, `docker.io` where none was.
    #[must_use]
    pub fn domain(&self) -> &'a str {
        self.domain
    }

    /// The host, and the port after its `:`.
    pub(crate) fn host_and_port(&self) -> (&'a str, Option<&'a str>) {
        let (host, port) = self.domain.split_at(self.host_length);
        (host, port.strip_prefix(':'))
    }

    /// The components of the path, in order, with `library` where Docker Hub adds it.
    pub fn components(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.official.then_some(OFFICIAL_REPOSITORIES).into_iter().chain(self.path.split('/'))
    }

    /// The digest, with its algorithm.
    #[must_use]
    pub fn digest(&self) -> Option<&'a str> {
        self.digest
    }

    /// The tag. No tag and no digest mean `latest`; a digest alone has no tag.
    #[must_use]
    pub fn tag(&self) -> Option<&'a str> {
        match (self.tag, self.digest) {
            (None, None) => Some(DEFAULT_TAG),
            (tag, _) => tag,
        }
    }
}

impl fmt::Display for Reference<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let official = if self.official { "library/" } else { "" };
        write!(f, "{}/{official}{}", self.domain, self.path)?;
        if let Some(tag) = self.tag() {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = self.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}

/// Why a text is no image reference. `Display` says what to write instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReferenceError {
    /// There is no text.
    Empty,
    /// A URL.
    Scheme,
    /// The ID of an image on a node.
    ImageId,
    /// The part before the first `/` is no domain.
    Domain,
    /// What follows the host's `:` is no port.
    Port,
    /// The path has an upper-case letter.
    UpperCase,
    /// A component of the path is empty or has another character than the grammar allows.
    Path,
    /// The path is longer than [`PATH_LENGTH_MAX`].
    TooLong,
    /// What follows the last `:` is no tag.
    Tag,
    /// What follows the `@` is no digest.
    Digest,
}

impl fmt::Display for ReferenceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "it is empty: write registry/repository:tag",
            Self::Scheme => "it is a URL: leave out the part up to \"://\"",
            Self::ImageId => "it is the ID of an image on a node: write registry/repository:tag or registry/repository@digest",
            Self::Domain => "its registry is no host name: use letters, digits, \"-\" and \".\", or an IPv6 address in brackets",
            Self::Port => "the port of its registry is no number: write registry:5000/repository",
            Self::UpperCase => "its repository has an upper-case letter: write it in lower case",
            Self::Path => "its repository is not well formed: use a-z, 0-9 and single separators (\".\", \"_\", \"__\", \"-\") in components joined by \"/\"",
            Self::TooLong => "its repository is longer than 255 characters: write a shorter one",
            Self::Tag => "its tag is not well formed: use up to 128 letters, digits, \"_\", \".\" and \"-\", the first no \".\" or \"-\"",
            Self::Digest => "its digest is not well formed: write sha256: and 64 hex digits (or sha384: and 96, sha512: and 128)",
        })
    }
}

impl std::error::Error for ReferenceError {}

/// An image ID, in one of the forms that a runtime looks up among the images of its node: 64 hex digits, or a
/// digest, of which the start is enough.
fn is_image_id(text: &str) -> bool {
    let is_start_of_digest =
        |(algorithm, _)| !text.contains('/') && DIGEST_ALGORITHMS.iter().any(|&(name, _)| algorithm == name);
    (text.len() == 64 && is_hex(text)) || split_at(text, b':').is_some_and(is_start_of_digest)
}

fn split_digest(text: &str) -> Result<(&str, Option<&str>), ReferenceError> {
    match split_at(text, b'@') {
        None => Ok((text, None)),
        Some((name, digest)) if is_digest(digest) => Ok((name, Some(digest))),
        Some(_) => Err(ReferenceError::Digest),
    }
}

/// Whether `text` is a digest of an algorithm that the runtimes know.
pub(crate) fn is_digest(text: &str) -> bool {
    let Some((algorithm, hex)) = split_at(text, b':') else {
        return false;
    };
    DIGEST_ALGORITHMS.iter().any(|&(name, length)| algorithm == name && hex.len() == length) && is_hex(hex)
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Splits a name (with its tag) into the domain and the rest, as `splitDockerDomain` does.
fn split_domain(name: &str) -> (&str, &str) {
    match split_at(name, b'/') {
        Some((LEGACY_DOCKER_HUB, rest)) => (DOCKER_HUB, rest),
        Some((first, rest)) if is_domain(first) => (first, rest),
        _ => (DOCKER_HUB, name),
    }
}

/// Whether the first component of a name is a domain rather than a part of the path.
pub(crate) fn is_domain(first: &str) -> bool {
    first == "localhost" || first.bytes().any(|byte| matches!(byte, b'.' | b':' | b'A'..=b'Z'))
}

/// The domain that `domain` is another name of.
pub(crate) fn canonical_domain(domain: &str) -> &str {
    if domain == LEGACY_DOCKER_HUB { DOCKER_HUB } else { domain }
}

fn check_host(host: &str) -> Result<(), ReferenceError> {
    let well_formed = match ipv6_address(host) {
        Some(address) => !address.is_empty() && address.bytes().all(|byte| byte == b':' || byte.is_ascii_hexdigit()),
        None => is_host_name(host),
    };
    if well_formed { Ok(()) } else { Err(ReferenceError::Domain) }
}

/// Splits a text at the first `separator`, an ASCII character, which is left out. What `str::split_once` prepares
/// pays off in a long text; here all are short.
pub(crate) fn split_at(text: &str, separator: u8) -> Option<(&str, &str)> {
    let at = text.bytes().position(|byte| byte == separator)?;
    Some((&text[..at], &text[at + 1..]))
}

/// Splits a domain into its host and, after the `:`, its port.
pub(crate) fn split_port(domain: &str) -> (&str, Option<&str>) {
    // The colons of an IPv6 address are inside its brackets.
    let address_end = if domain.starts_with('[') { domain.find(']').map_or(0, |end| end + 1) } else { 0 };
    match split_at(&domain[address_end..], b':') {
        Some((rest, port)) => (&domain[..address_end + rest.len()], Some(port)),
        None => (domain, None),
    }
}

pub(crate) fn check_port(port: &str) -> Result<(), ReferenceError> {
    if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) { Ok(()) } else { Err(ReferenceError::Port) }
}

/// The address between the brackets of an IPv6 host.
pub(crate) fn ipv6_address(host: &str) -> Option<&str> {
    host.strip_prefix('[')?.strip_suffix(']')
}

/// Whether `text` is a host name: labels joined by `.`, none of which begins or ends with a `-`.
pub(crate) fn is_host_name(text: &str) -> bool {
    let mut previous = b'.';
    for byte in text.bytes() {
        let may_follow = match byte {
            b'.' => !matches!(previous, b'.' | b'-'),
            b'-' => previous != b'.',
            _ => byte.is_ascii_alphanumeric(),
        };
        if !may_follow {
            return false;
        }
        previous = byte;
    }
    !matches!(previous, b'.' | b'-')
}

/// Whether `text` is one label of a host name.
pub(crate) fn is_label(text: &str) -> bool {
    !text.contains('.') && is_host_name(text)
}

fn check_path(path: &str) -> Result<(), ReferenceError> {
    if is_path(path) {
        Ok(())
    } else if path.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Err(ReferenceError::UpperCase)
    } else {
        Err(ReferenceError::Path)
    }
}

/// Whether `text` is a path: alphanumeric characters with single separators between them, of which the `/` is one.
pub(crate) fn is_path(text: &str) -> bool {
    let text = text.as_bytes();
    let mut separator_start = 0;
    for (index, byte) in text.iter().enumerate() {
        if matches!(byte, b'a'..=b'z' | b'0'..=b'9') {
            let separator = &text[separator_start..index];
            if !separator.is_empty() && (separator_start == 0 || !is_separator(separator)) {
                return false;
            }
            separator_start = index + 1;
        }
    }
    !text.is_empty() && separator_start == text.len()
}

/// Whether `text` is one component of a path.
pub(crate) fn is_component(text: &str) -> bool {
    !text.contains('/') && is_path(text)
}

/// Whether `text` may stand between two alphanumeric characters of a path.
fn is_separator(text: &[u8]) -> bool {
    matches!(text, b"/" | b"." | b"_" | b"__") || text.iter().all(|byte| *byte == b'-')
}

pub(crate) fn check_tag(tag: &str) -> Result<(), ReferenceError> {
    let is_word = |byte: u8| byte == b'_' || byte.is_ascii_alphanumeric();
    let well_formed = tag.len() <= TAG_LENGTH_MAX
        && tag.bytes().next().is_some_and(is_word)
        && tag.bytes().all(|byte| is_word(byte) || matches!(byte, b'.' | b'-'));
    if well_formed { Ok(()) } else { Err(ReferenceError::Tag) }
}
