//! A prefix approves an image exactly if the image's full form has the prefix's host and path
//! components (an oracle that compares lists says so), and denies whatever it approves.
//!
//! The input is three lines: a prefix, an image, a namespace.

#![no_main]

use libfuzzer_sys::fuzz_target;
use registry_enforcer::image::{prefix::Prefix, reference::Reference};

#[path = "../../tests/oracle/mod.rs"]
mod oracle;

fuzz_target!(|text: &str| {
    let mut lines = text.split('\n');
    let (Some(prefix), Some(image)) = (lines.next(), lines.next()) else { return };
    let namespace = lines.next().filter(|namespace| is_namespace(namespace));
    let (Ok(prefix), Ok(reference)) = (Prefix::parse(prefix.into()), Reference::parse(image)) else { return };
    let approved = prefix.approves(&reference, namespace);
    assert_eq!(approved, oracle::approves(&prefix.to_string(), &reference.to_string(), namespace));
    assert!(!approved || prefix.denies(&reference, namespace));
});

/// Whether `text` can be the name of a namespace (RFC 1123 label).
fn is_namespace(text: &str) -> bool {
    let in_a_label = |character: char| character.is_ascii_lowercase() || character.is_ascii_digit();
    (1..=63).contains(&text.len())
        && text.chars().all(|character| character == '-' || in_a_label(character))
        && text.starts_with(in_a_label)
        && text.ends_with(in_a_label)
}
