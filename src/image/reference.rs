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
//! - a first component that looks like a domain but is not one (`my_registry.io/x`) is refused;
//!   distribution falls back to a name without a domain, and the runtime then connects to it;
//! - an image ID, whole or its start (`sha256:` and hex digits, or 64 of them alone), is refused;
//!   distribution reads it as the repository `sha256` with a tag, and containerd runs whatever image of
//!   the node has an ID that begins so.

use std::fmt;

use super::grammar::{
    DIGEST_ALGORITHMS, DOCKER_HUB, LEGACY_DOCKER_HUB, OFFICIAL_REPOSITORIES, ipv6_address, is_digest, is_domain,
    is_hex, is_host_name, is_path, is_port, is_tag, split_at, split_port,
};

/// The tag that a reference with neither tag nor digest has.
pub const DEFAULT_TAG: &str = "latest";
/// The longest path, in bytes (`RepositoryNameTotalLengthMax` of distribution/reference).
pub const PATH_LENGTH_MAX: usize = 255;

/// How the placeholders of common templates begin: Tekton's and Kubernetes' variables, Helm and Jinja, shells.
const TEMPLATE_STARTS: &[&str] = &["$(", "{{", "${"];

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
    ///
    /// ```
    /// # use registry_enforcer::image::reference::Reference;
    /// let reference = Reference::parse("nginx").expect("a reference");
    /// assert_eq!(reference.to_string(), "docker.io/library/nginx:latest");
    /// let error = Reference::parse("quay.io/Team/x").unwrap_err().to_string();
    /// assert_eq!(error, "its repository has an upper-case letter: write it in lower case");
    /// ```
    pub fn parse(text: &'a str) -> Result<Self, ReferenceError> {
        if is_image_id(text) {
            return Err(ReferenceError::ImageId);
        }
        // None of these parses, so an image that does pays nothing for them.
        Self::parse_parts(text).map_err(|error| match text {
            blank if blank.trim().is_empty() => ReferenceError::Empty,
            template if TEMPLATE_STARTS.iter().any(|start| template.contains(start)) => ReferenceError::Template,
            url if url.contains("://") => ReferenceError::Scheme,
            _ => error,
        })
    }

    fn parse_parts(text: &'a str) -> Result<Self, ReferenceError> {
        let (name, digest) = split_digest(text)?;
        let (domain, rest) = split_domain(name);
        let (host, port) = split_port(domain);
        if port.is_some_and(|port| !is_port(port)) {
            return Err(ReferenceError::Port);
        }
        check_host(host)?;
        let (path, tag) = match split_at(rest, b':') {
            Some((path, tag)) => (path, Some(tag)),
            None => (rest, None),
        };
        check_path(path)?;
        if tag.is_some_and(|tag| !is_tag(tag)) {
            return Err(ReferenceError::Tag);
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

    /// The tag and the digest as they were written, with the `:` and the `@` before them.
    pub(super) fn written_end(&self) -> String {
        let part = |start: char, part: Option<&str>| part.map(|part| format!("{start}{part}")).unwrap_or_default();
        part(':', self.tag) + &part('@', self.digest)
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

/// Why a string is not an image reference. `Display` says what to write instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReferenceError {
    /// There is nothing, or nothing but white space.
    Empty,
    /// A template whose placeholders nobody has filled in yet.
    Template,
    /// A URL.
    Scheme,
    /// The ID of an image on a node.
    ImageId,
    /// The part before the first `/` is not a domain.
    Domain,
    /// What follows the host's `:` is not a port.
    Port,
    /// The path has an upper-case letter.
    UpperCase,
    /// A component of the path is empty or has another character than the grammar allows.
    Path,
    /// The path is longer than [`PATH_LENGTH_MAX`].
    TooLong,
    /// What follows the last `:` is not a tag.
    Tag,
    /// What follows the `@` is not a digest.
    Digest,
}

impl fmt::Display for ReferenceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "it is empty: write registry/repository:tag",
            Self::Template => "it is a template that is filled in later, so nobody can tell which image will run: write the image itself",
            Self::Scheme => "it is a URL: leave out the part up to \"://\"",
            Self::ImageId => "it is the ID of an image on a node: write registry/repository:tag or registry/repository@digest",
            Self::Domain => "its registry is not a host name: use letters, digits, \"-\" and \".\", or an IPv6 address in brackets",
            Self::Port => "the port of its registry is not a number: write registry:5000/repository",
            Self::UpperCase => "its repository has an upper-case letter: write it in lower case",
            Self::Path => "its repository is not well formed: use a-z, 0-9 and single separators (\".\", \"_\", \"__\", \"-\") in components joined by \"/\"",
            Self::TooLong => "its repository is longer than 255 characters: write a shorter one",
            Self::Tag => "its tag is not well formed: use up to 128 letters, digits, \"_\", \".\" and \"-\", the first not \".\" or \"-\"",
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

/// Splits a name (with its tag) into the domain and the rest, as `splitDockerDomain` does.
fn split_domain(name: &str) -> (&str, &str) {
    match split_at(name, b'/') {
        Some((LEGACY_DOCKER_HUB, rest)) => (DOCKER_HUB, rest),
        Some((first, rest)) if is_domain(first) => (first, rest),
        _ => (DOCKER_HUB, name),
    }
}

fn check_host(host: &str) -> Result<(), ReferenceError> {
    let well_formed = match ipv6_address(host) {
        Some(address) => !address.is_empty() && address.bytes().all(|byte| byte == b':' || byte.is_ascii_hexdigit()),
        None => is_host_name(host),
    };
    if well_formed { Ok(()) } else { Err(ReferenceError::Domain) }
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
