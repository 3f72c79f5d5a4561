//! Prefixes: what each one approves, what it denies, and the wording of every error.

use registry_enforcer::image::{
    prefix::{Prefix, PrefixError, PrefixError::*},
    reference::Reference,
};

const DIGEST: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const OTHER_DIGEST: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000000";

#[track_caller]
fn prefix(text: &str) -> Prefix<'_> {
    Prefix::parse(text.into()).unwrap_or_else(|error| panic!("{text} {error}"))
}

#[track_caller]
fn reference(text: &str) -> Reference<'_> {
    Reference::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[track_caller]
fn assert_refuses(text: &str, error: PrefixError) {
    assert_eq!(Prefix::parse(text.into()), Err(error), "{text}");
}

#[track_caller]
fn assert_says(text: &str, message: &str) {
    assert_eq!(Prefix::parse(text.into()).expect_err(text).to_string(), message, "{text}");
}

/// What an approval and a denial agree on: a prefix, an image, whether the prefix is about it.
const BOTH: &[(&str, &str, bool)] = &[
    // Whole components.
    ("reg.org", "reg.org/a", true),
    ("reg.org", "reg.org/a/b:1", true),
    ("reg.org/a", "reg.org/a", true),
    ("reg.org/a", "reg.org/a:1", true),
    ("reg.org/a", "reg.org/a/b:1", true),
    ("reg.org/a", "reg.org/ab", false),
    ("reg.org/a", "reg.org/a-b", false),
    ("reg.org/a", "reg.org/b/a", false),
    ("reg.org/a/b", "reg.org/a", false),
    ("reg.org/a/b", "reg.org/a/b/c/d", true),
    // A trailing "/".
    ("reg.org/", "reg.org/a", true),
    ("reg.org/a/", "reg.org/a", true),
    ("reg.org/a/", "reg.org/a/b", true),
    ("reg.org/a/", "reg.org/ab", false),
    // Whole hosts, without regard to case.
    ("reg.org", "reg.org.evil.example/a", false),
    ("reg.org", "evil-reg.org/a", false),
    ("reg.org", "evil.reg.org/a", false),
    ("reg.org/a", "evil.example/reg.org/a", false),
    ("reg.org/a", "REG.Org/a", true),
    ("Reg.ORG/a", "reg.org/a", true),
    ("xn--n3h.com", "XN--N3H.com/a", true),
    // `*` is one label.
    ("*.my-corp.com", "reg.my-corp.com/a", true),
    ("*.my-corp.com", "REG.my-corp.com/a", true),
    ("*.my-corp.com", "my-corp.com/a", false),
    ("*.my-corp.com", "a.b.my-corp.com/a", false),
    ("*.my-corp.com", "reg.my-corp.com.evil.example/a", false),
    ("*.my-corp.com", "reg.my-corp.com:5000/a", false),
    ("reg.*.com", "reg.any.com/a", true),
    ("reg.*.com", "reg.com/a", false),
    ("*.*.com", "a.b.com/x", true),
    // `*` is one component.
    ("reg.org/*/x", "reg.org/a/x", true),
    ("reg.org/*/x", "reg.org/a/x/y", true),
    ("reg.org/*/x", "reg.org/x", false),
    ("reg.org/*/x", "reg.org/a/b/x", false),
    ("reg.org/*/x", "reg.org/a/xy", false),
    ("reg.org/*", "reg.org/a", true),
    // Ports.
    ("reg.org:5000", "reg.org:5000/a", true),
    ("reg.org:5000", "reg.org/a", false),
    ("reg.org", "reg.org:5000/a", false),
    ("reg.org:5000", "reg.org:50000/a", false),
    ("reg:5000/", "reg:5000/a", true),
    ("*.corp.example:5000/team/", "x.corp.example:5000/team/y", true),
    ("*.corp.example:5000/team/", "corp.example:5000/team/y", false),
    ("*.corp.example:5000/team/", "x.y.corp.example:5000/team/y", false),
    ("*.corp.example:5000/team/", "x.corp.example/team/y", false),
    ("*.corp.example:5000/team/", "x.corp.example:5000/teams/y", false),
    ("localhost", "localhost/a", true),
    ("localhost", "localhost:80/a", false),
    // IPv6, in any spelling of the address.
    ("[::1]:5000", "[::1]:5000/a", true),
    ("[::1]:5000", "[0:0:0:0:0:0:0:1]:5000/a", true),
    ("[2001:DB8::1]/a", "[2001:db8::0001]/a", true),
    ("[2001:db8::1]", "[2001:db8::2]/a", false),
    ("[2001:db8::1]", "[2001:db8::1]:5000/a", false),
    // It reads as a host, but is not an address: no other host can be the same.
    ("[::1]:80", "[fd00123123123]:80/a", false),
    // Docker Hub.
    ("docker.io", "nginx", true),
    ("docker.io", "a/b", true),
    ("docker.io/library", "nginx:1", true),
    ("docker.io/library/nginx", "nginx", true),
    ("docker.io/library/nginx", "docker.io/nginx", true),
    ("docker.io/library/nginx", "index.docker.io/nginx", true),
    ("docker.io/library/nginx", "index.docker.io/library/nginx:1", true),
    ("docker.io/library/nginx", "nginx-evil", false),
    ("docker.io/library/nginx", "docker.io/nginx/library:1", false),
    ("docker.io/library", "evil/library", false),
    ("index.docker.io/library", "nginx", true),
    ("docker.io/library", "quay.io/library/nginx", false),
    ("docker.io/team", "team/x", true),
    // One image by its tag: no image below it.
    ("reg.org/a:1", "reg.org/a:1", true),
    ("reg.org/a:1", "reg.org/a:2", false),
    ("reg.org/a:1", "reg.org/a:10", false),
    ("reg.org/a:1", "reg.org/a", false),
    ("reg.org/a:1", "reg.org/a/b:1", false),
    ("reg.org/a:latest", "reg.org/a", true),
    ("reg.org/a:Latest", "reg.org/a", false),
    ("docker.io/library/nginx:1.27", "nginx:1.27", true),
    ("reg.org/*:1", "reg.org/a:1", true),
    ("reg.org/*:1", "reg.org/a/b:1", false),
];

#[test]
fn is_about_whole_labels_and_components() {
    for &(text, image, expected) in BOTH {
        let (prefix, reference) = (prefix(text), reference(image));
        assert_eq!(prefix.approves(&reference, None), expected, "{text} approves {image}");
        assert_eq!(prefix.denies(&reference, None), expected, "{text} denies {image}");
    }
}

/// What a prefix with a placeholder is about: prefix, namespace, image.
const PLACEHOLDERS: &[(&str, Option<&str>, &str, bool)] = &[
    ("reg.org/{namespace}", Some("tool-mix"), "reg.org/tool-mix/web:1", true),
    ("reg.org/{namespace}", Some("tool-mix"), "reg.org/tool-mix2/web:1", false),
    ("reg.org/{namespace}", Some("tool-mix"), "reg.org/tool-mi/web:1", false),
    ("reg.org/{namespace}", Some("tool-mix2"), "reg.org/tool-mix/web:1", false),
    ("reg.org/{namespace}", Some("tool-mix"), "reg.org/tool-mix", true),
    ("reg.org/{namespace}", Some("tool-mix"), "reg.org/a/tool-mix", false),
    ("reg.org/{namespace}", None, "reg.org/tool-mix/web", false),
    ("reg.org/x-{namespace}-y", Some("tool-mix"), "reg.org/x-tool-mix-y/web", true),
    ("reg.org/x-{namespace}-y", Some("tool-mix"), "reg.org/x-tool-mix-yy/web", false),
    ("reg.org/x-{namespace}-y", Some("tool-mix"), "reg.org/x-tool-mix/web", false),
    ("reg.org/x-{namespace}", Some("tool-mix"), "reg.org/tool-mix/web", false),
    ("reg.org/{namespace}/{namespace}", Some("a"), "reg.org/a/a", true),
    ("reg.org/{namespace}/{namespace}", Some("a"), "reg.org/a/b", false),
    ("reg.org/{namespace}.{namespace}", Some("a"), "reg.org/a.a", true),
    ("reg.org/{namespace}.{namespace}", Some("a"), "reg.org/a.b", false),
    ("{namespace}.reg.org", Some("tool-mix"), "tool-mix.reg.org/web", true),
    ("{namespace}.reg.org", Some("tool-mix"), "Tool-Mix.reg.org/web", true),
    ("{namespace}.reg.org", Some("tool-mix"), "tool-mix2.reg.org/web", false),
    ("reg.org/*/{namespace}:1", Some("tool-mix"), "reg.org/a/tool-mix:1", true),
    ("reg.org/*/{namespace}:1", Some("tool-mix"), "reg.org/a/tool-mix:2", false),
];

#[test]
fn puts_the_namespace_in_the_place_of_the_placeholder() {
    for &(text, namespace, image, expected) in PLACEHOLDERS {
        let (prefix, reference) = (prefix(text), reference(image));
        assert_eq!(prefix.approves(&reference, namespace), expected, "{text} approves {image} in {namespace:?}");
        assert_eq!(prefix.denies(&reference, namespace), expected, "{text} denies {image} in {namespace:?}");
    }
}

/// With a digest the runtime ignores the tag: a tag approves none, and denies any.
#[test]
fn reads_tags_and_digests_with_caution() {
    let at = |text: &str, digest: &str| format!("{text}@{digest}");
    let cases = [
        ("reg.org/a:1".to_owned(), at("reg.org/a:1", DIGEST), false, true),
        ("reg.org/a:1".to_owned(), at("reg.org/a", DIGEST), false, false),
        ("reg.org/a:latest".to_owned(), at("reg.org/a", DIGEST), false, false),
        ("reg.org/a".to_owned(), at("reg.org/a:1", DIGEST), true, true),
        (at("reg.org/a", DIGEST), at("reg.org/a", DIGEST), true, true),
        (at("reg.org/a", DIGEST), at("reg.org/a:any", DIGEST), true, true),
        (at("reg.org/a", DIGEST), at("reg.org/a", OTHER_DIGEST), false, false),
        (at("reg.org/a", DIGEST), "reg.org/a:1".to_owned(), false, false),
        (at("reg.org/a", DIGEST), at("reg.org/a/b", DIGEST), false, false),
        (at("reg.org/a:1", DIGEST), at("reg.org/a:2", DIGEST), true, true),
    ];
    for (text, image, approves, denies) in cases {
        let (prefix, reference) = (prefix(&text), reference(&image));
        assert_eq!(prefix.approves(&reference, None), approves, "{text} approves {image}");
        assert_eq!(prefix.denies(&reference, None), denies, "{text} denies {image}");
    }
}

/// Other spellings of a registry are denied with it, and none of them is approved.
#[test]
fn denies_other_spellings_that_it_does_not_approve() {
    const CASES: &[(&str, &str)] = &[
        ("reg.org/a", "reg.org:443/a"),
        ("reg.org:443/a", "reg.org/a"),
        ("reg.org/a", "reg.org:0443/a"),
        ("reg.org:5000/a", "reg.org:05000/a"),
        ("reg.org:05000/a", "reg.org:5000/a"),
        ("[::1]/a", "[0::1]:443/a"),
        // Every way to write an IPv4 address; a leading zero is octal to some and nothing to others.
        ("10.0.0.5/a", "[::ffff:a00:5]/a"),
        ("10.0.0.5/a", "[::ffff:a00:5]:443/a"),
        ("[::ffff:a00:5]/a", "10.0.0.5/a"),
        ("10.0.0.5/a", "10.5/a"),
        ("10.0.0.5/a", "010.0.0.5/a"),
        ("10.0.0.5/a", "012.0.0.5/a"),
        ("10.0.0.5:5000/a", "0xa.0.0.5:5000/a"),
        ("10.0.0.5:5000/a", "167772165:5000/a"),
        ("010.0.0.5/a", "8.0.0.5/a"),
        ("docker.io/library/nginx", "registry-1.docker.io/library/nginx"),
        ("docker.io/library/nginx", "Registry-1.Docker.IO:443/library/nginx"),
        ("docker.io/library/nginx", "registry.hub.docker.com/library/nginx"),
        ("docker.io/library/nginx", "INDEX.docker.io/library/nginx"),
        ("registry-1.docker.io/library/nginx", "nginx"),
        ("index.docker.io/library/nginx", "registry-1.docker.io/library/nginx"),
        ("docker.io/nginx", "nginx"),
        ("docker.io/nginx", "registry-1.docker.io/library/nginx:1"),
        ("docker.io/library/nginx", "registry-1.docker.io/nginx:1"),
        ("docker.io/library/nginx:1", "docker.io:443/nginx:1"),
        ("docker.io/nginx-{namespace}", "registry.hub.docker.com/library/nginx-n"),
    ];
    for &(text, image) in CASES {
        let (prefix, reference) = (prefix(text), reference(image));
        assert!(prefix.denies(&reference, Some("n")), "{text} denies {image}");
        assert!(!prefix.approves(&reference, Some("n")), "{text} approves {image}");
    }
}

#[test]
fn denies_no_other_registry() {
    const CASES: &[(&str, &str)] = &[
        ("reg.org/a", "reg.org:80/a"),
        ("reg.org/a", "reg.org:4430/a"),
        ("docker.io/library/nginx", "evil.example/library/nginx"),
        ("docker.io/library/nginx", "registry-2.docker.io/library/nginx"),
        ("docker.io/library/nginx", "registry-1.docker.io:5000/library/nginx"),
        ("docker.io/library/nginx", "docker.io/nginx/nginx"),
        ("docker.io/library/nginx", "docker.io/nginx2"),
        ("reg.org/nginx", "reg.org/library/nginx"),
    ];
    for &(text, image) in CASES {
        assert!(!prefix(text).denies(&reference(image), None), "{text} denies {image}");
    }
}

#[test]
fn reads_in_a_namespace_as_it_is_written_without_one() {
    let within = |text, namespace| prefix(text).within(namespace).into_owned();
    assert_eq!(within("reg.org/{namespace}/x-{namespace}", Some("tool-mix")), "reg.org/tool-mix/x-tool-mix");
    assert_eq!(within("reg.org/{namespace}", None), "reg.org/{namespace}");
    assert_eq!(within("Reg.org/a/", Some("tool-mix")), "Reg.org/a/");
    assert_eq!(prefix("Reg.org/{namespace}/").to_string(), "Reg.org/{namespace}/");
}

/// Prefixes that are refused, and why.
const REFUSED: &[(&str, PrefixError)] = &[
    ("", Empty),
    ("https://reg.org/a", Scheme),
    ("docker://reg.org/a", Scheme),
    ("nginx", NoRegistry),
    ("nginx:1.27", NoRegistry),
    ("redis:7", NoRegistry),
    ("library/nginx", NoRegistry),
    ("{namespace}/a", NoRegistry),
    ("/a", NoRegistry),
    ("reg.org:5000@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", NoRepository),
    ("docker.io/nginx:1", OfficialImage),
    ("index.docker.io/nginx:1", OfficialImage),
    ("{namespace}:5000/", NamespaceHost),
    ("*.{namespace}", NamespaceHost),
    ("reg.{namespace}/a", NamespaceHost),
    ("reg.x-{namespace}:5000/a", NamespaceHost),
    ("*", AnyHost),
    ("*/a", AnyHost),
    ("*:5000/a", AnyHost),
    ("*.*", AnyHost),
    ("*.*/a", AnyHost),
    ("reg*.org", Domain),
    ("*-a.org", Domain),
    ("**.org", Domain),
    ("-reg.org", Domain),
    ("reg..org", Domain),
    ("reg_a.org", Domain),
    ("user:secret@reg.org", NoRegistry),
    ("reg.org ", Domain),
    ("rеg.org", Domain),
    ("[::g]/a", Domain),
    ("[fd00123123123]:80/a", Domain),
    ("[fe80::1%eth0]:80/a", Domain),
    ("reg.org//", Path),
    ("reg.org:http/a", Port),
    ("reg.org:", Port),
    ("reg.org:/a", Port),
    ("reg.org/A", UpperCase),
    ("reg.org/{Namespace}", UpperCase),
    ("reg.org//a", Path),
    ("reg.org/a//", Path),
    ("reg.org/a*", Path),
    ("reg.org/**", Path),
    ("reg.org/{name}", Path),
    ("reg.org/{namespace", Path),
    ("reg.org/{namespace}*", Path),
    ("reg.org/-{namespace}", Path),
    ("reg.org/a/../b", Path),
    ("reg.org/a b", Path),
    ("reg.org/a/:1", Path),
    ("reg.org/a:", Tag),
    ("reg.org/a:-1", Tag),
    ("reg.org/a:*", Tag),
    ("reg.org/a:1:2", Tag),
    ("reg.org/a@", Digest),
    ("reg.org/a@sha256:123", Digest),
    ("reg.org/a@sha256:0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF", Digest),
    ("reg.org/a@md5:0123456789abcdef0123456789abcdef", Digest),
];

#[test]
fn refuses_what_no_image_can_be_below() {
    for &(text, error) in REFUSED {
        assert_refuses(text, error);
    }
}

#[test]
fn says_what_to_write_instead() {
    assert_says("", "is empty: write a registry, for example quay.io/team");
    assert_says("https://reg.org", "has a scheme: leave out the part up to \"://\"");
    assert_says(
        "nginx",
        "names no registry: write host/path, for example docker.io/library/nginx for Docker Hub's nginx, or registry:5000/ for a host without a dot",
    );
    assert_says(&format!("reg.org@{DIGEST}"), "has a tag or a digest but no repository: write host/repository:tag");
    assert_says(
        "docker.io/nginx:1",
        "lacks the \"library\" of Docker Hub's own images: write docker.io/library/nginx:1.27",
    );
    assert_says(
        "*",
        "has \"*\" as the whole host, which approves every registry: name a domain, for example *.example.org",
    );
    assert_says(
        "*.{namespace}",
        "has {namespace} as the end of its host, where whoever names a namespace chooses the registry: put it before a domain, for example {namespace}.registry.example",
    );
    assert_says(
        "reg_a.org",
        "has no well-formed host: use letters, digits, \"-\" and \".\", \"*\" for one whole label, or an IPv6 address in brackets",
    );
    assert_says("reg.org:http", "has a port that is not a number: write host:5000/path");
    assert_says("reg.org/A", "has an upper-case letter in its path: repositories are in lower case");
    assert_says(
        "reg.org//a",
        "has no well-formed path: use a-z, 0-9 and single separators (\".\", \"_\", \"__\", \"-\"), {namespace}, or \"*\" for one whole component",
    );
    assert_says("reg.org/a:", "has no well-formed tag: use up to 128 letters, digits, \"_\", \".\" and \"-\"");
    assert_says("reg.org/a@x", "has no well-formed digest: write @sha256: and 64 hex digits");
}
