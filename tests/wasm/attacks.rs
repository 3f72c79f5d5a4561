//! Every known way past a policy for registries, each with the whole answer to it.
//!
//! `reg.example` and `hub.example/{namespace}` are approved, and each image tries to pass for one of theirs.

use expect_test::{Expect, expect};
use serde_json::{Value, json};

use crate::call::{accepts, check_payload, payload, validate};
use crate::host::Host;
use crate::objects::{containers, create, pod, set, update};

const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const HEX: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

fn settings() -> Value {
    json!({"registry_prefixes": ["reg.example", "hub.example/{namespace}", "quay.io/x/y:1"]})
}

#[track_caller]
fn check(request: Value, expected: Expect) {
    check_raw(&payload(&request, &settings()), expected);
}

#[track_caller]
fn check_raw(payload: &str, expected: Expect) {
    check_payload(payload.as_bytes(), Host::silent(), expected);
}

#[track_caller]
fn check_images(images: &[&str], expected: Expect) {
    check(create("Pod", json!({"spec": containers(images)})), expected);
}

#[test]
fn an_approved_name_elsewhere_in_the_reference() {
    check_images(
        &[
            // trusted-repos 2.1.4 takes the path for the registry.
            "evil.example/reg.example/etcd:1",
            // A prefix without a boundary: open-policy-agent/gatekeeper-library#80, #529
            "reg.example.evil.example/etcd:1",
            "reg.exampleevil/etcd:1",
            "reg.example-evil.example/etcd:1",
            "notreg.example/etcd:1",
            "evil.example/etcd:reg.example",
            "hub.example/tool-mix2/web",
            "hub.example/tool-mix.evil/web",
            "hub.example/tool-mix-/web",
            "reg.example:evil/etcd",
        ],
        expect![[r#"
            refused 403
            10 images of Pod tool-mix/web are not allowed:
            - containers[a]: evil.example/reg.example/etcd:1 is not from an approved registry; tool-mix has no exception
            - containers[b]: reg.example.evil.example/etcd:1 is not from an approved registry; tool-mix has no exception
            - containers[c]: reg.exampleevil/etcd:1 is not from an approved registry; tool-mix has no exception
            - containers[d]: reg.example-evil.example/etcd:1 is not from an approved registry; tool-mix has no exception
            - containers[e]: notreg.example/etcd:1 is not from an approved registry; tool-mix has no exception
            - containers[f]: evil.example/etcd:reg.example is not from an approved registry; tool-mix has no exception
            - containers[g]: hub.example/tool-mix2/web (hub.example/tool-mix2/web:latest) is not from an approved registry; tool-mix has no exception
            - containers[h]: hub.example/tool-mix.evil/web (hub.example/tool-mix.evil/web:latest) is not from an approved registry; tool-mix has no exception
            - containers[i]: "hub.example/tool-mix-/web" is not an image reference: its repository is not well formed: use a-z, 0-9 and single separators (".", "_", "__", "-") in components joined by "/"
            - containers[j]: "reg.example:evil/etcd" is not an image reference: the port of its registry is not a number: write registry:5000/repository
            approved: reg.example, hub.example/tool-mix, quay.io/x/y:1
            exception: none
            images: evil.example/reg.example/etcd:1, reg.example.evil.example/etcd:1, reg.exampleevil/etcd:1, reg.example-evil.example/etcd:1, notreg.example/etcd:1, evil.example/etcd:reg.example, hub.example/tool-mix2/web:latest, hub.example/tool-mix.evil/web:latest, hub.example/tool-mix-/web, reg.example:evil/etcd
        "#]],
    );
}

#[test]
fn hosts_in_disguise() {
    check_images(
        &[
            "reg.example@evil.example/etcd",
            "user@reg.example/etcd",
            "user:password@reg.example/etcd",
            "evil.example#reg.example/etcd",
            "evil.example?reg.example/etcd",
            "evil.example\\reg.example/etcd",
            "http://reg.example/etcd",
            "//reg.example/etcd",
            "/reg.example/etcd",
            "reg.example./etcd",
            "reg.example../etcd",
            ".reg.example/etcd",
            "reg..example/etcd",
            "-reg.example/etcd",
            "reg.example:/etcd",
            "reg.example:0443/etcd",
            "reg.example:443:443/etcd",
            "reg.example:-1/etcd",
            "reg.example:99999/etcd",
            "reg_.example/etcd",
        ],
        expect![[r#"
            refused 403
            20 images of Pod tool-mix/web are not allowed:
            - containers[a]: "reg.example@evil.example/etcd" is not an image reference: its digest is not well formed: write sha256: and 64 hex digits (or sha384: and 96, sha512: and 128)
            - containers[b]: "user@reg.example/etcd" is not an image reference: its digest is not well formed: write sha256: and 64 hex digits (or sha384: and 96, sha512: and 128)
            - containers[c]: "user:password@reg.example/etcd" is not an image reference: its digest is not well formed: write sha256: and 64 hex digits (or sha384: and 96, sha512: and 128)
            - containers[d]: "evil.example#reg.example/etcd" is not an image reference: its registry is not a host name: use letters, digits, "-" and ".", or an IPv6 address in brackets
            - containers[e]: "evil.example?reg.example/etcd" is not an image reference: its registry is not a host name: use letters, digits, "-" and ".", or an IPv6 address in brackets
            - containers[f]: "evil.example\\reg.example/etcd" is not an image reference: its registry is not a host name: use letters, digits, "-" and ".", or an IPv6 address in brackets
            - containers[g]: "http://reg.example/etcd" is not an image reference: it is a URL: leave out the part up to "://"
            - containers[h]: "//reg.example/etcd" is not an image reference: its repository is not well formed: use a-z, 0-9 and single separators (".", "_", "__", "-") in components joined by "/"
            - containers[i]: "/reg.example/etcd" is not an image reference: its repository is not well formed: use a-z, 0-9 and single separators (".", "_", "__", "-") in components joined by "/"
            - containers[j]: "reg.example./etcd" is not an image reference: its registry is not a host name: use letters, digits, "-" and ".", or an IPv6 address in brackets
            - containers[k]: "reg.example../etcd" is not an image reference: its registry is not a host name: use letters, digits, "-" and ".", or an IPv6 address in brackets
            - containers[l]: ".reg.example/etcd" is not an image reference: its registry is not a host name: use letters, digits, "-" and ".", or an IPv6 address in brackets
            - containers[m]: "reg..example/etcd" is not an image reference: its registry is not a host name: use letters, digits, "-" and ".", or an IPv6 address in brackets
            - containers[n]: "-reg.example/etcd" is not an image reference: its registry is not a host name: use letters, digits, "-" and ".", or an IPv6 address in brackets
            - containers[o]: "reg.example:/etcd" is not an image reference: the port of its registry is not a number: write registry:5000/repository
            - containers[p]: reg.example:0443/etcd (reg.example:0443/etcd:latest) is not from an approved registry; tool-mix has no exception
            - containers[q]: "reg.example:443:443/etcd" is not an image reference: the port of its registry is not a number: write registry:5000/repository
            - containers[r]: "reg.example:-1/etcd" is not an image reference: the port of its registry is not a number: write registry:5000/repository
            - containers[s]: reg.example:99999/etcd (reg.example:99999/etcd:latest) is not from an approved registry; tool-mix has no exception
            - containers[t]: "reg_.example/etcd" is not an image reference: its registry is not a host name: use letters, digits, "-" and ".", or an IPv6 address in brackets
            approved: reg.example, hub.example/tool-mix, quay.io/x/y:1
            exception: none
            images: reg.example@evil.example/etcd, user@reg.example/etcd, user:password@reg.example/etcd, evil.example#reg.example/etcd, evil.example?reg.example/etcd, evil.example\reg.example/etcd, http://reg.example/etcd, //reg.example/etcd, /reg.example/etcd, reg.example./etcd, reg.example../etcd, .reg.example/etcd, reg..example/etcd, -reg.example/etcd, reg.example:/etcd, reg.example:0443/etcd:latest, reg.example:443:443/etcd, reg.example:-1/etcd, reg.example:99999/etcd:latest, reg_.example/etcd
        "#]],
    );
}

#[test]
fn letters_that_look_alike() {
    check_images(
        &[
            // Cyrillic е, fullwidth full stop, soft hyphen, Kelvin sign, zero-width space, right-to-left override
            "r\u{435}g.example/etcd",
            "reg\u{ff0e}example/etcd",
            "reg\u{ad}.example/etcd",
            "reg.e\u{212a}ample/etcd",
            "reg.example\u{200b}/etcd",
            "\u{202e}reg.example/etcd",
            "xn--rg-7ja.example/etcd",
            "reg.example/\u{435}tcd",
            "reg%2eexample/etcd",
            "evil.example%2freg.example/etcd",
            "reg.example%00.evil.example/etcd",
            "reg.example/%2e%2e/etcd",
        ],
        expect![[r#"
            refused 403
            12 images of Pod tool-mix/web are not allowed:
            - containers[a]: "r\u{435}g.example/etcd" is not an image reference: its registry is not a host name: use letters, digits, "-" and ".", or an IPv6 address in brackets
            - containers[b]: "reg\u{ff0e}example/etcd" is not an image reference: its repository is not well formed: use a-z, 0-9 and single separators (".", "_", "__", "-") in components joined by "/"
            - containers[c]: "reg\u{ad}.example/etcd" is not an image reference: its registry is not a host name: use letters, digits, "-" and ".", or an IPv6 address in brackets
            - containers[d]: "reg.e\u{212a}ample/etcd" is not an image reference: its registry is not a host name: use letters, digits, "-" and ".", or an IPv6 address in brackets
            - containers[e]: "reg.example\u{200b}/etcd" is not an image reference: its registry is not a host name: use letters, digits, "-" and ".", or an IPv6 address in brackets
            - containers[f]: "\u{202e}reg.example/etcd" is not an image reference: its registry is not a host name: use letters, digits, "-" and ".", or an IPv6 address in brackets
            - containers[g]: xn--rg-7ja.example/etcd (xn--rg-7ja.example/etcd:latest) is not from an approved registry; tool-mix has no exception
            - containers[h]: "reg.example/\u{435}tcd" is not an image reference: its repository is not well formed: use a-z, 0-9 and single separators (".", "_", "__", "-") in components joined by "/"
            - containers[i]: "reg%2eexample/etcd" is not an image reference: its repository is not well formed: use a-z, 0-9 and single separators (".", "_", "__", "-") in components joined by "/"
            - containers[j]: "evil.example%2freg.example/etcd" is not an image reference: its registry is not a host name: use letters, digits, "-" and ".", or an IPv6 address in brackets
            - containers[k]: "reg.example%00.evil.example/etcd" is not an image reference: its registry is not a host name: use letters, digits, "-" and ".", or an IPv6 address in brackets
            - containers[l]: "reg.example/%2e%2e/etcd" is not an image reference: its repository is not well formed: use a-z, 0-9 and single separators (".", "_", "__", "-") in components joined by "/"
            approved: reg.example, hub.example/tool-mix, quay.io/x/y:1
            exception: none
            images: r\u{435}g.example/etcd, reg\u{ff0e}example/etcd, reg\u{ad}.example/etcd, reg.e\u{212a}ample/etcd, reg.example\u{200b}/etcd, \u{202e}reg.example/etcd, xn--rg-7ja.example/etcd:latest, reg.example/\u{435}tcd, reg%2eexample/etcd, evil.example%2freg.example/etcd, reg.example%00.evil.example/etcd, reg.example/%2e%2e/etcd
        "#]],
    );
}

#[test]
fn paths_that_climb() {
    check_images(
        &[
            "hub.example/tool-mix/../tool-other/web",
            "hub.example/./tool-mix/web",
            "hub.example//tool-mix/web",
            "hub.example/tool-mix//web",
            "hub.example/tool-mix/",
            "hub.example/../hub.example/tool-mix/web",
            "hub.example/tool-other/..%2ftool-mix/web",
            "hub.example/TOOL-MIX/web",
            "hub.example/{namespace}/web",
            "hub.example/*/web",
            "reg.example/",
            "reg.example",
        ],
        expect![[r#"
            refused 403
            12 images of Pod tool-mix/web are not allowed:
            - containers[a]: "hub.example/tool-mix/../tool-other/web" is not an image reference: its repository is not well formed: use a-z, 0-9 and single separators (".", "_", "__", "-") in components joined by "/"
            - containers[b]: "hub.example/./tool-mix/web" is not an image reference: its repository is not well formed: use a-z, 0-9 and single separators (".", "_", "__", "-") in components joined by "/"
            - containers[c]: "hub.example//tool-mix/web" is not an image reference: its repository is not well formed: use a-z, 0-9 and single separators (".", "_", "__", "-") in components joined by "/"
            - containers[d]: "hub.example/tool-mix//web" is not an image reference: its repository is not well formed: use a-z, 0-9 and single separators (".", "_", "__", "-") in components joined by "/"
            - containers[e]: "hub.example/tool-mix/" is not an image reference: its repository is not well formed: use a-z, 0-9 and single separators (".", "_", "__", "-") in components joined by "/"
            - containers[f]: "hub.example/../hub.example/tool-mix/web" is not an image reference: its repository is not well formed: use a-z, 0-9 and single separators (".", "_", "__", "-") in components joined by "/"
            - containers[g]: "hub.example/tool-other/..%2ftool-mix/web" is not an image reference: its repository is not well formed: use a-z, 0-9 and single separators (".", "_", "__", "-") in components joined by "/"
            - containers[h]: "hub.example/TOOL-MIX/web" is not an image reference: its repository has an upper-case letter: write it in lower case
            - containers[i]: "hub.example/{namespace}/web" is not an image reference: its repository is not well formed: use a-z, 0-9 and single separators (".", "_", "__", "-") in components joined by "/"
            - containers[j]: "hub.example/*/web" is not an image reference: its repository is not well formed: use a-z, 0-9 and single separators (".", "_", "__", "-") in components joined by "/"
            - containers[k]: "reg.example/" is not an image reference: its repository is not well formed: use a-z, 0-9 and single separators (".", "_", "__", "-") in components joined by "/"
            - containers[l]: reg.example (docker.io/library/reg.example:latest) is not from an approved registry; tool-mix has no exception
            approved: reg.example, hub.example/tool-mix, quay.io/x/y:1
            exception: none
            images: hub.example/tool-mix/../tool-other/web, hub.example/./tool-mix/web, hub.example//tool-mix/web, hub.example/tool-mix//web, hub.example/tool-mix/, hub.example/../hub.example/tool-mix/web, hub.example/tool-other/..%2ftool-mix/web, hub.example/TOOL-MIX/web, hub.example/{namespace}/web, hub.example/*/web, reg.example/, docker.io/library/reg.example:latest
        "#]],
    );
}

#[test]
fn texts_that_forge_a_line() {
    check_images(
        &[
            "evil.example/x\n- containers[b]: all is well",
            "evil.example/x\r\napproved: evil.example",
            "evil.example/x\u{2028}approved: evil.example",
            "evil.example/x\u{1b}[2K",
            "reg.example/etcd\u{0}",
            "reg.example/etcd\t",
            " reg.example/etcd",
            "reg.example/etcd ",
            "reg.example/etcd\n",
            " ",
        ],
        expect![[r#"
            refused 403
            10 images of Pod tool-mix/web are not allowed:
            - containers[a]: "evil.example/x\n- containers[b]: all is well" is not an image reference: its repository is not well formed: use a-z, 0-9 and single separators (".", "_", "__", "-") in components joined by "/"
            - containers[b]: "evil.example/x\r\napproved: evil.example" is not an image reference: its repository is not well formed: use a-z, 0-9 and single separators (".", "_", "__", "-") in components joined by "/"
            - containers[c]: "evil.example/x\u{2028}approved: evil.example" is not an image reference: its repository is not well formed: use a-z, 0-9 and single separators (".", "_", "__", "-") in components joined by "/"
            - containers[d]: "evil.example/x\u{1b}[2K" is not an image reference: its repository has an upper-case letter: write it in lower case
            - containers[e]: "reg.example/etcd\u{0}" is not an image reference: its repository is not well formed: use a-z, 0-9 and single separators (".", "_", "__", "-") in components joined by "/"
            - containers[f]: "reg.example/etcd\t" is not an image reference: its repository is not well formed: use a-z, 0-9 and single separators (".", "_", "__", "-") in components joined by "/"
            - containers[g]: " reg.example/etcd" is not an image reference: its registry is not a host name: use letters, digits, "-" and ".", or an IPv6 address in brackets
            - containers[h]: "reg.example/etcd " is not an image reference: its repository is not well formed: use a-z, 0-9 and single separators (".", "_", "__", "-") in components joined by "/"
            - containers[i]: "reg.example/etcd\n" is not an image reference: its repository is not well formed: use a-z, 0-9 and single separators (".", "_", "__", "-") in components joined by "/"
            - containers[j]: " " is not an image reference: it is empty: write registry/repository:tag
            approved: reg.example, hub.example/tool-mix, quay.io/x/y:1
            exception: none
            images: evil.example/x\n- containers[b]: all is well, evil.example/x\r\napproved: evil.example, evil.example/x\u{2028}approved: evil.example, evil.example/x\u{1b}[2K, reg.example/etcd\u{0}, reg.example/etcd\t,  reg.example/etcd, reg.example/etcd , reg.example/etcd\n,  
        "#]],
    );
    let spec = json!({"containers": [{"name": "web\n- containers[b]: all is well", "image": "nginx"}]});
    let request = create("Pod", json!({"spec": spec}));
    check(
        set(request, &[("name", json!("web\nis allowed")), ("namespace", json!("tool-mix\napproved: all"))]),
        expect![[r#"
            refused 403
            1 image of Pod tool-mix\napproved: all/web\nis allowed is not allowed:
            - containers[web\n- containers[b]: all is well]: nginx (docker.io/library/nginx:latest) is not from an approved registry; tool-mix\napproved: all has no exception
            approved: reg.example, hub.example/tool-mix\napproved: all, quay.io/x/y:1
            exception: none
            images: docker.io/library/nginx:latest
        "#]],
    );
    check(
        create("Po\nd/Kind\u{202e}", json!({})),
        expect![[r#"
        refused 403
        this policy cannot read Kind Kind\u{202e} (group Po\nd): take it out of the policy's rules or describe it in custom_kinds
    "#]],
    );
    check(
        create("apps/Deployment\napproved: all", json!({})),
        expect![[r#"
        refused 403
        this policy cannot read Kind Deployment\napproved: all (group apps): take it out of the policy's rules or describe it in custom_kinds
    "#]],
    );
}

#[test]
fn image_ids_and_other_digests() {
    let images = [
        format!("sha256:{HEX}"),
        HEX.to_owned(),
        format!("sha512:{HEX}{HEX}"),
        format!("reg.example/etcd@md5:{}", &HEX[..32]),
        format!("reg.example/etcd@sha1:{}", &HEX[..40]),
        format!("reg.example/etcd@sha512:{HEX}"),
        format!("reg.example/etcd@SHA256:{HEX}"),
        format!("reg.example/etcd@sha256:{}", HEX.to_uppercase()),
        format!("reg.example/etcd@{DIGEST}@{DIGEST}"),
        format!("evil.example/etcd@{DIGEST}/reg.example/etcd"),
        "reg.example/etcd@".to_owned(),
        "reg.example/etcd:1:2".to_owned(),
        format!("reg.example/etcd@{DIGEST}:1"),
        // Where a tag is approved, a digest decides what runs.
        format!("quay.io/x/y:1@{DIGEST}"),
    ];
    check_images(
        &images.each_ref().map(String::as_str),
        expect![[r#"
            refused 403
            14 images of Pod tool-mix/web are not allowed:
            - containers[a]: "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" is not an image reference: it is the ID of an image on a node: write registry/repository:tag or registry/repository@digest
            - containers[b]: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" is not an image reference: it is the ID of an image on a node: write registry/repository:tag or registry/repository@digest
            - containers[c]: "sha512:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" is not an image reference: it is the ID of an image on a node: write registry/repository:tag or registry/repository@digest
            - containers[d]: "reg.example/etcd@md5:e3b0c44298fc1c149afbf4c8996fb924" is not an image reference: its digest is not well formed: write sha256: and 64 hex digits (or sha384: and 96, sha512: and 128)
            - containers[e]: "reg.example/etcd@sha1:e3b0c44298fc1c149afbf4c8996fb92427ae41e4" is not an image reference: its digest is not well formed: write sha256: and 64 hex digits (or sha384: and 96, sha512: and 128)
            - containers[f]: "reg.example/etcd@sha512:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" is not an image reference: its digest is not well formed: write sha256: and 64 hex digits (or sha384: and 96, sha512: and 128)
            - containers[g]: "reg.example/etcd@SHA256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" is not an image reference: its digest is not well formed: write sha256: and 64 hex digits (or sha384: and 96, sha512: and 128)
            - containers[h]: "reg.example/etcd@sha256:E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855" is not an image reference: its digest is not well formed: write sha256: and 64 hex digits (or sha384: and 96, sha512: and 128)
            - containers[i]: "reg.example/etcd@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" is not an image reference: its digest is not well formed: write sha256: and 64 hex digits (or sha384: and 96, sha512: and 128)
            - containers[j]: "evil.example/etcd@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855/reg.example/etcd" is not an image reference: its digest is not well formed: write sha256: and 64 hex digits (or sha384: and 96, sha512: and 128)
            - containers[k]: "reg.example/etcd@" is not an image reference: its digest is not well formed: write sha256: and 64 hex digits (or sha384: and 96, sha512: and 128)
            - containers[l]: "reg.example/etcd:1:2" is not an image reference: its tag is not well formed: use up to 128 letters, digits, "_", "." and "-", the first not "." or "-"
            - containers[m]: "reg.example/etcd@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855:1" is not an image reference: its digest is not well formed: write sha256: and 64 hex digits (or sha384: and 96, sha512: and 128)
            - containers[n]: quay.io/x/y:1@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 is not from an approved registry; tool-mix has no exception
            approved: reg.example, hub.example/tool-mix, quay.io/x/y:1
            exception: none
            images: sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855, e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855, sha512:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855, reg.example/etcd@md5:e3b0c44298fc1c149afbf4c8996fb924, reg.example/etcd@sha1:e3b0c44298fc1c149afbf4c8996fb92427ae41e4, reg.example/etcd@sha512:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 and 8 more
        "#]],
    );
    accepts(&pod(&format!("reg.example/etcd@sha512:{HEX}{HEX}")), &settings());
}

#[test]
fn addresses_in_brackets() {
    check_images(
        &[
            // trusted-repos 2.1.4 cannot parse this one, and accepts it.
            "[fc00::1]:5000/x",
            "[::ffff:10.0.0.1]/x",
            "[fe80::1%eth0]/x",
            "[reg.example]/x",
            "[fc00::1/x",
            "fc00::1]/x",
            "[]/x",
            "[fc00::1]reg.example/x",
            "[fc00::1]:reg.example/x",
        ],
        expect![[r#"
            refused 403
            9 images of Pod tool-mix/web are not allowed:
            - containers[a]: [fc00::1]:5000/x ([fc00::1]:5000/x:latest) is not from an approved registry; tool-mix has no exception
            - containers[b]: "[::ffff:10.0.0.1]/x" is not an image reference: its registry is not a host name: use letters, digits, "-" and ".", or an IPv6 address in brackets
            - containers[c]: "[fe80::1%eth0]/x" is not an image reference: its registry is not a host name: use letters, digits, "-" and ".", or an IPv6 address in brackets
            - containers[d]: "[reg.example]/x" is not an image reference: its registry is not a host name: use letters, digits, "-" and ".", or an IPv6 address in brackets
            - containers[e]: "[fc00::1/x" is not an image reference: the port of its registry is not a number: write registry:5000/repository
            - containers[f]: "fc00::1]/x" is not an image reference: the port of its registry is not a number: write registry:5000/repository
            - containers[g]: "[]/x" is not an image reference: its repository is not well formed: use a-z, 0-9 and single separators (".", "_", "__", "-") in components joined by "/"
            - containers[h]: "[fc00::1]reg.example/x" is not an image reference: its registry is not a host name: use letters, digits, "-" and ".", or an IPv6 address in brackets
            - containers[i]: "[fc00::1]:reg.example/x" is not an image reference: the port of its registry is not a number: write registry:5000/repository
            approved: reg.example, hub.example/tool-mix, quay.io/x/y:1
            exception: none
            images: [fc00::1]:5000/x:latest, [::ffff:10.0.0.1]/x, [fe80::1%eth0]/x, [reg.example]/x, [fc00::1/x, fc00::1]/x, []/x, [fc00::1]reg.example/x, [fc00::1]:reg.example/x
        "#]],
    );
}

#[test]
fn very_long_names() {
    let longest = format!("reg.example/{}", "a".repeat(255));
    accepts(&pod(&longest), &settings());
    let images = [
        format!("reg.example/{}", "a".repeat(256)),
        format!("{}/x", "reg.example.".repeat(10_000)),
        format!("reg.example/{}", "a/".repeat(100_000)),
        format!("reg.example/x:{}", "1".repeat(129)),
        "\u{1f980}".repeat(100_000),
    ];
    check_images(
        &images.each_ref().map(String::as_str),
        expect![[r#"
            refused 403
            5 images of Pod tool-mix/web are not allowed:
            - containers[a]: "reg.example/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" is not an image reference: its repository is longer than 255 characters: write a shorter one
            - containers[b]: "reg.example.reg.example.reg.example.reg.example.reg.example.reg.example.reg.example.reg.example.reg.example.reg.example.reg.example.reg.example.reg.example.reg.example.reg.example.reg.example.reg.example.reg.example.reg.example.reg.example.reg.example.reg.example.reg.example.reg.example.reg.example...." is not an image reference: its registry is not a host name: use letters, digits, "-" and ".", or an IPv6 address in brackets
            - containers[c]: "reg.example/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/..." is not an image reference: its repository is not well formed: use a-z, 0-9 and single separators (".", "_", "__", "-") in components joined by "/"
            - containers[d]: "reg.example/x:111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111" is not an image reference: its tag is not well formed: use up to 128 letters, digits, "_", "." and "-", the first not "." or "-"
            - containers[e]: "\u{1f980}\u{1f980}\u{1f980}\u{1f980}\u{1f980}\u{1f980}\u{1f980}\u{1f980}\u{1f980}\u{1f980}\u{1f980}\u{1f980}\u{1f980}\u{1f980}\u{1f980}\u{1f980}\u{1f980}\u{1f980}\u{1f980}\u{1f980}\u{1f980}\u{1f980}\u{1f980}\u{1f980}\u{1f980}\u{1f980}\u{1f980}\u{1f980}\u{1f980}\u{1f980}\u{1f980}\u{1f980}\u{1f980}..." is not an image reference: its repository is not well formed: use a-z, 0-9 and single separators (".", "_", "__", "-") in components joined by "/"
            approved: reg.example, hub.example/tool-mix, quay.io/x/y:1
            exception: none
            images: reg.example/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa and 4 more
        "#]],
    );
}

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

#[test]
fn keys_written_twice() {
    // A host parses the request before a guest sees it, so that one of the two is left; a guest must not depend on it.
    let bad = r#"{"name":"web","image":"nginx"}"#;
    let good = r#"{"name":"web","image":"reg.example/web"}"#;
    check_raw(
        &raw(&format!(r#"{{"spec":{{"containers":[{bad}]}},"spec":{{"containers":[{good}]}}}}"#)),
        expect![[r#"
            refused 403
            Pod tool-mix/web cannot be read: duplicate field `spec` at line 1 column 62: send a Pod as the Kubernetes API describes it
        "#]],
    );
    check_raw(
        &raw(&format!(r#"{{"spec":{{"containers":[{bad}],"containers":[{good}]}}}}"#)),
        expect![[r#"
        refused 403
        Pod tool-mix/web cannot be read: duplicate field `containers` at line 1 column 67: send a Pod as the Kubernetes API describes it
    "#]],
    );
    check_raw(
        &raw(r#"{"spec":{"containers":[{"image":"nginx","image":"reg.example/web"}]}}"#),
        expect![[r#"
        refused 403
        Pod tool-mix/web cannot be read: duplicate field `image` at line 1 column 47: send a Pod as the Kubernetes API describes it
    "#]],
    );
    check_raw(
        &raw(r#"{"spec":{"containers":[{"image":"nginx","im\u0061ge":"reg.example/web"}]}}"#),
        expect![[r#"
        refused 403
        Pod tool-mix/web cannot be read: duplicate field `image` at line 1 column 52: send a Pod as the Kubernetes API describes it
    "#]],
    );
    let pod = |container: &str| format!(r#"{{"spec":{{"containers":[{container}]}}}}"#);
    let twice = |key: &str| format!(r#""{key}":{},"{key}":{},"operation":"CREATE""#, pod(bad), pod(good));
    check_raw(
        &raw_request(&twice("object")),
        expect![[r#"
        refused 403
        the admission request cannot be read: duplicate field `object` at line 1 column 170
    "#]],
    );
    check_raw(
        &raw_request(&format!(r#""object":{},"operation":"CREATE","operation":"DELETE""#, pod(bad))),
        expect![[r#"
        refused 403
        the admission request cannot be read: duplicate field `operation` at line 1 column 194
    "#]],
    );
    check_raw(
        &raw_request(&format!(r#""namespace":"kube-system","object":{},"operation":"CREATE""#, pod(bad))),
        expect![[r#"
        refused 403
        the admission request cannot be read: duplicate field `namespace` at line 1 column 107
    "#]],
    );
    let settings_twice =
        raw(&pod(bad)).replace(r#","settings":"#, r#","settings":{"registry_prefixes":["docker.io"]},"settings":"#);
    check_raw(
        &settings_twice,
        expect![[r#"
        refused 403
        the admission request cannot be read: duplicate field `settings` at line 1 column 251
    "#]],
    );
}

#[test]
fn keys_in_another_order_or_another_case() {
    let object = r#"{"spec":{"containers":[{"name":"web","image":"nginx"}]}}"#;
    let kind = r#""kind":{"group":"","kind":"Pod","version":"v1"}"#;
    let request = format!(r#"{{"object":{object},"operation":"CREATE","namespace":"tool-mix",{kind}}}"#);
    check_raw(
        &format!(r#"{{"settings":{},"request":{request}}}"#, settings()),
        expect![[r#"
        refused 403
        1 image of Pod tool-mix/(without a name) is not allowed:
        - containers[web]: nginx (docker.io/library/nginx:latest) is not from an approved registry; tool-mix has no exception
        approved: reg.example, hub.example/tool-mix, quay.io/x/y:1
        exception: none
        images: docker.io/library/nginx:latest
    "#]],
    );
    // Go's JSON reads keys of any case, the API server's does not.
    check(
        create("Pod", json!({"Spec": containers(&["nginx"]), "spec": containers(&["reg.example/web"])})),
        expect![[r#"
        accepted
    "#]],
    );
    check(
        create("Pod", json!({"spec": {"containers": [{"name": "web", "Image": "reg.example/web"}]}})),
        expect![[r#"
        refused 403
        1 image of Pod tool-mix/web is not allowed:
        - containers[web]: has no image: name one
        approved: reg.example, hub.example/tool-mix, quay.io/x/y:1
        exception: none
        images: none
    "#]],
    );
}

#[test]
fn payloads_that_are_no_request() {
    check_raw(
        "",
        expect![[r#"
        refused 403
        the admission request cannot be read: EOF while parsing a value at line 1 column 0
    "#]],
    );
    check_raw(
        "null",
        expect![[r#"
        refused 403
        the admission request cannot be read: invalid type: null, expected an object with request and settings at line 1 column 4
    "#]],
    );
    check_raw(
        "[]",
        expect![[r#"
        refused 403
        the admission request cannot be read: invalid type: sequence, expected an object with request and settings at line 1 column 0
    "#]],
    );
    check_raw(
        "{}",
        expect![[r#"
        refused 403
        the admission request cannot be read: missing field `request` at line 1 column 2
    "#]],
    );
    check_raw(
        r#"{"request":{}}"#,
        expect![[r#"
        refused 403
        the admission request cannot be read: missing field `kind` at line 1 column 13
    "#]],
    );
    check_raw(
        r#"{"request":{"kind":{"kind":"Pod"}}}"#,
        expect![[r#"
        refused 403
        the admission request cannot be read: missing field `operation` at line 1 column 34
    "#]],
    );
    check_raw(
        r#"{"request":{"kind":"Pod","operation":"CREATE"}}"#,
        expect![[r#"
            refused 403
            the admission request cannot be read: invalid type: string "Pod", expected an object as kind at line 1 column 24
        "#]],
    );
    check_raw(
        r#"{"request":{"kind":{"kind":5},"operation":"CREATE"}}"#,
        expect![[r#"
        refused 403
        the admission request cannot be read: invalid type: integer `5`, expected a string at line 1 column 28
    "#]],
    );
    check_raw(
        &raw("{}")[..100],
        expect![[r#"
        refused 403
        the admission request cannot be read: EOF while parsing a string at line 1 column 100
    "#]],
    );
    check_payload(
        b"\xff",
        Host::silent(),
        expect![[r#"
            refused 403
            the admission request cannot be read: expected value at line 1 column 1
        "#]],
    );
    check_payload(
        b"{\"request\": \"\xff\"}",
        Host::silent(),
        expect![[r#"
            refused 403
            the admission request cannot be read: invalid unicode code point at line 1 column 14
        "#]],
    );
}

#[test]
fn nesting_without_end() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    check_raw(
        &raw(&format!(r#"{{"metadata":{},"spec":{{}}}}"#, nested(10_000))),
        expect![[r#"
            refused 403
            Pod tool-mix/web cannot be read: invalid type: sequence, expected an object as metadata at line 1 column 12: send a Pod as the Kubernetes API describes it
        "#]],
    );
    check_raw(
        &raw(&format!(r#"{{"spec":{{"containers":{}}}}}"#, nested(10_000))),
        expect![[r#"
            refused 403
            Pod tool-mix/web cannot be read: invalid type: sequence, expected an object as a container at line 1 column 23: send a Pod as the Kubernetes API describes it
        "#]],
    );
    check_raw(
        &format!(r#"{{"request":{}"#, "[".repeat(100_000)),
        expect![[r#"
            refused 403
            the admission request cannot be read: invalid type: sequence, expected an AdmissionRequest at line 1 column 11
        "#]],
    );
    check_raw(
        &raw(&nested(10_000)),
        expect![[r#"
            refused 403
            Pod tool-mix/web cannot be read: invalid type: sequence, expected an object at line 1 column 0: send a Pod as the Kubernetes API describes it
        "#]],
    );
}

#[test]
fn numbers_and_nulls_where_texts_and_lists_are_due() {
    accepts(
        &create("Pod", json!({"spec": {"containers": null, "initContainers": null, "volumes": null}})),
        &settings(),
    );
    check(
        create("Pod", json!({"spec": {"containers": [null]}})),
        expect![[r#"
            refused 403
            Pod tool-mix/web cannot be read: invalid type: null, expected an object as a container at line 1 column 27: send a Pod as the Kubernetes API describes it
        "#]],
    );
    check(
        create("Pod", json!({"spec": {"containers": [{"name": 1, "image": "reg.example/web"}]}})),
        expect![[r#"
        refused 403
        Pod tool-mix/web cannot be read: invalid type: integer `1`, expected a string at line 1 column 58: send a Pod as the Kubernetes API describes it
    "#]],
    );
    check(
        create("Pod", json!({"spec": {"containers": [{"name": "web", "image": true}]}})),
        expect![[r#"
        refused 403
        Pod tool-mix/web cannot be read: invalid type: boolean `true`, expected a string at line 1 column 36: send a Pod as the Kubernetes API describes it
    "#]],
    );
    check(
        create("Pod", json!({"spec": {"containers": [{"name": "web", "image": ["reg.example/web", "nginx"]}]}})),
        expect![[r#"
        refused 403
        Pod tool-mix/web cannot be read: invalid type: sequence, expected a string at line 1 column 32: send a Pod as the Kubernetes API describes it
    "#]],
    );
    check(
        create("Pod", json!({"spec": {"containers": [{"name": "web", "image": {"": "nginx"}}]}})),
        expect![[r#"
        refused 403
        Pod tool-mix/web cannot be read: invalid type: map, expected a string at line 1 column 32: send a Pod as the Kubernetes API describes it
    "#]],
    );
    // serde reads a list as the fields of a struct in their order.
    check(
        create("Pod", json!({"spec": {"containers": [["web", "nginx"]]}})),
        expect![[r#"
            refused 403
            Pod tool-mix/web cannot be read: invalid type: sequence, expected an object as a container at line 1 column 23: send a Pod as the Kubernetes API describes it
        "#]],
    );
    check(
        create("Pod", json!({"spec": [[["web", "nginx"]]]})),
        expect![[r#"
            refused 403
            Pod tool-mix/web cannot be read: invalid type: sequence, expected a pod spec as an object at line 1 column 8: send a Pod as the Kubernetes API describes it
        "#]],
    );
    check(
        create("Pod", json!({"spec": {"volumes": [["models", ["nginx"]]]}})),
        expect![[r#"
            refused 403
            Pod tool-mix/web cannot be read: invalid type: sequence, expected an object as a volume at line 1 column 20: send a Pod as the Kubernetes API describes it
        "#]],
    );
    check(
        set(pod("reg.example/web"), &[("namespace", json!(5))]),
        expect![[r#"
        refused 403
        the admission request cannot be read: invalid type: integer `5`, expected a string at line 1 column 86
    "#]],
    );
}

#[test]
fn kinds_that_look_alike() {
    check(
        create("POD", json!({"spec": containers(&["reg.example/web"])})),
        expect![[r#"
        refused 403
        this policy cannot read Kind POD (group ""): take it out of the policy's rules or describe it in custom_kinds
    "#]],
    );
    check(
        create("v1/Pod", json!({"spec": containers(&["reg.example/web"])})),
        expect![[r#"
        refused 403
        this policy cannot read Kind Pod (group v1): take it out of the policy's rules or describe it in custom_kinds
    "#]],
    );
    check(
        create("evil.example/PodExecOptions", json!({})),
        expect![[r#"
        refused 403
        this policy cannot read Kind PodExecOptions (group evil.example): take it out of the policy's rules or describe it in custom_kinds
    "#]],
    );
    check(
        create("evil.example/Binding", json!({})),
        expect![[r#"
        refused 403
        this policy cannot read Kind Binding (group evil.example): take it out of the policy's rules or describe it in custom_kinds
    "#]],
    );
    check(
        create("Pod ", json!({})),
        expect![[r#"
        refused 403
        this policy cannot read Kind Pod  (group ""): take it out of the policy's rules or describe it in custom_kinds
    "#]],
    );
    check(
        create("PodList", json!({"items": [{"spec": containers(&["nginx"])}]})),
        expect![[r#"
        refused 403
        this policy cannot read Kind PodList (group ""): take it out of the policy's rules or describe it in custom_kinds
    "#]],
    );
    check(
        create("List", json!({"items": [{"spec": containers(&["nginx"])}]})),
        expect![[r#"
        refused 403
        this policy cannot read Kind List (group ""): take it out of the policy's rules or describe it in custom_kinds
    "#]],
    );
    // What the object says of itself does not count, what the API server says of it does.
    check(
        create("Pod", json!({"kind": "Binding", "spec": containers(&["nginx"])})),
        expect![[r#"
        refused 403
        1 image of Pod tool-mix/web is not allowed:
        - containers[a]: nginx (docker.io/library/nginx:latest) is not from an approved registry; tool-mix has no exception
        approved: reg.example, hub.example/tool-mix, quay.io/x/y:1
        exception: none
        images: docker.io/library/nginx:latest
    "#]],
    );
}

#[test]
fn operations_that_look_alike() {
    for operation in ["delete", "DELETE ", "Connect", "", "PATCH"] {
        let payload = payload(&set(pod("nginx"), &[("operation", json!(operation))]), &settings());
        assert_eq!(
            validate(payload.as_bytes(), Host::silent()).to_string(),
            "refused 403\n\
             1 image of Pod tool-mix/web is not allowed:\n\
             - containers[a]: nginx (docker.io/library/nginx:latest) is not from an approved registry; \
             tool-mix has no exception\n\
             approved: reg.example, hub.example/tool-mix, quay.io/x/y:1\n\
             exception: none\n\
             images: docker.io/library/nginx:latest\n",
            "{operation}"
        );
    }
    check(
        set(pod("nginx"), &[("operation", json!(null))]),
        expect![[r#"
        refused 403
        the admission request cannot be read: invalid type: null, expected a string at line 1 column 176
    "#]],
    );
}

#[test]
fn subresources() {
    let debug = json!({"ephemeralContainers": [{"name": "debug", "image": "nginx"}], "containers": [{"name": "web", "image": "reg.example/web"}]});
    let old = json!({"spec": {"containers": [{"name": "web", "image": "reg.example/web"}]}});
    // kyverno/kyverno#16275
    let request =
        set(update("Pod", json!({"spec": debug}), old.clone()), &[("subResource", json!("ephemeralcontainers"))]);
    check(
        request,
        expect![[r#"
        refused 403
        1 image of Pod tool-mix/web is not allowed:
        - ephemeralContainers[debug]: nginx (docker.io/library/nginx:latest) is not from an approved registry; tool-mix has no exception
        approved: reg.example, hub.example/tool-mix, quay.io/x/y:1
        exception: none
        images: docker.io/library/nginx:latest
    "#]],
    );
    // sigstore/policy-controller#1974
    let volume = json!({"volumes": [{"name": "models", "image": {"reference": "nginx"}}]});
    check(
        update("Pod", json!({"spec": volume}), old),
        expect![[r#"
        refused 403
        1 image of Pod tool-mix/web is not allowed:
        - volumes[models]: nginx (docker.io/library/nginx:latest) is not from an approved registry; tool-mix has no exception
        approved: reg.example, hub.example/tool-mix, quay.io/x/y:1
        exception: none
        images: docker.io/library/nginx:latest
    "#]],
    );
    // Whatever a subresource is called, a Pod is judged.
    check(
        set(pod("nginx"), &[("subResource", json!("status"))]),
        expect![[r#"
        refused 403
        1 image of Pod tool-mix/web is not allowed:
        - containers[a]: nginx (docker.io/library/nginx:latest) is not from an approved registry; tool-mix has no exception
        approved: reg.example, hub.example/tool-mix, quay.io/x/y:1
        exception: none
        images: docker.io/library/nginx:latest
    "#]],
    );
    check(
        set(
            pod("nginx"),
            &[("requestKind", json!({"group": "", "version": "v1", "kind": "Binding"})), ("dryRun", json!(true))],
        ),
        expect![[r#"
        refused 403
        1 image of Pod tool-mix/web is not allowed:
        - containers[a]: nginx (docker.io/library/nginx:latest) is not from an approved registry; tool-mix has no exception
        approved: reg.example, hub.example/tool-mix, quay.io/x/y:1
        exception: none
        images: docker.io/library/nginx:latest
    "#]],
    );
}

#[test]
fn old_objects_that_are_no_licence() {
    let new = json!({"spec": containers(&["nginx"])});
    // kyverno/kyverno#2435: an old violation is no licence for another image.
    check(
        update("Pod", json!({"spec": containers(&["nginx", "redis"])}), new.clone()),
        expect![[r#"
        refused 403
        1 image of Pod tool-mix/web is not allowed:
        - containers[b]: redis (docker.io/library/redis:latest) is not from an approved registry; tool-mix has no exception
        approved: reg.example, hub.example/tool-mix, quay.io/x/y:1
        exception: none
        images: docker.io/library/redis:latest
    "#]],
    );
    let template = json!({"spec": {"template": {"spec": containers(&["nginx"])}}});
    check(
        update("Pod", new.clone(), template),
        expect![[r#"
        refused 403
        1 image of Pod tool-mix/web is not allowed:
        - containers[a]: nginx (docker.io/library/nginx:latest) is not from an approved registry; tool-mix has no exception
        approved: reg.example, hub.example/tool-mix, quay.io/x/y:1
        exception: none
        images: docker.io/library/nginx:latest
    "#]],
    );
    check(
        update("Pod", new.clone(), json!({"metadata": {"annotations": {"image": "nginx"}}})),
        expect![[r#"
        refused 403
        1 image of Pod tool-mix/web is not allowed:
        - containers[a]: nginx (docker.io/library/nginx:latest) is not from an approved registry; tool-mix has no exception
        approved: reg.example, hub.example/tool-mix, quay.io/x/y:1
        exception: none
        images: docker.io/library/nginx:latest
    "#]],
    );
    check(
        update("Pod", new.clone(), json!([new])),
        expect![[r#"
        refused 403
        1 image of Pod tool-mix/web is not allowed:
        - containers[a]: nginx (docker.io/library/nginx:latest) is not from an approved registry; tool-mix has no exception
        approved: reg.example, hub.example/tool-mix, quay.io/x/y:1
        exception: none
        images: docker.io/library/nginx:latest
    "#]],
    );
    let none = json!({"spec": {"containers": [{"name": "a", "image": ""}]}});
    check(
        update("Pod", none.clone(), none),
        expect![[r#"
            accepted
            warning: let through unchanged, new pods with it will be refused: containers[a]: has no image: name one
        "#]],
    );
}

#[test]
fn namespaces_that_are_none() {
    let check = |namespace: Value, image: &str, expected| check(set(pod(image), &[("namespace", namespace)]), expected);
    check(
        json!(""),
        "hub.example/web",
        expect![[r#"
            refused 403
            1 image of Pod web is not allowed:
            - containers[a]: hub.example/web (hub.example/web:latest) is not from an approved registry; exceptions exist for namespaces only
            approved: reg.example, hub.example/{namespace}, quay.io/x/y:1
            exception: none
            images: hub.example/web:latest
        "#]],
    );
    check(
        json!(""),
        "hub.example//web",
        expect![[r#"
            refused 403
            1 image of Pod web is not allowed:
            - containers[a]: "hub.example//web" is not an image reference: its repository is not well formed: use a-z, 0-9 and single separators (".", "_", "__", "-") in components joined by "/"
            approved: reg.example, hub.example/{namespace}, quay.io/x/y:1
            exception: none
            images: hub.example//web
        "#]],
    );
    check(
        json!(null),
        "hub.example/{namespace}/web",
        expect![[r#"
        refused 403
        1 image of Pod web is not allowed:
        - containers[a]: "hub.example/{namespace}/web" is not an image reference: its repository is not well formed: use a-z, 0-9 and single separators (".", "_", "__", "-") in components joined by "/"
        approved: reg.example, hub.example/{namespace}, quay.io/x/y:1
        exception: none
        images: hub.example/{namespace}/web
    "#]],
    );
    check(
        json!("a/b"),
        "hub.example/a/b",
        expect![[r#"
        refused 403
        1 image of Pod a/b/web is not allowed:
        - containers[a]: hub.example/a/b (hub.example/a/b:latest) is not from an approved registry; a/b has no exception
        approved: reg.example, hub.example/a/b, quay.io/x/y:1
        exception: none
        images: hub.example/a/b:latest
    "#]],
    );
    check(
        json!("*"),
        "hub.example/a/b",
        expect![[r#"
        refused 403
        1 image of Pod */web is not allowed:
        - containers[a]: hub.example/a/b (hub.example/a/b:latest) is not from an approved registry; * has no exception
        approved: reg.example, hub.example/*, quay.io/x/y:1
        exception: none
        images: hub.example/a/b:latest
    "#]],
    );
    check(
        json!("{namespace}"),
        "hub.example/a/b",
        expect![[r#"
        refused 403
        1 image of Pod {namespace}/web is not allowed:
        - containers[a]: hub.example/a/b (hub.example/a/b:latest) is not from an approved registry; {namespace} has no exception
        approved: reg.example, hub.example/{namespace}, quay.io/x/y:1
        exception: none
        images: hub.example/a/b:latest
    "#]],
    );
    check(
        json!("KUBE-SYSTEM"),
        "nginx",
        expect![[r#"
        refused 403
        1 image of Pod KUBE-SYSTEM/web is not allowed:
        - containers[a]: nginx (docker.io/library/nginx:latest) is not from an approved registry; KUBE-SYSTEM has no exception
        approved: reg.example, hub.example/KUBE-SYSTEM, quay.io/x/y:1
        exception: none
        images: docker.io/library/nginx:latest
    "#]],
    );
    check(
        json!("kube-system "),
        "nginx",
        expect![[r#"
        refused 403
        1 image of Pod kube-system /web is not allowed:
        - containers[a]: nginx (docker.io/library/nginx:latest) is not from an approved registry; kube-system  has no exception
        approved: reg.example, hub.example/kube-system , quay.io/x/y:1
        exception: none
        images: docker.io/library/nginx:latest
    "#]],
    );
    check(
        json!("kube-system\u{0}"),
        "nginx",
        expect![[r#"
            refused 403
            1 image of Pod kube-system\u{0}/web is not allowed:
            - containers[a]: nginx (docker.io/library/nginx:latest) is not from an approved registry; kube-system\u{0} has no exception
            approved: reg.example, hub.example/kube-system\u{0}, quay.io/x/y:1
            exception: none
            images: docker.io/library/nginx:latest
        "#]],
    );
    check(
        json!("n".repeat(100_000)),
        "nginx",
        expect![[r#"
            refused 403
            1 image of Pod nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn.../web is not allowed:
            - containers[a]: nginx (docker.io/library/nginx:latest) is not from an approved registry; nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn... has no exception
            approved: reg.example, hub.example/nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn..., quay.io/x/y:1
            exception: none
            images: docker.io/library/nginx:latest
        "#]],
    );
}

#[test]
fn an_empty_namespace_has_no_exception() {
    let settings = json!({"registry_prefixes": ["reg.example"], "allowed_namespaces": ["*"]});
    let request = set(pod("nginx"), &[("namespace", json!(""))]);
    check_raw(
        &payload(&request, &settings),
        expect![[r#"
            refused 403
            1 image of Pod web is not allowed:
            - containers[a]: nginx (docker.io/library/nginx:latest) is not from an approved registry; exceptions exist for namespaces only
            approved: reg.example
            exception: none
            images: docker.io/library/nginx:latest
        "#]],
    );
}

#[test]
fn requests_of_ten_megabytes() {
    let padding = "x".repeat(10 << 20);
    accepts(
        &create("Pod", json!({"metadata": {"annotations": {"a": padding}}, "spec": containers(&["reg.example/web"])})),
        &settings(),
    );
    check(
        create("Pod", json!({"metadata": {"annotations": {"a": padding}}, "spec": containers(&["nginx"])})),
        expect![[r#"
        refused 403
        1 image of Pod tool-mix/web is not allowed:
        - containers[a]: nginx (docker.io/library/nginx:latest) is not from an approved registry; tool-mix has no exception
        approved: reg.example, hub.example/tool-mix, quay.io/x/y:1
        exception: none
        images: docker.io/library/nginx:latest
    "#]],
    );
    check_images(
        &[&padding],
        expect![[r#"
        refused 403
        1 image of Pod tool-mix/web is not allowed:
        - containers[a]: "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx..." is not an image reference: its repository is longer than 255 characters: write a shorter one
        approved: reg.example, hub.example/tool-mix, quay.io/x/y:1
        exception: none
        images: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...
    "#]],
    );
    check(
        create(&padding, json!({})),
        expect![[r#"
        refused 403
        this policy cannot read Kind xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx... (group ""): take it out of the policy's rules or describe it in custom_kinds
    "#]],
    );
}

#[test]
fn a_hundred_thousand_containers() {
    let spec = |image: &str, count: usize| {
        let container = json!({"name": "c", "image": image});
        json!({"spec": {"containers": vec![container; count]}})
    };
    accepts(&create("Pod", spec("reg.example/web", 10_000)), &settings());
    check(
        create("Pod", spec("nginx", 100_000)),
        expect![[r#"
            refused 403
            Pod tool-mix/web cannot be read: containers has more than 10000 images at line 1 column 290052: send a Pod as the Kubernetes API describes it
        "#]],
    );
    check(
        update("Pod", spec("redis", 100_000), spec("nginx", 100_000)),
        expect![[r#"
            refused 403
            Pod tool-mix/web cannot be read: containers has more than 10000 images at line 1 column 290052: send a Pod as the Kubernetes API describes it
        "#]],
    );
}
