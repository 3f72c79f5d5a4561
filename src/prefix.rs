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

use crate::reference::{
    DOCKER_HUB, Reference, canonical_domain, check_port, check_tag, ipv6_address, is_component, is_digest, is_domain,
    is_label, split_port,
};

const ANY: &str = "*";
const NAMESPACE: &str = "{namespace}";
/// The port that `https://` means.
const HTTPS_PORT: &str = "443";
/// Hosts that serve what `docker.io` names: a denial must not end at another spelling.
const DOCKER_HUB_HOSTS: &[&str] = &[DOCKER_HUB, "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com"];

/// A checked prefix. `Display` writes it as the operator did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prefix<'a> {
    text: Cow<'a, str>,
    domain_end: usize,
    path_end: usize,
    tag_end: usize,
}

impl<'a> Prefix<'a> {
    /// Reads a prefix.
    ///
    /// # Errors
    ///
    /// A scheme, an empty text, a name without a registry (`nginx`), an upper-case letter in the
    /// path, `*` as the whole host, a port that is no number, a malformed component, tag or digest.
    pub fn parse(text: Cow<'a, str>) -> Result<Self, PrefixError> {
        check_start(&text)?;
        let (name, digest) = match text.split_once('@') {
            Some((name, digest)) => (name, Some(digest)),
            None => (&*text, None),
        };
        if digest.is_some_and(|digest| !is_digest(digest)) {
            return Err(PrefixError::Digest);
        }
        let tag_end = name.len();
        let domain_end = name.find('/').unwrap_or(tag_end);
        let path_end = name[domain_end..].find(':').map_or(tag_end, |colon| domain_end + colon);
        check_domain(&name[..domain_end])?;
        check_path(path(&text[domain_end..path_end], path_end < text.len()))?;
        if path_end < tag_end {
            check_tag(&name[path_end + 1..]).map_err(|_| PrefixError::Tag)?;
        }
        let prefix = Self { domain_end, path_end, tag_end, text };
        prefix.check_whole_image()?;
        Ok(prefix)
    }

    /// Whether an image of this reference is approved for a request in `namespace`.
    ///
    /// A tag approves a reference with that tag and no digest: with a digest the runtime ignores the
    /// tag, so the tag says nothing of what would run. A digest approves that digest under any tag.
    #[must_use]
    pub fn approves(&self, reference: &Reference<'_>, namespace: Option<&str>) -> bool {
        let (host, port) = split_port(reference.domain());
        let (own_host, own_port) = split_port(self.domain());
        own_port == port
            && self.matches_host(own_host, host, namespace)
            && self.matches_path(reference, namespace)
            && match (self.tag(), self.digest()) {
                (_, Some(digest)) => reference.digest() == Some(digest),
                (Some(tag), None) => reference.digest().is_none() && reference.tag() == Some(tag),
                (None, None) => true,
            }
    }

    /// Whether an image of this reference is denied to a request in `namespace`.
    ///
    /// Other spellings of the same registry are denied with it: its HTTPS port, a port with leading
    /// zeros, the hosts of Docker Hub. A tag denies that tag with any digest.
    #[must_use]
    pub fn denies(&self, reference: &Reference<'_>, namespace: Option<&str>) -> bool {
        let (host, port) = split_port(reference.domain());
        let (own_host, own_port) = split_port(self.domain());
        same_server_port(own_port, port)
            && (self.matches_host(own_host, host, namespace) || (is_docker_hub(own_host) && is_docker_hub(host)))
            && self.matches_path(reference, namespace)
            && match (self.tag(), self.digest()) {
                (_, Some(digest)) => reference.digest() == Some(digest),
                (Some(tag), None) => reference.tag() == Some(tag),
                (None, None) => true,
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
        let Self { text, domain_end, path_end, tag_end } = self;
        Prefix { text: Cow::Owned(text.into_owned()), domain_end, path_end, tag_end }
    }

    fn domain(&self) -> &str {
        canonical_domain(&self.text[..self.domain_end])
    }

    fn components(&self) -> impl Iterator<Item = &str> {
        self.text[self.domain_end..self.path_end].split('/').filter(|component| !component.is_empty())
    }

    fn tag(&self) -> Option<&str> {
        self.text[self.path_end..self.tag_end].strip_prefix(':')
    }

    fn digest(&self) -> Option<&str> {
        self.text[self.tag_end..].strip_prefix('@')
    }

    fn matches_host(&self, own_host: &str, host: &str, namespace: Option<&str>) -> bool {
        if let (Some(own), Some(other)) = (ipv6_address(own_host), ipv6_address(host)) {
            return same_address(own, other);
        }
        let mut labels = host.split('.');
        own_host.split('.').all(|own| labels.next().is_some_and(|label| matches_part(own, label, namespace)))
            && labels.next().is_none()
    }

    fn matches_path(&self, reference: &Reference<'_>, namespace: Option<&str>) -> bool {
        let mut components = reference.components();
        let names_one_image = self.path_end < self.text.len();
        self.components().all(|own| components.next().is_some_and(|component| matches_part(own, component, namespace)))
            && (!names_one_image || components.next().is_none())
    }

    /// A tag or a digest names an image, which has a repository, which on Docker Hub has two components.
    fn check_whole_image(&self) -> Result<(), PrefixError> {
        let names_one_image = self.path_end < self.text.len();
        match self.components().count() {
            0 if names_one_image => Err(PrefixError::NoRepository),
            1 if names_one_image && self.domain() == DOCKER_HUB => Err(PrefixError::OfficialImage),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Prefix<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Why a text is no prefix. `Display` says what to write instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrefixError {
    /// There is no text.
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
    /// The host is no host name.
    Domain,
    /// What follows the host's `:` is no port.
    Port,
    /// The path has an upper-case letter.
    UpperCase,
    /// A component of the path is malformed.
    Path,
    /// What follows the path's `:` is no tag.
    Tag,
    /// What follows the `@` is no digest.
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
            Self::Domain => "has no well-formed host: use letters, digits, \"-\" and \".\", \"*\" for one whole label, or an IPv6 address in brackets",
            Self::Port => "has a port that is no number: write host:5000/path",
            Self::UpperCase => "has an upper-case letter in its path: repositories are in lower case",
            Self::Path => "has no well-formed path: use a-z, 0-9 and single separators (\".\", \"_\", \"__\", \"-\"), {namespace}, or \"*\" for one whole component",
            Self::Tag => "has no well-formed tag: use up to 128 letters, digits, \"_\", \".\" and \"-\"",
            Self::Digest => "has no well-formed digest: write @sha256: and 64 hex digits",
        })
    }
}

impl std::error::Error for PrefixError {}

fn check_start(text: &str) -> Result<(), PrefixError> {
    if text.is_empty() {
        return Err(PrefixError::Empty);
    }
    if text.contains("://") {
        return Err(PrefixError::Scheme);
    }
    // Without a "/" a name and its tag (`redis:7`) look like a host and its port.
    let name = text.split('@').next().unwrap_or_default();
    let registry = name.split_once('/').map_or_else(|| split_port(name).0, |(domain, _)| domain);
    if registry == ANY || is_domain(registry) { Ok(()) } else { Err(PrefixError::NoRegistry) }
}

fn check_domain(domain: &str) -> Result<(), PrefixError> {
    let (host, port) = split_port(domain);
    if let Some(port) = port {
        check_port(port).map_err(|_| PrefixError::Port)?;
    }
    if let Some(address) = ipv6_address(host) {
        return address.parse::<Ipv6Addr>().map(drop).map_err(|_| PrefixError::Domain);
    }
    if !host.split('.').all(|label| label == ANY || is_label(&plain(label))) {
        return Err(PrefixError::Domain);
    }
    if host.split('.').all(|label| label == ANY) { Err(PrefixError::AnyHost) } else { Ok(()) }
}

/// The path without the `/` before it and, where no tag or digest follows, without the one after it.
fn path(text: &str, is_tagged: bool) -> &str {
    let path = text.strip_prefix('/').unwrap_or(text);
    if is_tagged { path } else { path.strip_suffix('/').unwrap_or(path) }
}

fn check_path(path: &str) -> Result<(), PrefixError> {
    if path.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Err(PrefixError::UpperCase);
    }
    let well_formed = |component: &str| component == ANY || is_component(&plain(component));
    if path.is_empty() || path.split('/').all(well_formed) { Ok(()) } else { Err(PrefixError::Path) }
}

/// A label or component with a namespace in the place of `{namespace}`, to check its form.
fn plain(part: &str) -> Cow<'_, str> {
    if part.contains(NAMESPACE) { Cow::Owned(part.replace(NAMESPACE, "n")) } else { Cow::Borrowed(part) }
}

/// Whether a label or component of a prefix matches one of a reference, without regard to case: of a
/// reference only the host can have upper-case letters.
fn matches_part(own: &str, part: &str, namespace: Option<&str>) -> bool {
    let Some((before, after)) = own.split_once(NAMESPACE) else {
        return own == ANY || own.eq_ignore_ascii_case(part);
    };
    let rest = namespace.and_then(|namespace| skip(skip(part, before)?, namespace));
    rest.is_some_and(|rest| matches_part(after, rest, namespace))
}

fn skip<'a>(text: &'a str, start: &str) -> Option<&'a str> {
    let (first, rest) = text.split_at_checked(start.len())?;
    first.eq_ignore_ascii_case(start).then_some(rest)
}

fn same_address(own: &str, other: &str) -> bool {
    own.parse::<Ipv6Addr>().is_ok_and(|own| other.parse() == Ok(own))
}

fn same_server_port(own: Option<&str>, other: Option<&str>) -> bool {
    own.map_or(HTTPS_PORT, significant) == other.map_or(HTTPS_PORT, significant)
}

fn significant(port: &str) -> &str {
    port.trim_start_matches('0')
}

fn is_docker_hub(host: &str) -> bool {
    DOCKER_HUB_HOSTS.iter().any(|name| host.eq_ignore_ascii_case(name))
}
