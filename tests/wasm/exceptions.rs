//! Who may run images from elsewhere, and until when.

use std::sync::Arc;

use expect_test::{Expect, expect};
use serde_json::{Value, json};

use crate::call::{accepts, check, payload};
use crate::clock::{DAY, NOW, check_at, validate_at};
use crate::host::Host;
use crate::objects::{containers, create, every_setting, pod, set, update, with, with_config_map};

const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

#[test]
fn an_exempt_namespace_is_not_judged() {
    let exempt = |settings: Value, namespace: &str| {
        let request = set(pod("nginx"), &[("namespace", json!(namespace)), ("object", json!({"spec": "garbage"}))]);
        accepts(&request, &settings);
        accepts(&set(request, &[("operation", json!("UPDATE")), ("object", json!(17))]), &settings);
    };
    exempt(with(json!({})), "kube-system");
    exempt(with(json!({"exempt_namespaces": ["kube-*", "infra"]})), "kube-public");
    exempt(with(json!({"exempt_namespaces": ["kube-*", "infra"]})), "infra");
    let kube_system = set(pod("nginx"), &[("namespace", json!("kube-system"))]);
    check(
        &kube_system,
        &with(json!({"exempt_namespaces": []})),
        Host::silent(),
        expect![[r#"
        refused 403
        1 image of Pod kube-system/web is not allowed:
        - containers[a]: nginx (docker.io/library/nginx:latest) is not from an approved registry; kube-system has no exception
        approved: reg.example
        exception: none
        images: docker.io/library/nginx:latest
    "#]],
    );
}

#[test]
fn the_options_of_the_decision_record() {
    let check = |more: Value, expected| check_at(NOW, &pod("quay.io/x/y:1"), &with(more), Host::silent(), expected);
    check(
        json!({"allowed_namespaces": ["*"]}),
        expect![[r#"
        accepted
        ends: never
        exception: allowed_namespaces[0]
        images: quay.io/x/y:1
    "#]],
    );
    check(
        json!({"allowed_namespaces": ["*"], "sunset_date": "2026-12-31"}),
        expect![[r#"
        accepted
        ends: 2026-12-31
        exception: allowed_namespaces[0]
        images: quay.io/x/y:1
    "#]],
    );
    check(
        json!({"allowed_namespaces": ["*"], "sunset_date": "2026-09-17"}),
        expect![[r#"
        refused 403
        1 image of Pod tool-mix/web is not allowed:
        - containers[a]: quay.io/x/y:1 is not from an approved registry; the exception for tool-mix ended on 2026-09-17
        approved: reg.example
        ends: 2026-09-17
        exception: allowed_namespaces[0]
        images: quay.io/x/y:1
    "#]],
    );
    check(
        json!({}),
        expect![[r#"
        refused 403
        1 image of Pod tool-mix/web is not allowed:
        - containers[a]: quay.io/x/y:1 is not from an approved registry; tool-mix has no exception
        approved: reg.example
        exception: none
        images: quay.io/x/y:1
    "#]],
    );
    check(
        json!({"allowed_namespaces": ["tool-a", "tool-mix"]}),
        expect![[r#"
        accepted
        ends: never
        exception: allowed_namespaces[1]
        images: quay.io/x/y:1
    "#]],
    );
    check(
        json!({"allowed_namespaces": ["tool-a"]}),
        expect![[r#"
        refused 403
        1 image of Pod tool-mix/web is not allowed:
        - containers[a]: quay.io/x/y:1 is not from an approved registry; tool-mix has no exception
        approved: reg.example
        exception: none
        images: quay.io/x/y:1
    "#]],
    );
}

#[test]
fn an_exception_has_its_own_end_registries_and_reason() {
    let check = |exceptions: Value, expected| {
        let settings = with(json!({"allowed_namespaces": exceptions, "sunset_date": "2027-06-30"}));
        check_at(NOW, &pod("quay.io/x/y:1"), &settings, Host::silent(), expected);
    };
    check(
        json!([{"name": "tool-*", "sunset_date": "2026-09-30", "reason": "T302863"}]),
        expect![[r#"
        accepted
        warning: tool-mix may run quay.io/x/y:1 until 2026-09-30, 12 days left (T302863)
        ends: 2026-09-30
        exception: allowed_namespaces[0]
        images: quay.io/x/y:1
        reason: T302863
    "#]],
    );
    check(
        json!([{"name": "tool-mix", "sunset_date": "2028-01-01"}]),
        expect![[r#"
        accepted
        ends: 2027-06-30
        exception: allowed_namespaces[0]
        images: quay.io/x/y:1
    "#]],
    );
    check(
        json!([{"name": "tool-mix", "registry_prefixes": ["quay.io/{namespace}", "quay.io/x"]}]),
        expect![[r#"
        accepted
        ends: 2027-06-30
        exception: allowed_namespaces[0]
        images: quay.io/x/y:1
    "#]],
    );
    check(
        json!([{"name": "tool-mix", "registry_prefixes": ["quay.io/{namespace}"]}]),
        expect![[r#"
        refused 403
        1 image of Pod tool-mix/web is not allowed:
        - containers[a]: quay.io/x/y:1 is not from an approved registry; tool-mix has no exception for quay.io
        approved: reg.example
        exception: none
        images: quay.io/x/y:1
    "#]],
    );
    check(
        json!([{"name": "tool-mix", "sunset_date": "2026-09-18T12:00:00Z", "reason": "T302863"}]),
        expect![[r#"
        refused 403
        1 image of Pod tool-mix/web is not allowed:
        - containers[a]: quay.io/x/y:1 is not from an approved registry; the exception for tool-mix ended at 2026-09-18T12:00:00Z
        approved: reg.example
        ends: 2026-09-18T12:00:00Z
        exception: allowed_namespaces[0]
        images: quay.io/x/y:1
        reason: T302863
    "#]],
    );
    // Of those that cover the image the one that ends last counts.
    check(
        json!([
            {"name": "tool-mix", "sunset_date": "2026-09-01", "reason": "first"},
            {"name": "tool-*", "sunset_date": "2026-11-30", "reason": "second"},
            {"name": "*", "sunset_date": "2026-10-31", "reason": "third"},
            {"name": "*", "registry_prefixes": ["ghcr.io"], "reason": "fourth"},
        ]),
        expect![[r#"
            accepted
            ends: 2026-11-30
            exception: allowed_namespaces[1]
            images: quay.io/x/y:1
            reason: second
        "#]],
    );
}

#[test]
fn the_last_days_of_an_exception_are_told() {
    let settings =
        with(json!({"allowed_namespaces": [{"name": "tool-mix", "sunset_date": "2026-09-30", "reason": "T302863"}]}));
    // The first second of 2026-10-01
    const END: u64 = 1_790_812_800;
    let check = |seconds, expected| check_at(seconds, &pod("quay.io/x/y:1"), &settings, Host::silent(), expected);
    check(
        END - 32 * DAY,
        expect![[r#"
        accepted
        ends: 2026-09-30
        exception: allowed_namespaces[0]
        images: quay.io/x/y:1
        reason: T302863
    "#]],
    );
    check(
        END - 31 * DAY,
        expect![[r#"
        accepted
        ends: 2026-09-30
        exception: allowed_namespaces[0]
        images: quay.io/x/y:1
        reason: T302863
    "#]],
    );
    check(
        END - 31 * DAY + 1,
        expect![[r#"
        accepted
        warning: tool-mix may run quay.io/x/y:1 until 2026-09-30, 30 days left (T302863)
        ends: 2026-09-30
        exception: allowed_namespaces[0]
        images: quay.io/x/y:1
        reason: T302863
    "#]],
    );
    check(
        END - DAY,
        expect![[r#"
        accepted
        warning: tool-mix may run quay.io/x/y:1 until 2026-09-30, 1 day left (T302863)
        ends: 2026-09-30
        exception: allowed_namespaces[0]
        images: quay.io/x/y:1
        reason: T302863
    "#]],
    );
    check(
        END - DAY + 1,
        expect![[r#"
        accepted
        warning: tool-mix may run quay.io/x/y:1 until 2026-09-30, less than a day left (T302863)
        ends: 2026-09-30
        exception: allowed_namespaces[0]
        images: quay.io/x/y:1
        reason: T302863
    "#]],
    );
    check(
        END - 1,
        expect![[r#"
        accepted
        warning: tool-mix may run quay.io/x/y:1 until 2026-09-30, less than a day left (T302863)
        ends: 2026-09-30
        exception: allowed_namespaces[0]
        images: quay.io/x/y:1
        reason: T302863
    "#]],
    );
    check(
        END,
        expect![[r#"
        refused 403
        1 image of Pod tool-mix/web is not allowed:
        - containers[a]: quay.io/x/y:1 is not from an approved registry; the exception for tool-mix ended on 2026-09-30
        approved: reg.example
        ends: 2026-09-30
        exception: allowed_namespaces[0]
        images: quay.io/x/y:1
        reason: T302863
    "#]],
    );

    let never =
        with(json!({"allowed_namespaces": [{"name": "tool-mix", "sunset_date": "2026-09-30"}], "warn_before_days": 0}));
    check_at(
        END - 5 * DAY,
        &pod("quay.io/x/y:1"),
        &never,
        Host::silent(),
        expect![[r#"
        accepted
        ends: 2026-09-30
        exception: allowed_namespaces[0]
        images: quay.io/x/y:1
    "#]],
    );
}

#[test]
fn warnings_are_told_once_and_not_without_end() {
    let settings = with(json!({"allowed_namespaces": [{"name": "*", "sunset_date": "2026-09-30"}]}));
    let warned = |images: &[&str]| {
        let request = create(
            "Pod",
            json!({"spec": {"containers": images.iter().map(|image| json!({"image": image})).collect::<Vec<_>>()}}),
        );
        let (answer, _) = validate_at(NOW, &payload(&request, &settings), Host::silent());
        let text = answer.to_string();
        text.lines().filter_map(|line| line.strip_prefix("warning: ")).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(
        warned(&["quay.io/x:1", "quay.io/x:1"]),
        ["tool-mix may run quay.io/x:1 until 2026-09-30, 12 days left"]
    );
    let images: Vec<String> = (0..25).map(|tag| format!("quay.io/x:{tag}")).collect();
    let many = warned(&images.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!((many.len(), many.last().map(String::as_str)), (21, Some("and 5 more warnings")));
}

#[test]
fn a_long_reason_leaves_room_for_the_image() {
    let reason = "r".repeat(300);
    let settings = with(json!({"allowed_namespaces": [{"name": "*", "sunset_date": "2026-09-30", "reason": reason}]}));
    let (answer, _) = validate_at(NOW, &payload(&pod("quay.io/x/y:1"), &settings), Host::silent());
    let expected =
        format!("warning: tool-mix may run quay.io/x/y:1 until 2026-09-30, 12 days left ({}...)\n", "r".repeat(77));
    assert!(answer.to_string().contains(&expected), "{answer}");
}

#[test]
fn a_warning_has_at_most_256_characters() {
    let reason = "because ".repeat(40);
    let settings = with(json!({"allowed_namespaces": [{"name": "*", "sunset_date": "2026-09-30", "reason": reason}]}));
    let image = format!("quay.io/{}:1", "x".repeat(250));
    let (answer, _) = validate_at(NOW, &payload(&pod(&image), &settings), Host::silent());
    let text = answer.to_string();
    let warning = text.lines().find_map(|line| line.strip_prefix("warning: ")).unwrap();
    assert_eq!(warning.chars().count(), 256, "{warning}");
}

#[test]
fn an_unchanged_image_is_let_through_with_a_warning_after_the_end() {
    let settings = with(json!({"allowed_namespaces": [{"name": "tool-mix", "sunset_date": "2026-09-01"}]}));
    let spec = json!({"spec": containers(&["quay.io/x/y:1"])});
    check_at(
        NOW,
        &update("Pod", spec.clone(), spec),
        &settings,
        Host::silent(),
        expect![[r#"
        accepted
        warning: let through unchanged, new pods with it will be refused: containers[a]: quay.io/x/y:1 is not from an approved registry; the exception for tool-mix ended on 2026-09-01
    "#]],
    );
}

#[track_caller]
fn check_entry(image: &str, host: Arc<Host>, expected: Expect) {
    check_at(NOW, &pod(image), &with_config_map(), host, expected);
}

#[test]
fn the_config_map_has_exceptions() {
    let entry = |entry: &str| Host::config_map("tool-mix", entry);
    check_entry(
        "quay.io/x/y:1",
        entry(""),
        expect![[r#"
        accepted
        ends: never
        exception: ConfigMap registry-enforcer/byoc-allow-list
        images: quay.io/x/y:1
        asked: kubewarden kubernetes/get_resource {"api_version":"v1","kind":"ConfigMap","name":"byoc-allow-list","namespace":"registry-enforcer","disable_cache":false,"field_masks":["data.tool-mix"]}
    "#]],
    );
    check_entry(
        "quay.io/x/y:1",
        entry(" 2026-09-30\n"),
        expect![[r#"
        accepted
        warning: tool-mix may run quay.io/x/y:1 until 2026-09-30, 12 days left
        ends: 2026-09-30
        exception: ConfigMap registry-enforcer/byoc-allow-list
        images: quay.io/x/y:1
        asked: kubewarden kubernetes/get_resource {"api_version":"v1","kind":"ConfigMap","name":"byoc-allow-list","namespace":"registry-enforcer","disable_cache":false,"field_masks":["data.tool-mix"]}
    "#]],
    );
    check_entry(
        "quay.io/x/y:1",
        entry("2026-09-17"),
        expect![[r#"
        refused 403
        1 image of Pod tool-mix/web is not allowed:
        - containers[a]: quay.io/x/y:1 is not from an approved registry; the exception for tool-mix ended on 2026-09-17
        approved: reg.example
        ends: 2026-09-17
        exception: ConfigMap registry-enforcer/byoc-allow-list
        images: quay.io/x/y:1
        asked: kubewarden kubernetes/get_resource {"api_version":"v1","kind":"ConfigMap","name":"byoc-allow-list","namespace":"registry-enforcer","disable_cache":false,"field_masks":["data.tool-mix"]}
    "#]],
    );
    check_entry(
        "quay.io/x/y:1",
        entry(r#"{"sunset_date": "2026-12-31", "reason": "T1", "registry_prefixes": ["quay.io/x"]}"#),
        expect![[r#"
            accepted
            ends: 2026-12-31
            exception: ConfigMap registry-enforcer/byoc-allow-list
            images: quay.io/x/y:1
            reason: T1
            asked: kubewarden kubernetes/get_resource {"api_version":"v1","kind":"ConfigMap","name":"byoc-allow-list","namespace":"registry-enforcer","disable_cache":false,"field_masks":["data.tool-mix"]}
        "#]],
    );
    check_entry(
        "ghcr.io/x/y:1",
        entry(r#"{"registry_prefixes": ["quay.io/x"]}"#),
        expect![[r#"
        refused 403
        1 image of Pod tool-mix/web is not allowed:
        - containers[a]: ghcr.io/x/y:1 is not from an approved registry; tool-mix has no exception for ghcr.io
        approved: reg.example
        exception: none
        images: ghcr.io/x/y:1
        asked: kubewarden kubernetes/get_resource {"api_version":"v1","kind":"ConfigMap","name":"byoc-allow-list","namespace":"registry-enforcer","disable_cache":false,"field_masks":["data.tool-mix"]}
    "#]],
    );
}

#[test]
fn a_wrong_entry_of_the_config_map_is_no_exception() {
    let check = |entry: &str, expected| check_entry("quay.io/x/y:1", Host::config_map("tool-mix", entry), expected);
    check(
        "31/12/2026",
        expect![[r#"
        refused 403
        1 image of Pod tool-mix/web is not allowed:
        - containers[a]: quay.io/x/y:1 is not from an approved registry; the allow list in ConfigMap registry-enforcer/byoc-allow-list has a wrong entry: tool-mix: "31/12/2026" is not a date: write 2026-12-31
        approved: reg.example
        exception: none
        images: quay.io/x/y:1
        asked: kubewarden kubernetes/get_resource {"api_version":"v1","kind":"ConfigMap","name":"byoc-allow-list","namespace":"registry-enforcer","disable_cache":false,"field_masks":["data.tool-mix"]}
    "#]],
    );
    check(
        r#"{"sunset_dat": "2026-12-31"}"#,
        expect![[r#"
        refused 403
        1 image of Pod tool-mix/web is not allowed:
        - containers[a]: quay.io/x/y:1 is not from an approved registry; the allow list in ConfigMap registry-enforcer/byoc-allow-list has a wrong entry: tool-mix.sunset_dat: is not known here: did you mean sunset_date?
        approved: reg.example
        exception: none
        images: quay.io/x/y:1
        asked: kubewarden kubernetes/get_resource {"api_version":"v1","kind":"ConfigMap","name":"byoc-allow-list","namespace":"registry-enforcer","disable_cache":false,"field_masks":["data.tool-mix"]}
    "#]],
    );
    check(
        r#"{"name": "tool-mix"}"#,
        expect![[r#"
            refused 403
            1 image of Pod tool-mix/web is not allowed:
            - containers[a]: quay.io/x/y:1 is not from an approved registry; the allow list in ConfigMap registry-enforcer/byoc-allow-list has a wrong entry: tool-mix.name: is not known here: did you mean sunset_date?
            approved: reg.example
            exception: none
            images: quay.io/x/y:1
            asked: kubewarden kubernetes/get_resource {"api_version":"v1","kind":"ConfigMap","name":"byoc-allow-list","namespace":"registry-enforcer","disable_cache":false,"field_masks":["data.tool-mix"]}
        "#]],
    );
    check(
        r#"{"sunset_date": "#,
        expect![[r#"
        refused 403
        1 image of Pod tool-mix/web is not allowed:
        - containers[a]: quay.io/x/y:1 is not from an approved registry; the allow list in ConfigMap registry-enforcer/byoc-allow-list has a wrong entry: tool-mix: is not JSON: EOF while parsing a value at line 1 column 15
        approved: reg.example
        exception: none
        images: quay.io/x/y:1
        asked: kubewarden kubernetes/get_resource {"api_version":"v1","kind":"ConfigMap","name":"byoc-allow-list","namespace":"registry-enforcer","disable_cache":false,"field_masks":["data.tool-mix"]}
    "#]],
    );
    check(
        r#"{"registry_prefixes": []}"#,
        expect![[r#"
        refused 403
        1 image of Pod tool-mix/web is not allowed:
        - containers[a]: quay.io/x/y:1 is not from an approved registry; the allow list in ConfigMap registry-enforcer/byoc-allow-list has a wrong entry: tool-mix.registry_prefixes: is empty: write for example [quay.io/team], or leave tool-mix.registry_prefixes out
        approved: reg.example
        exception: none
        images: quay.io/x/y:1
        asked: kubewarden kubernetes/get_resource {"api_version":"v1","kind":"ConfigMap","name":"byoc-allow-list","namespace":"registry-enforcer","disable_cache":false,"field_masks":["data.tool-mix"]}
    "#]],
    );
    check(
        "forever\n- containers[b]: fine",
        expect![[r#"
            refused 403
            1 image of Pod tool-mix/web is not allowed:
            - containers[a]: quay.io/x/y:1 is not from an approved registry; the allow list in ConfigMap registry-enforcer/byoc-allow-list has a wrong entry: tool-mix: is not a date, and an entry is not YAML: write JSON, for example {"sunset_date": "2026-12-31"}
            approved: reg.example
            exception: none
            images: quay.io/x/y:1
            asked: kubewarden kubernetes/get_resource {"api_version":"v1","kind":"ConfigMap","name":"byoc-allow-list","namespace":"registry-enforcer","disable_cache":false,"field_masks":["data.tool-mix"]}
        "#]],
    );
}

#[test]
fn a_config_map_without_the_key_is_no_exception() {
    let check = |answer: Value, expected| check_entry("quay.io/x/y:1", Host::json(&answer), expected);
    check(
        json!({"data": {"tool-other": ""}}),
        expect![[r#"
        refused 403
        1 image of Pod tool-mix/web is not allowed:
        - containers[a]: quay.io/x/y:1 is not from an approved registry; tool-mix has no exception
        approved: reg.example
        exception: none
        images: quay.io/x/y:1
        asked: kubewarden kubernetes/get_resource {"api_version":"v1","kind":"ConfigMap","name":"byoc-allow-list","namespace":"registry-enforcer","disable_cache":false,"field_masks":["data.tool-mix"]}
    "#]],
    );
    check(
        json!({"data": {}}),
        expect![[r#"
        refused 403
        1 image of Pod tool-mix/web is not allowed:
        - containers[a]: quay.io/x/y:1 is not from an approved registry; tool-mix has no exception
        approved: reg.example
        exception: none
        images: quay.io/x/y:1
        asked: kubewarden kubernetes/get_resource {"api_version":"v1","kind":"ConfigMap","name":"byoc-allow-list","namespace":"registry-enforcer","disable_cache":false,"field_masks":["data.tool-mix"]}
    "#]],
    );
    check(
        json!({"kind": "ConfigMap"}),
        expect![[r#"
        refused 403
        1 image of Pod tool-mix/web is not allowed:
        - containers[a]: quay.io/x/y:1 is not from an approved registry; tool-mix has no exception
        approved: reg.example
        exception: none
        images: quay.io/x/y:1
        asked: kubewarden kubernetes/get_resource {"api_version":"v1","kind":"ConfigMap","name":"byoc-allow-list","namespace":"registry-enforcer","disable_cache":false,"field_masks":["data.tool-mix"]}
    "#]],
    );
    let missing =
        "Callback evaluation failure: configmaps \"byoc-allow-list\" not found\n\nStack backtrace:\n   0: main";
    check_entry(
        "quay.io/x/y:1",
        Host::failing(missing),
        expect![[r#"
            refused 403
            1 image of Pod tool-mix/web is not allowed:
            - containers[a]: quay.io/x/y:1 is not from an approved registry; the allow list cannot be read, which an admin has to mend: ConfigMap registry-enforcer/byoc-allow-list does not exist
            approved: reg.example
            exception: none
            images: quay.io/x/y:1
            asked: kubewarden kubernetes/get_resource {"api_version":"v1","kind":"ConfigMap","name":"byoc-allow-list","namespace":"registry-enforcer","disable_cache":false,"field_masks":["data.tool-mix"]}
        "#]],
    );
}

#[test]
fn many_images_make_one_host_call() {
    let images: Vec<String> = (0..8).map(|number| format!("quay.io/x/y:{number}")).collect();
    let images: Vec<&str> = images.iter().map(String::as_str).collect();
    let request = create("Pod", json!({"spec": containers(&images)}));
    check_at(
        NOW,
        &request,
        &with_config_map(),
        Host::config_map("tool-mix", "2026-09-30"),
        expect![[r#"
        accepted
        warning: tool-mix may run quay.io/x/y:0 until 2026-09-30, 12 days left
        warning: tool-mix may run quay.io/x/y:1 until 2026-09-30, 12 days left
        warning: tool-mix may run quay.io/x/y:2 until 2026-09-30, 12 days left
        warning: tool-mix may run quay.io/x/y:3 until 2026-09-30, 12 days left
        warning: tool-mix may run quay.io/x/y:4 until 2026-09-30, 12 days left
        warning: tool-mix may run quay.io/x/y:5 until 2026-09-30, 12 days left
        warning: tool-mix may run quay.io/x/y:6 until 2026-09-30, 12 days left
        warning: tool-mix may run quay.io/x/y:7 until 2026-09-30, 12 days left
        ends: 2026-09-30
        exception: ConfigMap registry-enforcer/byoc-allow-list
        images: quay.io/x/y:0, quay.io/x/y:1, quay.io/x/y:2, quay.io/x/y:3, quay.io/x/y:4, quay.io/x/y:5, quay.io/x/y:6, quay.io/x/y:7
        asked: kubewarden kubernetes/get_resource {"api_version":"v1","kind":"ConfigMap","name":"byoc-allow-list","namespace":"registry-enforcer","disable_cache":false,"field_masks":["data.tool-mix"]}
    "#]],
    );
    check_at(
        NOW,
        &request,
        &with_config_map(),
        Host::failing("no such host"),
        expect![[r#"
            refused 403
            8 images of Pod tool-mix/web are not allowed:
            - containers[a]: quay.io/x/y:0 is not from an approved registry; the allow list cannot be read, which an admin has to mend: ConfigMap registry-enforcer/byoc-allow-list: no such host
            - containers[b]: quay.io/x/y:1 is not from an approved registry; the allow list cannot be read, which an admin has to mend: ConfigMap registry-enforcer/byoc-allow-list: no such host
            - containers[c]: quay.io/x/y:2 is not from an approved registry; the allow list cannot be read, which an admin has to mend: ConfigMap registry-enforcer/byoc-allow-list: no such host
            - containers[d]: quay.io/x/y:3 is not from an approved registry; the allow list cannot be read, which an admin has to mend: ConfigMap registry-enforcer/byoc-allow-list: no such host
            - containers[e]: quay.io/x/y:4 is not from an approved registry; the allow list cannot be read, which an admin has to mend: ConfigMap registry-enforcer/byoc-allow-list: no such host
            - containers[f]: quay.io/x/y:5 is not from an approved registry; the allow list cannot be read, which an admin has to mend: ConfigMap registry-enforcer/byoc-allow-list: no such host
            - containers[g]: quay.io/x/y:6 is not from an approved registry; the allow list cannot be read, which an admin has to mend: ConfigMap registry-enforcer/byoc-allow-list: no such host
            - containers[h]: quay.io/x/y:7 is not from an approved registry; the allow list cannot be read, which an admin has to mend: ConfigMap registry-enforcer/byoc-allow-list: no such host
            approved: reg.example
            exception: none
            images: quay.io/x/y:0, quay.io/x/y:1, quay.io/x/y:2, quay.io/x/y:3, quay.io/x/y:4, quay.io/x/y:5, quay.io/x/y:6, quay.io/x/y:7
            asked: kubewarden kubernetes/get_resource {"api_version":"v1","kind":"ConfigMap","name":"byoc-allow-list","namespace":"registry-enforcer","disable_cache":false,"field_masks":["data.tool-mix"]}
        "#]],
    );
}

#[test]
fn the_config_map_is_asked_only_where_the_settings_do_not_decide() {
    let settings = with(json!({
        "allow_list_config_map": {"namespace": "registry-enforcer", "name": "byoc-allow-list"},
        "allowed_namespaces": [{"name": "tool-mix", "registry_prefixes": ["quay.io"]}],
        "denied_images": ["ghcr.io/bad"],
    }));
    check(
        &pod("quay.io/x/y:1"),
        &settings,
        Host::silent(),
        expect![[r#"
        accepted
        ends: never
        exception: allowed_namespaces[0]
        images: quay.io/x/y:1
    "#]],
    );
    check(
        &pod("ghcr.io/bad:1"),
        &settings,
        Host::silent(),
        expect![[r#"
        refused 403
        1 image of Pod tool-mix/web is not allowed:
        - containers[a]: ghcr.io/bad:1 is denied (denied_images: ghcr.io/bad): use another image
        approved: reg.example
        exception: none
        images: ghcr.io/bad:1
    "#]],
    );
    check(
        &pod("Ghcr.io/Bad"),
        &settings,
        Host::silent(),
        expect![[r#"
        refused 403
        1 image of Pod tool-mix/web is not allowed:
        - containers[a]: "Ghcr.io/Bad" is not an image reference: its repository has an upper-case letter: write it in lower case
        approved: reg.example
        exception: none
        images: Ghcr.io/Bad
    "#]],
    );
    check(
        &pod("ghcr.io/good:1"),
        &settings,
        Host::config_map("tool-mix", ""),
        expect![[r#"
        accepted
        ends: never
        exception: ConfigMap registry-enforcer/byoc-allow-list
        images: ghcr.io/good:1
        asked: kubewarden kubernetes/get_resource {"api_version":"v1","kind":"ConfigMap","name":"byoc-allow-list","namespace":"registry-enforcer","disable_cache":false,"field_masks":["data.tool-mix"]}
    "#]],
    );

    let cluster_wide = set(pod("ghcr.io/good:1"), &[("namespace", json!(null))]);
    check(
        &cluster_wide,
        &settings,
        Host::silent(),
        expect![[r#"
            refused 403
            1 image of Pod web is not allowed:
            - containers[a]: ghcr.io/good:1 is not from an approved registry; exceptions exist for namespaces only
            approved: reg.example
            exception: none
            images: ghcr.io/good:1
        "#]],
    );

    let spec = json!({"spec": containers(&["ghcr.io/good:1"])});
    check(
        &update("Pod", spec.clone(), spec),
        &settings,
        Host::silent(),
        expect![[r#"
        accepted
    "#]],
    );

    let ended = with(json!({
        "allow_list_config_map": {"namespace": "registry-enforcer", "name": "byoc-allow-list"},
        "sunset_date": "2026-09-17",
    }));
    check_at(
        NOW,
        &pod("quay.io/x/y:1"),
        &ended,
        Host::silent(),
        expect![[r#"
        refused 403
        1 image of Pod tool-mix/web is not allowed:
        - containers[a]: quay.io/x/y:1 is not from an approved registry; every exception ended on 2026-09-17
        approved: reg.example
        exception: none
        images: quay.io/x/y:1
    "#]],
    );
}

#[test]
fn an_approved_image_makes_no_host_call_and_reads_no_clock() {
    let images = containers(&["reg.example/web:1", "hub.example/tool-mix/web:1"]);
    let old = containers(&["reg.example/web:0"]);
    let rollout = json!({"spec": {"template": {"spec": images}}});
    let requests = [
        create("Pod", json!({"spec": images})),
        update("Pod", json!({"spec": images}), json!({"spec": old})),
        create("argoproj.io/Rollout", rollout),
        create("Node", json!({"status": {"images": [{"names": ["reg.example/pause:3.9"]}]}})),
    ];
    for request in requests {
        let host = Host::silent();
        let (answer, clock_reads) = validate_at(NOW, &payload(&request, &every_setting()), host.clone());
        assert_eq!((answer.to_string().as_str(), clock_reads), ("accepted\n", 0), "{request}");
        assert_eq!(host.asked(), Vec::<String>::new(), "{request}");
    }
    // The clock does count its readers.
    let (_, clock_reads) =
        validate_at(NOW, &payload(&pod(&format!("quay.io/x/y@{DIGEST}")), &every_setting()), Host::silent());
    assert_eq!(clock_reads, 1);
}
