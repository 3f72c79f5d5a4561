//! Images that pass for others.

use expect_test::expect;
use serde_json::json;

use super::{check, check_images, settings};
use crate::call::{accepts, payload, validate};
use crate::host::Host;
use crate::objects::{create, pod, set};

const DIGEST_OF_IMAGE: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const HEX: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// What is said of an image that reads well, but comes from elsewhere.
const NOT_APPROVED: &str = "is not from an approved registry; tool-mix has no exception";
// What is said of a string that is not a reference.
const EMPTY: &str = "it is empty: write registry/repository:tag";
const SCHEME: &str = "it is a URL: leave out the part up to \"://\"";
const IMAGE_ID: &str =
    "it is the ID of an image on a node: write registry/repository:tag or registry/repository@digest";
const HOST: &str =
    "its registry is not a host name: use letters, digits, \"-\" and \".\", or an IPv6 address in brackets";
const PORT: &str = "the port of its registry is not a number: write registry:5000/repository";
const UPPER_CASE: &str = "its repository has an upper-case letter: write it in lower case";
const PATH: &str = "its repository is not well formed: use a-z, 0-9 and single separators (\".\", \"_\", \"__\", \"-\") in components joined by \"/\"";
const TAG: &str =
    "its tag is not well formed: use up to 128 letters, digits, \"_\", \".\" and \"-\", the first not \".\" or \"-\"";
const DIGEST: &str =
    "its digest is not well formed: write sha256: and 64 hex digits (or sha384: and 96, sha512: and 128)";

/// Checks that an image is refused, for this cause.
#[track_caller]
fn check_refused(image: &str, cause: &str) {
    let line = validate(payload(&pod(image), &settings()).as_bytes(), Host::silent()).line();
    let start = if cause == NOT_APPROVED {
        format!("containers[a]: {image} ")
    } else {
        format!("containers[a]: \"{}\" is not an image reference: ", image.escape_default())
    };
    assert!(line.starts_with(&start) && line.ends_with(cause), "{line}");
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
            images: evil.example/reg.example/etcd:1, reg.example.evil.example/etcd:1, reg.exampleevil/etcd:1, reg.example-evil.example/etcd:1, notreg.example/etcd:1, evil.example/etcd:reg.example, hub.example/tool-mix2/web:latest, hub.example/tool-mix.evil/web:latest, "hub.example/tool-mix-/web", "reg.example:evil/etcd"
        "#]],
    );
}

/// Hosts that only look approved.
const DISGUISED_HOSTS: &[(&str, &str)] = &[
    ("reg.example@evil.example/etcd", DIGEST),
    ("user@reg.example/etcd", DIGEST),
    ("user:password@reg.example/etcd", DIGEST),
    ("evil.example#reg.example/etcd", HOST),
    ("evil.example?reg.example/etcd", HOST),
    ("evil.example\\reg.example/etcd", HOST),
    ("http://reg.example/etcd", SCHEME),
    ("//reg.example/etcd", PATH),
    ("/reg.example/etcd", PATH),
    ("reg.example./etcd", HOST),
    ("reg.example../etcd", HOST),
    (".reg.example/etcd", HOST),
    ("reg..example/etcd", HOST),
    ("-reg.example/etcd", HOST),
    ("reg.example:/etcd", PORT),
    ("reg.example:0443/etcd", NOT_APPROVED),
    ("reg.example:443:443/etcd", PORT),
    ("reg.example:-1/etcd", PORT),
    ("reg.example:99999/etcd", NOT_APPROVED),
    ("reg_.example/etcd", HOST),
];

/// Letters that look like others, or like nothing.
const LETTERS: &[(&str, &str)] = &[
    ("x\" is approved by the admins: see https://a.example \"y", SCHEME),
    ("x\" is approved by the admins \"y", PATH),
    (" ", EMPTY),
    ("\u{a0}\u{3000}", EMPTY),
    // Cyrillic е, fullwidth full stop, soft hyphen, Kelvin sign, zero-width space, right-to-left override
    ("r\u{435}g.example/etcd", HOST),
    ("reg\u{ff0e}example/etcd", PATH),
    ("reg\u{ad}.example/etcd", HOST),
    ("reg.e\u{212a}ample/etcd", HOST),
    ("reg.example\u{200b}/etcd", HOST),
    ("\u{202e}reg.example/etcd", HOST),
    ("xn--rg-7ja.example/etcd", NOT_APPROVED),
    ("reg.example/\u{435}tcd", PATH),
    ("reg%2eexample/etcd", PATH),
    ("evil.example%2freg.example/etcd", HOST),
    ("reg.example%00.evil.example/etcd", HOST),
    ("reg.example/%2e%2e/etcd", PATH),
];

/// Paths that lead elsewhere.
const PATHS: &[(&str, &str)] = &[
    ("hub.example/tool-mix/../tool-other/web", PATH),
    ("hub.example/./tool-mix/web", PATH),
    ("hub.example//tool-mix/web", PATH),
    ("hub.example/tool-mix//web", PATH),
    ("hub.example/tool-mix/", PATH),
    ("hub.example/../hub.example/tool-mix/web", PATH),
    ("hub.example/tool-other/..%2ftool-mix/web", PATH),
    ("hub.example/TOOL-MIX/web", UPPER_CASE),
    ("hub.example/{namespace}/web", PATH),
    ("hub.example/*/web", PATH),
    ("reg.example/", PATH),
    ("reg.example", NOT_APPROVED),
];

/// Addresses in brackets.
const ADDRESSES: &[(&str, &str)] = &[
    // trusted-repos 2.1.4 cannot parse this one, and accepts it.
    ("[fc00::1]:5000/x", NOT_APPROVED),
    ("[::ffff:10.0.0.1]/x", HOST),
    ("[fe80::1%eth0]/x", HOST),
    ("[reg.example]/x", HOST),
    ("[fc00::1/x", PORT),
    ("fc00::1]/x", PORT),
    ("[]/x", PATH),
    ("[fc00::1]reg.example/x", HOST),
    ("[fc00::1]:reg.example/x", PORT),
];

#[test]
fn images_in_disguise() {
    for (image, cause) in [DISGUISED_HOSTS, LETTERS, PATHS, ADDRESSES].concat() {
        check_refused(image, cause);
    }
}

#[test]
fn strings_that_forge_a_line() {
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
            images: "evil.example/x\n- containers[b]: all is well", "evil.example/x\r\napproved: evil.example", "evil.example/x\u{2028}approved: evil.example", "evil.example/x\u{1b}[2K", "reg.example/etcd\u{0}", "reg.example/etcd\t", " reg.example/etcd", "reg.example/etcd ", "reg.example/etcd\n", " "
        "#]],
    );
}

#[test]
fn names_that_forge_a_line() {
    let spec = json!({"containers": [{"name": "web\n- containers[b]: all is well", "image": "nginx"}]});
    let request = create("Pod", json!({"spec": spec}));
    check(
        set(request, &[("name", json!("web\nis allowed")), ("namespace", json!("tool-mix\napproved: all"))]),
        expect![[r#"
            refused 403
            1 image of Pod tool-mix\napproved: all/web\nis allowed is not allowed:
            - "containers[web\n- containers[b]: all is well]": nginx (docker.io/library/nginx:latest) is not from an approved registry; tool-mix\napproved: all has no exception
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
    let cases = [
        (format!("sha256:{HEX}"), IMAGE_ID),
        (HEX.to_owned(), IMAGE_ID),
        (format!("sha512:{HEX}{HEX}"), IMAGE_ID),
        (format!("reg.example/etcd@md5:{}", &HEX[..32]), DIGEST),
        (format!("reg.example/etcd@sha1:{}", &HEX[..40]), DIGEST),
        (format!("reg.example/etcd@sha512:{HEX}"), DIGEST),
        (format!("reg.example/etcd@SHA256:{HEX}"), DIGEST),
        (format!("reg.example/etcd@sha256:{}", HEX.to_uppercase()), DIGEST),
        (format!("reg.example/etcd@{DIGEST_OF_IMAGE}@{DIGEST_OF_IMAGE}"), DIGEST),
        (format!("evil.example/etcd@{DIGEST_OF_IMAGE}/reg.example/etcd"), DIGEST),
        ("reg.example/etcd@".to_owned(), DIGEST),
        ("reg.example/etcd:1:2".to_owned(), TAG),
        (format!("reg.example/etcd@{DIGEST_OF_IMAGE}:1"), DIGEST),
        // Where a tag is approved, a digest decides what runs.
        (format!("quay.io/x/y:1@{DIGEST_OF_IMAGE}"), NOT_APPROVED),
    ];
    for (image, cause) in &cases {
        check_refused(image, cause);
    }
    accepts(&pod(&format!("reg.example/etcd@sha512:{HEX}{HEX}")), &settings());
}
