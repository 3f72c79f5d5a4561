//! What fails around the policy: the API server, and registries.

use std::sync::Arc;
use std::time::Duration;

use engine::host::HostCalls;
use serde_json::{Value, json};

use crate::call::{check, payload, validate};
use crate::host::Host;
use crate::objects::{every_setting, pod, with, with_config_map};

const HUGE: usize = 20 << 20;

/// The one line about `quay.io/x/y:1` in the refusal of a Pod, after the image, with a host that gives this answer.
#[track_caller]
fn problem(settings: &Value, answer: Result<Vec<u8>, String>) -> String {
    let host = Host::answering([answer]);
    let answer = validate(payload(&pod("quay.io/x/y:1"), settings).as_bytes(), host.clone()).to_string();
    assert_eq!(host.asked().len(), 1);
    let start = "refused 403\n1 image of Pod tool-mix/web is not allowed:\n- containers[a]: quay.io/x/y:1 ";
    answer.strip_prefix(start).and_then(|rest| rest.split_once('\n')).expect(&answer).0.to_owned()
}

/// What a refusal says where the allow list cannot be read.
const NO_LIST: &str = "is not from an approved registry; the allow list cannot be read, which an admin has to mend: ";
const CONFIG_MAP: &str = "ConfigMap registry-enforcer/byoc-allow-list";

/// The policy says what happened in its own words: the host's can be a stack trace, or Rust's Debug text.
#[test]
fn rejects_where_the_config_map_cannot_be_had() {
    const CASES: &[(&str, &str)] = &[
        ("", "{}: no cause was given"),
        ("\n \n", "{}: no cause was given"),
        ("down\r- containers[b]: fine", "{}: down\\r- containers[b]: fine"),
        (
            "Callback evaluation failure: ApiError: configmaps \"byoc-allow-list\" is forbidden: User \"x\" cannot get resource: Forbidden (Status { status: Some(Failure), code: 403 })",
            "the policy server may not read {}",
        ),
        (
            "Callback evaluation failure: ApiError: configmaps \"byoc-allow-list\" not found: NotFound (Status { status: Some(Failure) })\n   0: a stack",
            "{} does not exist",
        ),
        (
            "Callback evaluation failure: Cannot find v1/ConfigMap named 'byoc-allow-list' inside of namespace 'registry-enforcer'",
            "{} does not exist",
        ),
        ("operation timed out", "the API server did not answer in time about {}"),
        ("connection refused\n\nStack backtrace:\n   0: main", "the API server cannot be asked about {}"),
        ("Server error, code: 503, message: x", "the API server answers with status 503 about {}"),
    ];
    for &(cause, told) in CASES {
        let found = problem(&with_config_map(), Err(cause.to_owned()));
        assert_eq!(found, format!("{NO_LIST}{}", told.replace("{}", CONFIG_MAP)), "{cause:?}");
    }
}

#[test]
fn rejects_where_the_config_map_is_of_another_shape() {
    let mut not_utf_8 = b"{\"data\": {\"tool-mix\": \"\xff\"}}".to_vec();
    let deep = vec![b'['; HUGE];
    for answer in [
        "",
        "null",
        "[]",
        "\"\"",
        "{\"data\": {\"tool-mi",
        "{\"data\": []}",
        "{\"data\": \"tool-mix\"}",
        "{\"data\": {\"tool-mix\": 5}}",
        "{\"data\": {\"tool-mix\": {\"sunset_date\": \"2099-12-31\"}}}",
    ]
    .map(|text| text.as_bytes().to_vec())
    .into_iter()
    .chain([std::mem::take(&mut not_utf_8), vec![0xff, 0xfe], deep])
    {
        let found = problem(&with_config_map(), Ok(answer.clone()));
        assert_eq!(
            found,
            format!("{NO_LIST}the answer about {CONFIG_MAP} is not a ConfigMap"),
            "{}",
            String::from_utf8_lossy(&answer[..answer.len().min(99)])
        );
    }
}

#[test]
fn rejects_where_the_config_map_has_no_entry() {
    let long = json!({"data": {"tool-other": "x".repeat(HUGE)}}).to_string();
    for answer in [r#"{"data": null}"#, r#"{"data": {}}"#, r#"{"data": {"tool-mix": null}}"#, "{}", &long] {
        let found = problem(&with_config_map(), Ok(answer.as_bytes().to_vec()));
        assert_eq!(found, "is not from an approved registry; tool-mix has no exception", "{answer:.99}");
    }
}

#[test]
fn rejects_where_the_entry_is_wrong() {
    let deep = format!("{{\"reason\": {}", "[".repeat(3_000));
    let (long, digits) = ("x".repeat(HUGE), format!("2026-12-31T12:00:00.{}Z", "0".repeat(900_000)));
    let cases = [
        ("[]", "\"[]\" is not a date: write 2026-12-31"),
        ("0000000000", "\"0000000000\" is not a date: write 2026-12-31"),
        (
            "sunset_date: 2026-12-31",
            "is not a date, and an entry is not YAML: write JSON, for example {\"sunset_date\": \"2026-12-31\"}",
        ),
        (&deep, "is not JSON: recursion limit exceeded at line 1 column 138"),
        (&long, "is longer than 4096 bytes: write less"),
        (&digits, "is longer than 4096 bytes: write less"),
    ];
    for (entry, told) in cases {
        let found = problem(&with_config_map(), Ok(json!({"data": {"tool-mix": entry}}).to_string().into_bytes()));
        let wrong =
            format!("is not from an approved registry; the allow list in {CONFIG_MAP} has a wrong entry: tool-mix: ");
        assert_eq!(found, format!("{wrong}{told}"), "{entry:.99}");
    }
}

/// How a refusal begins for what an exception requires.
const LACKS: &str = "lacks what the exception for tool-mix requires: ";

fn with_requirements() -> Value {
    let requirements = json!({"open_source": true, "max_age_days": 180, "registries": ["quay.io"], "base_images": ["reg.example/base:1"]});
    with(json!({"allowed_namespaces": ["*"], "byoc_requirements": requirements}))
}

/// A registry chooses which of the causes is told, but none of the words: its error could speak to the reader.
#[test]
fn rejects_an_image_that_no_registry_describes() {
    const CASES: &[(&str, &str)] = &[
        ("", "the policy server could not ask the registry"),
        ("get a better job at https://evil.example", "the policy server could not ask the registry"),
        ("manifest unknown\n\nStack backtrace:\n   0: main", "not found"),
        ("Not authorized: url https://quay.io/v2/x/y/manifests/1", "not authorised"),
        ("Authentication failure: realm=\"http://127.0.0.1/internal?x=1\"", "not authorised"),
        ("TOOMANYREQUESTS", "too many requests"),
        ("no answer within 5s: operation timed out", "no answer in time"),
        ("dns error: failed to lookup address information", "the registry's name does not resolve"),
        ("error sending request for url (http://127.0.0.1:5000/v2/web/manifests/1)", "the registry is not reachable"),
        (
            "Server error: url http://quay.io/v2/x, code: 500, message: go to evil.example",
            "the registry answers with status 500",
        ),
        ("Server error: url http://quay.io/v2/x, code: 404, message: go to evil.example", "not found"),
    ];
    for &(cause, told) in CASES {
        let found = problem(&with_requirements(), Err(cause.to_owned()));
        assert_eq!(found, format!("{LACKS}what its registry says about it cannot be read: {told}"), "{cause:?}");
    }
    let found = problem(&with_requirements(), Err("x".repeat(HUGE)));
    assert!(found.ends_with("could not ask the registry"), "{found}");
}

#[test]
fn rejects_an_answer_that_describes_no_image() {
    let long = "x".repeat(HUGE);
    let deep = "[".repeat(HUGE);
    let answers: &[&[u8]] = &[
        b"",
        b"null",
        b"[]",
        b"{\"config\": {\"crea",
        b"{\"config\": \"\xff\"}",
        b"\xff\xfe",
        deep.as_bytes(),
        long.as_bytes(),
    ];
    for answer in answers {
        let found = problem(&with_requirements(), Ok(answer.to_vec()));
        let told = "what its registry says about it cannot be read: the registry's answer is not an image";
        assert_eq!(found, format!("{LACKS}{told}"), "{}", String::from_utf8_lossy(&answer[..answer.len().min(99)]));
    }
}

/// Takes its time.
struct Slow;

impl HostCalls for Slow {
    fn call(&self, _: &str, _: &str, _: &str, _: &[u8]) -> Result<Vec<u8>, String> {
        std::thread::sleep(Duration::from_secs(1));
        Ok(br#"{"data": {"tool-mix": ""}}"#.to_vec())
    }
}

#[test]
fn a_slow_host_is_waited_for() {
    let answer = validate(payload(&pod("quay.io/x/y:1"), &with_config_map()).as_bytes(), Arc::new(Slow));
    assert_eq!(answer.line(), "accepted");
}

#[test]
fn no_fault_of_the_host_touches_an_approved_image() {
    for answer in [Err("down".to_owned()), Ok(Vec::new()), Ok(vec![b'['; HUGE])] {
        let host = Host::answering([answer]);
        check(&pod("reg.example/web:1"), &every_setting(), host, "accepted");
    }
}
