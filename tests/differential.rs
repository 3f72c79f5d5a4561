//! Image references, read here and by `oci-client`, over a corpus of all combinations of parts and of
//! all strings that are one edit away from a good reference: every difference is one of those listed.

#![cfg(not(target_family = "wasm"))]

use oci_client::Reference as Theirs;
use registry_enforcer::image::reference::{Reference, ReferenceError};

/// What the two parsers say: the full form, or nothing.
struct Readings<'t> {
    text: &'t str,
    ours: Result<String, ReferenceError>,
    theirs: Option<String>,
}

impl<'t> Readings<'t> {
    fn of(text: &'t str) -> Self {
        let ours = Reference::parse(text).map(|reference| reference.to_string());
        let theirs = text.parse::<Theirs>().ok().map(|reference| reference.whole());
        Self { text, ours, theirs }
    }

    fn agree(&self) -> bool {
        self.ours.as_ref().ok() == self.theirs.as_ref()
    }

    /// Only they read it, and what stops us is this error.
    fn only_they_read(&self, error: ReferenceError) -> bool {
        self.theirs.is_some() && self.ours == Err(error)
    }

    fn first_component(&self) -> &str {
        self.text.split('/').next().unwrap_or_default()
    }
}

type Difference = (&'static str, fn(&Readings<'_>) -> bool);

/// Every intended difference: what it is, and which readings are one.
const DIFFERENCES: &[Difference] = &[
    ("they know no IPv6 address, distribution/reference does", |it| {
        it.theirs.is_none() && it.ours.is_ok() && it.text.starts_with('[')
    }),
    ("to them an upper-case first component is a path on Docker Hub, to distribution/reference a host", |it| {
        let upper = it.first_component().bytes().any(|byte| byte.is_ascii_uppercase());
        upper && it.theirs.as_ref().is_some_and(|theirs| it.ours == Ok(theirs["docker.io/".len()..].to_owned()))
    }),
    ("they take a first component with a \".\" for a host, whether it can be one or not", |it| {
        it.only_they_read(ReferenceError::Domain) && it.first_component().contains(['_', '.'])
    }),
    ("they read an image ID as a repository", |it| it.only_they_read(ReferenceError::ImageId)),
    ("they read upper-case hex digits in a digest, which no registry has", |it| {
        it.only_they_read(ReferenceError::Digest) && it.text.contains("ABCDEF")
    }),
    ("they read letters of every script in a tag", |it| it.only_they_read(ReferenceError::Tag) && !it.text.is_ascii()),
];

const DOMAINS: &[&str] = &[
    "",
    "docker.io/",
    "index.docker.io/",
    "registry-1.docker.io/",
    "Docker.io/",
    "quay.io/",
    "QUAY.IO/",
    "reg/",
    "Reg/",
    "reg:5000/",
    "reg:/",
    "reg:http/",
    "reg:05000/",
    "localhost/",
    "localhost:80/",
    "127.0.0.1/",
    "127.0.0.1:5000/",
    "[::1]/",
    "[::1]:5000/",
    "[fe80::1%eth0]/",
    "::1/",
    "my_registry.io/",
    "my__registry:80/",
    "a..b/",
    ".a.b/",
    "a.b./",
    "a-.b/",
    "-a.b/",
    "a--b.c/",
    "xn--n3h.com/",
    "https://quay.io/",
    "/",
    "user@quay.io/",
    "café.fr/",
];
const PATHS: &[&str] = &[
    "",
    "a",
    "library/a",
    "a/b/c",
    "a.b",
    "a_b__c",
    "a---b",
    "a..b",
    "a___b",
    "a-",
    "_a",
    "A",
    "a/B",
    "a//b",
    "a/",
    "a b",
    "é",
    "0",
    "sha256",
    "*",
];
const TAGS: &[&str] =
    &["", ":", ":1", ":latest", ":Latest", ":_", ":-", ":.", ":a.b-c_d", ":a b", ":a/b", ":é", ":1:2", ":5000"];
const DIGESTS: &[&str] = &[
    "",
    "@",
    "@sha256:",
    "@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    "@sha256:0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF",
    "@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde",
    "@sha384:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    "@sha384:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    "@sha512:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    "@md5:0123456789abcdef0123456789abcdef",
    ":0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
];

fn combinations() -> impl Iterator<Item = String> {
    DOMAINS.iter().flat_map(|domain| {
        PATHS.iter().flat_map(move |path| {
            TAGS.iter().flat_map(move |tag| DIGESTS.iter().map(move |digest| format!("{domain}{path}{tag}{digest}")))
        })
    })
}

const GOOD: &[&str] = &[
    "nginx",
    "a/b",
    "quay.io/a/b-c:1.2",
    "reg:5000/a_b__c/d:latest",
    "localhost/a",
    "[::1]:80/a",
    "Reg.io/a@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
];
const CHARACTERS: &[&str] =
    &["", "a", "Z", "0", ".", "-", "_", ":", "/", "@", "*", " ", "%", "[", "]", "\n", "\0", "é", "\u{212a}"];

/// Every string that one character less, more or other makes of a good reference.
fn edits() -> impl Iterator<Item = String> {
    GOOD.iter().flat_map(|good| {
        (0..=good.len()).flat_map(move |at| {
            let (before, after) = good.split_at(at);
            let replaced = after.get(1..).unwrap_or_default();
            CHARACTERS.iter().flat_map(move |new| [format!("{before}{new}{after}"), format!("{before}{new}{replaced}")])
        })
    })
}

#[test]
fn differs_from_oci_client_only_where_listed() {
    let mut seen = vec![0_usize; DIFFERENCES.len()];
    let (mut number, mut accepted) = (0_usize, 0_usize);
    for text in combinations().chain(edits()) {
        let readings = Readings::of(&text);
        number += 1;
        accepted += usize::from(readings.ours.is_ok());
        if readings.agree() {
            continue;
        }
        let listed = DIFFERENCES.iter().position(|(_, is)| is(&readings));
        match listed {
            Some(index) => seen[index] += 1,
            None => panic!("{text:?}: here {:?}, there {:?}", readings.ours, readings.theirs),
        }
    }
    assert!(number > 100_000 && accepted > 5_000, "{accepted} of {number} accepted: the corpus tests nothing");
    for ((what, _), seen) in DIFFERENCES.iter().zip(seen) {
        assert_ne!(seen, 0, "no longer a difference: {what}");
    }
}
