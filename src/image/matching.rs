//! Whether a reference matches a prefix: an approval and a denial read the same prefix with opposite caution.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{
    docker_hub::{is_docker_hub, official_image},
    grammar::ipv6_address,
    prefix::{ANY, NAMESPACE, Prefix},
    reference::Reference,
};

/// The port that `https://` means.
const HTTPS_PORT: &str = "443";

impl Prefix<'_> {
    /// Whether an image of this reference is approved for a request in `namespace`.
    ///
    /// A tag approves a reference with that tag and no digest: with a digest the runtime ignores the
    /// tag, so the tag does not tell what would run. A digest approves that digest under any tag.
    #[must_use]
    pub fn approves(&self, reference: &Reference<'_>, namespace: Option<&str>) -> bool {
        let (host, port) = reference.host_and_port();
        let (own_host, own_port) = self.host_and_port();
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
    /// Other spellings of the same registry are denied with it: its HTTPS port, a port with leading zeros, every way
    /// to write its IP address, the hosts of Docker Hub, whose own images are denied with and without their
    /// `library/`. A tag denies that tag with any digest.
    ///
    /// ```
    /// # use registry_enforcer::image::{prefix::Prefix, reference::Reference};
    /// let prefix = Prefix::parse("10.0.0.5/team".into()).expect("a prefix");
    /// let image = Reference::parse("[::ffff:a00:5]:443/team/x:1").expect("a reference");
    /// assert!(prefix.denies(&image, None) && !prefix.approves(&image, None));
    /// ```
    #[must_use]
    pub fn denies(&self, reference: &Reference<'_>, namespace: Option<&str>) -> bool {
        let (host, port) = reference.host_and_port();
        let (own_host, own_port) = self.host_and_port();
        let both_are_docker_hub = || is_docker_hub(own_host) && is_docker_hub(host);
        // The host first: it tells most entries of a long list apart, and an object may name thousands of images.
        (self.matches_host(own_host, host, namespace)
            || both_are_docker_hub()
            || may_be_address(host) && is_same_address(own_host, host))
            && same_server_port(own_port, port)
            && (self.matches_path(reference, namespace)
                || both_are_docker_hub() && self.matches_official_image(reference, namespace))
            && match (self.tag(), self.digest()) {
                (_, Some(digest)) => reference.digest() == Some(digest),
                (Some(tag), None) => reference.tag() == Some(tag),
                (None, None) => true,
            }
    }

    /// How many components of a reference that this prefix approves or denies it matches: its own, or both of an image
    /// of Docker Hub's own that it names without `library/`.
    pub(super) fn matched_components(&self, reference: &Reference<'_>, namespace: Option<&str>) -> usize {
        if self.matches_path(reference, namespace) { self.components().count() } else { reference.components().count() }
    }

    fn matches_host(&self, own_host: &str, host: &str, namespace: Option<&str>) -> bool {
        let is_same = own_host.len() == host.len() && own_host.eq_ignore_ascii_case(host);
        if is_same || !self.has_pattern() {
            return is_same;
        }
        if let (Some(own), Some(other)) = (ipv6_address(own_host), ipv6_address(host)) {
            return same_address(own, other);
        }
        let mut labels = host.split('.');
        own_host.split('.').all(|own| labels.next().is_some_and(|label| matches_part(own, label, namespace)))
            && labels.next().is_none()
    }

    fn matches_path(&self, reference: &Reference<'_>, namespace: Option<&str>) -> bool {
        let mut components = reference.components();
        self.components().all(|own| components.next().is_some_and(|component| matches_part(own, component, namespace)))
            && (!self.names_one_image() || components.next().is_none())
    }

    fn matches_official_image(&self, reference: &Reference<'_>, namespace: Option<&str>) -> bool {
        let own = official_image(self.components());
        own.zip(official_image(reference.components())).is_some_and(|(own, image)| matches_part(own, image, namespace))
    }
}

/// Whether a label or component of a prefix matches one of a reference, without regard to case: of a
/// reference only the host can have upper-case letters.
fn matches_part(own: &str, part: &str, namespace: Option<&str>) -> bool {
    own == ANY || own.eq_ignore_ascii_case(part) || matches_with_namespace(own, part, namespace)
}

/// Whether a part is what an operator's part with `{namespace}` in it reads in a namespace, without a copy of it: for
/// `tool-{namespace}-cache` and the namespace `mix`, `tool-` is skipped in both, then `{namespace}` in the one and `mix`
/// in the other, and the rests are compared, which may have another `{namespace}`.
fn matches_with_namespace(own: &str, part: &str, namespace: Option<&str>) -> bool {
    // No part of a reference has a brace: a part of a prefix that has one has a whole `{namespace}`.
    let (Some(brace), Some(namespace)) = (own.find('{'), namespace) else {
        return false;
    };
    let after = own[brace..].strip_prefix(NAMESPACE);
    let rest = skip(part, &own[..brace]).and_then(|part| skip(part, namespace));
    after.zip(rest).is_some_and(|(after, rest)| {
        after.eq_ignore_ascii_case(rest) || matches_with_namespace(after, rest, Some(namespace))
    })
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

/// What a leading zero means in an IPv4 address: an octal number to `inet_aton`, nothing to others.
const LEADING_ZERO: [u32; 2] = [8, 10];

/// Whether a host is written like an address; no other needs a closer look.
fn may_be_address(host: &str) -> bool {
    host.starts_with(|first: char| first == '[' || first.is_ascii_digit())
}

fn is_same_address(own_host: &str, host: &str) -> bool {
    let addresses = |host| LEADING_ZERO.map(|radix| address(host, radix));
    let others = addresses(host);
    addresses(own_host).iter().any(|own| own.is_some() && others.contains(own))
}

/// The IP address that a host is, in any of the forms that `inet_aton` reads (POSIX, `inet_addr`): four numbers or
/// fewer, the last of which fills what is left, in decimal, octal or hex; or an IPv6 address, some of which stand for
/// IPv4 addresses.
fn address(host: &str, leading_zero: u32) -> Option<IpAddr> {
    if let Some(address) = ipv6_address(host) {
        return address.parse::<Ipv6Addr>().ok().map(|address| address.to_canonical());
    }
    if !host.bytes().next()?.is_ascii_digit() {
        return None;
    }
    let mut address = 0_u32;
    let mut parts = host.split('.').peekable();
    for index in 0..4 {
        let number = number(parts.next()?, leading_zero)?;
        let bits = if parts.peek().is_none() { 32 - 8 * index } else { 8 };
        if bits < 32 && number >> bits != 0 {
            return None;
        }
        address = if bits == 32 { number } else { (address << bits) | number };
        if parts.peek().is_none() {
            return Some(Ipv4Addr::from(address).into());
        }
    }
    None
}

fn number(text: &str, leading_zero: u32) -> Option<u32> {
    let hex = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    match hex {
        Some(hex) => u32::from_str_radix(hex, 16).ok(),
        None if text.starts_with('0') => u32::from_str_radix(text, leading_zero).ok(),
        None => text.parse().ok(),
    }
}
