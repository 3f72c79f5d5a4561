//! Reading an image reference never panics, what it prints reads as the same reference, and the full
//! form is a fixed point.

#![no_main]

use libfuzzer_sys::fuzz_target;
use registry_enforcer::image::reference::Reference;

fuzz_target!(|text: &str| {
    let Ok(reference) = Reference::parse(text) else { return };
    let full_form = reference.to_string();
    let again = Reference::parse(&full_form).unwrap_or_else(|error| panic!("{full_form}: {error}"));
    assert!(again.components().eq(reference.components()));
    assert_eq!(again.domain(), reference.domain());
    assert_eq!((again.tag(), again.digest()), (reference.tag(), reference.digest()));
    assert_eq!(again.to_string(), full_form);
});
