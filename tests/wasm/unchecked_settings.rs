//! Settings that nobody validated: a decision refuses where it needs one that is wrong, and only there.

use serde_json::{Value, json};

use crate::call::{accepts, check, check_payload, payload, with_calls};
use crate::clock::{NOW, validate_at};
use crate::host::Host;
use crate::objects::{containers, every_setting, pod, set, update, with};

const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
/// What every judgement needs, for an image without a tag.
const ALWAYS: [&str; 4] = ["custom_kinds", "denied_images", "exempt_namespaces", "registry_prefixes"];

/// What is said of an image under these settings.
fn line(image: &str, settings: &Value) -> String {
    validate_at(NOW, &payload(&pod(image), settings), Host::silent()).0.line()
}

/// Checks that each setting refuses an image where it is wrong, if it is one of these; the others change nothing.
#[track_caller]
fn check_needed(image: &str, needed: &[&str]) {
    let right = line(image, &every_setting());
    for key in every_setting().as_object().unwrap().keys() {
        let wrong = line(image, &set(every_setting(), &[(key.as_str(), json!(5))]));
        if needed.contains(&key.as_str()) {
            assert!(wrong.starts_with(&format!("{key}: is a number, not a")), "{key}: {wrong}");
        } else {
            assert_eq!(wrong, right, "{key}");
        }
    }
}

#[test]
fn wrong_settings_refuse_where_they_are_needed() {
    check_needed("reg.example/web:1", &[ALWAYS.as_slice(), &["denied_tags"]].concat());
    let excepted = [ALWAYS.as_slice(), &["allowed_namespaces", "byoc_requirements", "sunset_date"]].concat();
    check_needed(&format!("quay.io/x/y@{DIGEST}"), &excepted);
    let all_at_once = with(json!({"allowed_namespaces": 5, "help": 7, "sunset_date": "x"}));
    accepts(&pod("reg.example/web:1"), &all_at_once);
}

/// An update that adds nothing needs no exception, and no wrong setting holds a finalizer.
#[test]
fn wrong_exceptions_refuse_no_update_that_adds_nothing() {
    let pod = |finalizers: &[&str]| json!({"metadata": {"finalizers": finalizers}, "spec": containers(&["nginx"])});
    let request = update("Pod", pod(&[]), pod(&["a.example/b"]));
    for wrong in [
        json!({"allowed_namespaces": [2048]}),
        json!({"allowed_namespaces": 5}),
        json!({"registry_prefixes": ["nginx"]}),
    ] {
        check(&request, &with(wrong), Host::silent(), "accepted");
    }
    check(
        &request,
        &with(json!({"exempt_namespaces": [2048]})),
        Host::silent(),
        "let through unchanged, new pods with it will be refused: the settings of this policy are not valid, so it can approve no image: exempt_namespaces[0]: is a number, not a string: write it in quotes, for example \"kube-system\"",
    );
}

/// A wrong key may be the one that says where images are: what is the same elsewhere is not enough then.
#[test]
fn a_wrong_key_lets_no_update_past() {
    let object = |image: &str| json!({"metadata": {"annotations": {"image": image}}, "spec": containers(&["reg.example/web:1"])});
    let described = json!([{"group": "", "kind": "Pod", "images": ["/metadata/annotations/image"]}]);
    let request = update("Pod", object("evil.example/x"), object("reg.example/x:1"));
    let told = "custom_kind: is not known here: did you mean custom_kinds?";
    check(&request, &with(json!({"custom_kind": described})), Host::silent(), told);
    // Nor does a kind that is described hide an edit of the allow list.
    let list = |value: &str| json!({"data": {"image": "reg.example/x:1", "tool-mix": value}});
    let request = set(
        update("ConfigMap", list(""), list("2026-12-31")),
        &[("namespace", json!("registry-enforcer")), ("name", json!("byoc-allow-list"))],
    );
    let mut settings = every_setting();
    settings["custom_kinds"] = json!([{"group": "", "kind": "ConfigMap", "images": ["/data/image"]}]);
    settings["warn_before_days"] = json!("x");
    let told = "warn_before_days: is not a number of days: write a whole number without quotes from 0, for example 30";
    check(&request, &settings, Host::silent(), told);
}

/// A tenant names a registry of its own, and nobody has said which may be asked: none is.
#[test]
fn requirements_without_registries_ask_nobody() {
    for requirements in
        [json!({"open_source": true}), json!({"max_age_days": 1}), json!({"base_images": ["a.example/base:1"]})]
    {
        let settings = with(json!({"allowed_namespaces": ["*"], "byoc_requirements": requirements}));
        let host = Host::silent();
        let (answer, _) = validate_at(NOW, &payload(&pod("127.0.0.1:5000/x:1"), &settings), host.clone());
        assert!(answer.line().starts_with("byoc_requirements: asks registries about images"), "{answer}");
        assert_eq!(with_calls(&answer, &host), answer.to_string());
    }
}

const NO_REGISTRY: &str =
    "registry_prefixes: names no registry: write at least one, for example [docker-registry.tools.wmflabs.org]";

#[test]
fn settings_that_approve_nothing_refuse_everything() {
    let nginx = |index: usize| {
        format!(
            "registry_prefixes[{index}]: \"nginx\" names no registry: write host/path, for example docker.io/library/nginx for Docker Hub's nginx, or registry:5000/ for a host without a dot"
        )
    };
    let cases = [
        (json!(null), NO_REGISTRY.to_owned()),
        (json!({}), NO_REGISTRY.to_owned()),
        (json!({"registry_prefixes": []}), NO_REGISTRY.to_owned()),
        (json!({"registry_prefixes": ["reg.example", "nginx"]}), nginx(1)),
        (json!({"registry_prefixes": ["nginx", "reg.example"]}), nginx(0)),
        (
            with(json!({"denied_images": "x"})),
            "denied_images: is a string, not a list: write for example [quay.io/team/image:1.2]".to_owned(),
        ),
        (
            with(json!({"denied_image": ["reg.example/web"]})),
            "denied_image: is not known here: did you mean denied_images?".to_owned(),
        ),
    ];
    for (settings, told) in &cases {
        check(&pod("reg.example/web:1"), settings, Host::silent(), told);
    }
    let request = pod("reg.example/web:1");
    check_payload(json!({"request": request}).to_string().as_bytes(), Host::silent(), NO_REGISTRY);
    accepts(&set(request, &[("operation", json!("DELETE"))]), &json!({}));
}

#[test]
fn settings_that_are_not_an_object_refuse_everything() {
    for (settings, found) in [(json!([]), "sequence"), (json!("reg.example"), "string \"reg.example\"")] {
        let (answer, _) = validate_at(NOW, &payload(&pod("reg.example/web:1"), &settings), Host::silent());
        let told =
            format!("the admission request cannot be read: invalid type: {found}, expected settings as an object");
        assert!(answer.line().starts_with(&told), "{answer}");
    }
}
