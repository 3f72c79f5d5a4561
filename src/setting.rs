//! How one setting is read: out of JSON, with every problem noted at its place.
//!
//! A function that reads returns what it could make sense of; what it could not is in the problems,
//! and settings with a problem are never used.

use std::{borrow::Cow, cell::OnceCell, fmt};

use serde_json::value::RawValue;
use serde_json_borrow::Value;

use crate::problem::{Place, Problems};

/// How a repeated key is reported.
pub(crate) const WRITTEN_TWICE: &str = "is written twice: keep one of them";
/// How a key without a value is reported, in an exception for example, which it was to restrict.
const WITHOUT_VALUE: &str = "has no value: write one, or leave the key out";

/// A setting that is read when it is first asked for, and once.
#[derive(Debug)]
pub(crate) struct Lazy<T>(OnceCell<Result<T, Problems>>);

impl<T> Default for Lazy<T> {
    fn default() -> Self {
        Self(OnceCell::new())
    }
}

impl<T> Lazy<T> {
    /// The setting; `read` gets its JSON, or `None` where the operator did not set it.
    pub(crate) fn get<'a>(
        &self,
        json: impl FnOnce() -> Option<&'a RawValue>,
        key: &str,
        read: impl FnOnce(Option<Value<'a>>, &Place<'_>, &mut Problems) -> T,
    ) -> Result<&T, &Problems> {
        let value = self.0.get_or_init(|| {
            let place = Place::Top.key(key);
            let json = json().map(|json| parse(json.get(), &place)).transpose()?;
            let mut problems = Problems::default();
            let value = read(json, &place, &mut problems);
            if problems.is_empty() { Ok(value) } else { Err(problems) }
        });
        value.as_ref()
    }
}

/// Parses JSON that is not yet known to be any.
pub(crate) fn parse<'a>(json: &'a str, place: &Place<'_>) -> Result<Value<'a>, Problems> {
    serde_json::from_slice(json.as_bytes()).map_err(|cause| {
        let mut problems = Problems::default();
        problems.add(place, format_args!("is not JSON: {cause}"));
        problems
    })
}

/// The fields of an object, each to be taken once.
pub(crate) struct Fields<'a>(Vec<(Cow<'a, str>, Value<'a>)>);

impl<'a> Fields<'a> {
    /// The value of `key`.
    pub(crate) fn take(&mut self, key: &str) -> Option<Value<'a>> {
        let at = self.0.iter().position(|(own, _)| own == key)?;
        Some(self.0.swap_remove(at).1)
    }
}

/// Reads an object, none of whose keys may be unknown or written twice; `None` where it is no object.
pub(crate) fn fields<'a>(
    value: Value<'a>,
    known: &[&str],
    example: &str,
    place: &Place<'_>,
    problems: &mut Problems,
) -> Option<Fields<'a>> {
    let Value::Object(object) = value else {
        problems.add(place, Mismatch { found: &value, expected: "an object", example });
        return None;
    };
    let mut fields = object.into_vec();
    for (index, (key, value)) in fields.iter().enumerate() {
        if !known.contains(&&**key) {
            problems.add(&place.key(key), UnknownKey { key, known });
        } else if fields[..index].iter().any(|(other, _)| other == key) {
            problems.add(&place.key(key), WRITTEN_TWICE);
        } else if matches!(value, Value::Null) {
            problems.add(&place.key(key), WITHOUT_VALUE);
        }
    }
    // Reported once is enough.
    fields.retain(|(_, value)| !matches!(value, Value::Null));
    Some(Fields(fields))
}

/// Reads a list, its elements with `read`.
pub(crate) fn list<'a, T>(
    value: Value<'a>,
    example: &str,
    place: &Place<'_>,
    problems: &mut Problems,
    mut read: impl FnMut(Value<'a>, &Place<'_>, &mut Problems) -> Option<T>,
) -> Vec<T> {
    let Value::Array(elements) = value else {
        problems.add(place, Mismatch { found: &value, expected: "a list", example });
        return Vec::new();
    };
    let read = |(index, element)| read(element, &place.element(index), problems);
    elements.into_iter().enumerate().filter_map(read).collect()
}

/// Reads a list that must not be empty, because an empty one would mean the opposite of what it seems to.
pub(crate) fn non_empty_list<'a, T>(
    value: Value<'a>,
    example: &str,
    place: &Place<'_>,
    problems: &mut Problems,
    read: impl FnMut(Value<'a>, &Place<'_>, &mut Problems) -> Option<T>,
) -> Vec<T> {
    if matches!(&value, Value::Array(elements) if elements.is_empty()) {
        problems.add(place, format_args!("is empty: write for example {example}, or leave {place} out"));
    }
    list(value, example, place, problems, read)
}

/// Reads a text.
pub(crate) fn text<'a>(
    value: Value<'a>,
    example: &str,
    place: &Place<'_>,
    problems: &mut Problems,
) -> Option<Cow<'a, str>> {
    match value {
        Value::Str(text) => Some(text),
        found => {
            problems.add(place, Mismatch { found: &found, expected: "a text", example });
            None
        }
    }
}

/// Reads a text and what it stands for; the error's wording follows the text in the message.
pub(crate) fn parsed<'a, T, E: fmt::Display>(
    value: Value<'a>,
    example: &str,
    place: &Place<'_>,
    problems: &mut Problems,
    parse: impl FnOnce(Cow<'a, str>) -> Result<T, E>,
) -> Option<T> {
    let text = text(value, example, place, problems)?;
    match parse(text.clone()) {
        Ok(parsed) => Some(parsed),
        Err(error) => {
            problems.add(place, format_args!("{} {error}", Quoted(&text)));
            None
        }
    }
}

/// Reads `true` or `false`.
pub(crate) fn flag(value: &Value<'_>, place: &Place<'_>, problems: &mut Problems) -> bool {
    match value {
        Value::Bool(flag) => *flag,
        found => {
            problems.add(place, Mismatch { found, expected: "true or false", example: "true" });
            false
        }
    }
}

/// Reads a number of days, `least` or more.
pub(crate) fn days(value: &Value<'_>, least: u32, place: &Place<'_>, problems: &mut Problems) -> u32 {
    let number = match value {
        Value::Number(number) => number.as_u64().and_then(|number| u32::try_from(number).ok()),
        _ => None,
    };
    number.filter(|days| *days >= least).unwrap_or_else(|| {
        let quotes = if matches!(value, Value::Str(_)) { " without quotes" } else { "" };
        problems.add(
            place,
            format_args!("is no number of days: write a whole number{quotes} from {least}, for example 30"),
        );
        least
    })
}

/// A text in double quotes, with what cannot be seen escaped.
pub(crate) struct Quoted<'a>(pub(crate) &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", crate::message::Shown(self.0))
    }
}

/// A value of the wrong type.
struct Mismatch<'v, 'a> {
    found: &'v Value<'a>,
    expected: &'static str,
    example: &'v str,
}

impl fmt::Display for Mismatch<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let found = match self.found {
            Value::Null => "nothing",
            Value::Bool(_) => "true or false",
            Value::Number(_) => "a number",
            Value::Str(_) => "a text",
            Value::Array(_) => "a list",
            Value::Object(_) => "an object",
        };
        write!(f, "is {found}, not {}: write for example {}", self.expected, self.example)
    }
}

/// A key that nothing knows.
pub(crate) struct UnknownKey<'k> {
    pub(crate) key: &'k str,
    pub(crate) known: &'k [&'k str],
}

impl fmt::Display for UnknownKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("is not known here")?;
        match self.known.iter().max_by(|one, other| likeness(self.key, one).total_cmp(&likeness(self.key, other))) {
            Some(nearest) => write!(f, ": did you mean {nearest}?"),
            None => Ok(()),
        }
    }
}

/// Likeness with weight on a common start: `sunset` is more like `sunset_date` than like `name`.
fn likeness(key: &str, known: &str) -> f64 {
    strsim::jaro_winkler(key, known)
}
