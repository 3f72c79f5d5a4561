//! Docker Hub: its names, and the repositories that are its own.

/// The domain that a name without one belongs to.
pub const DOCKER_HUB: &str = "docker.io";
/// The first component of Docker Hub's own repositories.
pub(super) const OFFICIAL_REPOSITORIES: &str = "library";
/// The other name of Docker Hub that references have.
pub(super) const LEGACY_DOCKER_HUB: &str = "index.docker.io";
/// Hosts that serve what `docker.io` names: a denial must not end at another spelling.
const HOSTS: &[&str] = &[DOCKER_HUB, LEGACY_DOCKER_HUB, "registry-1.docker.io", "registry.hub.docker.com"];

/// The domain that `domain` is another name of.
pub(super) fn canonical_domain(domain: &str) -> &str {
    if domain == LEGACY_DOCKER_HUB { DOCKER_HUB } else { domain }
}

/// Whether a host, written without a port, serves what `docker.io` names.
pub fn is_docker_hub(host: &str) -> bool {
    // Their last letters: most hosts of a long list have others.
    matches!(host.as_bytes().last(), Some(b'o' | b'O' | b'm' | b'M'))
        && HOSTS.iter().any(|name| host.eq_ignore_ascii_case(name))
}

/// The image of Docker Hub's own that a path names, with or without its `library/`.
pub(super) fn official_image<'p>(mut components: impl Iterator<Item = &'p str>) -> Option<&'p str> {
    match (components.next(), components.next(), components.next()) {
        (Some(image), None, _) | (Some(OFFICIAL_REPOSITORIES), Some(image), None) => Some(image),
        _ => None,
    }
}
