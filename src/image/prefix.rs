//! Prefixes: which images of a registry an approval, an exception or a denial is about.
//!
//! ```text
//! prefix     := domain *( "/" component ) [ "/" ] [ ":" tag ] [ "@" digest ]
//! domain     := host [ ":" port ]     a label of the host may be "*", but not every label
//! component  := as in a reference, or "*"
//! ```
//!
//! `{namespace}` stands for the request's namespace, anywhere in a label or a component. `*` is one
//! whole label or component. A prefix matches whole labels and components only, so `reg.org/a`
//! never matches `reg.org/ab`, and `reg.org` never `reg.org.evil.example`.
//!
//! An approval and a denial read a prefix with opposite caution: see [`Prefix::approves`] and
//! [`Prefix::denies`].

use std::{borrow::Cow, fmt, net::Ipv6Addr};

use super::grammar::{
    DOCKER_HUB, canonical_domain, ipv6_address, is_component, is_digest, is_domain, is_host_name, is_label, is_path,
    is_port, is_tag, split_at, split_port,
};

/// Stands for one whole label or component.
pub(super) const ANY: &str = "*";
/// Stands for the request's namespace.
pub(super) const NAMESPACE: &str = "{namespace}";

/// A checked prefix. `Display` writes it as the operator did.
///
/// ```
/// # use registry_enforcer::image::{prefix::Prefix, reference::Reference};
/// let prefix = Prefix::parse("quay.io/{namespace}".into()).expect("a prefix");
/// let image = Reference::parse("quay.io/tool-mix/x:1").expect("a reference");
/// assert!(prefix.approves(&image, Some("tool-mix")));
/// assert!(!prefix.approves(&image, Some("tool-mi")));
/// assert!(Prefix::parse("nginx".into()).is_err(), "a prefix names a registry");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prefix<'a> {
    text: Cow<'a, str>,
    ends: Ends,
}

/// Where the parts of a prefix end in its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Ends {
    host: usize,
    domain: usize,
    path: usize,
    tag: usize,
    /// Whether the text may match another text: with a `*`, a `{namespace}` or an IPv6 address.
    has_pattern: bool,
}

impl<'a> Prefix<'a> {
    /// Reads a prefix.
    ///
    /// # Errors
    ///
    /// A scheme, an empty string, a name without a registry (`nginx`), an upper-case letter in the
    /// path, `*` as the whole host, a port that is not a number, a malformed component, tag or digest.
    pub fn parse(text: Cow<'a, str>) -> Result<Self, PrefixError> {
        // A URL fails at the ":" after its scheme, whatever follows: only then is it looked for.
        match Ends::find(&text) {
            Ok(ends) => Ok(Self { text, ends }),
            Err(_) if text.is_empty() => Err(PrefixError::Empty),
            Err(_) if text.contains("://") => Err(PrefixError::Scheme),
            Err(error) => Err(error),
        }
    }

    /// The prefix as it reads in `namespace`, for a message.
    #[must_use]
    pub fn within(&self, namespace: Option<&str>) -> Cow<'_, str> {
        match namespace {
            Some(namespace) if self.text.contains(NAMESPACE) => Cow::Owned(self.text.replace(NAMESPACE, namespace)),
            _ => Cow::Borrowed(&self.text),
        }
    }

    /// The same prefix, in memory of its own.
    #[must_use]
    pub fn into_owned(self) -> Prefix<'static> {
        Prefix { text: Cow::Owned(self.text.into_owned()), ends: self.ends }
    }

    pub(super) fn host_and_port(&self) -> (&str, Option<&str>) {
        let (host, port) = self.text[..self.ends.domain].split_at(self.ends.host);
        if port.is_empty() { (canonical_domain(host), None) } else { (host, port.strip_prefix(':')) }
    }

    pub(super) fn components(&self) -> impl Iterator<Item = &str> {
        components(&self.text[self.ends.domain..self.ends.path])
    }

    pub(super) fn tag(&self) -> Option<&str> {
        self.text[self.ends.path..self.ends.tag].strip_prefix(':')
    }

    pub(super) fn digest(&self) -> Option<&str> {
        self.text[self.ends.tag..].strip_prefix('@')
    }

    /// Whether the text may match another text: with a `*`, a `{namespace}` or an IPv6 address.
    pub(super) fn has_pattern(&self) -> bool {
        self.ends.has_pattern
    }

    /// Whether a `*` stands for a label or a component.
    pub(super) fn has_any(&self) -> bool {
        self.text.contains(ANY)
    }

    /// Whether it reads differently in each namespace.
    pub(super) fn has_namespace(&self) -> bool {
        self.text.contains(NAMESPACE)
    }

    /// How many components an image has at least below what this prefix matches.
    pub(super) fn least_components_below(&self) -> usize {
        match (self.components().next(), self.host_and_port().0) {
            (None, DOCKER_HUB) => 2,
            (None, _) => 1,
            (Some(_), _) => 0,
        }
    }

    /// Whether there is a tag or a digest.
    pub(crate) fn names_one_image(&self) -> bool {
        self.ends.path < self.text.len()
    }
}

impl Ends {
    /// Finds the parts of a prefix, and checks each.
    fn find(text: &str) -> Result<Self, PrefixError> {
        let (name, digest) = match split_at(text, b'@') {
            Some((name, digest)) => (name, Some(digest)),
            None => (text, None),
        };
        check_registry(name)?;
        if digest.is_some_and(|digest| !is_digest(digest)) {
            return Err(PrefixError::Digest);
        }
        let tag_end = name.len();
        let domain_end = split_at(name, b'/').map_or(tag_end, |(domain, _)| domain.len());
        let path_end = split_at(&name[domain_end..], b':').map_or(tag_end, |(path, _)| domain_end + path.len());
        let (domain, path) = (&name[..domain_end], &name[domain_end..path_end]);
        let host_end = check_domain(domain)?;
        check_path(path, path_end < text.len())?;
        if path_end < tag_end && !is_tag(&name[path_end + 1..]) {
            return Err(PrefixError::Tag);
        }
        if path_end < text.len() {
            check_whole_image(domain, path)?;
        }
        let has_pattern = name.bytes().any(|byte| matches!(byte, b'*' | b'{' | b'['));
        Ok(Self { host: host_end, domain: domain_end, path: path_end, tag: tag_end, has_pattern })
    }
}

impl fmt::Display for Prefix<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Why a string is not a prefix. `Display` says what to write instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrefixError {
    /// There is nothing.
    Empty,
    /// A URL.
    Scheme,
    /// A name without a registry.
    NoRegistry,
    /// A tag or a digest of no repository.
    NoRepository,
    /// A tag or a digest of a Docker Hub repository without its `library/`.
    OfficialImage,
    /// A host whose every label is `*`.
    AnyHost,
    /// The host ends in `{namespace}`.
    NamespaceHost,
    /// The host is not a host name.
    Domain,
    /// What follows the host's `:` is not a port.
    Port,
    /// The path has an upper-case letter.
    UpperCase,
    /// A component of the path is malformed.
    Path,
    /// What follows the path's `:` is not a tag.
    Tag,
    /// What follows the `@` is not a digest.
    Digest,
}

impl fmt::Display for PrefixError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "is empty: write a registry, for example quay.io/team",
            Self::Scheme => "has a scheme: leave out the part up to \"://\"",
            Self::NoRegistry => "names no registry: write host/path, for example docker.io/library/nginx for Docker Hub's nginx, or registry:5000/ for a host without a dot",
            Self::NoRepository => "has a tag or a digest but no repository: write host/repository:tag",
            Self::OfficialImage => "lacks the \"library\" of Docker Hub's own images: write docker.io/library/nginx:1.27",
            Self::AnyHost => "has \"*\" as the whole host, which approves every registry: name a domain, for example *.example.org",
            Self::NamespaceHost => "has {namespace} as the end of its host, where whoever names a namespace chooses the registry: put it before a domain, for example {namespace}.registry.example",
            Self::Domain => "has no well-formed host: use letters, digits, \"-\" and \".\", \"*\" for one whole label, or an IPv6 address in brackets",
            Self::Port => "has a port that is not a number: write host:5000/path",
            Self::UpperCase => "has an upper-case letter in its path: repositories are in lower case",
            Self::Path => "has no well-formed path: use a-z, 0-9 and single separators (\".\", \"_\", \"__\", \"-\"), {namespace}, or \"*\" for one whole component",
            Self::Tag => "has no well-formed tag: use up to 128 letters, digits, \"_\", \".\" and \"-\"",
            Self::Digest => "has no well-formed digest: write @sha256: and 64 hex digits",
        })
    }
}

impl std::error::Error for PrefixError {}

/// The components of a path that begins with a `/` and may end in one.
fn components(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|component| !component.is_empty())
}

fn check_registry(name: &str) -> Result<(), PrefixError> {
    // Without a "/" a name and its tag (`redis:7`) look like a host and its port.
    let registry = split_at(name, b'/').map_or_else(|| split_port(name).0, |(domain, _)| domain);
    if registry == ANY || is_domain(registry) { Ok(()) } else { Err(PrefixError::NoRegistry) }
}

/// Answers where the host ends.
fn check_domain(domain: &str) -> Result<usize, PrefixError> {
    let (host, port) = split_port(domain);
    if port.is_some_and(|port| !is_port(port)) {
        return Err(PrefixError::Port);
    }
    if is_host_name(host) {
        return Ok(host.len());
    }
    if let Some(address) = ipv6_address(host) {
        address.parse::<Ipv6Addr>().map_err(|_| PrefixError::Domain)?;
        return Ok(host.len());
    }
    if !host.split('.').all(|label| label == ANY || is_label(&plain(label))) {
        return Err(PrefixError::Domain);
    }
    if host.split('.').all(|label| label == ANY) {
        Err(PrefixError::AnyHost)
    } else if host.rsplit('.').next().is_some_and(|label| label.contains(NAMESPACE)) {
        Err(PrefixError::NamespaceHost)
    } else {
        Ok(host.len())
    }
}

/// Checks a path with the `/` before it; the one after it may stand where no tag or digest follows.
fn check_path(path: &str, is_tagged: bool) -> Result<(), PrefixError> {
    let path = path.strip_prefix('/').unwrap_or(path);
    let without_end = path.strip_suffix('/').filter(|path| !is_tagged && !path.is_empty());
    let path = without_end.unwrap_or(path);
    let is_pattern = || path.split('/').all(|component| component == ANY || is_component(&plain(component)));
    if path.is_empty() || is_path(path) || is_pattern() {
        Ok(())
    } else if path.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Err(PrefixError::UpperCase)
    } else {
        Err(PrefixError::Path)
    }
}

/// A tag or a digest names an image, which has a repository, which on Docker Hub has two components.
fn check_whole_image(domain: &str, path: &str) -> Result<(), PrefixError> {
    match components(path).count() {
        0 => Err(PrefixError::NoRepository),
        1 if canonical_domain(domain) == DOCKER_HUB => Err(PrefixError::OfficialImage),
        _ => Ok(()),
    }
}

/// A label or component with a namespace in the place of `{namespace}`, to check its form.
fn plain(part: &str) -> Cow<'_, str> {
    if part.contains('{') { Cow::Owned(part.replace(NAMESPACE, "n")) } else { Cow::Borrowed(part) }
}
