//! Who may run images from elsewhere, and until when.

use serde_json::{Value, json};

use crate::call::{accepts, check, payload};
use crate::clock::{DAY, NOW, check_at, validate_at};
use crate::host::Host;
use crate::objects::{containers, create, every_setting, pod, set, update, with};

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
        "containers[a]: nginx (docker.io/library/nginx:latest) is not from an approved registry; kube-system has no exception",
    );
}

/// Checks what is said of an image from outside, and what the annotations `exception`, `ends` and `reason` name; one
/// that is missing is empty here.
#[track_caller]
fn check_basis(settings: &Value, told: &str, basis: [&str; 3]) {
    let (answer, _) = validate_at(NOW, &payload(&pod("quay.io/x/y:1"), settings), Host::silent());
    let line = answer.line();
    let refused = "containers[a]: quay.io/x/y:1 is not from an approved registry; ";
    assert_eq!(line.strip_prefix(refused).unwrap_or(&line), told, "{settings}");
    assert_eq!(["exception", "ends", "reason"].map(|key| answer.annotation(key)), basis, "{settings}");
}

#[test]
fn the_options_of_the_decision_record() {
    let check = |more: Value, told, exception, ends| check_basis(&with(more), told, [exception, ends, ""]);
    let ended = "the exception for tool-mix ended on 2026-09-17";
    let none = "tool-mix has no exception";
    check(json!({"allowed_namespaces": ["*"]}), "accepted", "allowed_namespaces[0]", "never");
    let until = |date: &str| json!({"allowed_namespaces": ["*"], "sunset_date": date});
    check(until("2026-12-31"), "accepted", "allowed_namespaces[0]", "2026-12-31");
    check(until("2026-09-17"), ended, "allowed_namespaces[0]", "2026-09-17");
    check(json!({}), none, "none", "");
    check(json!({"allowed_namespaces": ["tool-a", "tool-mix"]}), "accepted", "allowed_namespaces[1]", "never");
    check(json!({"allowed_namespaces": ["tool-a"]}), none, "none", "");
}

#[test]
fn an_exception_has_its_own_end_registries_and_reason() {
    let first = "allowed_namespaces[0]";
    let check = |exceptions: Value, told, basis| {
        check_basis(&with(json!({"allowed_namespaces": exceptions, "sunset_date": "2027-06-30"})), told, basis);
    };
    check(
        json!([{"name": "tool-*", "sunset_date": "2026-09-30", "reason": "T302863"}]),
        "tool-mix may run quay.io/x/y:1 until 2026-09-30, 12 days left (T302863)",
        [first, "2026-09-30", "T302863"],
    );
    check(json!([{"name": "tool-mix", "sunset_date": "2028-01-01"}]), "accepted", [first, "2027-06-30", ""]);
    let prefixes = |prefixes: &[&str]| json!([{"name": "tool-mix", "registry_prefixes": prefixes}]);
    check(prefixes(&["quay.io/{namespace}", "quay.io/x"]), "accepted", [first, "2027-06-30", ""]);
    check(prefixes(&["quay.io/{namespace}"]), "tool-mix has an exception, but for quay.io/tool-mix", ["none", "", ""]);
    // One for other images is told, unless it has ended.
    check(
        json!([
            {"name": "tool-mix", "registry_prefixes": ["quay.io/a"]},
            {"name": "tool-*", "registry_prefixes": ["quay.io/b"], "sunset_date": "2026-09-01"},
        ]),
        "tool-mix has an exception, but for quay.io/a",
        ["none", "", ""],
    );
    check(
        json!([{"name": "tool-mix", "registry_prefixes": ["quay.io/a"], "sunset_date": "2026-09-01"}]),
        "tool-mix has no exception",
        ["none", "", ""],
    );
    check(
        json!([{"name": "tool-mix", "sunset_date": "2026-09-18T12:00:00Z", "reason": "T302863"}]),
        "the exception for tool-mix ended at 2026-09-18T12:00:00Z",
        [first, "2026-09-18T12:00:00Z", "T302863"],
    );
    // Of those that cover the image the one that ends last counts.
    check(
        json!([
            {"name": "tool-mix", "sunset_date": "2026-09-01", "reason": "first"},
            {"name": "tool-*", "sunset_date": "2026-11-30", "reason": "second"},
            {"name": "*", "sunset_date": "2026-10-31", "reason": "third"},
            {"name": "*", "registry_prefixes": ["ghcr.io"], "reason": "fourth"},
        ]),
        "accepted",
        ["allowed_namespaces[1]", "2026-11-30", "second"],
    );
}

#[test]
fn the_last_days_of_an_exception_are_told() {
    let settings =
        with(json!({"allowed_namespaces": [{"name": "tool-mix", "sunset_date": "2026-09-30", "reason": "T302863"}]}));
    // The first second of 2026-10-01
    const END: u64 = 1_790_812_800;
    let check = |seconds, expected| check_at(seconds, &pod("quay.io/x/y:1"), &settings, Host::silent(), expected);
    check(END - 32 * DAY, "accepted");
    check(END - 31 * DAY, "accepted");
    check(END - 31 * DAY + 1, "tool-mix may run quay.io/x/y:1 until 2026-09-30, 30 days left (T302863)");
    check(END - DAY, "tool-mix may run quay.io/x/y:1 until 2026-09-30, 1 day left (T302863)");
    check(END - DAY + 1, "tool-mix may run quay.io/x/y:1 until 2026-09-30, less than a day left (T302863)");
    check(END - 1, "tool-mix may run quay.io/x/y:1 until 2026-09-30, less than a day left (T302863)");
    check(
        END,
        "containers[a]: quay.io/x/y:1 is not from an approved registry; the exception for tool-mix ended on 2026-09-30",
    );

    let never =
        with(json!({"allowed_namespaces": [{"name": "tool-mix", "sunset_date": "2026-09-30"}], "warn_before_days": 0}));
    check_at(END - 5 * DAY, &pod("quay.io/x/y:1"), &never, Host::silent(), "accepted");
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
        "let through unchanged, new pods with it will be refused: containers[a]: quay.io/x/y:1 is not from an approved registry; the exception for tool-mix ended on 2026-09-01",
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
