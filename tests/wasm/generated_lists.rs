//! Generated edits of the allow list: what is right passes, whatever stood there before, and one planted fault is
//! refused with its key, and nothing else with it.

use std::collections::BTreeMap;

use proptest::{
    collection::btree_map,
    option,
    prelude::*,
    sample::{Index, select, subsequence},
};
use registry_enforcer::instant::Day;
use serde_json::{Map, Value, json};

use crate::call::payload;
use crate::clock::{DAY, NOW, validate_at};
use crate::host::Host;
use crate::objects::{create, set, update, with};

/// The fields of an entry.
const FIELDS: &[&str] = &["sunset_date", "registry_prefixes", "reason", "owner"];
/// Keys that the API server takes, though no namespace can be called so; `{}` is a name that one can have.
const WRONG_KEYS: &[&str] = &["{}-", "-{}", "{}.x", "{}_x", "Tool-{}", "{}-LONG", "_{}"];
/// Values that are wrong whatever the settings require.
const WRONG_VALUES: &[&str] = &[
    "31/12/2026",
    "2026-02-30",
    "2026-12-31 12:00",
    "2026-12-31T12:00:00",
    "never",
    "[]",
    "sunset_date: 2026-12-31",
    "{",
    r#"{"sunset_date": "2026-12-31"} x"#,
    r#"{"sunset": "2026-12-31"}"#,
    r#"{"sunset_date": 20261231}"#,
    r#"{"sunset_date": "2026-12-31", "registry_prefixes": ["nginx"]}"#,
    r#"{"registry_prefixes": "quay.io"}"#,
    r#"{"reason": ["T1"]}"#,
    r#"{"owner": 5}"#,
    r#"{"owner": "a", "owner": "b"}"#,
];

/// What the settings ask of an entry.
#[derive(Clone, Debug)]
struct Rules {
    max_days: Option<u32>,
    requires: Vec<&'static str>,
}

impl Rules {
    fn settings(&self) -> Value {
        let mut list = json!({"namespace": "registry-enforcer", "name": "byoc-allow-list", "requires": self.requires});
        if let Some(days) = self.max_days {
            list["max_days"] = json!(days);
        }
        with(json!({"allow_list_config_map": list}))
    }

    fn ask_for(&self, field: &str) -> bool {
        self.requires.contains(&field) || (field == "sunset_date" && self.max_days.is_some())
    }
}

/// What an entry is made of.
#[derive(Clone, Debug)]
struct Parts {
    days: u32,
    is_instant: bool,
    fields: Vec<&'static str>,
    is_json: bool,
    text: String,
}

impl Parts {
    /// An end so many days from now, on which it is noon.
    fn end(&self, days: i64) -> Value {
        let day = Day(NOW as i64 + days * DAY as i64);
        json!(if self.is_instant { format!("{day}T12:00:00Z") } else { day.to_string() })
    }

    /// The fields of an entry that is right.
    fn right_fields(&self, rules: &Rules) -> Map<String, Value> {
        let days = 1 + self.days % rules.max_days.unwrap_or(4_000);
        let value = |field: &str| match field {
            "sunset_date" => self.end(i64::from(days)),
            "registry_prefixes" => json!(["quay.io/wikidata", "docker.io/library/nginx:1.27"]),
            _ => json!(format!("T {}", self.text)),
        };
        let fields = FIELDS.iter().filter(|field| rules.ask_for(field) || self.fields.contains(field));
        fields.map(|field| ((*field).to_owned(), value(field))).collect()
    }

    /// The shortest form, or JSON.
    fn write(&self, mut fields: Map<String, Value>) -> String {
        let is_short = !self.is_json && fields.keys().all(|field| field == "sunset_date");
        match fields.remove("sunset_date") {
            end if is_short => end.as_ref().and_then(Value::as_str).unwrap_or_default().to_owned(),
            Some(end) => {
                fields.insert("sunset_date".to_owned(), end);
                Value::Object(fields).to_string()
            }
            None => Value::Object(fields).to_string(),
        }
    }

    fn right(&self, rules: &Rules) -> String {
        self.write(self.right_fields(rules))
    }

    /// An entry that is right but for one field.
    fn but(&self, rules: &Rules, field: &str, value: Option<Value>) -> String {
        let mut fields = self.right_fields(rules);
        fields.remove(field);
        fields.extend(value.map(|value| (field.to_owned(), value)));
        self.write(fields)
    }
}

/// A way for an entry, or the list, to be wrong.
#[derive(Clone, Copy, Debug)]
enum Fault {
    Key(&'static str),
    Value(&'static str),
    TooLong,
    Past,
    TooLate,
    Without(&'static str),
    Blank(&'static str),
    BinaryData,
    Immutable,
}

impl Fault {
    /// The faults that there are under these rules.
    fn all(rules: &Rules) -> Vec<Self> {
        let mut all = vec![Self::TooLong, Self::Past, Self::BinaryData, Self::Immutable];
        all.extend(WRONG_KEYS.iter().map(|key| Self::Key(key)));
        all.extend(WRONG_VALUES.iter().map(|value| Self::Value(value)));
        all.extend(rules.max_days.map(|_| Self::TooLate));
        all.extend(FIELDS.iter().filter(|field| rules.ask_for(field)).map(|field| Self::Without(field)));
        let texts = ["reason", "owner"].into_iter().filter(|field| rules.ask_for(field));
        all.extend(texts.map(Self::Blank));
        all
    }

    /// The key and the value that have it; `None` where the list has it as a whole.
    fn entry(self, name: &str, parts: &Parts, rules: &Rules) -> Option<(String, String)> {
        let late = || parts.end(i64::from(rules.max_days.unwrap_or_default() + 1 + parts.days % 400));
        let value = match self {
            Self::Key(key) => {
                return Some((key.replace("LONG", &"a".repeat(63)).replace("{}", name), parts.right(rules)));
            }
            Self::Value(value) => value.to_owned(),
            Self::TooLong => parts.but(rules, "reason", Some(json!("T".repeat(4_097)))),
            Self::Past => parts.but(rules, "sunset_date", Some(parts.end(-1 - i64::from(parts.days % 400)))),
            Self::TooLate => parts.but(rules, "sunset_date", Some(late())),
            Self::Without(field) => parts.but(rules, field, None),
            Self::Blank(field) => parts.but(rules, field, Some(json!(" "))),
            Self::BinaryData | Self::Immutable => return None,
        };
        Some((name.to_owned(), value))
    }
}

/// What becomes of an entry of the old list.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Added,
    Kept,
    KeptWrong,
    Changed,
    PutRight,
    Removed,
}

const FATES: &[Fate] = &[Fate::Added, Fate::Kept, Fate::KeptWrong, Fate::Changed, Fate::PutRight, Fate::Removed];

/// An edit, and a fault that may be planted into it.
#[derive(Clone, Debug)]
struct Edit {
    rules: Rules,
    entries: BTreeMap<String, (Fate, Parts, Parts, Index)>,
    is_creation: bool,
    planted: (Index, Parts, Parts),
    is_new: bool,
}

type Data = BTreeMap<String, String>;

impl Edit {
    /// The old and the new entries, before the fault.
    fn data(&self) -> (Data, Data) {
        let (mut old, mut new) = (Data::new(), Data::new());
        for (name, (fate, parts, other, index)) in &self.entries {
            let right = || (name.clone(), parts.right(&self.rules));
            let wrong = || index.get(&Fault::all(&self.rules)).entry(name, other, &self.rules).unwrap_or_else(right);
            match fate {
                Fate::Added => new.extend([right()]),
                Fate::Kept => [&mut old, &mut new].into_iter().for_each(|data| data.extend([right()])),
                Fate::KeptWrong => [&mut old, &mut new].into_iter().for_each(|data| data.extend([wrong()])),
                Fate::Changed => {
                    old.insert(name.clone(), other.right(&self.rules));
                    new.extend([right()]);
                }
                Fate::PutRight => {
                    old.extend([wrong()]);
                    new.extend([right()]);
                }
                Fate::Removed => old.extend([wrong()]),
            }
        }
        if self.is_creation {
            new.retain(|key, value| old.get(key) != Some(value));
        }
        (old, new)
    }

    fn request(&self, old: &Data, new: &Value) -> Value {
        let request = match self.is_creation {
            true => create("ConfigMap", new.clone()),
            false => update("ConfigMap", new.clone(), json!({"data": old})),
        };
        set(request, &[("namespace", json!("registry-enforcer")), ("name", json!("byoc-allow-list"))])
    }

    fn answer(&self, old: &Data, new: &Value) -> String {
        let payload = payload(&self.request(old, new), &self.rules.settings());
        validate_at(NOW, &payload, Host::silent()).0.to_string()
    }

    /// Plants the fault: its key.
    fn plant(&self, old: &mut Data, new: &mut Value) -> String {
        let (index, parts, other) = &self.planted;
        let fault = *index.get(&Fault::all(&self.rules));
        match fault.entry("planted", parts, &self.rules) {
            Some((key, value)) => {
                if !self.is_new {
                    old.insert(key.clone(), format!("{} ", other.right(&self.rules)));
                }
                new["data"][&key] = json!(value);
                key
            }
            None if matches!(fault, Fault::Immutable) => {
                new["immutable"] = json!(true);
                "immutable".to_owned()
            }
            None => {
                new["binaryData"] = json!({"tool-mix": "MjAyNi0xMi0zMQ=="});
                "binaryData".to_owned()
            }
        }
    }
}

fn parts() -> impl Strategy<Value = Parts> {
    let text = "[ -~]{0,20}";
    let fields = subsequence(FIELDS.to_vec(), 0..=FIELDS.len());
    let parts = (0..5_000_u32, any::<bool>(), fields, any::<bool>(), text);
    parts.prop_map(|(days, is_instant, fields, is_json, text)| Parts { days, is_instant, fields, is_json, text })
}

fn edit() -> impl Strategy<Value = Edit> {
    let rules = (option::of(1..400_u32), subsequence(FIELDS.to_vec(), 0..=FIELDS.len()))
        .prop_map(|(max_days, requires)| Rules { max_days, requires });
    let entry = (select(FATES), parts(), parts(), any::<Index>());
    let entries = btree_map("[a-z0-9]([a-z0-9-]{0,12}[a-z0-9])?", entry, 0..8);
    let planted = (any::<Index>(), parts(), parts());
    (rules, entries, any::<bool>(), planted, any::<bool>()).prop_map(
        |(rules, entries, is_creation, planted, is_new)| Edit { rules, entries, is_creation, planted, is_new },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_right_edit_passes_and_a_planted_fault_is_refused_with_its_key(edit in edit()) {
        let (mut old, new) = edit.data();
        let mut new = json!({"data": new});
        let answer = edit.answer(&old, &new);
        prop_assert!(answer.starts_with("accepted\n"), "{answer}{old:?} {new}");

        let key = edit.plant(&mut old, &mut new);
        let answer = edit.answer(&old, &new);
        let problems = answer.strip_prefix(
            "refused 403\nthe allow list in ConfigMap registry-enforcer/byoc-allow-list cannot be written so:\n",
        );
        let is_about_it = |line: &str| line.strip_prefix(&key).is_some_and(|rest| rest.starts_with([':', '.']));
        prop_assert!(problems.is_some_and(|problems| problems.lines().all(is_about_it)), "{key}: {answer}{old:?} {new}");
    }
}
