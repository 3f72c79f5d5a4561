//! What fails around the policy: its host, the clock, settings that nobody validated.

use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use engine::host::HostCalls;
use expect_test::expect;
use serde_json::{Value, json};

use crate::call::{accepts, check, payload, validate};
use crate::clock::{NOW, check_at, validate_at, validate_under};
use crate::host::Host;
use crate::objects::{every_setting, pod, set, with, with_config_map};

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

#[test]
fn a_description_of_another_shape_meets_nothing() {
    let image = json!({"manifest": [], "config": {"config": "Labels", "created": "yesterday\n- x", "rootfs": {"diff_ids": []}}});
    let host = Host::answering([Ok(image.to_string().into_bytes()), Err("down".to_owned())]);
    check_at(
        NOW,
        &pod("quay.io/x/y:1"),
        &with_requirements(),
        host,
        expect![[r#"
            refused 403
            1 image of Pod tool-mix/web is not allowed:
            - containers[a]: quay.io/x/y:1 lacks what the exception for tool-mix requires: it has no label org.opencontainers.image.licenses: add its licence, for example Apache-2.0; it has no label org.opencontainers.image.source: add the https:// address of its source; its creation time is "yesterday\n- x", which is not an RFC 3339 time: rebuild it with its time (pack build --creation-time now, or SOURCE_DATE_EPOCH set to the time of its source); it is not built on reg.example/base:1: build it FROM there (reg.example/base:1 cannot be read: the policy server could not ask the registry)
            approved: reg.example
            ends: never
            exception: allowed_namespaces[0]
            images: quay.io/x/y:1
            asked: kubewarden oci/v1/oci_manifest_config "quay.io/x/y:1"
            asked: kubewarden oci/v1/oci_manifest_config "reg.example/base:1"
        "#]],
    );
}

/// Takes its time.
struct Slow;

impl HostCalls for Slow {
    fn call(&self, _: &str, _: &str, _: &str, _: &[u8]) -> Result<Vec<u8>, String> {
        std::thread::sleep(Duration::from_secs(1));
        Ok(br#"{"data": {"tool-mix": ""}}"#.to_vec())
    }
}

/// A tenant chooses the address of an image: one that the requirements do not allow is never connected to.
#[test]
fn a_registry_that_the_requirements_do_not_allow_is_not_asked() {
    let requirements = json!({"open_source": true, "pinned_digest": true, "registries": ["harbor.example"]});
    let settings = with(json!({"allowed_namespaces": ["*"], "byoc_requirements": requirements}));
    check(
        &pod("127.0.0.1:5000/x:1"),
        &settings,
        Host::silent(),
        expect![[r#"
        refused 403
        1 image of Pod tool-mix/web is not allowed:
        - containers[a]: 127.0.0.1:5000/x:1 lacks what the exception for tool-mix requires: it has no digest: add @sha256: and the digest of what was reviewed; it does not come through harbor.example: name it there
        approved: reg.example
        ends: never
        exception: allowed_namespaces[0]
        images: 127.0.0.1:5000/x:1
    "#]],
    );
}

#[test]
fn an_empty_label_says_no_more_than_none() {
    let labels =
        json!({"org.opencontainers.image.licenses": "", "org.opencontainers.image.source": "https://example.org/"});
    let annotations = json!({"org.opencontainers.image.licenses": "MIT"});
    let image = json!({"manifest": {"annotations": annotations}, "config": {"config": {"Labels": labels}}});
    let open_source = with(
        json!({"allowed_namespaces": ["*"], "byoc_requirements": {"open_source": true, "registries": ["quay.io"]}}),
    );
    check(
        &pod("quay.io/x/y:1"),
        &open_source,
        Host::json(&image),
        expect![[r#"
        accepted
        ends: never
        exception: allowed_namespaces[0]
        images: quay.io/x/y:1
        asked: kubewarden oci/v1/oci_manifest_config "quay.io/x/y:1"
    "#]],
    );
}

/// What an image volume mounts may be no container image: its configuration is then an empty object.
#[test]
fn an_artifact_is_described_by_its_annotations() {
    let annotations = json!({
        "org.opencontainers.image.licenses": "Apache-2.0",
        "org.opencontainers.image.source": "https://example.org/model",
    });
    let artifact = json!({"manifest": {"annotations": annotations}, "config": {}});
    let open_source = with(
        json!({"allowed_namespaces": ["*"], "byoc_requirements": {"open_source": true, "registries": ["quay.io"]}}),
    );
    check(
        &pod("quay.io/x/model:1"),
        &open_source,
        Host::json(&artifact),
        expect![[r#"
            accepted
            ends: never
            exception: allowed_namespaces[0]
            images: quay.io/x/model:1
            asked: kubewarden oci/v1/oci_manifest_config "quay.io/x/model:1"
        "#]],
    );
}

#[test]
fn a_slow_host_is_waited_for() {
    let answer = validate(payload(&pod("quay.io/x/y:1"), &with_config_map()).as_bytes(), Arc::new(Slow));
    expect![[r#"
        accepted
        ends: never
        exception: ConfigMap registry-enforcer/byoc-allow-list
        images: quay.io/x/y:1
    "#]]
    .assert_eq(&answer.to_string());
}

#[test]
fn no_fault_of_the_host_touches_an_approved_image() {
    for answer in [Err("down".to_owned()), Ok(Vec::new()), Ok(vec![b'['; HUGE])] {
        let host = Host::answering([answer]);
        check(&pod("reg.example/web:1"), &every_setting(), host, expect![["accepted\n"]]);
    }
}

#[test]
fn a_clock_that_cannot_be_right_ends_every_exception_with_an_end() {
    let ends = with(json!({"allowed_namespaces": [{"name": "*", "sunset_date": "2026-12-31"}]}));
    let check = |seconds, expected| check_at(seconds, &pod("quay.io/x/y:1"), &ends, Host::silent(), expected);
    check(
        0,
        expect![[r#"
        refused 403
        1 image of Pod tool-mix/web is not allowed:
        - containers[a]: quay.io/x/y:1 is not from an approved registry; whether the exception for tool-mix has ended is unknown, because the policy server's clock says 1970-01-01
        approved: reg.example
        exception: none
        images: quay.io/x/y:1
    "#]],
    );
    // The last second of 2023 and the first of 2024
    check(
        1_704_067_199,
        expect![[r#"
        refused 403
        1 image of Pod tool-mix/web is not allowed:
        - containers[a]: quay.io/x/y:1 is not from an approved registry; whether the exception for tool-mix has ended is unknown, because the policy server's clock says 2023-12-31
        approved: reg.example
        exception: none
        images: quay.io/x/y:1
    "#]],
    );
    check(
        1_704_067_200,
        expect![[r#"
        accepted
        ends: 2026-12-31
        exception: allowed_namespaces[0]
        images: quay.io/x/y:1
    "#]],
    );
    // The last second that WASI's clock can say is in the year 2554.
    check(
        u64::MAX / 1_000_000_000,
        expect![[r#"
        refused 403
        1 image of Pod tool-mix/web is not allowed:
        - containers[a]: quay.io/x/y:1 is not from an approved registry; the exception for tool-mix ended on 2026-12-31
        approved: reg.example
        ends: 2026-12-31
        exception: allowed_namespaces[0]
        images: quay.io/x/y:1
    "#]],
    );

    let never_ends = with(json!({"allowed_namespaces": ["*"]}));
    let ended = with(json!({"allowed_namespaces": ["*"], "sunset_date": "2020-01-01"}));
    check_at(
        0,
        &pod("quay.io/x/y:1"),
        &never_ends,
        Host::silent(),
        expect![[r#"
        accepted
        ends: never
        exception: allowed_namespaces[0]
        images: quay.io/x/y:1
    "#]],
    );
    check_at(
        0,
        &pod("quay.io/x/y:1"),
        &ended,
        Host::silent(),
        expect![[r#"
        refused 403
        1 image of Pod tool-mix/web is not allowed:
        - containers[a]: quay.io/x/y:1 is not from an approved registry; whether the exception for tool-mix has ended is unknown, because the policy server's clock says 1970-01-01
        approved: reg.example
        exception: none
        images: quay.io/x/y:1
    "#]],
    );
    check_at(0, &pod("reg.example/web:1"), &every_setting(), Host::silent(), expect![["accepted\n"]]);
}

#[test]
fn a_host_that_cannot_say_the_time_ends_every_exception_with_an_end() {
    // WASI's numbers of errors: a time past 2554, and a host without a clock.
    const OVERFLOW: u32 = 61;
    const NOT_SUPPORTED: u32 = 58;
    let ends = with(json!({"allowed_namespaces": [{"name": "*", "sunset_date": "9999-12-31"}]}));
    let answer = |error, settings| {
        validate_under(Err(error), &payload(&pod("quay.io/x/y:1"), settings), Host::silent()).0.to_string()
    };
    expect![[r#"
        refused 403
        1 image of Pod tool-mix/web is not allowed:
        - containers[a]: quay.io/x/y:1 is not from an approved registry; the exception for tool-mix ended on 9999-12-31
        approved: reg.example
        ends: 9999-12-31
        exception: allowed_namespaces[0]
        images: quay.io/x/y:1
    "#]]
    .assert_eq(&answer(OVERFLOW, &ends));
    expect![[r#"
        refused 403
        1 image of Pod tool-mix/web is not allowed:
        - containers[a]: quay.io/x/y:1 is not from an approved registry; whether the exception for tool-mix has ended is unknown, because the policy server's clock says 1970-01-01
        approved: reg.example
        exception: none
        images: quay.io/x/y:1
    "#]]
    .assert_eq(&answer(NOT_SUPPORTED, &ends));
    for error in [OVERFLOW, NOT_SUPPORTED] {
        let payload = payload(&pod("reg.example/web:1"), &every_setting());
        assert_eq!(validate_under(Err(error), &payload, Host::silent()).0.to_string(), "accepted\n");
    }
}

/// The answers to an image, for settings that are wrong in one key at a time.
fn answers_to(image: &str) -> String {
    let mut text = String::new();
    for key in every_setting().as_object().unwrap().keys() {
        let settings = set(every_setting(), &[(key.as_str(), json!(5))]);
        let (answer, _) = validate_at(NOW, &payload(&pod(image), &settings), Host::silent());
        write!(text, "{key}: 5: {answer}").unwrap();
    }
    text
}

#[test]
fn wrong_settings_refuse_where_they_are_needed() {
    expect![[r#"
        allow_list_config_map: 5: accepted
        allowed_namespaces: 5: accepted
        byoc_requirements: 5: accepted
        custom_kinds: 5: refused 403
        the settings of this policy are not valid, so it can approve no image:
        custom_kinds: is a number, not a list: write for example [{group: argoproj.io, kind: Rollout, pod_specs: [/spec/template/spec]}]
        Ask the admins.
        denied_images: 5: refused 403
        the settings of this policy are not valid, so it can approve no image:
        denied_images: is a number, not a list: write for example [quay.io/team/image:1.2]
        Ask the admins.
        denied_tags: 5: refused 403
        the settings of this policy are not valid, so it can approve no image:
        denied_tags: is a number, not a list: write for example [latest]
        Ask the admins.
        exempt_namespaces: 5: refused 403
        the settings of this policy are not valid, so it can approve no image:
        exempt_namespaces: is a number, not a list: write for example [kube-system]
        Ask the admins.
        help: 5: accepted
        registry_prefixes: 5: refused 403
        the settings of this policy are not valid, so it can approve no image:
        registry_prefixes: is a number, not a list: write for example [quay.io/team]
        Ask the admins.
        sandbox_repositories: 5: accepted
        sunset_date: 5: accepted
        warn_before_days: 5: accepted
    "#]]
    .assert_eq(&answers_to("reg.example/web:1"));
    expect![[r#"
        allow_list_config_map: 5: refused 403
        1 image of Pod tool-mix/web is not allowed:
        - containers[a]: quay.io/x/y@sha256:0000000000000000000000000000000000000000000000000000000000000000 lacks what the exception for tool-mix requires: what its registry says about it cannot be read: the policy server could not ask the registry
        approved: reg.example, hub.example/tool-mix
        Ask the admins.
        ends: 2026-09-30
        exception: allowed_namespaces[1]
        images: quay.io/x/y@sha256:0000000000000000000000000000000000000000000000000000000000000000
        reason: T302863
        allowed_namespaces: 5: refused 403
        the settings of this policy are not valid, so it can approve no image:
        allowed_namespaces: is a number, not a list: write for example [tool-mix]
        Ask the admins.
        byoc_requirements: 5: refused 403
        the settings of this policy are not valid, so it can approve no image:
        byoc_requirements: is a number, not an object: write for example {pinned_digest: true, registries: [quay.io/team]}
        Ask the admins.
        custom_kinds: 5: refused 403
        the settings of this policy are not valid, so it can approve no image:
        custom_kinds: is a number, not a list: write for example [{group: argoproj.io, kind: Rollout, pod_specs: [/spec/template/spec]}]
        Ask the admins.
        denied_images: 5: refused 403
        the settings of this policy are not valid, so it can approve no image:
        denied_images: is a number, not a list: write for example [quay.io/team/image:1.2]
        Ask the admins.
        denied_tags: 5: refused 403
        1 image of Pod tool-mix/web is not allowed:
        - containers[a]: quay.io/x/y@sha256:0000000000000000000000000000000000000000000000000000000000000000 lacks what the exception for tool-mix requires: what its registry says about it cannot be read: the policy server could not ask the registry
        approved: reg.example, hub.example/tool-mix
        Ask the admins.
        ends: 2026-09-30
        exception: allowed_namespaces[1]
        images: quay.io/x/y@sha256:0000000000000000000000000000000000000000000000000000000000000000
        reason: T302863
        exempt_namespaces: 5: refused 403
        the settings of this policy are not valid, so it can approve no image:
        exempt_namespaces: is a number, not a list: write for example [kube-system]
        Ask the admins.
        help: 5: refused 403
        1 image of Pod tool-mix/web is not allowed:
        - containers[a]: quay.io/x/y@sha256:0000000000000000000000000000000000000000000000000000000000000000 lacks what the exception for tool-mix requires: what its registry says about it cannot be read: the policy server could not ask the registry
        approved: reg.example, hub.example/tool-mix
        ends: 2026-09-30
        exception: allowed_namespaces[1]
        images: quay.io/x/y@sha256:0000000000000000000000000000000000000000000000000000000000000000
        reason: T302863
        registry_prefixes: 5: refused 403
        the settings of this policy are not valid, so it can approve no image:
        registry_prefixes: is a number, not a list: write for example [quay.io/team]
        Ask the admins.
        sandbox_repositories: 5: refused 403
        1 image of Pod tool-mix/web is not allowed:
        - containers[a]: quay.io/x/y@sha256:0000000000000000000000000000000000000000000000000000000000000000 lacks what the exception for tool-mix requires: what its registry says about it cannot be read: the policy server could not ask the registry
        approved: reg.example, hub.example/tool-mix
        Ask the admins.
        ends: 2026-09-30
        exception: allowed_namespaces[1]
        images: quay.io/x/y@sha256:0000000000000000000000000000000000000000000000000000000000000000
        reason: T302863
        sunset_date: 5: refused 403
        the settings of this policy are not valid, so it can approve no image:
        sunset_date: is a number, not a string: write it in quotes, for example "2026-12-31"
        Ask the admins.
        warn_before_days: 5: refused 403
        1 image of Pod tool-mix/web is not allowed:
        - containers[a]: quay.io/x/y@sha256:0000000000000000000000000000000000000000000000000000000000000000 lacks what the exception for tool-mix requires: what its registry says about it cannot be read: the policy server could not ask the registry
        approved: reg.example, hub.example/tool-mix
        Ask the admins.
        ends: 2026-09-30
        exception: allowed_namespaces[1]
        images: quay.io/x/y@sha256:0000000000000000000000000000000000000000000000000000000000000000
        reason: T302863
    "#]].assert_eq(&answers_to(&format!("quay.io/x/y@sha256:{}", "0".repeat(64))));
    let all_at_once = with(json!({"allowed_namespaces": 5, "help": 7, "sunset_date": "x"}));
    accepts(&pod("reg.example/web:1"), &all_at_once);
}

#[test]
fn settings_that_are_none_approve_nothing() {
    let check = |settings: Value, expected| check(&pod("reg.example/web:1"), &settings, Host::silent(), expected);
    check(
        json!(null),
        expect![[r#"
            refused 403
            the settings of this policy are not valid, so it can approve no image:
            registry_prefixes: names no registry: write at least one, for example [docker-registry.tools.wmflabs.org]
        "#]],
    );
    check(
        json!([]),
        expect![[r#"
        refused 403
        the admission request cannot be read: invalid type: sequence, expected settings as an object at line 1 column 339
    "#]],
    );
    check(
        json!("reg.example"),
        expect![[r#"
        refused 403
        the admission request cannot be read: invalid type: string "reg.example", expected settings as an object at line 1 column 352
    "#]],
    );
    check(
        json!({}),
        expect![[r#"
            refused 403
            the settings of this policy are not valid, so it can approve no image:
            registry_prefixes: names no registry: write at least one, for example [docker-registry.tools.wmflabs.org]
        "#]],
    );
    check(
        json!({"registry_prefixes": []}),
        expect![[r#"
            refused 403
            the settings of this policy are not valid, so it can approve no image:
            registry_prefixes: names no registry: write at least one, for example [docker-registry.tools.wmflabs.org]
        "#]],
    );
    check(
        json!({"registry_prefixes": ["reg.example", "nginx"]}),
        expect![[r#"
        refused 403
        the settings of this policy are not valid, so it can approve no image:
        registry_prefixes[1]: "nginx" names no registry: write host/path, for example docker.io/library/nginx for Docker Hub's nginx, or registry:5000/ for a host without a dot
    "#]],
    );
    check(
        json!({"registry_prefixes": ["nginx", "reg.example"]}),
        expect![[r#"
        refused 403
        the settings of this policy are not valid, so it can approve no image:
        registry_prefixes[0]: "nginx" names no registry: write host/path, for example docker.io/library/nginx for Docker Hub's nginx, or registry:5000/ for a host without a dot
    "#]],
    );
    check(
        json!({"registry_prefixes": ["reg.example"], "denied_images": "x"}),
        expect![[r#"
            refused 403
            the settings of this policy are not valid, so it can approve no image:
            denied_images: is a string, not a list: write for example [quay.io/team/image:1.2]
        "#]],
    );
    check(
        json!({"registry_prefixes": ["reg.example"], "denied_image": ["reg.example/web"]}),
        expect![[r#"
        refused 403
        the settings of this policy are not valid, so it can approve no image:
        denied_image: is not known here: did you mean denied_images?
    "#]],
    );
    let request = pod("reg.example/web:1");
    let missing = json!({"request": request}).to_string();
    crate::call::check_payload(
        missing.as_bytes(),
        Host::silent(),
        expect![[r#"
            refused 403
            the settings of this policy are not valid, so it can approve no image:
            registry_prefixes: names no registry: write at least one, for example [docker-registry.tools.wmflabs.org]
        "#]],
    );
    accepts(&set(request, &[("operation", json!("DELETE"))]), &json!({}));
}
