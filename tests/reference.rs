//! Image references: the public test cases of `github.com/distribution/reference` after Docker's
//! normalisation, the deliberate deviations from it, and the wording of every error.

use registry_enforcer::image::reference::{Reference, ReferenceError, ReferenceError::*};

macro_rules! hex {
    (64) => {
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
    };
    (128) => {
        concat!(hex!(64), hex!(64))
    };
}

#[track_caller]
fn assert_reads(text: &str, full_form: &str) {
    match Reference::parse(text) {
        Ok(reference) => assert_eq!(reference.to_string(), full_form, "{text}"),
        Err(error) => panic!("{text}: {error}"),
    }
}

#[track_caller]
fn assert_refuses(text: &str, error: ReferenceError) {
    assert_eq!(Reference::parse(text).map(|reference| reference.to_string()), Err(error), "{text}");
}

#[track_caller]
fn assert_says(text: &str, message: &str) {
    assert_eq!(Reference::parse(text).expect_err(text).to_string(), message, "{text}");
}

/// What distribution/reference accepts: the string and its full form.
const ACCEPTED: &[(&str, &str)] = &[
    // The parts of a reference.
    ("test_com", "docker.io/library/test_com:latest"),
    ("test.com:tag", "docker.io/library/test.com:tag"),
    ("test.com:5000", "docker.io/library/test.com:5000"),
    ("test.com/repo:tag", "test.com/repo:tag"),
    ("test:5000/repo", "test:5000/repo:latest"),
    ("test:5000/repo:tag", "test:5000/repo:tag"),
    (concat!("test:5000/repo@sha256:", hex!(64)), concat!("test:5000/repo@sha256:", hex!(64))),
    (concat!("test:5000/repo:tag@sha256:", hex!(64)), concat!("test:5000/repo:tag@sha256:", hex!(64))),
    (concat!("validname@sha512:", hex!(128)), concat!("docker.io/library/validname@sha512:", hex!(128))),
    ("lowercase:Uppercase", "docker.io/library/lowercase:Uppercase"),
    ("Uppercase/lowercase:tag", "Uppercase/lowercase:tag"),
    ("sub-dom1.foo.com/bar/baz/quux", "sub-dom1.foo.com/bar/baz/quux:latest"),
    ("sub-dom1.foo.com/bar/baz/quux:some-long-tag", "sub-dom1.foo.com/bar/baz/quux:some-long-tag"),
    ("b.gcr.io/test.example.com/my-app:test.example.com", "b.gcr.io/test.example.com/my-app:test.example.com"),
    ("xn--n3h.com/myimage:xn--n3h.com", "xn--n3h.com/myimage:xn--n3h.com"),
    (
        concat!("xn--7o8h.com/myimage:xn--7o8h.com@sha256:", hex!(64)),
        concat!("xn--7o8h.com/myimage:xn--7o8h.com@sha256:", hex!(64)),
    ),
    ("foo_bar.com:8080", "docker.io/library/foo_bar.com:8080"),
    ("foo/foo_bar.com:8080", "docker.io/foo/foo_bar.com:8080"),
    ("other.com/named:1_2.3-4", "other.com/named:1_2.3-4"),
    // Hosts.
    ("192.168.1.1", "docker.io/library/192.168.1.1:latest"),
    ("192.168.1.1:tag", "docker.io/library/192.168.1.1:tag"),
    ("192.168.1.1:5000", "docker.io/library/192.168.1.1:5000"),
    ("192.168.1.1/repo", "192.168.1.1/repo:latest"),
    ("192.168.1.1:5000/repo:5050", "192.168.1.1:5000/repo:5050"),
    ("192.168.0.1:8/debian", "192.168.0.1:8/debian:latest"),
    ("[2001:db8::1]/repo", "[2001:db8::1]/repo:latest"),
    ("[2001:db8:1:2:3:4:5:6]/repo:tag", "[2001:db8:1:2:3:4:5:6]/repo:tag"),
    ("[2001:db8::1]:5000/repo", "[2001:db8::1]:5000/repo:latest"),
    (concat!("[2001:db8::1]:5000/repo@sha256:", hex!(64)), concat!("[2001:db8::1]:5000/repo@sha256:", hex!(64))),
    ("[2001:db8::]:5000/repo", "[2001:db8::]:5000/repo:latest"),
    ("[::1]:5000/repo", "[::1]:5000/repo:latest"),
    ("[2001:0db8:85a3:0000:0000:8a2e:0370:7334]:750505/a", "[2001:0db8:85a3:0000:0000:8a2e:0370:7334]:750505/a:latest"),
    ("[fd00123123123]:75050/a", "[fd00123123123]:75050/a:latest"),
    ("localhost/a", "localhost/a:latest"),
    ("localhost:8080/bar", "localhost:8080/bar:latest"),
    ("a.b/c", "a.b/c:latest"),
    ("ab.c-om/d", "ab.c-om/d:latest"),
    ("0101.com/a", "0101.com/a:latest"),
    ("b.gbc.io:443/a", "b.gbc.io:443/a:latest"),
    ("192.168.1.1:750050/a", "192.168.1.1:750050/a:latest"),
    ("Asdf.com/foo/bar", "Asdf.com/foo/bar:latest"),
    ("LOCALDOMAIN/library/debian", "LOCALDOMAIN/library/debian:latest"),
    ("Foo/bar", "Foo/bar:latest"),
    // Docker's normalisation.
    ("debian", "docker.io/library/debian:latest"),
    ("library/debian", "docker.io/library/debian:latest"),
    ("docker.io/debian", "docker.io/library/debian:latest"),
    ("docker.io/library/debian", "docker.io/library/debian:latest"),
    ("index.docker.io/debian", "docker.io/library/debian:latest"),
    ("index.docker.io/library/debian", "docker.io/library/debian:latest"),
    ("index.docker.io/docker/docker", "docker.io/docker/docker:latest"),
    ("nonlibrary/ubuntu", "docker.io/nonlibrary/ubuntu:latest"),
    ("other/library", "docker.io/other/library:latest"),
    ("library/foo/bar", "docker.io/library/foo/bar:latest"),
    ("test_com/foo", "docker.io/test_com/foo:latest"),
    ("gcr.io/library/busybox", "gcr.io/library/busybox:latest"),
    (concat!("redis@sha256:", hex!(64)), concat!("docker.io/library/redis@sha256:", hex!(64))),
    // Unlike containerd, which drops the tag here: a denied tag must be seen.
    (concat!("busybox:latest@sha256:", hex!(64)), concat!("docker.io/library/busybox:latest@sha256:", hex!(64))),
    // An identifier is one only without a registry, and only with 64 digits.
    (concat!("docker.io/", hex!(64)), concat!("docker.io/library/", hex!(64), ":latest")),
    (
        "dbcc1c35ac38df41fd2f5e4130b32ffdb93ebae8b3dbe638c23575912276fc9",
        "docker.io/library/dbcc1c35ac38df41fd2f5e4130b32ffdb93ebae8b3dbe638c23575912276fc9:latest",
    ),
    (
        "thisisthesongthatneverendsitgoesonandonandonthisisthesongthatnev",
        "docker.io/library/thisisthesongthatneverendsitgoesonandonandonthisisthesongthatnev:latest",
    ),
    // Separators.
    ("aa-a/a", "docker.io/aa-a/a:latest"),
    ("docker---rules/docker", "docker.io/docker---rules/docker:latest"),
    ("dock__er/docker", "docker.io/dock__er/docker:latest"),
    ("d/docker", "docker.io/d/docker:latest"),
    ("foo.com/foo_bar", "foo.com/foo_bar:latest"),
    ("example.com/xn--7o8h.com/myimage", "example.com/xn--7o8h.com/myimage:latest"),
    ("example.com/some_separator__underscore/myimage", "example.com/some_separator__underscore/myimage:latest"),
    (
        "registry.io/foo/project--id.module--name.ver---sion--name",
        "registry.io/foo/project--id.module--name.ver---sion--name:latest",
    ),
];

#[test]
fn accepts_what_distribution_accepts() {
    for (text, full_form) in ACCEPTED {
        assert_reads(text, full_form);
    }
}

/// What distribution/reference refuses.
const REFUSED: &[(&str, ReferenceError)] = &[
    ("", Empty),
    ("https://github.com/docker/docker", Scheme),
    // No repository.
    (":justtag", Path),
    (concat!("@sha256:", hex!(64)), Path),
    ("docker/", Path),
    ("foo.com/", Path),
    // Digests.
    ("repo@sha256:ffffffffffffffffffffffffffffffffff", Digest),
    (concat!("validname@invaliddigest:", hex!(64)), Digest),
    (concat!("validname@sha512:", hex!(64)), Digest),
    ("registry.com:8080/myapp@sha256:badbadbadbad", Digest),
    ("registry.com:8080/myapp@bad", Digest),
    ("registry.com:8080/myapp@2bad", Digest),
    ("registry.com:8080/myapp@", Digest),
    (concat!("a@sha256:", hex!(64), "@sha256:", hex!(64)), Digest),
    // Tags.
    ("registry.com:8080/myapp:invalid~tag", Tag),
    ("busybox:-foo", Tag),
    ("busybox:.foo", Tag),
    ("busybox:", Tag),
    // Upper case.
    ("Uppercase:tag", UpperCase),
    ("docker/Docker", UpperCase),
    ("docker.io/docker/Docker", UpperCase),
    ("test:5000/Uppercase/lowercase:tag", UpperCase),
    ("Foo/FarB", UpperCase),
    // Hosts.
    ("[2001:db8::1]", Path),
    ("[2001:db8::1]:5000", Path),
    ("[2001:db8::1]:tag", Path),
    ("[fe80::1%eth0]:5000/repo", Domain),
    (concat!("[fe80::1%@invalidzone]:5000/repo@sha256:", hex!(64)), Digest),
    ("[2001:db8:3:4::192.0.2.33]:5000/debian", Domain),
    ("[fd00:1:2::3]75050/a", Domain),
    ("[fd00:1:2::3]::75050/a", Port),
    ("[]/a", Path),
    ("[::1/a", Port),
    ("fc00::1:5000/debian", Port),
    ("test.com:http/a", Port),
    ("test.com:/a", Port),
    ("localhost:http/name", Port),
    ("-ab.com/a", Domain),
    ("ab-.com/a", Domain),
    ("ab.-com/a", Domain),
    ("ab.com-/a", Domain),
    ("-docker.io/docker/docker", Domain),
    ("docker./docker", Domain),
    (".docker/docker", Domain),
    ("dock..er/docker", Domain),
    ("do..cker/docker", Domain),
    ("foo_bar.com:8080/app", Domain),
    ("do__cker:8080/docker", Domain),
    ("bad_hostname.com:8080/myapp:tag", Domain),
    // Components.
    ("-docker", Path),
    ("-docker/docker", Path),
    ("docker-/docker", Path),
    ("-docker-/docker", Path),
    ("foo/bar-", Path),
    ("foo/-bar", Path),
    ("_foo/bar", Path),
    ("____/____", Path),
    ("docker_/docker_", Path),
    ("docker///docker", Path),
    ("docker.io/docker///docker", Path),
    ("a/a/a/a/", Path),
    ("a//a/a", Path),
    ("a^a", Path),
    ("aa/asdf$$^/aa", Path),
    ("foo.com/a-/a/a", Path),
    ("example.com/__underscore/myimage", Path),
    ("example.com/..dots/myimage", Path),
    ("example.com/.dots/myimage", Path),
    ("example.com/nodouble..dots/myimage", Path),
    ("example.com/three___underscores", Path),
    // An identifier.
    (hex!(64), ImageId),
];

#[test]
fn refuses_what_distribution_refuses() {
    for (text, error) in REFUSED {
        assert_refuses(text, *error);
    }
}

#[test]
fn measures_the_path_and_the_tag() {
    let (longest, too_long) = ("a".repeat(255), "a".repeat(256));
    assert_reads(&format!("example.com/{longest}:tag"), &format!("example.com/{longest}:tag"));
    assert_refuses(&format!("example.com/{too_long}:tag"), TooLong);
    // Docker Hub's "library/" counts.
    let name = "a".repeat(247);
    assert_reads(&name, &format!("docker.io/library/{name}:latest"));
    assert_refuses(&format!("{name}a"), TooLong);
    // The host does not count.
    let many = "a/".repeat(127) + "a";
    assert_reads(&format!("{many}:tag-puts-this-over-max"), &format!("docker.io/{many}:tag-puts-this-over-max"));
    assert_refuses(&format!("a/{many}"), TooLong);
    let tag = "t".repeat(128);
    assert_reads(&format!("a:{tag}"), &format!("docker.io/library/a:{tag}"));
    assert_refuses(&format!("a:{tag}t"), Tag);
}

/// What distribution/reference accepts and this policy does not: see the header of `src/image/reference.rs`.
#[test]
fn refuses_more_than_distribution_on_purpose() {
    assert_refuses("my_registry.io/x", Domain);
    // containerd runs the image of its node whose ID begins so.
    assert_refuses("sha256:7", ImageId);
    assert_refuses("sha512:ab", ImageId);
    assert_refuses(concat!("sha256:", hex!(64)), ImageId);
    assert_refuses(concat!("sha512:", hex!(128)), ImageId);
    assert_refuses(concat!("sha256:ab@sha256:", hex!(64)), ImageId);
    assert_reads("library/sha256:3039ba6d0a5a", "docker.io/library/sha256:3039ba6d0a5a");
}

/// What looks like an image and is none, in any parser of the field.
#[test]
fn refuses_the_tricks_of_urls() {
    const CASES: &[(&str, ReferenceError)] = &[
        ("user@quay.io/x", Digest),
        ("user:secret@quay.io/x", Digest),
        ("quay.io/x?y", Path),
        ("quay.io/x#y", Path),
        ("quay.io/x%2fy", Path),
        ("quay.io/../x", Path),
        ("quay.io/./x", Path),
        ("quay.io\\x/y", Domain),
        ("//quay.io/x", Path),
        (" quay.io/x", Domain),
        ("quay.io/x ", Path),
        ("quay.io/x:1 ", Tag),
        ("quay.io/x\n", Path),
        ("quay.io/x\0", Path),
        ("quay.io/x:1\nquay.io/y", Tag),
        // A Cyrillic "а", a full-width "ａ", a zero-width space.
        ("quаy.io/x", Domain),
        ("quay.io/ａ", Path),
        ("quay.io/x\u{200b}", Path),
        ("quay.io/x:é", Tag),
        // The "K" of kelvin is an "k" to those who lower its case.
        ("quay.io/\u{212a}", Path),
        ("docker-daemon:x:1", Tag),
        ("oci-archive:/tmp/x", Port),
    ];
    for (text, error) in CASES {
        assert_refuses(text, *error);
    }
}

#[test]
fn says_what_to_write_instead() {
    assert_says("", "it is empty: write registry/repository:tag");
    assert_says("https://quay.io/x", "it is a URL: leave out the part up to \"://\"");
    assert_says(
        hex!(64),
        "it is the ID of an image on a node: write registry/repository:tag or registry/repository@digest",
    );
    assert_says(
        "my_registry.io/x",
        "its registry is not a host name: use letters, digits, \"-\" and \".\", or an IPv6 address in brackets",
    );
    assert_says("quay.io:port/x", "the port of its registry is not a number: write registry:5000/repository");
    assert_says("quay.io/X", "its repository has an upper-case letter: write it in lower case");
    assert_says(
        "quay.io/x//y",
        "its repository is not well formed: use a-z, 0-9 and single separators (\".\", \"_\", \"__\", \"-\") in components joined by \"/\"",
    );
    assert_says(
        &format!("quay.io/{}", "x".repeat(256)),
        "its repository is longer than 255 characters: write a shorter one",
    );
    assert_says(
        "quay.io/x:",
        "its tag is not well formed: use up to 128 letters, digits, \"_\", \".\" and \"-\", the first not \".\" or \"-\"",
    );
    assert_says(
        "quay.io/x@sha256:123",
        "its digest is not well formed: write sha256: and 64 hex digits (or sha384: and 96, sha512: and 128)",
    );
}

/// A tag is `latest` only where there is neither a tag nor a digest.
#[test]
fn knows_the_tag_and_the_digest() {
    const DIGEST: &str = concat!("sha256:", hex!(64));
    let cases = [
        ("a".to_owned(), Some("latest"), None),
        ("a:1".to_owned(), Some("1"), None),
        (format!("a@{DIGEST}"), None, Some(DIGEST)),
        (format!("a:1@{DIGEST}"), Some("1"), Some(DIGEST)),
    ];
    for (text, tag, digest) in cases {
        let reference = Reference::parse(&text).expect(&text);
        assert_eq!((reference.tag(), reference.digest()), (tag, digest), "{text}");
    }
}
