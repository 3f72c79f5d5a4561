//! What the wasm says when the host fails, or sends what it should not: a refusal with a reason, never a trap.
#![cfg(not(target_family = "wasm"))]

mod shipped;

use std::sync::Arc;

use serde_json::{Value, json};
use shipped::{payload, pod, refusal, validate};
use xtask::host::{HostCalls, NoHostCalls};

/// A host that answers every call alike.
struct Always(Result<Vec<u8>, String>);

impl HostCalls for Always {
    fn call(&self, _: &str, _: &str, _: &str, _: &[u8]) -> Result<Vec<u8>, String> {
        self.0.clone()
    }
}

/// The answers of a host that is out of order, and the cause that a message gives.
fn faults() -> Vec<(Result<Vec<u8>, String>, &'static str)> {
    let text = |text: &str| Ok(text.as_bytes().to_vec());
    vec![
        (Err("not found\n   0: a stack\n   1: of calls".into()), "not found"),
        (Err(String::new()), "no cause was given"),
        (text(""), "its answer cannot be read: EOF while parsing a value at line 1 column 0"),
        (text("{\"data\": {\"tool-m"), "its answer cannot be read: EOF while parsing a string at line 1 column 17"),
        (text("[]"), "its answer cannot be read: an object was expected"),
        (Ok(vec![0xff, 0xfe]), "its answer cannot be read: invalid utf-8 sequence of 1 bytes from index 0"),
        (
            Ok("[".repeat(20_000_000).into_bytes()),
            "its answer cannot be read: recursion limit exceeded at line 1 column 128",
        ),
    ]
}

#[test]
fn a_config_map_that_cannot_be_read_is_no_exception() {
    let settings = json!({"registry_prefixes": ["quay.io"], "allow_list_config_map": {"namespace": "n", "name": "c"}});
    for (answer, cause) in faults() {
        let refused = validate(&payload(&pod("tool-mix", "nginx:1"), &settings), Arc::new(Always(answer)));
        let expected = format!(
            "1 image of Pod tool-mix/web is not allowed:\n- containers[web]: nginx:1 (docker.io/library/nginx:1) is not from an approved registry; \
             the allow list in ConfigMap n/c cannot be read: {cause}\napproved: quay.io"
        );
        assert_eq!(refusal(&refused), Some(&*expected), "{cause}");
    }
}

#[test]
fn an_image_that_cannot_be_described_is_refused() {
    let settings = json!({"registry_prefixes": ["quay.io"], "allowed_namespaces": ["*"], "byoc_requirements": {"open_source": true}});
    for (answer, cause) in faults() {
        let refused = validate(&payload(&pod("tool-mix", "nginx:1"), &settings), Arc::new(Always(answer)));
        let expected = format!(
            "1 image of Pod tool-mix/web is not allowed:\n- containers[web]: nginx:1 (docker.io/library/nginx:1) lacks what the exception for tool-mix \
             requires: its registry cannot be read: {cause}\napproved: quay.io"
        );
        assert_eq!(refusal(&refused), Some(&*expected), "{cause}");
    }
}

#[test]
fn an_approved_image_needs_no_host() {
    let settings = json!({
        "registry_prefixes": ["quay.io", "reg.example/{namespace}"], "allowed_namespaces": [{"name": "*", "sunset_date": "2020-01-01"}],
        "sunset_date": "2020-01-01", "allow_list_config_map": {"namespace": "n", "name": "c"}, "denied_images": ["quay.io/denied"],
        "denied_tags": ["*-rc*"], "byoc_requirements": {"open_source": true, "max_age_days": 1}, "help": "help",
        "custom_kinds": [{"group": "g", "kind": "K", "images": ["/a"]}], "sandbox_repositories": ["pause"], "warn_before_days": 30,
    });
    for image in ["quay.io/x:1", "reg.example/tool-mix/x"] {
        let host = Arc::new(NoHostCalls::default());
        let answer = validate(&payload(&pod("tool-mix", image), &settings), host.clone());
        assert_eq!((answer, host.calls()), (json!({"accepted": true}), 0), "{image}");
    }
}

/// Settings that were never validated: what an approved image does not need may be wrong.
#[test]
fn settings_that_were_never_validated_refuse_where_they_are_needed() {
    let wrong = "the settings of this policy are not valid, so it can approve no image:\n";
    let cases: &[(Value, Option<&str>)] = &[
        (json!({"registry_prefixes": ["quay.io"], "allowed_namespaces": 5, "help": 7, "sunset_date": "x"}), None),
        (
            json!({"registry_prefixes": ["quay.io"], "denied_tag": ["x"]}),
            Some("denied_tag: is not known here: did you mean denied_tags?"),
        ),
        (
            json!({"registry_prefixes": ["nginx", "quay.io"]}),
            Some(
                "registry_prefixes[0]: \"nginx\" names no registry: write host/path, for example docker.io/library/nginx for Docker Hub's nginx, or registry:5000/ for a host without a dot",
            ),
        ),
        (
            json!({"registry_prefixes": ["quay.io"], "denied_images": "x"}),
            Some("denied_images: is a text, not a list: write for example [quay.io/team/image]"),
        ),
        (
            json!({"registry_prefixes": ["quay.io"], "exempt_namespaces": 1}),
            Some("exempt_namespaces: is a number, not a list: write for example [kube-system]"),
        ),
    ];
    for (settings, problem) in cases {
        let answer = validate(&payload(&pod("tool-mix", "quay.io/x:1"), settings), Arc::new(NoHostCalls::default()));
        let expected = problem.map(|problem| format!("{wrong}{problem}"));
        assert_eq!(refusal(&answer), expected.as_deref(), "{settings}");
    }
}

#[test]
fn a_payload_that_is_none_is_refused() {
    let deep = format!("{{\"request\":{}", "[".repeat(100_000));
    let cases: &[(&[u8], &str)] = &[
        (b"", "the admission request cannot be read: EOF while parsing a value at line 1 column 0"),
        (
            b"null",
            "the admission request cannot be read: invalid type: null, expected an object with request and settings at line 1 column 4",
        ),
        (b"{}", "the admission request cannot be read: missing field `request` at line 1 column 2"),
        (b"{\"request\":{}}", "the admission request cannot be read: missing field `kind` at line 1 column 13"),
        (b"\xff", "is not UTF-8 (invalid utf-8 sequence of 1 bytes from index 0): send JSON in UTF-8"),
        (
            b"{\"request\":{\"kind\":{\"kind\":\"Pod\"},\"operation\":\"CREATE\"},\"settings\":[]}",
            "the admission request cannot be read: invalid type: sequence, expected settings as an object at line 1 column 67",
        ),
        (
            deep.as_bytes(),
            "the admission request cannot be read: invalid type: sequence, expected an AdmissionRequest at line 1 column 11",
        ),
    ];
    for (payload, expected) in cases {
        let answer = validate(payload, Arc::new(NoHostCalls::default()));
        assert_eq!(
            refusal(&answer),
            Some(*expected),
            "{:?}",
            String::from_utf8_lossy(&payload[..payload.len().min(40)])
        );
    }
}
