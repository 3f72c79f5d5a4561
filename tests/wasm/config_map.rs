//! Exceptions that the ConfigMap has, and when it is asked.

use std::sync::Arc;

use expect_test::expect;
use serde_json::{Value, json};

use crate::call::payload;
use crate::clock::{NOW, check_at, validate_at};
use crate::host::Host;
use crate::objects::{containers, create, pod, set, update, with, with_config_map};

/// Where an exception is written, as the annotation says.
const CONFIG_MAP: &str = "ConfigMap registry-enforcer/byoc-allow-list";

/// Checks what is said of `image` after its name and the registry, what the annotations `exception`, `ends` and
/// `reason` name, and that the host was asked once.
#[track_caller]
fn check_entry(image: &str, host: Arc<Host>, told: &str, basis: [&str; 3]) {
    let (answer, _) = validate_at(NOW, &payload(&pod(image), &with_config_map()), host.clone());
    let line = answer.line();
    let refused = format!("containers[a]: {image} is not from an approved registry; ");
    assert_eq!(line.strip_prefix(&refused).unwrap_or(&line), told);
    assert_eq!(["exception", "ends", "reason"].map(|key| answer.annotation(key)), basis, "{told}");
    assert_eq!(host.asked().len(), 1, "{told}");
}

#[test]
fn the_config_map_is_asked_for_one_key() {
    check_at(
        NOW,
        &pod("quay.io/x/y:1"),
        &with_config_map(),
        Host::config_map("tool-mix", ""),
        expect![[r#"
        accepted
        ends: never
        exception: ConfigMap registry-enforcer/byoc-allow-list
        images: quay.io/x/y:1
        asked: kubewarden kubernetes/get_resource {"api_version":"v1","kind":"ConfigMap","name":"byoc-allow-list","namespace":"registry-enforcer","disable_cache":false,"field_masks":["data.tool-mix"]}
    "#]],
    );
}

#[test]
fn the_config_map_has_exceptions() {
    let check = |image, entry, told, basis| check_entry(image, Host::config_map("tool-mix", entry), told, basis);
    check("quay.io/x/y:1", "", "accepted", [CONFIG_MAP, "never", ""]);
    check(
        "quay.io/x/y:1",
        " 2026-09-30\n",
        "tool-mix may run quay.io/x/y:1 until 2026-09-30, 12 days left",
        [CONFIG_MAP, "2026-09-30", ""],
    );
    check(
        "quay.io/x/y:1",
        "2026-09-17",
        "the exception for tool-mix ended on 2026-09-17",
        [CONFIG_MAP, "2026-09-17", ""],
    );
    let terms = r#"{"sunset_date": "2026-12-31", "reason": "T1", "registry_prefixes": ["quay.io/x"]}"#;
    check("quay.io/x/y:1", terms, "accepted", [CONFIG_MAP, "2026-12-31", "T1"]);
    check("ghcr.io/x/y:1", terms, "tool-mix has an exception, but for quay.io/x", ["none", "", ""]);
}

/// The exception of the settings ends in 12 days: the list may have been renewed instead.
#[test]
fn the_exception_that_ends_last_counts_wherever_it_is_written() {
    let check = |end: &str, host: Arc<Host>, told: &str, exception: &str, asked: usize| {
        let mut settings = with_config_map();
        settings["allowed_namespaces"] = json!([{"name": "*", "sunset_date": end}]);
        let (answer, _) = validate_at(NOW, &payload(&pod("quay.io/x/y:1"), &settings), host.clone());
        assert_eq!(
            (answer.line().as_str(), answer.annotation("exception"), host.asked().len()),
            (told, exception, asked)
        );
    };
    let entry = |entry| Host::config_map("tool-mix", entry);
    let soon = "tool-mix may run quay.io/x/y:1 until 2026-09-30, 12 days left";
    check("2026-09-30", entry(""), "accepted", CONFIG_MAP, 1);
    check("2026-09-30", entry("2026-12-31"), "accepted", CONFIG_MAP, 1);
    for other in [entry("2026-09-20"), entry("31/12/2026"), Host::failing("down"), Host::json(&json!({"data": {}}))] {
        check("2026-09-30", other, soon, "allowed_namespaces[0]", 1);
    }
    check("2026-12-31", Host::silent(), "accepted", "allowed_namespaces[0]", 0);
}

/// The policy's own end is that of every exception, so the list has no later one.
#[test]
fn the_config_map_is_not_asked_about_the_end_of_the_policy() {
    let mut settings = with_config_map();
    settings["allowed_namespaces"] = json!(["*"]);
    settings["sunset_date"] = json!("2026-09-30");
    check_unasked(&pod("quay.io/x/y:1"), &settings, "tool-mix may run quay.io/x/y:1 until 2026-09-30, 12 days left");
}

#[test]
fn a_wrong_entry_of_the_config_map_is_no_exception() {
    const CASES: &[(&str, &str)] = &[
        ("31/12/2026", "tool-mix: \"31/12/2026\" is not a date: write 2026-12-31"),
        (r#"{"sunset_dat": "2026-12-31"}"#, "tool-mix.sunset_dat: is not known here: did you mean sunset_date?"),
        (r#"{"name": "tool-mix"}"#, "tool-mix.name: is not known here: did you mean sunset_date?"),
        (r#"{"sunset_date": "#, "tool-mix: is not JSON: EOF while parsing a value at line 1 column 15"),
        (
            r#"{"registry_prefixes": []}"#,
            "tool-mix.registry_prefixes: is empty: write for example [quay.io/team], or leave tool-mix.registry_prefixes out",
        ),
        // YAML, which many write at first.
        (
            "sunset_date: 2026-12-31\nreason: T1\n",
            "tool-mix: is not a date, and an entry is not YAML: write JSON, for example {\"sunset_date\": \"2026-12-31\"}",
        ),
        (
            "forever\n- containers[b]: fine",
            "tool-mix: is not a date, and an entry is not YAML: write JSON, for example {\"sunset_date\": \"2026-12-31\"}",
        ),
    ];
    for (entry, problem) in CASES {
        let told = format!("the allow list in {CONFIG_MAP} has a wrong entry: {problem}");
        check_entry("quay.io/x/y:1", Host::config_map("tool-mix", entry), &told, ["none", "", ""]);
    }
}

#[test]
fn a_config_map_without_the_key_is_no_exception() {
    for answer in [json!({"data": {"tool-other": ""}}), json!({"data": {}}), json!({"kind": "ConfigMap"})] {
        check_entry("quay.io/x/y:1", Host::json(&answer), "tool-mix has no exception", ["none", "", ""]);
    }
    let missing =
        "Callback evaluation failure: configmaps \"byoc-allow-list\" not found\n\nStack backtrace:\n   0: main";
    check_entry(
        "quay.io/x/y:1",
        Host::failing(missing),
        "the allow list cannot be read, which an admin has to mend: ConfigMap registry-enforcer/byoc-allow-list does not exist",
        ["none", "", ""],
    );
}

#[test]
fn many_images_make_one_host_call() {
    let images: Vec<String> = (0..8).map(|number| format!("quay.io/x/y:{number}")).collect();
    let images: Vec<&str> = images.iter().map(String::as_str).collect();
    let request = create("Pod", json!({"spec": containers(&images)}));
    for host in [Host::config_map("tool-mix", "2026-09-30"), Host::failing("no such host")] {
        let (answer, _) = validate_at(NOW, &payload(&request, &with_config_map()), host.clone());
        assert_eq!(answer.line().lines().count(), 8, "{answer}");
        assert_eq!(host.asked().len(), 1, "{answer}");
    }
}

/// A request, and what is said of it without a question to the host.
#[track_caller]
fn check_unasked(request: &Value, settings: &Value, told: &str) {
    let host = Host::silent();
    check_at(NOW, request, settings, host.clone(), told);
    assert_eq!(host.asked(), Vec::<String>::new(), "{told}");
}

#[test]
fn the_config_map_is_asked_only_where_the_settings_do_not_decide() {
    let settings = with(json!({
        "allow_list_config_map": with_config_map()["allow_list_config_map"],
        "allowed_namespaces": [{"name": "tool-mix", "registry_prefixes": ["quay.io"]}],
        "denied_images": ["ghcr.io/bad"],
    }));
    check_unasked(&pod("quay.io/x/y:1"), &settings, "accepted");
    check_unasked(
        &pod("ghcr.io/bad:1"),
        &settings,
        "containers[a]: ghcr.io/bad:1 is denied (denied_images: ghcr.io/bad): use another image",
    );
    check_unasked(
        &pod("Ghcr.io/Bad"),
        &settings,
        "containers[a]: \"Ghcr.io/Bad\" is not an image reference: its repository has an upper-case letter: write it in lower case",
    );
    check_unasked(
        &set(pod("ghcr.io/good:1"), &[("namespace", json!(null))]),
        &settings,
        "containers[a]: ghcr.io/good:1 is not from an approved registry; exceptions exist for namespaces only",
    );
    let spec = json!({"spec": containers(&["ghcr.io/good:1"])});
    check_unasked(&update("Pod", spec.clone(), spec), &settings, "accepted");
    let mut ended = with_config_map();
    ended["sunset_date"] = json!("2026-09-17");
    check_unasked(
        &pod("quay.io/x/y:1"),
        &ended,
        "containers[a]: quay.io/x/y:1 is not from an approved registry; every exception ended on 2026-09-17",
    );
    let host = Host::config_map("tool-mix", "");
    check_at(NOW, &pod("ghcr.io/good:1"), &settings, host.clone(), "accepted");
    assert_eq!(host.asked().len(), 1);
}
