//! The allow list is judged when it is written.

use expect_test::{Expect, expect};
use serde_json::{Value, json};

use crate::call::payload;
use crate::clock::{NOW, check_at, validate_at, validate_under};
use crate::host::Host;
use crate::objects::{create, set, update, with, with_config_map};

/// Settings with a list whose entries end within a year and have a reason and an owner.
fn strict() -> Value {
    with(json!({"allow_list_config_map": {
        "namespace": "registry-enforcer", "name": "byoc-allow-list",
        "max_days": 365, "requires": ["sunset_date", "reason", "owner"],
    }}))
}

fn of_list(request: Value) -> Value {
    set(request, &[("namespace", json!("registry-enforcer")), ("name", json!("byoc-allow-list"))])
}

fn created(data: Value) -> Value {
    of_list(create("ConfigMap", json!({"data": data})))
}

fn updated(data: Value, old: Value) -> Value {
    of_list(update("ConfigMap", json!({"data": data}), json!({"data": old})))
}

#[track_caller]
fn check(request: &Value, settings: &Value, expected: Expect) {
    check_at(NOW, request, settings, Host::silent(), expected);
}

#[test]
fn every_problem_is_told_at_once() {
    let data = json!({
        "tool-a": r#"{"sunset_date": "2026-12-31", "reason": "T1", "owner": "a"}"#,
        "tool-b": "31/12/2026",
        "tool-c": "2026-12-31",
        "tool-d": r#"{"sunset_date": "2026-09-17", "reason": "T1", "owner": "d"}"#,
        "tool-e": r#"{"sunset_date": "2027-09-19", "reason": "T1", "owner": "e"}"#,
        "tool-f": r#"{"sunset_date": "2027-09-18", "reason": "T1", "owner": "f"}"#,
        "tool-g": r#"{"sunset_date": "2026-12-31", "reason": " ", "owner": "g", "registry_prefixes": ["nginx"]}"#,
        "tool-h": "sunset_date: 2026-12-31",
        "tool-i": "",
        "Tool_J": "2026-12-31",
        "*": "2026-12-31",
    });
    let expected = expect![[r#"
        refused 403
        the allow list in ConfigMap registry-enforcer/byoc-allow-list cannot be written so:
        *: is not the name of a namespace: use up to 63 of a-z, 0-9 and "-", for example tool-mix
        Tool_J: is not the name of a namespace: use up to 63 of a-z, 0-9 and "-", for example tool-mix
        tool-b: "31/12/2026" is not a date: write 2026-12-31
        tool-c: lacks reason, owner: write the entry as JSON, for example {"sunset_date": "2026-12-31", "reason": "T302863", "owner": "maintainers of mix"}
        tool-d: ended on 2026-09-17: write a later end, or leave the entry out
        tool-e: ends on 2027-09-19, more than 365 days from now: write 2027-09-18 at the latest
        tool-g.registry_prefixes[0]: "nginx" names no registry: write host/path, for example docker.io/library/nginx for Docker Hub's nginx, or registry:5000/ for a host without a dot
        tool-h: is not a date, and an entry is not YAML: write JSON, for example {"sunset_date": "2026-12-31"}
        tool-i: lacks sunset_date, reason, owner: write the entry as JSON, for example {"sunset_date": "2026-12-31", "reason": "T302863", "owner": "maintainers of mix"}
        tool-i: has no end: write sunset_date, 2027-09-18 at the latest
    "#]];
    check(&created(data), &strict(), expected);
}

#[test]
fn what_was_there_before_never_blocks_an_edit() {
    let old =
        json!({"tool-a": "31/12/2026", "tool-b": "2026-09-01", "tool-c": "2026-09-02", "Tool_D": "x", "tool-e": ""});
    let with = |more: Value| {
        let mut data = old.clone();
        data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        data
    };
    let good = json!({"tool-new": r#"{"sunset_date": "2026-10-01", "reason": "T1", "owner": "n"}"#});
    let expected = expect![[r#"
        accepted
        warning: left as it was, but wrong: Tool_D: is not the name of a namespace: use up to 63 of a-z, 0-9 and "-", for example tool-mix
        warning: left as it was, but wrong: tool-a: "31/12/2026" is not a date: write 2026-12-31
        warning: entries of the allow list that have ended and can go: tool-b (2026-09-01), tool-c (2026-09-02)
        warning: entries of the allow list that end within 30 days: tool-new (2026-10-01)
    "#]];
    check(&updated(with(good), old.clone()), &strict(), expected);
    let expected = expect![[r#"
        refused 403
        the allow list in ConfigMap registry-enforcer/byoc-allow-list cannot be written so:
        tool-a: "31.12.2026" is not a date: write 2026-12-31
    "#]];
    check(&updated(with(json!({"tool-a": "31.12.2026"})), old.clone()), &with_config_map(), expected);
    let mut shorter = old.clone();
    shorter.as_object_mut().unwrap().remove("tool-e");
    let (answer, _) = validate_at(NOW, &payload(&updated(shorter, old), &strict()), Host::silent());
    assert!(answer.to_string().starts_with("accepted"), "{answer}");
}

#[test]
fn what_other_settings_make_of_an_entry_is_a_warning() {
    let settings = with(json!({
        "allow_list_config_map": with_config_map()["allow_list_config_map"],
        "sunset_date": "2026-12-31",
        "allowed_namespaces": ["tool-a*", {"name": "tool-b", "sunset_date": "2026-10-31"}],
    }));
    let data = json!({"tool-a": "2026-12-30", "tool-b": "2026-12-31", "tool-c": "2027-01-01", "tool-d": ""});
    let expected = expect![[r#"
        accepted
        warning: entries of the allow list that end with the policy's sunset_date, 2026-12-31: tool-c, tool-d
        warning: entries of the allow list that are of no use: allowed_namespaces lets in all images there: tool-a
    "#]];
    check(&created(data), &settings, expected);
}

#[test]
fn many_warnings_are_counted() {
    let old: serde_json::Map<String, Value> =
        (0..40).map(|number| (format!("tool-{number:02}"), json!(["2026-09-01", "x"][number % 2]))).collect();
    let expected = expect![[r#"
        accepted
        warning: left as it was, but wrong: tool-01: "x" is not a date: write 2026-12-31
        warning: left as it was, but wrong: tool-03: "x" is not a date: write 2026-12-31
        warning: left as it was, but wrong: tool-05: "x" is not a date: write 2026-12-31
        warning: left as it was, but wrong: tool-07: "x" is not a date: write 2026-12-31
        warning: left as it was, but wrong: tool-09: "x" is not a date: write 2026-12-31
        warning: entries of the allow list that have ended and can go: tool-00 (2026-09-01), tool-02 (2026-09-01), tool-04 (2026-09-01), tool-06 (2026-09-01), tool-08 (2026-09-01) and 15 more
        warning: 15 more entries of the allow list were wrong before
    "#]];
    check(&updated(json!(old), json!(old)), &with_config_map(), expected);
}

/// The API server cuts a warning at 256 characters: how many names were left out is not what is cut.
#[test]
fn long_names_leave_room_for_their_number() {
    let mut settings = with_config_map();
    settings["sunset_date"] = json!("2026-12-31T12:00:00+02:00");
    settings["allowed_namespaces"] = json!(["*"]);
    for (length, end) in
        [28, 40].into_iter().flat_map(|length| ["2026-09-01", "2026-09-30", "2027-12-31"].map(|end| (length, end)))
    {
        let name = |number: usize| format!("tool-{}-{number:02}", "x".repeat(length));
        let list: serde_json::Map<String, Value> = (0..40).map(|number| (name(number), json!(end))).collect();
        let (answer, _) = validate_at(NOW, &payload(&updated(json!(list), json!(list)), &settings), Host::silent());
        assert!(!answer.warnings().is_empty(), "{answer}");
        for warning in answer.warnings() {
            assert!(warning.ends_with(" more") && warning.len() <= 256, "{warning}");
        }
    }
}

/// Objects that would hide entries or freeze the list, and what is said of them when they are new.
const SHAPES: &[(&str, &str)] = &[
    (r#"{"binaryData": {"tool-a": "MjAyNi0xMi0zMQ=="}}"#, "binaryData: is never read: write the entries into data"),
    (r#"{"immutable": true}"#, "immutable: would keep everybody from editing the list: leave it out"),
];

#[test]
fn the_list_stays_readable_and_editable() {
    for (object, problem) in SHAPES {
        let object: Value = serde_json::from_str(object).unwrap();
        let answer = |request: &Value| {
            validate_at(NOW, &payload(&of_list(request.clone()), &strict()), Host::silent()).0.to_string()
        };
        let refused = answer(&create("ConfigMap", object.clone()));
        assert!(refused.starts_with("refused") && refused.contains(problem), "{refused}");
        assert_eq!(answer(&update("ConfigMap", object.clone(), object)), "accepted\n", "it was so before");
    }
}

#[test]
fn other_config_maps_are_not_read() {
    let garbage = json!({"data": {"tool-a": "31/12/2026"}, "immutable": 17});
    let other = [("namespace", "registry-enforcer", "other"), ("namespace", "tool-mix", "byoc-allow-list")];
    for (_, namespace, name) in other {
        let request =
            set(create("ConfigMap", garbage.clone()), &[("namespace", json!(namespace)), ("name", json!(name))]);
        crate::call::accepts(&request, &strict());
    }
    crate::call::accepts(&of_list(create("ConfigMap", garbage.clone())), &with(json!({})));
    let deleted =
        set(of_list(create("ConfigMap", Value::Null)), &[("operation", json!("DELETE")), ("oldObject", garbage)]);
    crate::call::accepts(&deleted, &strict());
}

#[test]
fn what_is_not_a_config_map_is_refused() {
    let expected = expect![[r#"
        refused 403
        ConfigMap registry-enforcer/byoc-allow-list cannot be read: a value of data is not a string at line 1 column 15: send a ConfigMap as the Kubernetes API describes it
    "#]];
    check(&created(json!({"tool-a": null})), &with_config_map(), expected);
    let (answer, _) = validate_at(NOW, &payload(&created(json!([])), &with_config_map()), Host::silent());
    assert!(answer.to_string().starts_with("refused 403\nConfigMap registry-enforcer/byoc-allow-list cannot be read"));
}

#[test]
fn the_list_is_judged_in_an_exempt_namespace_too() {
    let mut settings = strict();
    settings["exempt_namespaces"] = json!(["registry-enforcer"]);
    let (answer, _) = validate_at(NOW, &payload(&created(json!({"tool-a": "x"})), &settings), Host::silent());
    assert!(answer.to_string().starts_with("refused"), "{answer}");
}

#[test]
fn without_a_clock_only_dates_cannot_be_judged() {
    let answer = |data: Value| {
        let payload = payload(&created(data), &with_config_map());
        validate_under(Ok(0), &payload, Host::silent()).0.to_string()
    };
    assert_eq!(answer(json!({"tool-a": ""})), "accepted\n");
    let refused = answer(json!({"tool-a": "2026-12-31"}));
    assert!(
        refused.contains("tool-a: cannot be judged, because the policy server's clock says 1970-01-01"),
        "{refused}"
    );
}

#[test]
fn the_owner_is_named() {
    let entry = r#"{"sunset_date": "2026-09-30", "reason": "T302863", "owner": "the maintainers of mix"}"#;
    let expected = expect![[r#"
        accepted
        warning: tool-mix may run quay.io/x:1 until 2026-09-30, 12 days left (T302863); owner: the maintainers of mix
        ends: 2026-09-30
        exception: ConfigMap registry-enforcer/byoc-allow-list
        images: quay.io/x:1
        owner: the maintainers of mix
        reason: T302863
        asked: kubewarden kubernetes/get_resource {"api_version":"v1","kind":"ConfigMap","name":"byoc-allow-list","namespace":"registry-enforcer","disable_cache":false,"field_masks":["data.tool-mix"]}
    "#]];
    let host = Host::config_map("tool-mix", entry);
    check_at(NOW, &crate::objects::pod("quay.io/x:1"), &with_config_map(), host, expected);
}
