//! What names of images begin with, by a prefix of the settings, in a form that CEL compares.
//!
//! The name of an image is what stands before its tag and digest. Compared is the name with a `/` after it, so that
//! `reg.example/a/` is the start of `reg.example/a/` and of `reg.example/a/b/`, but not of `reg.example/ab/`.

use std::borrow::Cow;

use crate::policy::{ANY_COMPONENT, NAMESPACE, Prefix, Reference, is_docker_hub};

/// One component, or what is left of it, in a pattern of CEL.
const COMPONENT: &str = "[^/]+";
/// The longest name of a namespace.
const NAMESPACE_LENGTH_MAX: usize = 63;
/// The request's namespace in an expression of CEL.
const REQUEST_NAMESPACE: &str = "request.namespace";

/// What a name begins with: `docker-registry.example/team/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Start {
    /// The host and its port, in lower case.
    domain: String,
    /// The components of the path, as the operator wrote them.
    components: Vec<String>,
}

impl Start {
    /// The start of the names that a prefix approves, `None` where a comparison of strings could approve more.
    pub fn of_approval(prefix: &Prefix<'_>) -> Option<Self> {
        let domain = domain(prefix)?;
        let components = prefix.components().map(str::to_owned).collect();
        (!prefix.names_one_image()).then_some(Self { domain, components })
    }

    /// What a denial denies of the images of a domain, or more than that: `None` where it denies none of them.
    /// Neither port, tag nor digest count, and `{namespace}` is any namespace.
    pub fn of_denial(prefix: &Prefix<'_>, domain: &str) -> Option<Self> {
        let components = prefix.components().map(|component| any_namespace(component).into_owned()).collect();
        may_be_of(prefix, domain).then(|| Self { domain: domain.to_owned(), components })
    }

    /// The host and its port.
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// Whether it is a whole registry.
    pub fn is_registry(&self) -> bool {
        self.components.is_empty()
    }

    /// Whether a component stands for every component.
    pub fn has_any(&self) -> bool {
        self.components.iter().any(|component| component.contains(ANY_COMPONENT))
    }

    /// How often the namespace's name stands in it.
    pub fn namespaces(&self) -> usize {
        self.components.iter().map(|component| component.matches(NAMESPACE).count()).sum()
    }

    /// How long the text that is compared may be: the pattern, or the string.
    pub fn length_max(&self) -> usize {
        let text = if self.has_any() { self.pattern_text() } else { self.text() };
        text.len() + self.namespaces() * NAMESPACE_LENGTH_MAX
    }

    /// The string, as CEL: `'quay.io/' + request.namespace + '/'`.
    pub fn string(&self) -> String {
        with_namespace(&self.text())
    }

    /// A pattern of RE2 that names with this start match, as CEL.
    pub fn pattern(&self) -> String {
        with_namespace(&self.pattern_text())
    }

    fn text(&self) -> String {
        let components = self.components.iter().map(|component| format!("{component}/"));
        format!("{}/{}", self.domain, components.collect::<String>())
    }

    fn pattern_text(&self) -> String {
        format!("^{}", escaped(&self.text()).replace(ANY_COMPONENT, COMPONENT))
    }
}

/// A text, as CEL, in which the request's namespace stands where `{namespace}` does.
fn with_namespace(text: &str) -> String {
    let pieces: Vec<String> = text.split(NAMESPACE).map(quoted).collect();
    pieces.join(&format!(" + {REQUEST_NAMESPACE} + ")).replace(" + ''", "")
}

/// A string of characters that mean nothing in a string of CEL, as one.
pub fn quoted(text: &str) -> String {
    format!("'{text}'")
}

/// The characters that prefixes and tags have, of which only one means something in a pattern.
pub fn escaped(text: &str) -> String {
    text.replace('.', "[.]")
}

/// The domain that images of a prefix are written with, in lower case, where that is one domain and read as written:
/// `registry/image`, of a prefix `REGISTRY`, would be an image of Docker Hub, some of whose images have two names.
fn domain(prefix: &Prefix<'_>) -> Option<String> {
    let domain = domain_of(prefix).to_ascii_lowercase();
    let is_as_written = Reference::parse(&sample(&domain)).is_ok_and(|reference| reference.domain() == domain);
    let is_pattern = domain.contains(['*', '{', '[']);
    (is_as_written && !is_pattern && !is_docker_hub(prefix.host_and_port().0)).then_some(domain)
}

fn domain_of(prefix: &Prefix<'_>) -> String {
    let (host, port) = prefix.host_and_port();
    port.map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// An image of a domain.
fn sample(domain: &str) -> String {
    format!("{domain}/repository/image")
}

/// Whether a denial may be about images of a domain: what the policy says of the registry alone.
fn may_be_of(prefix: &Prefix<'_>, domain: &str) -> bool {
    let registry = format!("{}/", domain_of(prefix));
    let sample = sample(domain);
    match (Prefix::parse(registry.into()), Reference::parse(&sample)) {
        // Which registry a namespace's name makes of it is for the policy to say.
        (Ok(registry), Ok(reference)) if !prefix.host_and_port().0.contains('{') => registry.denies(&reference, None),
        _ => true,
    }
}

/// A component of a denial in which a namespace's name stands, as any component.
fn any_namespace(component: &str) -> Cow<'_, str> {
    if component.contains(NAMESPACE) { ANY_COMPONENT.into() } else { component.into() }
}
