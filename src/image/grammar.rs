//! The words of references and prefixes: hosts, paths, tags, digests, and how a string falls into them.
//!
//! The grammar itself stands at the head of `reference.rs`.

/// The longest tag, in bytes.
pub const TAG_LENGTH_MAX: usize = 128;
/// The digest algorithms of the OCI image specification and go-digest, with their length in hex digits.
pub(super) const DIGEST_ALGORITHMS: &[(&str, usize)] = &[("sha256", 64), ("sha384", 96), ("sha512", 128)];

/// Whether `text` is a digest of an algorithm that the runtimes know.
pub(crate) fn is_digest(text: &str) -> bool {
    let Some((algorithm, hex)) = split_at(text, b':') else {
        return false;
    };
    DIGEST_ALGORITHMS.iter().any(|&(name, length)| algorithm == name && hex.len() == length) && is_hex(hex)
}

/// Whether all of `text` is lower-case hex digits.
pub(super) fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Whether the first component of a name is a domain rather than a part of the path.
pub(crate) fn is_domain(first: &str) -> bool {
    first == "localhost" || first.bytes().any(|byte| matches!(byte, b'.' | b':' | b'A'..=b'Z'))
}

/// Splits a string at the first `separator`, an ASCII character, which is left out. `str::split_once` prepares a search
/// that pays off in long strings; here all are short.
pub(crate) fn split_at(text: &str, separator: u8) -> Option<(&str, &str)> {
    let at = text.bytes().position(|byte| byte == separator)?;
    Some((&text[..at], &text[at + 1..]))
}

/// Splits off what follows the first `separator`, where there is one.
pub(super) fn split_end(text: &str, separator: u8) -> (&str, Option<&str>) {
    split_at(text, separator).map_or((text, None), |(start, end)| (start, Some(end)))
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

/// Whether `text` is a path: alphanumeric characters with single separators between them; the `/` is a separator too.
///
/// One pass: at each alphanumeric byte, what stands between it and the one before it must be nothing or a separator. In
/// `a/b__c`, that is `/` at the `b` and `__` at the `c`; in `a/_b` it is `/_`, which is not a separator.
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

/// Whether `text` is a port as references write it: any number of digits.
pub(crate) fn is_port(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether `text` is a tag.
pub(crate) fn is_tag(text: &str) -> bool {
    let is_word = |byte: u8| byte == b'_' || byte.is_ascii_alphanumeric();
    text.len() <= TAG_LENGTH_MAX
        && text.bytes().next().is_some_and(is_word)
        && text.bytes().all(|byte| is_word(byte) || matches!(byte, b'.' | b'-'))
}
