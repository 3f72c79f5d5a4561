//! Namespace patterns: a name, a name that ends in `*`, or `*` alone.

use std::{borrow::Cow, fmt};

/// The longest namespace name, in bytes (RFC 1123 label).
const LENGTH_MAX: usize = 63;

const EMPTY: &str = "is empty: write a namespace, or \"*\" for every namespace";
const STAR: &str = "has a \"*\" before its end: write the start of a name and one \"*\", for example tool-*";
const NAME: &str = "is not a namespace: use up to 63 of a-z, 0-9 and \"-\", for example tool-mix";

/// Which namespaces a setting is about. `Display` writes it as the operator did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamespacePattern<'a>(Cow<'a, str>);

/// Whether a string can be the name of a namespace (RFC 1123 label), and not only the start of one.
///
/// ```
/// # use registry_enforcer::settings::namespace::is_name;
/// assert!(is_name("tool-mix"));
/// assert!(!is_name("tool-") && !is_name("tool-*") && !is_name("Tool"));
/// ```
#[must_use]
pub fn is_name(text: &str) -> bool {
    !text.ends_with(['-', '*']) && NamespacePattern::parse(text.into()).is_ok()
}

impl<'a> NamespacePattern<'a> {
    /// Reads a pattern.
    ///
    /// # Errors
    ///
    /// What is wrong and what to write instead, of an empty string, a `*` before the end, characters that no namespace
    /// has.
    pub fn parse(text: Cow<'a, str>) -> Result<Self, &'static str> {
        let name = text.strip_suffix('*').unwrap_or(&text);
        let is_label_character = |byte: u8| byte == b'-' || byte.is_ascii_lowercase() || byte.is_ascii_digit();
        if text.is_empty() {
            Err(EMPTY)
        } else if name.contains('*') {
            Err(STAR)
        } else if name.starts_with('-') || name.len() > LENGTH_MAX || !name.bytes().all(is_label_character) {
            Err(NAME)
        } else {
            Ok(Self(text))
        }
    }

    /// Whether `namespace` is one of those the pattern is about.
    #[must_use]
    pub fn matches(&self, namespace: &str) -> bool {
        match self.0.strip_suffix('*') {
            Some(start) => namespace.starts_with(start),
            None => self.0 == namespace,
        }
    }
}

impl fmt::Display for NamespacePattern<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_whole_names_and_starts() {
        const CASES: &[(&str, &str, bool)] = &[
            ("tool-mix", "tool-mix", true),
            ("tool-mix", "tool-mix2", false),
            ("tool-mix", "atool-mix", false),
            ("tool-*", "tool-mix", true),
            ("tool-*", "tool-", true),
            ("tool-*", "tool", false),
            ("*", "anything", true),
        ];
        for &(pattern, namespace, expected) in CASES {
            let parsed = NamespacePattern::parse(pattern.into()).expect(pattern);
            assert_eq!(parsed.matches(namespace), expected, "{pattern} {namespace}");
        }
    }

    #[test]
    fn rejects_what_no_namespace_can_match() {
        let long = "a".repeat(64);
        let cases =
            [("", EMPTY), ("*-a", STAR), ("a**", STAR), ("Tool", NAME), ("a.b", NAME), ("-a", NAME), (&long, NAME)];
        for (text, expected) in cases {
            assert_eq!(NamespacePattern::parse(text.into()), Err(expected), "{text}");
        }
    }
}
