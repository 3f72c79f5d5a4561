//! Payloads that are not what a host sends, or are so only at first sight.

use serde_json::{Value, json};

use super::{check, check_raw, settings};
use crate::call::{accepts, check_payload, nginx_at};
use crate::host::Host;
use crate::objects::{containers, create, pod, set};

/// A payload whose Pod is written as it stands here.
fn raw(object: &str) -> String {
    raw_request(&format!(r#""object":{object},"operation":"CREATE""#))
}

/// A payload whose request about a Pod goes on as it stands here.
fn raw_request(fields: &str) -> String {
    format!(
        r#"{{"request":{{"kind":{{"group":"","kind":"Pod","version":"v1"}},"name":"web","namespace":"tool-mix",{fields},"uid":"u"}},"settings":{}}}"#,
        settings()
    )
}

/// What is said of a Pod that cannot be read.
fn unreadable(cause: &str) -> String {
    format!("Pod tool-mix/web cannot be read: {cause}: send a Pod as the Kubernetes API describes it")
}

#[test]
fn keys_written_twice() {
    // A host parses the request before a guest sees it, so that one of the two is left; a guest must not depend on it.
    let bad = r#"{"name":"web","image":"nginx"}"#;
    let good = r#"{"name":"web","image":"reg.example/web"}"#;
    check_raw(
        &raw(&format!(r#"{{"spec":{{"containers":[{bad}]}},"spec":{{"containers":[{good}]}}}}"#)),
        &unreadable("duplicate field `spec` at line 1 column 62"),
    );
    check_raw(
        &raw(&format!(r#"{{"spec":{{"containers":[{bad}],"containers":[{good}]}}}}"#)),
        &unreadable("duplicate field `containers` at line 1 column 67"),
    );
    check_raw(
        &raw(r#"{"spec":{"containers":[{"image":"nginx","image":"reg.example/web"}]}}"#),
        &unreadable("duplicate field `image` at line 1 column 47"),
    );
    check_raw(
        &raw(r#"{"spec":{"containers":[{"image":"nginx","im\u0061ge":"reg.example/web"}]}}"#),
        &unreadable("duplicate field `image` at line 1 column 52"),
    );
    let pod = |container: &str| format!(r#"{{"spec":{{"containers":[{container}]}}}}"#);
    let twice = |key: &str| format!(r#""{key}":{},"{key}":{},"operation":"CREATE""#, pod(bad), pod(good));
    check_raw(
        &raw_request(&twice("object")),
        "the admission request cannot be read: duplicate field `object` at line 1 column 170",
    );
    check_raw(
        &raw_request(&format!(r#""object":{},"operation":"CREATE","operation":"DELETE""#, pod(bad))),
        "the admission request cannot be read: duplicate field `operation` at line 1 column 194",
    );
    check_raw(
        &raw_request(&format!(r#""namespace":"kube-system","object":{},"operation":"CREATE""#, pod(bad))),
        "the admission request cannot be read: duplicate field `namespace` at line 1 column 107",
    );
    let settings_twice =
        raw(&pod(bad)).replace(r#","settings":"#, r#","settings":{"registry_prefixes":["docker.io"]},"settings":"#);
    check_raw(&settings_twice, "the admission request cannot be read: duplicate field `settings` at line 1 column 251");
}

#[test]
fn keys_in_another_order_or_another_case() {
    let object = r#"{"spec":{"containers":[{"name":"web","image":"nginx"}]}}"#;
    let kind = r#""kind":{"group":"","kind":"Pod","version":"v1"}"#;
    let request = format!(r#"{{"object":{object},"operation":"CREATE","namespace":"tool-mix",{kind}}}"#);
    check_raw(&format!(r#"{{"settings":{},"request":{request}}}"#, settings()), &nginx_at("containers[web]"));
    // Go's JSON reads keys of any case, the API server's does not.
    check(create("Pod", json!({"Spec": containers(&["nginx"]), "spec": containers(&["reg.example/web"])})), "accepted");
    check(
        create("Pod", json!({"spec": {"containers": [{"name": "web", "Image": "reg.example/web"}]}})),
        "containers[web]: has no image: name one",
    );
}

#[test]
fn payloads_that_are_not_a_request() {
    check_raw("", "the admission request cannot be read: EOF while parsing a value at line 1 column 0");
    check_raw(
        "null",
        "the admission request cannot be read: invalid type: null, expected an object with request and settings at line 1 column 4",
    );
    check_raw(
        "[]",
        "the admission request cannot be read: invalid type: sequence, expected an object with request and settings at line 1 column 0",
    );
    check_raw("{}", "the admission request cannot be read: missing field `request` at line 1 column 2");
    check_raw(r#"{"request":{}}"#, "the admission request cannot be read: missing field `kind` at line 1 column 13");
    check_raw(
        r#"{"request":{"kind":{"kind":"Pod"}}}"#,
        "the admission request cannot be read: missing field `operation` at line 1 column 34",
    );
    check_raw(
        r#"{"request":{"kind":"Pod","operation":"CREATE"}}"#,
        "the admission request cannot be read: invalid type: string \"Pod\", expected an object as kind at line 1 column 24",
    );
    check_raw(
        r#"{"request":{"kind":{"kind":5},"operation":"CREATE"}}"#,
        "the admission request cannot be read: invalid type: integer `5`, expected a string at line 1 column 28",
    );
    check_raw(
        &raw("{}")[..100],
        "the admission request cannot be read: EOF while parsing a string at line 1 column 100",
    );
    check_payload(b"\xff", Host::silent(), "the admission request cannot be read: expected value at line 1 column 1");
    check_payload(
        b"{\"request\": \"\xff\"}",
        Host::silent(),
        "the admission request cannot be read: invalid unicode code point at line 1 column 14",
    );
}

#[test]
fn nesting_without_end() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    check_raw(
        &raw(&format!(r#"{{"metadata":{},"spec":{{}}}}"#, nested(10_000))),
        &unreadable("invalid type: sequence, expected an object as metadata at line 1 column 12"),
    );
    check_raw(
        &raw(&format!(r#"{{"spec":{{"containers":{}}}}}"#, nested(10_000))),
        &unreadable("invalid type: sequence, expected an object as a container at line 1 column 23"),
    );
    check_raw(
        &format!(r#"{{"request":{}"#, "[".repeat(100_000)),
        "the admission request cannot be read: invalid type: sequence, expected an AdmissionRequest at line 1 column 11",
    );
    check_raw(&raw(&nested(10_000)), &unreadable("invalid type: sequence, expected an object at line 1 column 0"));
}

#[test]
fn numbers_and_nulls_where_strings_and_lists_are_due() {
    accepts(
        &create("Pod", json!({"spec": {"containers": null, "initContainers": null, "volumes": null}})),
        &settings(),
    );
    let containers = |container: Value| json!({"containers": [container]});
    let image = |image: Value| containers(json!({"name": "web", "image": image}));
    let cases = [
        (containers(json!(null)), "null, expected an object as a container at line 1 column 27"),
        (
            containers(json!({"name": 1, "image": "reg.example/web"})),
            "integer `1`, expected a string at line 1 column 58",
        ),
        (image(json!(true)), "boolean `true`, expected a string at line 1 column 36"),
        (image(json!(["reg.example/web", "nginx"])), "sequence, expected a string at line 1 column 32"),
        (image(json!({"": "nginx"})), "map, expected a string at line 1 column 32"),
        // serde reads a list as the fields of a struct in their order.
        (containers(json!(["web", "nginx"])), "sequence, expected an object as a container at line 1 column 23"),
        (json!([[["web", "nginx"]]]), "sequence, expected a pod spec as an object at line 1 column 8"),
        (json!({"volumes": [["models", ["nginx"]]]}), "sequence, expected an object as a volume at line 1 column 20"),
    ];
    for (spec, cause) in cases {
        check(create("Pod", json!({"spec": spec})), &unreadable(&format!("invalid type: {cause}")));
    }
    check(
        set(pod("reg.example/web"), &[("namespace", json!(5))]),
        "the admission request cannot be read: invalid type: integer `5`, expected a string at line 1 column 86",
    );
}
