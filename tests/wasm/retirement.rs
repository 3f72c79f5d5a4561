//! Approvals that end, images that are retired, and what to use instead of them.

use expect_test::{Expect, expect};
use serde_json::{Value, json};

use crate::call::payload;
use crate::clock::{DAY, NOW, check_at, validate_at, validate_under};
use crate::host::Host;
use crate::objects::{containers, pod, set, update, with_config_map};

const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
/// Two retirements as Toolforge has them: a host gives way to another, an image to its successor. The days are 12 and
/// 40 days after [`NOW`].
fn retiring() -> Value {
    json!({
        "registry_prefixes": [
            "new.example",
            {"prefix": "old.example", "sunset_date": "2026-09-30", "replaced_by": "new.example", "reason": "T394902"},
        ],
        "denied_images": [
            {"prefix": "new.example/node12", "sunset_date": "2026-10-28", "replaced_by": "new.example/node20"},
            {"prefix": "new.example/bad", "replaced_by": "new.example/good", "reason": "CVE-2026-1"},
        ],
        "mirrors": [{"prefix": "docker.io", "replaced_by": "new.example/hub"}],
    })
}

fn with(more: Value) -> Value {
    let mut settings = retiring();
    settings.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    settings
}

#[track_caller]
fn check_retiring(days: u64, image: &str, expected: Expect) {
    check_at(NOW + days * DAY, &pod(image), &retiring(), Host::silent(), expected);
}

#[test]
fn an_approval_warns_and_ends() {
    check_retiring(
        0,
        "old.example/web:3",
        expect![[r#"
        accepted
        warning: old.example/web:3 may run until 2026-09-30, 12 days left; use new.example/web:3 (T394902)
        approval: registry_prefixes[1]
        ends: 2026-09-30
        images: old.example/web:3
        reason: T394902
    "#]],
    );
    check_retiring(
        13,
        "old.example/web:3",
        expect![[r#"
        refused 403
        1 image of Pod tool-mix/web is not allowed:
        - containers[a]: old.example/web:3: old.example was approved until 2026-09-30; use new.example/web:3 (T394902)
        approval: registry_prefixes[1]
        ends: 2026-09-30
        images: old.example/web:3
        reason: T394902
    "#]],
    );
}

#[test]
fn an_image_is_retired() {
    check_retiring(
        20,
        "new.example/node12/web:3",
        expect![[r#"
        accepted
        warning: new.example/node12/web:3 may run until 2026-10-28, 20 days left; use new.example/node20/web:3
        denial: denied_images[0]
        ends: 2026-10-28
        images: new.example/node12/web:3
    "#]],
    );
    check_retiring(
        41,
        "new.example/node12:3",
        expect![[r#"
        refused 403
        1 image of Pod tool-mix/web is not allowed:
        - containers[a]: new.example/node12:3 was allowed until 2026-10-28 (denied_images: new.example/node12); use new.example/node20:3
        denial: denied_images[0]
        ends: 2026-10-28
        images: new.example/node12:3
    "#]],
    );
    check_retiring(
        0,
        "new.example/bad:3",
        expect![[r#"
        refused 403
        1 image of Pod tool-mix/web is not allowed:
        - containers[a]: new.example/bad:3 is denied (denied_images: new.example/bad); use new.example/good:3 (CVE-2026-1)
        exception: none
        images: new.example/bad:3
    "#]],
    );
}

/// Days after [`NOW`], an image, and what is recommended: nothing is said where nothing ends within 30 days.
const SUCCESSORS: &[(u64, &str, &str)] = &[
    (0, "old.example/a/b:1", "new.example/a/b:1"),
    (0, "old.example/a", "new.example/a"),
    // The form that Toolforge's job service writes.
    (0, "old.example/a:latest@DIGEST", "new.example/a:latest@DIGEST"),
    (13, "OLD.example/a@DIGEST", "new.example/a@DIGEST"),
    // A chain: the successor of the host's image is retired later.
    (0, "old.example/node12:1", "new.example/node12:1"),
    (41, "old.example/node12:1", "new.example/node20:1"),
    // Nothing that the settings refuse is recommended as it is.
    (0, "old.example/bad:1", "new.example/good:1"),
    (0, "nginx", "new.example/hub/library/nginx"),
    (0, "index.docker.io/bitnami/redis:7", "new.example/hub/bitnami/redis:7"),
    (0, "registry-1.docker.io/library/redis:7", "new.example/hub/library/redis:7"),
    // Ends later than the days before which the policy warns.
    (0, "new.example/node12:1", ""),
    (0, "new.example/node20:1", ""),
    (0, "quay.io/x:1", ""),
];

#[test]
fn the_successor_is_a_whole_reference() {
    for &(days, image, successor) in SUCCESSORS {
        let [image, successor] = [image, successor].map(|text| text.replace("DIGEST", DIGEST));
        let (answer, _) = validate_at(NOW + days * DAY, &payload(&pod(&image), &retiring()), Host::silent());
        let answer = answer.to_string();
        let said = answer.split_once("; use ").map(|(_, rest)| rest.split([' ', '\n']).next().unwrap());
        assert_eq!(said.unwrap_or_default(), successor, "{image} after {days} days:\n{answer}");
    }
}

/// A prefix, what it is replaced by, an image in `tool-mix`, and what is recommended when the image is denied.
const REPLACEMENTS: &[(&str, &str, &str, &str)] = &[
    ("*.old.example/{namespace}", "new.example/{namespace}", "a.old.example/tool-mix/x:1", "new.example/tool-mix/x:1"),
    ("old.example/*/base", "new.example/base", "old.example/any/base/x:1", "new.example/base/x:1"),
    ("old.example/web:1", "new.example/web:2", "old.example/web:1", "new.example/web:2"),
    // The digest would name the image that is denied.
    ("old.example/web:1", "new.example/web:2", "old.example/web:1@DIGEST", "new.example/web:2"),
    ("old.example/web@DIGEST", "new.example/web:2", "old.example/web:9@DIGEST", "new.example/web:2"),
    ("docker.io/nginx", "new.example/nginx", "nginx:1", "new.example/nginx:1"),
    ("docker.io/library/nginx", "new.example/nginx", "index.docker.io/nginx", "new.example/nginx"),
    (
        "docker.io/library/nginx",
        "docker.io/nginxinc/nginx-unprivileged",
        "nginx:1",
        "docker.io/nginxinc/nginx-unprivileged:1",
    ),
    ("10.0.0.5/x", "new.example/x", "[::ffff:a00:5]:443/x/y:1", "new.example/x/y:1"),
    // Without a path, the rest would read as an image of Docker Hub's.
    ("old.example/web", "new.example", "old.example/web:1", ""),
    ("old.example/web", "new.example", "old.example/web/x:1", "new.example/x:1"),
];

#[test]
fn the_matched_part_is_replaced() {
    for replacement in REPLACEMENTS {
        let &(prefix, replaced_by, image, successor) = replacement;
        let [prefix, image, successor] = [prefix, image, successor].map(|text| text.replace("DIGEST", DIGEST));
        let settings = json!({
            "registry_prefixes": ["new.example", "docker.io"],
            "denied_images": [{"prefix": prefix, "replaced_by": replaced_by}],
        });
        let (answer, _) = validate_at(NOW, &payload(&pod(&image), &settings), Host::silent());
        let answer = answer.to_string();
        let said = answer.split_once("; use ").map(|(_, rest)| rest.split('\n').next().unwrap());
        assert_eq!(said.unwrap_or_default(), successor, "{replacement:?}:\n{answer}");
    }
}

#[test]
fn an_exception_lets_in_what_was_approved() {
    let settings = with(json!({"allowed_namespaces": [{"name": "tool-mix", "reason": "T1"}]}));
    let expected = expect![[r#"
        accepted
        ends: never
        exception: allowed_namespaces[0]
        images: old.example/web:3
        reason: T1
    "#]];
    check_at(NOW + 13 * DAY, &pod("old.example/web:3"), &settings, Host::silent(), expected);
    let settings = with(json!({"allowed_namespaces": [{"name": "tool-mix", "sunset_date": "2026-09-17"}]}));
    let expected = expect![[r#"
        refused 403
        1 image of Pod tool-mix/web is not allowed:
        - containers[a]: old.example/web:3: old.example was approved until 2026-09-30; the exception for tool-mix ended on 2026-09-17; use new.example/web:3 (T394902)
        approval: registry_prefixes[1]
        ends: 2026-09-30, 2026-09-17
        exception: allowed_namespaces[0]
        images: old.example/web:3
        reason: T394902
    "#]];
    check_at(NOW + 13 * DAY, &pod("old.example/web:3"), &settings, Host::silent(), expected);
}

#[test]
fn a_denial_that_has_begun_ends_exceptions() {
    let settings =
        with(json!({"allowed_namespaces": ["*"], "registry_prefixes": ["reg.example", "new.example/node20"]}));
    let expected = expect![[r#"
        accepted
        warning: new.example/node12:1 may run until 2026-10-28, 20 days left; use new.example/node20:1
        denial: denied_images[0]
        ends: 2026-10-28, never
        exception: allowed_namespaces[0]
        images: new.example/node12:1
    "#]];
    check_at(NOW + 20 * DAY, &pod("new.example/node12:1"), &settings, Host::silent(), expected);
    let (answer, _) = validate_at(NOW + 41 * DAY, &payload(&pod("new.example/node12:1"), &settings), Host::silent());
    assert!(answer.to_string().contains("was allowed until 2026-10-28"), "{answer}");
}

#[test]
fn a_list_of_what_is_approved_leaves_out_what_has_ended() {
    let expected = expect![[r#"
        refused 403
        2 images of Pod tool-mix/web are not allowed:
        - containers[a]: nginx (docker.io/library/nginx:latest) is not from an approved registry; tool-mix has no exception; use new.example/hub/library/nginx
        - containers[b]: quay.io/x:1 is not from an approved registry; tool-mix has no exception
        approved: new.example, old.example until 2026-09-30
        exception: none
        images: docker.io/library/nginx:latest, quay.io/x:1
    "#]];
    let two = set(pod("nginx"), &[("object", json!({"spec": containers(&["nginx", "quay.io/x:1"])}))]);
    check_at(NOW, &two, &retiring(), Host::silent(), expected);
    let (answer, _) = validate_at(NOW + 13 * DAY, &payload(&two, &retiring()), Host::silent());
    assert!(answer.to_string().contains("\napproved: new.example\n"), "{answer}");
    let ended = json!({"registry_prefixes": [{"prefix": "old.example", "sunset_date": "2026-09-01"}]});
    let (answer, _) = validate_at(NOW, &payload(&two, &ended), Host::silent());
    assert!(answer.to_string().contains("\napproved: nothing today\n"), "{answer}");
}

#[test]
fn an_update_that_leaves_a_retired_image_passes() {
    let deployment = |replicas: u32| json!({"spec": {"replicas": replicas, "template": {"spec": containers(&["old.example/web:3"])}}});
    let scaled = update("apps/Deployment", deployment(2), deployment(1));
    let expected = expect![[r#"
        accepted
        warning: let through unchanged, new pods with it will be refused: containers[a]: old.example/web:3: old.example was approved until 2026-09-30; use new.example/web:3 (T394902)
    "#]];
    check_at(NOW + 13 * DAY, &scaled, &retiring(), Host::silent(), expected);
    check_at(
        NOW,
        &scaled,
        &retiring(),
        Host::silent(),
        expect![[r#"
        accepted
    "#]],
    );
}

#[test]
fn a_clock_that_is_not_set_approves_nothing_by_its_date() {
    let unset =
        |image: &str, settings: &Value| validate_under(Ok(0), &payload(&pod(image), settings), Host::silent()).0;
    let reason = "and whether that has passed is unknown, because the policy server's clock says 1970-01-01";
    for image in ["old.example/web:3", "new.example/node12:3"] {
        let answer = unset(image, &retiring()).to_string();
        assert!(answer.starts_with("refused") && answer.contains(reason), "{answer}");
    }
    let excepted = with(json!({"allowed_namespaces": ["*"]}));
    assert!(unset("old.example/web:3", &excepted).to_string().starts_with("accepted"), "an exception without an end");
}

#[test]
fn an_approval_without_an_end_needs_no_clock() {
    let settings = with(json!({"registry_prefixes": [
        {"prefix": "old.example", "sunset_date": "2026-09-30"},
        {"prefix": "old.example", "reason": "T1"},
    ], "denied_images": [], "mirrors": []}));
    let (answer, clock_reads) = validate_at(NOW, &payload(&pod("old.example/web:3"), &settings), Host::silent());
    assert_eq!((answer.to_string().as_str(), clock_reads), ("accepted\n", 0));
}

#[test]
fn of_several_approvals_the_last_end_counts() {
    let settings = json!({"registry_prefixes": [
        {"prefix": "old.example", "sunset_date": "2026-09-17"},
        {"prefix": "old.example/team", "sunset_date": "2026-12-31"},
        {"prefix": "old.example", "sunset_date": "2026-09-30"},
    ]});
    let expected = expect![[r#"
        accepted
        approval: registry_prefixes[1]
        ends: 2026-12-31
        images: old.example/team/web:3
    "#]];
    check_at(NOW, &pod("old.example/team/web:3"), &settings, Host::silent(), expected);
}

/// A rule with a date asks nobody else: only what an exception may let in is worth a question.
#[test]
fn a_dated_approval_asks_no_host() {
    let mut settings = with_config_map();
    settings["registry_prefixes"] = retiring()["registry_prefixes"].clone();
    let (answer, _) = validate_at(NOW, &payload(&pod("old.example/web:3"), &settings), Host::silent());
    assert!(answer.to_string().starts_with("accepted"), "{answer}");
}
