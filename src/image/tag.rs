//! Patterns of tags: a tag in which `*` stands for any characters, or none.

use std::{borrow::Cow, fmt};

use super::grammar::TAG_LENGTH_MAX;

const NOT_A_TAG: &str = "is not a tag: use up to 128 letters, digits, \"_\", \".\" and \"-\", and \"*\" for any of them, for example latest or *-rc*";

/// Which tags are denied. `Display` writes it as the operator did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagPattern<'a>(Cow<'a, str>);

impl fmt::Display for TagPattern<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'a> TagPattern<'a> {
    /// Reads a pattern.
    ///
    /// # Errors
    ///
    /// What is wrong and what to write instead, of an empty string, one longer than a tag, characters that no tag has.
    pub fn parse(text: Cow<'a, str>) -> Result<Self, &'static str> {
        let is_tag_character = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-' | b'*');
        let well_formed = !text.is_empty() && text.len() <= TAG_LENGTH_MAX && text.bytes().all(is_tag_character);
        if well_formed { Ok(Self(text)) } else { Err(NOT_A_TAG) }
    }

    /// Whether `tag` is one of those the pattern is about.
    #[must_use]
    pub fn matches(&self, tag: &str) -> bool {
        let (pattern, tag) = (self.0.as_bytes(), tag.as_bytes());
        let (mut at, mut tag_at) = (0, 0);
        // What follows the last star seen, and where in the tag that star ends.
        let mut star: Option<(usize, usize)> = None;
        while tag_at < tag.len() {
            match (pattern.get(at), star) {
                (Some(b'*'), _) => {
                    at += 1;
                    star = Some((at, tag_at));
                }
                (Some(byte), _) if *byte == tag[tag_at] => (at, tag_at) = (at + 1, tag_at + 1),
                // The star takes one more character, and the rest is tried again.
                (_, Some((after, end))) => {
                    (at, tag_at) = (after, end + 1);
                    star = Some((after, tag_at));
                }
                (_, None) => return false,
            }
        }
        pattern[at..].iter().all(|byte| *byte == b'*')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_stars_anywhere() {
        for (pattern, tag, expected) in [
            ("latest", "latest", true),
            ("latest", "latest2", false),
            ("*", "anything", true),
            ("*-rc*", "1.2-rc1", true),
            ("*-rc*", "1.2-rc", true),
            ("*-rc*", "1.2rc", false),
            ("1.*.3", "1.2.3", true),
            ("1.*.3", "1.2.33", false),
            ("1.*.3", "1.3", false),
            ("a*b*b", "ab", false),
            ("a*b*b", "abb", true),
            ("a*bc*bc", "abcbc", true),
            ("a*bc*bc", "abc", false),
            ("**", "x", true),
        ] {
            assert_eq!(TagPattern::parse(pattern.into()).expect(pattern).matches(tag), expected, "{pattern} {tag}");
        }
    }

    #[test]
    fn rejects_what_no_tag_can_match() {
        for text in ["", "a b", "v1@sha256", "a/b", &"a".repeat(129)] {
            assert_eq!(TagPattern::parse(text.into()), Err(NOT_A_TAG), "{text}");
        }
    }
}
