//! Which images are approved or denied, and how a refusal of several reads.

use expect_test::expect;
use serde_json::{Value, json};

use crate::call::{accepts, check, payload, validate};
use crate::host::Host;
use crate::objects::{approved_only, containers, create, pod, set, with};

const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

#[test]
fn a_prefix_approves_whole_components() {
    let settings =
        json!({"registry_prefixes": ["reg.example/a", "docker.io/library/nginx", "*.corp.example:5000/team/"]});
    for image in [
        "reg.example/a",
        "reg.example/a:1",
        "REG.example/a/b:1",
        "nginx",
        "index.docker.io/nginx:1",
        "x.corp.example:5000/team/y",
    ] {
        accepts(&pod(image), &settings);
    }
    let request = create(
        "Pod",
        json!({"spec": containers(&[
            "reg.example/ab:1",
            "reg.example/b:1",
            "reg.example.evil.example/a:1",
            "evil.example/reg.example/a:1",
            "reg.example:443/a:1",
            "nginx2",
            "docker.io/nginx/library:1",
            "corp.example:5000/team/y",
            "x.y.corp.example:5000/team/y",
            "x.corp.example/team/y",
            "x.corp.example:5000/teams/y",
        ])}),
    );
    check(
        &request,
        &settings,
        Host::silent(),
        "containers[a]: reg.example/ab:1 is not from an approved registry; tool-mix has no exception\n\
             containers[b]: reg.example/b:1 is not from an approved registry; tool-mix has no exception\n\
             containers[c]: reg.example.evil.example/a:1 is not from an approved registry; tool-mix has no exception\n\
             containers[d]: evil.example/reg.example/a:1 is not from an approved registry; tool-mix has no exception\n\
             containers[e]: reg.example:443/a:1 is not from an approved registry; tool-mix has no exception\n\
             containers[f]: nginx2 (docker.io/library/nginx2:latest) is not from an approved registry; tool-mix has no exception\n\
             containers[g]: docker.io/nginx/library:1 is not from an approved registry; tool-mix has no exception\n\
             containers[h]: corp.example:5000/team/y (corp.example:5000/team/y:latest) is not from an approved registry; tool-mix has no exception\n\
             containers[i]: x.y.corp.example:5000/team/y (x.y.corp.example:5000/team/y:latest) is not from an approved registry; tool-mix has no exception\n\
             containers[j]: x.corp.example/team/y (x.corp.example/team/y:latest) is not from an approved registry; tool-mix has no exception\n\
             containers[k]: x.corp.example:5000/teams/y (x.corp.example:5000/teams/y:latest) is not from an approved registry; tool-mix has no exception",
    );
}

#[test]
fn a_prefix_with_a_tag_or_a_digest_approves_one_image() {
    let settings = json!({"registry_prefixes": ["quay.io/x/y:1", format!("quay.io/x/z@{DIGEST}")]});
    for image in ["quay.io/x/y:1".to_owned(), format!("quay.io/x/z@{DIGEST}"), format!("quay.io/x/z:any@{DIGEST}")] {
        accepts(&pod(&image), &settings);
    }
    let others = [
        "quay.io/x/y:2".to_owned(),
        "quay.io/x/y".to_owned(),
        "quay.io/x/y/a:1".to_owned(),
        // With a digest the runtime ignores the tag.
        format!("quay.io/x/y:1@{DIGEST}"),
        "quay.io/x/z:1".to_owned(),
    ];
    let others: Vec<&str> = others.iter().map(String::as_str).collect();
    check(
        &create("Pod", json!({"spec": containers(&others)})),
        &settings,
        Host::silent(),
        "containers[a]: quay.io/x/y:2 is not from an approved registry; tool-mix has no exception\n\
             containers[b]: quay.io/x/y (quay.io/x/y:latest) is not from an approved registry; tool-mix has no exception\n\
             containers[c]: quay.io/x/y/a:1 is not from an approved registry; tool-mix has no exception\n\
             containers[d]: quay.io/x/y:1@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 is not from an approved registry; tool-mix has no exception\n\
             containers[e]: quay.io/x/z:1 is not from an approved registry; tool-mix has no exception",
    );
}

#[test]
fn a_placeholder_stands_for_the_namespace_of_the_request() {
    let settings = json!({"registry_prefixes": ["hub.example/{namespace}", "{namespace}.apps.example", "reg.example/u-{namespace}-x"]});
    for image in ["hub.example/tool-mix/web:1", "tool-mix.apps.example/a", "reg.example/u-tool-mix-x/b"] {
        accepts(&pod(image), &settings);
    }
    let request = create(
        "Pod",
        json!({"spec": containers(&[
            "hub.example/tool-mix2/web:1",
            "hub.example/tool-other/web:1",
            "hub.example/a/tool-mix/web:1",
            "tool-mix2.apps.example/a",
            "reg.example/u-tool-mix/b",
        ])}),
    );
    check(
        &request,
        &settings,
        Host::silent(),
        "containers[a]: hub.example/tool-mix2/web:1 is not from an approved registry; tool-mix has no exception\n\
             containers[b]: hub.example/tool-other/web:1 is not from an approved registry; tool-mix has no exception\n\
             containers[c]: hub.example/a/tool-mix/web:1 is not from an approved registry; tool-mix has no exception\n\
             containers[d]: tool-mix2.apps.example/a (tool-mix2.apps.example/a:latest) is not from an approved registry; tool-mix has no exception\n\
             containers[e]: reg.example/u-tool-mix/b (reg.example/u-tool-mix/b:latest) is not from an approved registry; tool-mix has no exception",
    );
    // Without a namespace no image is under the placeholder.
    let cluster_wide = set(pod("hub.example/tool-mix/web:1"), &[("namespace", json!(null))]);
    check(
        &cluster_wide,
        &settings,
        Host::silent(),
        "containers[a]: hub.example/tool-mix/web:1 is not from an approved registry; exceptions exist for namespaces only",
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
    let settings = with(json!({"allowed_namespaces": ["*"]}));
    let request = create(
        "Pod",
        json!({"spec": containers(&["https://quay.io/x", "Nginx", "nginx:", "a b", "reg.example/x@sha256:12"])}),
    );
    check(
        &request,
        &settings,
        Host::silent(),
        "containers[a]: \"https://quay.io/x\" is not an image reference: it is a URL: leave out the part up to \"://\"\n\
             containers[b]: \"Nginx\" is not an image reference: its repository has an upper-case letter: write it in lower case\n\
             containers[c]: \"nginx:\" is not an image reference: its tag is not well formed: use up to 128 letters, digits, \"_\", \".\" and \"-\", the first not \".\" or \"-\"\n\
             containers[d]: \"a b\" is not an image reference: its repository is not well formed: use a-z, 0-9 and single separators (\".\", \"_\", \"__\", \"-\") in components joined by \"/\"\n\
             containers[e]: \"reg.example/x@sha256:12\" is not an image reference: its digest is not well formed: write sha256: and 64 hex digits (or sha384: and 96, sha512: and 128)",
    );
}

#[test]
fn a_long_refusal_ends_after_twenty_problems() {
    let images: Vec<String> = (0..25).map(|number| format!("nginx:{number}")).collect();
    let containers: Vec<Value> = images.iter().map(|image| json!({"name": "c", "image": image})).collect();
    let request = create("Pod", json!({"spec": {"containers": containers}}));
    let prefixes: Vec<String> = (0..22).map(|number| format!("reg{number}.example")).collect();
    check(
        &request,
        &json!({"registry_prefixes": prefixes}),
        Host::silent(),
        expect![[r#"
            refused 403
            25 images of Pod tool-mix/web are not allowed:
            - containers[c]: nginx:0 (docker.io/library/nginx:0) is not from an approved registry; tool-mix has no exception
            - containers[c]: nginx:1 (docker.io/library/nginx:1) is not from an approved registry; tool-mix has no exception
            - containers[c]: nginx:2 (docker.io/library/nginx:2) is not from an approved registry; tool-mix has no exception
            - containers[c]: nginx:3 (docker.io/library/nginx:3) is not from an approved registry; tool-mix has no exception
            - containers[c]: nginx:4 (docker.io/library/nginx:4) is not from an approved registry; tool-mix has no exception
            - containers[c]: nginx:5 (docker.io/library/nginx:5) is not from an approved registry; tool-mix has no exception
            - containers[c]: nginx:6 (docker.io/library/nginx:6) is not from an approved registry; tool-mix has no exception
            - containers[c]: nginx:7 (docker.io/library/nginx:7) is not from an approved registry; tool-mix has no exception
            - containers[c]: nginx:8 (docker.io/library/nginx:8) is not from an approved registry; tool-mix has no exception
            - containers[c]: nginx:9 (docker.io/library/nginx:9) is not from an approved registry; tool-mix has no exception
            - containers[c]: nginx:10 (docker.io/library/nginx:10) is not from an approved registry; tool-mix has no exception
            - containers[c]: nginx:11 (docker.io/library/nginx:11) is not from an approved registry; tool-mix has no exception
            - containers[c]: nginx:12 (docker.io/library/nginx:12) is not from an approved registry; tool-mix has no exception
            - containers[c]: nginx:13 (docker.io/library/nginx:13) is not from an approved registry; tool-mix has no exception
            - containers[c]: nginx:14 (docker.io/library/nginx:14) is not from an approved registry; tool-mix has no exception
            - containers[c]: nginx:15 (docker.io/library/nginx:15) is not from an approved registry; tool-mix has no exception
            - containers[c]: nginx:16 (docker.io/library/nginx:16) is not from an approved registry; tool-mix has no exception
            - containers[c]: nginx:17 (docker.io/library/nginx:17) is not from an approved registry; tool-mix has no exception
            - containers[c]: nginx:18 (docker.io/library/nginx:18) is not from an approved registry; tool-mix has no exception
            - containers[c]: nginx:19 (docker.io/library/nginx:19) is not from an approved registry; tool-mix has no exception
            and 5 more
            approved: reg0.example, reg1.example, reg2.example, reg3.example, reg4.example, reg5.example, reg6.example, reg7.example, reg8.example, reg9.example, reg10.example, reg11.example, reg12.example, reg13.example, reg14.example, reg15.example, reg16.example, reg17.example, reg18.example, reg19.example and 2 more
            exception: none
            images: docker.io/library/nginx:0, docker.io/library/nginx:1, docker.io/library/nginx:2, docker.io/library/nginx:3, docker.io/library/nginx:4, docker.io/library/nginx:5, docker.io/library/nginx:6, docker.io/library/nginx:7, docker.io/library/nginx:8, docker.io/library/nginx:9, docker.io/library/nginx:10, docker.io/library/nginx:11, docker.io/library/nginx:12, docker.io/library/nginx:13, docker.io/library/nginx:14, docker.io/library/nginx:15, docker.io/library/nginx:16, docker.io/library/nginx:17 and 7 more
        "#]],
    );
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
