//! Which images are approved or denied, and how a refusal of several reads.

use expect_test::expect;
use serde_json::{Value, json};

use crate::call::{accepts, check, payload, validate};
use crate::host::Host;
use crate::objects::{approved_only, containers, create, pod, set, with};

const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// What is said of an image that comes from elsewhere.
fn not_approved(image: &str) -> String {
    format!("{image} is not from an approved registry; tool-mix has no exception")
}

/// What each form of a prefix is about stands in `tests/prefix.rs`.
#[test]
fn prefixes_approve_one_image_or_what_is_below_them_in_the_namespace_of_the_request() {
    let cases = [
        ("docker.io/library/nginx", "index.docker.io/nginx:1", "nginx2", "nginx2 (docker.io/library/nginx2:latest)"),
        ("quay.io/x/y:1", "quay.io/x/y:1", "quay.io/x/y:2", "quay.io/x/y:2"),
        ("a.example/{namespace}", "a.example/tool-mix/b:1", "a.example/tool-mix2/b:1", "a.example/tool-mix2/b:1"),
    ];
    for (prefix, approved, other, shown) in cases {
        let settings = json!({"registry_prefixes": [prefix]});
        accepts(&pod(approved), &settings);
        check(&pod(other), &settings, Host::silent(), &format!("containers[a]: {}", not_approved(shown)));
    }
    // Without a namespace no image is under the placeholder.
    check(
        &set(pod("a.example/tool-mix/b:1"), &[("namespace", json!(null))]),
        &json!({"registry_prefixes": ["a.example/{namespace}"]}),
        Host::silent(),
        "containers[a]: a.example/tool-mix/b:1 is not from an approved registry; exceptions exist for namespaces only",
    );
}

#[test]
fn denials_come_before_approvals_and_exceptions() {
    let settings = with(json!({
        "denied_images": ["reg.example/log4shell", "reg.example/x:1.2", format!("reg.example/z@{DIGEST}"), "reg.example/{namespace}"],
        "denied_tags": ["latest", "*-rc*"],
        "allowed_namespaces": ["*"],
        "help": "Ask the admins.",
    }));
    let tagged_and_pinned = format!("reg.example/a:latest@{DIGEST}");
    let pinned = format!("reg.example/z:1@{DIGEST}");
    let request = create(
        "Pod",
        json!({"spec": containers(&[
            "reg.example/log4shell:1",
            "reg.example/log4shell/sub:1",
            "reg.example/x:1.2",
            &pinned,
            "reg.example/tool-mix/a:1",
            "reg.example/a",
            &tagged_and_pinned,
            "quay.io/x/y:1-rc2",
            "REG.example:443/log4shell:1",
        ])}),
    );
    check(
        &request,
        &settings,
        Host::silent(),
        expect![[r#"
        refused 403
        9 images of Pod tool-mix/web are not allowed:
        - containers[a]: reg.example/log4shell:1 is denied (denied_images: reg.example/log4shell): use another image
        - containers[b]: reg.example/log4shell/sub:1 is denied (denied_images: reg.example/log4shell): use another image
        - containers[c]: reg.example/x:1.2 is denied (denied_images: reg.example/x:1.2): use another image
        - containers[d]: reg.example/z:1@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 is denied (denied_images: reg.example/z@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855): use another image
        - containers[e]: reg.example/tool-mix/a:1 is denied (denied_images: reg.example/{namespace}): use another image
        - containers[f]: reg.example/a (reg.example/a:latest) has the tag latest, which is denied (denied_tags: latest): name another version
        - containers[g]: reg.example/a:latest@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 has the tag latest, which is denied (denied_tags: latest): name another version
        - containers[h]: quay.io/x/y:1-rc2 has the tag 1-rc2, which is denied (denied_tags: *-rc*): name another version
        - containers[i]: REG.example:443/log4shell:1 is denied (denied_images: reg.example/log4shell): use another image
        approved: reg.example
        Ask the admins.
        exception: none
        images: reg.example/log4shell:1, reg.example/log4shell/sub:1, reg.example/x:1.2, reg.example/z:1@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855, reg.example/tool-mix/a:1, reg.example/a:latest, reg.example/a:latest@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855, quay.io/x/y:1-rc2, REG.example:443/log4shell:1
    "#]],
    );
    // A digest alone has no tag: it is not `latest`.
    for image in
        [format!("reg.example/a@{DIGEST}"), "reg.example/x:1.3".to_owned(), "reg.example/log4shell2:1".to_owned()]
    {
        accepts(&pod(&image), &settings);
    }
}

#[test]
fn a_reference_that_does_not_parse_is_refused_in_an_allowed_namespace_too() {
    check(
        &pod("Nginx"),
        &with(json!({"allowed_namespaces": ["*"]})),
        Host::silent(),
        "containers[a]: \"Nginx\" is not an image reference: its repository has an upper-case letter: write it in lower case",
    );
}

#[test]
fn a_long_refusal_ends_after_twenty_problems() {
    let image = |number: usize| format!("nginx:{number}");
    let containers: Vec<Value> = (0..25).map(|number| json!({"name": "c", "image": image(number)})).collect();
    let request = create("Pod", json!({"spec": {"containers": containers}}));
    let prefixes: Vec<String> = (0..22).map(|number| format!("reg{number}.example")).collect();
    let settings = json!({"registry_prefixes": prefixes});
    let full_form = |number| format!("docker.io/library/{}", image(number));
    let problem = |number| not_approved(&format!("{} ({})", image(number), full_form(number)));
    let expected = format!(
        "refused 403\n\
         25 images of Pod tool-mix/web are not allowed:\n\
         {}\
         and 5 more\n\
         approved: {} and 2 more\n\
         exception: none\n\
         images: {} and 7 more\n",
        (0..20).map(|number| format!("- containers[c]: {}\n", problem(number))).collect::<String>(),
        prefixes[..20].join(", "),
        (0..18).map(full_form).collect::<Vec<_>>().join(", "),
    );
    assert_eq!(validate(payload(&request, &settings).as_bytes(), Host::silent()).to_string(), expected);
}

#[test]
fn a_refusal_names_the_object_as_far_as_it_has_a_name() {
    let names = [
        (json!({"generateName": "web-"}), json!(""), json!("tool-mix"), "Pod tool-mix/web-*"),
        (json!({"generateName": "web-"}), json!(null), json!("tool-mix"), "Pod tool-mix/web-*"),
        (json!({}), json!(null), json!(null), "Pod (without a name)"),
    ];
    for (metadata, name, namespace, shown) in names {
        let pod = create("Pod", json!({"metadata": metadata, "spec": containers(&["nginx"])}));
        let request = set(pod, &[("name", name), ("namespace", namespace)]);
        let answer = validate(payload(&request, &approved_only()).as_bytes(), Host::silent()).to_string();
        assert!(answer.starts_with(&format!("refused 403\n1 image of {shown} is not allowed:\n")), "{answer}");
    }
}
