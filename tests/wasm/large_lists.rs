//! What the judging of a large allow list costs.

use serde_json::{Map, Value, json};

use crate::bounds::{OBJECT_MAX, check_costs, filled, measure};
use crate::call::payload;
use crate::host::Host;
use crate::objects::{create, set, update, with};

/// What PolicyServer's time limit of two seconds leaves room for many times over.
const INSTRUCTIONS_MAX: u64 = 1_000_000_000;

fn settings() -> Value {
    let exceptions: Vec<Value> = (0..200).map(|index| json!(format!("other-{index}"))).collect();
    with(json!({
        "allow_list_config_map": {
            "namespace": "registry-enforcer", "name": "byoc-allow-list",
            "max_days": 365, "requires": ["sunset_date", "reason", "owner"],
        },
        "sunset_date": "2026-12-31",
        "allowed_namespaces": exceptions,
    }))
}

fn of_list(request: Value) -> Value {
    set(request, &[("namespace", json!("registry-enforcer")), ("name", json!("byoc-allow-list"))])
}

/// A list of entries of 90 bytes, each with its key.
fn entries(count: usize, end: &str) -> Map<String, Value> {
    let entry = |index: usize| {
        let text = format!(r#"{{"sunset_date":"{end}","reason":"T{index:06}","owner":"of tool {index:05}"}}"#);
        (format!("tool-{index:05}"), json!(text))
    };
    (0..count).map(entry).collect()
}

fn created(data: &Map<String, Value>) -> String {
    payload(&of_list(create("ConfigMap", json!({"data": data}))), &settings())
}

fn updated(data: &Map<String, Value>, old: &Map<String, Value>) -> String {
    payload(&of_list(update("ConfigMap", json!({"data": data}), json!({"data": old}))), &settings())
}

#[track_caller]
fn instructions(name: &str, payload: &str) -> u64 {
    check_costs(name, payload, Host::silent());
    let instructions = measure(payload, Host::silent()).instructions;
    assert!(instructions < INSTRUCTIONS_MAX, "{name}: {instructions} instructions");
    instructions
}

/// The last is as much as etcd takes.
#[test]
fn ten_thousand_entries_are_judged_in_linear_time() {
    for end in ["2026-12-30", "2026-09-01", "2099-12-31", "31/12/2026"] {
        let [once, twice] = [5_000, 10_000].map(|count| instructions(end, &created(&entries(count, end))));
        assert!(twice < once * 5 / 2, "{end}: {once} instructions, and {twice} for twice as much");
        let [once, twice] = [5_000, 10_000]
            .map(|count| instructions(end, &updated(&entries(count, end), &entries(count, "2026-10-31"))));
        assert!(twice < once * 5 / 2, "{end}, changed: {once} instructions, and {twice} for twice as much");
    }
}

/// Of what an edit leaves alone, only the ends are asked.
#[test]
fn one_changed_entry_costs_what_none_does_and_less_than_all() {
    let old = entries(10_000, "2026-12-30");
    let mut new = old.clone();
    new.extend([("tool-05000".to_owned(), entries(1, "2026-12-29")["tool-00000"].clone())]);
    let [none, one] = [&old, &new].map(|new| instructions("an update", &updated(new, &old)));
    let all = instructions("all", &updated(&entries(10_000, "2026-12-29"), &old));
    assert!(one < none + none / 100, "{none} instructions without a change, {one} with one");
    assert!(one < all - all / 10, "{one} instructions with one change, {all} where everything changes");
}

/// ConfigMaps that no reviewer writes.
#[test]
fn a_large_config_map_takes_no_more_memory_than_it_may() {
    let half = OBJECT_MAX / 2;
    let fields: String = (0..half / 20).map(|index| format!("\"{index:08}\":\"\",")).collect();
    let cases = [
        ("entries that are empty", format!("{{{fields}\"z\":\"\"}}")),
        ("entries that are wrong", format!("{{{}}}", fields.trim_end_matches(',').replace("\"\"", "\"x\""))),
        ("one entry", format!("{{\"tool-a\":\"{}\"}}", "x".repeat(half))),
        ("an entry of line breaks", format!("{{\"tool-a\":\"{}\"}}", r"\n".repeat(half / 2))),
        ("an entry of quotes", format!("{{\"tool-a\":\"{}\"}}", r#"\""#.repeat(half / 2))),
        ("a long key", format!("{{\"{}\":\"\"}}", "k".repeat(half))),
        ("a key of line breaks", format!("{{\"{}\":\"\"}}", r"\n".repeat(half / 2))),
        ("the same key", format!("{{{}}}", filled("\"a\":\"\"", half))),
        ("lists", format!("{{{}}}", filled("\"a\":[]", half))),
        ("no object", format!("[{}]", filled("\"\"", half))),
        ("lists in lists", "[".repeat(half)),
    ];
    for (name, data) in &cases {
        for field in ["data", "binaryData", "immutable"] {
            let object = format!("{{\"{field}\":{data}}}");
            for request in [create("ConfigMap", json!("OBJECT")), update("ConfigMap", json!("OBJECT"), json!("OBJECT"))]
            {
                let payload = payload(&of_list(request), &settings()).replace("\"OBJECT\"", &object);
                check_costs(&format!("{name} in {field}"), &payload, Host::silent());
            }
        }
    }
}
