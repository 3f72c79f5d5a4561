//! How a setting is read: out of JSON, with every problem noted at its place.
//!
//! A function that reads returns what it could make sense of; what it could not is in the problems, and settings
//! with a problem are never used.

use std::{borrow::Cow, cell::OnceCell, fmt};

use serde_json::value::RawValue;
use serde_json_borrow::Value;

use super::problem::{Place, Problems};
use crate::shown::Quoted;

/// How a repeated key is reported.
pub(crate) const WRITTEN_TWICE: &str = "is written twice: keep one of them";
/// How a key without a value is reported: in an exception, it would silently drop a restriction.
const WITHOUT_VALUE: &str = "has no value: write one, or leave the key out";

/// The most values that one setting may have, and the size in bytes under which nobody counts them: in memory, a
/// value takes many times the two bytes that it may take in JSON.
const VALUES_MAX: usize = 40_000;
const COUNTED_FROM: usize = 80_000;

/// A setting that is read when it is first asked for, and once.
#[derive(Debug)]
pub(crate) struct Lazy<T>(OnceCell<Result<T, Problems>>);

impl<T> Default for Lazy<T> {
    fn default() -> Self {
        Self(OnceCell::new())
    }
}

impl<T> Lazy<T> {
    /// The setting, which `read` makes of its JSON, and `unset` of nothing, where the operator did not set it; there
    /// an error is the problem.
    pub(crate) fn get<'a>(
        &self,
        key: &str,
        json: Option<&'a RawValue>,
        read: impl FnOnce(Setting<'a, '_>) -> T,
        unset: impl FnOnce() -> Result<T, &'static str>,
    ) -> Result<&T, &Problems> {
        let value = self.0.get_or_init(|| {
            let place = Place::Top.key(key);
            let Some(json) = json else {
                return unset().map_err(|problem| Problems::one(&place, problem));
            };
            let mut problems = Problems::default();
            let value = read(Setting { value: parse(json.get(), &place)?, place, problems: &mut problems });
            if problems.is_empty() { Ok(value) } else { Err(problems) }
        });
        value.as_ref()
    }
}

/// Parses JSON that is not yet known to be any.
pub(crate) fn parse<'a>(json: &'a str, place: &Place<'_>) -> Result<Value<'a>, Problems> {
    let separators = || json.bytes().filter(|byte| matches!(byte, b',' | b'[' | b'{')).count();
    if json.len() > COUNTED_FROM && separators() > VALUES_MAX {
        return Err(Problems::one(place, format_args!("has more than {VALUES_MAX} values: write fewer")));
    }
    serde_json::from_slice(json.as_bytes()).map_err(|cause| Problems::one(place, format_args!("is not JSON: {cause}")))
}

/// A value of the settings that is about to be read, and where it is.
pub(crate) struct Setting<'a, 's> {
    pub(crate) value: Value<'a>,
    pub(crate) place: Place<'s>,
    pub(crate) problems: &'s mut Problems,
}

impl<'a, 's> Setting<'a, 's> {
    /// Notes a problem of the value.
    pub(crate) fn wrong(&mut self, problem: impl fmt::Display) {
        self.problems.add(&self.place, problem);
    }

    fn mismatch(&mut self, expected: &str, example: &str) {
        let found = name_of_type(&self.value);
        self.wrong(format_args!("is {found}, not {expected}: write for example {example}"));
    }

    /// Whether the value is a string.
    pub(crate) fn is_string(&self) -> bool {
        matches!(self.value, Value::Str(_))
    }

    /// Whether the value is neither a list nor an object.
    pub(crate) fn is_scalar(&self) -> bool {
        !matches!(self.value, Value::Array(_) | Value::Object(_))
    }

    /// Whether the value is a list without elements.
    pub(crate) fn is_empty_list(&self) -> bool {
        matches!(&self.value, Value::Array(elements) if elements.is_empty())
    }

    /// Reads a string.
    pub(crate) fn string(mut self, example: &str) -> Option<Cow<'a, str>> {
        match self.value {
            Value::Str(text) => return Some(text),
            // YAML makes these of a string without quotes.
            Value::Number(_) | Value::Bool(_) => {
                let found = name_of_type(&self.value);
                self.wrong(format_args!("is {found}, not a string: write it in quotes, for example \"{example}\""));
            }
            _ => self.mismatch("a string", example),
        }
        None
    }

    /// Reads a string and what it stands for; the error's wording follows the string in the message.
    pub(crate) fn parsed<T, E: fmt::Display>(
        self,
        example: &str,
        parse: impl FnOnce(Cow<'a, str>) -> Result<T, E>,
    ) -> Option<T> {
        let Self { value: Value::Str(text), place, problems } = self else {
            self.string(example);
            return None;
        };
        parse(text.clone()).map_err(|error| problems.add(&place, format_args!("{} {error}", Quoted(&text)))).ok()
    }

    /// Reads a list, its elements with `read`.
    pub(crate) fn list<T>(mut self, example: &str, mut read: impl FnMut(Setting<'a, '_>) -> Option<T>) -> Vec<T> {
        let Self { value: Value::Array(elements), place, problems } = self else {
            self.mismatch("a list", example);
            return Vec::new();
        };
        // A list that grows takes up to three times its own memory.
        let mut list = Vec::with_capacity(elements.len());
        let read = |(index, value)| read(Setting { value, place: place.element(index), problems: &mut *problems });
        list.extend(elements.into_iter().enumerate().filter_map(read));
        list
    }

    /// Reads a list that must not be empty, because an empty one would mean the opposite of what it seems to.
    pub(crate) fn non_empty_list<T>(mut self, example: &str, read: impl FnMut(Setting<'a, '_>) -> Option<T>) -> Vec<T> {
        if self.is_empty_list() {
            let place = self.place;
            self.wrong(format_args!("is empty: write for example {example}, or leave {place} out"));
        }
        self.list(example, read)
    }

    /// Reads `true` or `false`.
    pub(crate) fn flag(mut self) -> bool {
        match self.value {
            Value::Bool(flag) => flag,
            _ => {
                self.mismatch("true or false", "true");
                false
            }
        }
    }

    /// Reads a number of days, `least` or more.
    pub(crate) fn days(mut self, least: u32) -> u32 {
        let number = match &self.value {
            Value::Number(number) => number.as_u64().and_then(|number| u32::try_from(number).ok()),
            _ => None,
        };
        number.filter(|days| *days >= least).unwrap_or_else(|| {
            let quotes = if self.is_string() { " without quotes" } else { "" };
            self.wrong(format_args!(
                "is not a number of days: write a whole number{quotes} from {least}, for example 30"
            ));
            least
        })
    }

    /// Reads an object; `None` for anything else.
    pub(crate) fn fields(mut self, example: &str) -> Option<Fields<'a, 's>> {
        let Self { value: Value::Object(object), place, problems } = self else {
            self.mismatch("an object", example);
            return None;
        };
        Some(Fields { fields: object.into_vec(), known: Vec::new(), place, problems })
    }
}

fn name_of_type(value: &Value<'_>) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::Str(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// The fields of an object. Each is read by its key; those that nobody has read are unknown in the end.
pub(crate) struct Fields<'a, 's> {
    fields: Vec<(Cow<'a, str>, Value<'a>)>,
    known: Vec<&'static str>,
    place: Place<'s>,
    problems: &'s mut Problems,
}

impl<'a> Fields<'a, '_> {
    /// Reads a field that may be missing.
    pub(crate) fn optional<T>(&mut self, key: &'static str, read: impl FnOnce(Setting<'a, '_>) -> T) -> Option<T> {
        self.known.push(key);
        let value = self.take(key)?;
        let is_twice = self.take(key).is_some();
        let place = self.place.key(key);
        if is_twice {
            self.problems.add(&place, WRITTEN_TWICE);
        }
        if matches!(value, Value::Null) {
            self.problems.add(&place, WITHOUT_VALUE);
            return None;
        }
        Some(read(Setting { value, place, problems: self.problems }))
    }

    /// Reads a field that must be there.
    pub(crate) fn required<T>(
        &mut self,
        key: &'static str,
        example: &str,
        read: impl FnOnce(Setting<'a, '_>) -> Option<T>,
    ) -> Option<T> {
        if !self.fields.iter().any(|(own, _)| own == key) {
            self.problems.add(&self.place.key(key), format_args!("is missing: write for example {example}"));
        }
        self.optional(key, read).flatten()
    }

    fn take(&mut self, key: &str) -> Option<Value<'a>> {
        let at = self.fields.iter().position(|(own, _)| own == key)?;
        Some(self.fields.remove(at).1)
    }

    /// Notes a problem of the object as a whole.
    pub(crate) fn wrong(&mut self, problem: impl fmt::Display) {
        self.problems.add(&self.place, problem);
    }

    /// Reports the fields that nobody has read.
    pub(crate) fn finish(self) {
        for (key, _) in &self.fields {
            self.problems.add(&self.place.key(key), UnknownKey { key, known: &self.known });
        }
    }
}

/// The longest key for which a likely one is looked for.
const KEY_LENGTH_MAX: usize = 64;

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
    // The measure is quadratic in the lengths.
    if key.len() > KEY_LENGTH_MAX { 0.0 } else { strsim::jaro_winkler(key, known) }
}
