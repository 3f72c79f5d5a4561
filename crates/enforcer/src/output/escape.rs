//! Strings of strangers in what people and spreadsheets read.

use crate::policy::escaped;

/// More than the longest image has: a host and path of 255 characters, a tag of 128, a digest.
const LENGTH_MAX: usize = 1_000;
/// What a spreadsheet takes for the start of a formula (OWASP, "CSV Injection"). A tab or a carriage return is another,
/// but is escaped already.
const FORMULA_STARTS: &[char] = &['=', '+', '-', '@'];

/// A string on one line, with what cannot be seen or turns the direction of writing escaped as the policy's messages
/// have it.
pub fn shown(text: &str) -> String {
    escaped(text, LENGTH_MAX)
}

/// A cell that no spreadsheet takes for a formula.
pub fn cell(text: &str) -> String {
    let shown = shown(text);
    if shown.starts_with(FORMULA_STARTS) { format!("'{shown}") } else { shown }
}

/// The lines of an error, each escaped.
pub fn lines(text: &str) -> String {
    text.lines().map(shown).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guards_cells() {
        const CASES: &[(&str, &str)] = &[
            ("quay.io/a:1", "quay.io/a:1"),
            ("=1+1", "'=1+1"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "\\t=1"),
            ("a\nforged,row", "a\\nforged,row"),
            ("a\u{202e}b\u{1b}", "a\\u{202e}b\\u{1b}"),
            ("Jos\u{e9}", "Jos\\u{e9}"),
        ];
        for &(text, expected) in CASES {
            assert_eq!(cell(text), expected, "{text:?}");
        }
    }

    #[test]
    fn keeps_the_lines_of_an_error() {
        assert_eq!(lines("one\ntwo\u{202e}"), "one\ntwo\\u{202e}");
    }
}
