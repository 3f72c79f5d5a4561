//! `validate_settings` and `protocol_version`, whatever they are sent.

use expect_test::expect;
use kubewarden_policy_sdk::metadata::ProtocolVersion;
use registry_enforcer::settings::key::Key;
use serde_json::{Value, json};

use crate::call::{policy, settings_problems};
use crate::objects::{approved_only, every_setting, with};

#[track_caller]
fn accepts(settings: &Value) {
    assert_eq!(settings_problems(settings.to_string().as_bytes()), None, "{settings}");
}

#[track_caller]
fn rejects(settings: &Value, expected: expect_test::Expect) {
    let problems = settings_problems(settings.to_string().as_bytes());
    expected.assert_eq(&problems.expect("the settings are not valid"));
}

#[test]
fn accepts_settings_of_every_sort() {
    accepts(&approved_only());
    accepts(&every_setting());
    accepts(&json!({"registry_prefixes": ["localhost:5000", "[fd00::1]:5000/a", "*.corp.example/{namespace}/*/"]}));
    // `null` is how a YAML file says that a key is not set.
    accepts(&with(json!({"allowed_namespaces": null, "sunset_date": null, "help": null, "byoc_requirements": null})));
    accepts(&with(
        json!({"exempt_namespaces": [], "allowed_namespaces": [], "denied_tags": [], "warn_before_days": 0}),
    ));
    // A date in the past is how BYOC is switched off.
    accepts(&with(json!({"sunset_date": "2024-01-01"})));
    accepts(&with(json!({"sunset_date": "2026-12-31T23:59:59+02:00"})));
}

#[test]
fn reports_every_problem_at_once() {
    rejects(
        &json!({
            "registry_prefixes": ["https://reg.example", "", "nginx", "reg.example/A", "*", "reg.example:x/a", "reg.example/a:-", "reg.example/a@sha256:1", "redis:7"],
            "exempt_namespaces": "kube-system",
            "allowed_namespaces": ["Tool", "*-a", {"nam": "tool-a"}, {"name": "tool-b", "sunset_date": "31/12/2026", "registry_prefixes": [], "reason": 5}, 7],
            "sunset_date": "2026-02-30",
            "warn_before_days": -1,
            "allow_list_config_map": {"namespace": "A", "nme": "b"},
            "denied_images": ["log4shell", 5],
            "denied_tags": ["a b", ""],
            "byoc_requirements": {"open_source": "yes", "max_age_days": 0, "pinned_digest": 1, "registries": [], "base_images": ["A"], "ldap": true},
            "custom_kinds": [{"group": "argoproj.io"}, {"group": "", "kind": "Pod", "pod_specs": ["/spec"]}, {"group": "a", "kind": "B", "images": ["spec"]}],
            "sandbox_repositories": ["k8s/pause"],
            "help": ["Ask"],
            "registry_prefix": [],
            "sunsetdate": "2026-12-31",
        }),
        expect![[r#"
            registry_prefix: is not known here: did you mean registry_prefixes?
            sunsetdate: is not known here: did you mean sunset_date?
            registry_prefixes[0]: "https://reg.example" has a scheme: leave out the part up to "://"
            registry_prefixes[1]: "" is empty: write a registry, for example quay.io/team
            registry_prefixes[2]: "nginx" names no registry: write host/path, for example docker.io/library/nginx for Docker Hub's nginx, or registry:5000/ for a host without a dot
            registry_prefixes[3]: "reg.example/A" has an upper-case letter in its path: repositories are in lower case
            registry_prefixes[4]: "*" has "*" as the whole host, which approves every registry: name a domain, for example *.example.org
            registry_prefixes[5]: "reg.example:x/a" has a port that is not a number: write host:5000/path
            registry_prefixes[6]: "reg.example/a:-" has no well-formed tag: use up to 128 letters, digits, "_", "." and "-"
            registry_prefixes[7]: "reg.example/a@sha256:1" has no well-formed digest: write @sha256: and 64 hex digits
            registry_prefixes[8]: "redis:7" names no registry: write host/path, for example docker.io/library/nginx for Docker Hub's nginx, or registry:5000/ for a host without a dot
            exempt_namespaces: is a string, not a list: write for example [kube-system]
            allowed_namespaces[0]: "Tool" is not a namespace: use up to 63 of a-z, 0-9 and "-", for example tool-mix
            allowed_namespaces[1]: "*-a" has a "*" before its end: write the start of a name and one "*", for example tool-*
            allowed_namespaces[2].name: is missing: write for example tool-mix
            allowed_namespaces[2].nam: is not known here: did you mean name?
            allowed_namespaces[3].sunset_date: "31/12/2026" is not a date: write 2026-12-31
            allowed_namespaces[3].registry_prefixes: is empty: write for example [quay.io/team], or leave allowed_namespaces[3].registry_prefixes out
            allowed_namespaces[3].reason: is a number, not a string: write it in quotes, for example "T302863"
            allowed_namespaces[4]: is a number, not a string: write it in quotes, for example "tool-mix"
            and 21 more"#]],
    );
}

#[test]
fn bytes_that_are_no_json_are_not_valid() {
    let rejects = |bytes: &[u8], expected: expect_test::Expect| {
        expected.assert_eq(&settings_problems(bytes).expect("the settings are not valid"));
    };
    rejects(b"", expect!["settings: is not JSON: EOF while parsing a value at line 1 column 0"]);
    rejects(b"{", expect!["settings: is not JSON: EOF while parsing an object at line 1 column 1"]);
    rejects(
        b"{\"registry_prefixes\": [\"reg.example\"]} trailing",
        expect!["settings: is not JSON: trailing characters at line 1 column 40"],
    );
    rejects(b"registry_prefixes: [reg.example]", expect!["settings: is not JSON: expected value at line 1 column 1"]);
    rejects(
        b"{\"registry_prefixes\": [\"\xff\"]}",
        expect!["settings: is not UTF-8 (invalid utf-8 sequence of 1 bytes from index 24): send JSON in UTF-8"],
    );
    rejects(b"\xef\xbb\xbf{}", expect!["settings: is not JSON: expected value at line 1 column 1"]);
    rejects(
        b"{\"registry_prefixes\": [\"reg.example\"], \"registry_prefixes\": [\"evil.example\"]}",
        expect!["registry_prefixes: is written twice: keep one of them"],
    );
    rejects(
        b"{\"registry_prefixes\": [\"a.example\"], \"allowed_namespaces\": [{\"name\": \"a\", \"name\": \"b\"}]}",
        expect!["allowed_namespaces[0].name: is written twice: keep one of them"],
    );
    rejects(
        b"{\"registry_prefixes\": [\"reg.example\\u0000\", \"\\ud800\"]}",
        expect!["registry_prefixes: is not JSON: unexpected end of hex escape at line 1 column 30"],
    );
}

/// Values of every JSON type, and some that are hard to read.
fn shapes() -> Vec<Value> {
    let deep = (0..100).fold(json!("x"), |inner, _| json!([inner]));
    vec![
        json!(null),
        json!(true),
        json!(0),
        json!(-1),
        json!(1e308),
        json!(u64::MAX),
        json!(""),
        json!("x"),
        json!("\u{0}\u{202e}\n"),
        json!("x".repeat(100_000)),
        json!([]),
        json!([null]),
        json!([[]]),
        json!([{}]),
        json!({}),
        json!({"": null}),
        json!({"name": {"name": []}}),
        deep,
    ]
}

#[test]
fn no_shape_of_any_setting_is_an_error_of_the_guest() {
    let mut tried = 0;
    for key in every_setting().as_object().unwrap().keys() {
        for shape in shapes() {
            for value in
                [shape.clone(), json!([shape]), json!([{"name": shape}]), json!({"name": shape, "open_source": shape})]
            {
                let mut settings = every_setting();
                settings[key] = value;
                // Fails the test where the guest does not answer.
                if let Some(message) = settings_problems(settings.to_string().as_bytes()) {
                    assert!(message.lines().all(|line| line.starts_with(key.as_str())), "{key}: {message}");
                }
                tried += 1;
            }
        }
    }
    assert_eq!(tried, Key::NAMES.len() * shapes().len() * 4);
}

#[test]
fn nesting_without_end_is_not_valid() {
    let deep = format!("{{\"help\": {}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let message = settings_problems(deep.as_bytes()).expect("the settings are not valid");
    expect![[r#"
        registry_prefixes: names no registry: write at least one, for example [docker-registry.tools.wmflabs.org]
        help: has more than 40000 values: write fewer"#]]
    .assert_eq(&message);
}

#[test]
fn speaks_the_first_version_of_the_protocol() {
    assert_eq!(policy().protocol_version().unwrap(), ProtocolVersion::V1);
}
