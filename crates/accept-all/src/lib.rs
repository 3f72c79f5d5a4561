//! A policy that accepts every request without a look at it: what any policy costs, to compare this one with.

use wapc_guest::register_function;

/// What a waPC host calls before anything else in a new instance.
#[unsafe(no_mangle)]
#[expect(unsafe_code, reason = "an exported name is unsafe by nature, and the host asks for this one")]
pub extern "C" fn wapc_init() {
    register_function("validate", |_| Ok(br#"{"accepted":true}"#.to_vec()));
    register_function("validate_settings", |_| Ok(br#"{"valid":true}"#.to_vec()));
    register_function("protocol_version", |_| Ok(br#""v1""#.to_vec()));
}
