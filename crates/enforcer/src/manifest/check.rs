//! Whether a policy is what its own settings give.
//!
//! The API server adds defaults to what is applied, so each field that the settings give must be there as it is given,
//! and others may be there besides. What narrows down what the policy is asked about is another matter: a condition or a
//! selector that the settings do not give lets through what the policy would refuse.

use std::fmt;

use anyhow::anyhow;
use serde::Deserialize;
use serde_json::Value;

use crate::{
    input::settings_file::SettingsFile,
    manifest::{
        conditions,
        policy::{self, Mode, Options},
    },
    output::escape::shown,
};

/// The field with the conditions.
const CONDITIONS: &str = "matchConditions";
/// How many characters of a value a difference shows.
const VALUE_LENGTH_MAX: usize = 120;

/// A value that is not what the settings give.
#[derive(Debug, PartialEq, Eq)]
pub struct Difference {
    place: String,
    found: String,
    expected: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n  found:    {}\n  expected: {}", self.place, self.found, self.expected)
    }
}

/// What was compared.
#[derive(Debug)]
pub struct Checked {
    /// What is not as the settings give it.
    pub differences: Vec<Difference>,
    /// What the operator should know.
    pub notes: Vec<String>,
}

#[derive(Deserialize)]
struct Manifest {
    metadata: Metadata,
    spec: Spec,
}

#[derive(Deserialize)]
struct Metadata {
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Spec {
    module: String,
    #[serde(default = "default_server")]
    policy_server: String,
    #[serde(default)]
    mode: Mode,
    #[serde(default)]
    match_conditions: Vec<Condition>,
}

#[derive(Deserialize)]
struct Condition {
    name: String,
}

/// The PolicyServer of a policy that names none.
fn default_server() -> String {
    "default".to_owned()
}

/// Compares a policy, as JSON, with what its settings give.
pub fn check(json: &str, file: &SettingsFile) -> anyhow::Result<Checked> {
    let manifest: Manifest =
        serde_json::from_str(json).map_err(|cause| anyhow!("the policy cannot be read: {cause}"))?;
    let (own, others): (Vec<Condition>, Vec<Condition>) =
        manifest.spec.match_conditions.into_iter().partition(|condition| condition.name == conditions::NAME);
    let options = Options {
        name: manifest.metadata.name,
        module: manifest.spec.module,
        mode: manifest.spec.mode,
        policy_server: manifest.spec.policy_server,
        with_conditions: !own.is_empty(),
    };
    let (expected, notes) = policy::object(&file.settings()?, file.json(), &options)?;
    let mut expected = serde_json::to_value(expected)?;
    let mut found: Value = serde_json::from_str(json)?;
    let mut differences = Vec::new();
    let [found_conditions, expected_conditions] = [&mut found, &mut expected].map(take_condition);
    compare("", &found, &expected, &mut differences);
    let conditions = [&found_conditions, &expected_conditions].map(Option::as_deref);
    differences.extend(condition_difference(conditions, options.mode));
    let others = others.iter().map(|condition| {
        format!(
            "the condition {} is not of this program: whether it lets through what should be refused is not checked",
            shown(&condition.name)
        )
    });
    Ok(Checked { differences, notes: notes.into_iter().chain(others).collect() })
}

/// Takes the conditions out of a policy, and answers this program's own.
fn take_condition(policy: &mut Value) -> Option<String> {
    let conditions = policy.get_mut("spec")?.as_object_mut()?.remove(CONDITIONS)?;
    let own = conditions.as_array()?.iter().find(|condition| condition["name"] == conditions::NAME)?;
    own["expression"].as_str().map(str::to_owned)
}

/// The first line in which two expressions, the found and the expected one, differ.
fn condition_difference([found, expected]: [Option<&str>; 2], mode: Mode) -> Option<Difference> {
    let place = format!("spec.{CONDITIONS}[{}]", conditions::NAME);
    let found = found?.trim_end();
    let Some(expected) = expected.map(str::trim_end) else {
        let why = match mode {
            Mode::Protect => "with these settings every request has to be asked about",
            Mode::Monitor => "a policy in monitor mode has no condition",
        };
        return Some(Difference { place, found: "a condition".to_owned(), expected: format!("nothing: {why}") });
    };
    if found.lines().eq(expected.lines()) {
        return None;
    }
    let same = found.lines().zip(expected.lines()).take_while(|(found, expected)| found == expected).count();
    let line = |text: &str| text.lines().nth(same).map_or("nothing".to_owned(), |line| cut(line.trim()));
    let place = format!("{place}.expression, line {}", same + 1);
    Some(Difference { place, found: line(found), expected: line(expected) })
}

/// Notes what of `expected` is not in `found`, whose objects may have more fields, but none that narrows.
fn compare(place: &str, found: &Value, expected: &Value, differences: &mut Vec<Difference>) {
    match (found, expected) {
        (Value::Object(found), Value::Object(expected)) => {
            for (key, expected) in expected {
                let place = if place.is_empty() { key.clone() } else { format!("{place}.{key}") };
                compare(&place, found.get(key).unwrap_or(&Value::Null), expected, differences);
            }
            for (key, found) in found {
                if !expected.contains_key(key) && narrows(place, key, found) {
                    compare(&format!("{place}.{key}"), found, &Value::Null, differences);
                }
            }
        }
        (Value::Array(found), Value::Array(expected)) => {
            for index in 0..found.len().max(expected.len()) {
                let [found, expected] = [found, expected].map(|list| list.get(index).unwrap_or(&Value::Null));
                compare(&format!("{place}[{index}]"), found, expected, differences);
            }
        }
        _ if found == expected => {}
        _ => {
            let [found, expected] = [found, expected].map(value);
            differences.push(Difference { place: place.to_owned(), found, expected });
        }
    }
}

/// Whether a field that the settings do not give leaves out requests: it has another value than its default.
fn narrows(place: &str, key: &str, value: &Value) -> bool {
    match (place, key) {
        ("spec", "objectSelector" | "namespaceSelector") | ("spec.namespaceSelector", "matchLabels") => {
            !is_empty(value)
        }
        ("spec", "matchPolicy") => *value != "Equivalent" && !value.is_null(),
        (place, "scope") if place.starts_with("spec.rules[") => *value != "*" && !value.is_null(),
        _ => false,
    }
}

/// Whether a selector, or a part of one, selects everything.
fn is_empty(selector: &Value) -> bool {
    match selector {
        Value::Null => true,
        Value::Array(parts) => parts.is_empty(),
        Value::Object(parts) => parts.values().all(is_empty),
        _ => false,
    }
}

fn value(value: &Value) -> String {
    if value.is_null() { "nothing".to_owned() } else { cut(&value.to_string()) }
}

fn cut(text: &str) -> String {
    crate::policy::escaped(text, VALUE_LENGTH_MAX)
}
