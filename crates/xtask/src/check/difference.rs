//! Where two files that repeat each other differ.

use std::fmt;

use serde_json::Value;

/// What one file says, and what the file that it repeats says.
#[derive(Debug, PartialEq, Eq)]
pub struct Difference {
    file: String,
    place: String,
    found: String,
    expected: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, place, found, expected } = self;
        write!(f, "{file}: {place}: found {found}, expected {expected}")
    }
}

impl Difference {
    /// A difference at `place` in `file`.
    pub fn new(file: &str, place: &str, found: &str, expected: &str) -> Self {
        Self { file: file.to_owned(), place: place.to_owned(), found: found.to_owned(), expected: expected.to_owned() }
    }
}

/// Reports each place below `place` where the values differ.
pub fn compare_values(place: &str, found: &Value, expected: &Value, report: &mut impl FnMut(&str, String, String)) {
    match (found, expected) {
        (Value::Object(found), Value::Object(expected)) => {
            let added = found.keys().filter(|key| !expected.contains_key(*key));
            for key in expected.keys().chain(added) {
                let place = if place.is_empty() { key.clone() } else { format!("{place}.{key}") };
                let value = |object: &serde_json::Map<_, _>| object.get(key).cloned().unwrap_or_default();
                compare_values(&place, &value(found), &value(expected), report);
            }
        }
        (Value::String(found), Value::String(expected)) if expected.contains('\n') => {
            compare_lines(place, found, expected, report);
        }
        _ if found != expected => report(place, described(found), described(expected)),
        _ => {}
    }
}

/// Of a long text, the first line that differs says enough.
fn compare_lines(place: &str, found: &str, expected: &str, report: &mut impl FnMut(&str, String, String)) {
    let mut lines = (found.split('\n'), expected.split('\n'));
    for number in 1.. {
        match (lines.0.next(), lines.1.next()) {
            (None, None) => return,
            (found, expected) if found == expected => {}
            (found, expected) => {
                let quoted = |line: Option<&str>| line.map_or("its end".to_owned(), |line| format!("{line:?}"));
                return report(&format!("{place}, line {number}"), quoted(found), quoted(expected));
            }
        }
    }
}

fn described(value: &Value) -> String {
    if value.is_null() { "nothing".to_owned() } else { value.to_string() }
}
