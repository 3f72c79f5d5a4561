//! The wasm as a file: its size, what it can ask of its host, what it gives away of where it was built.

use engine::metadata::Metadata;
use wasmtime::{Engine, Module};

use crate::call::wasm;

/// A policy server loads the file for each policy and makes a new instance of it for each request.
const LENGTH_MAX: usize = 320_000;

/// All that the guest can ask for: the waPC protocol, and of WASI the clock, randomness for its tables, and what
/// Rust's standard library needs to report a panic. No file, no network.
const IMPORTS: &[&str] = &[
    "wapc.__guest_error",
    "wapc.__guest_request",
    "wapc.__guest_response",
    "wapc.__host_call",
    "wapc.__host_error",
    "wapc.__host_error_len",
    "wapc.__host_response",
    "wapc.__host_response_len",
    "wasi_snapshot_preview1.clock_time_get",
    "wasi_snapshot_preview1.environ_get",
    "wasi_snapshot_preview1.environ_sizes_get",
    "wasi_snapshot_preview1.fd_write",
    "wasi_snapshot_preview1.proc_exit",
    "wasi_snapshot_preview1.random_get",
];

#[test]
fn is_small() {
    let wasm = wasm();
    assert!(Metadata::from_wasm(&wasm).unwrap().is_some(), "the wasm is annotated");
    assert!(wasm.len() < LENGTH_MAX, "{} bytes", wasm.len());
}

#[test]
fn asks_its_host_for_nothing_else() {
    let module = Module::new(&Engine::default(), wasm()).unwrap();
    let other: Vec<String> = module
        .imports()
        .map(|import| format!("{}.{}", import.module(), import.name()))
        .filter(|import| !IMPORTS.contains(&import.as_str()))
        .collect();
    assert_eq!(other, Vec::<String>::new());
}

#[test]
fn names_no_folder_of_the_machine_that_built_it() {
    let wasm = wasm();
    let target = env!("CARGO_TARGET_TMPDIR").trim_end_matches("/tmp");
    for folder in [env!("CARGO_MANIFEST_DIR"), target, "/.cargo/registry", "/.rustup/"] {
        let found = wasm.windows(folder.len()).any(|bytes| bytes == folder.as_bytes());
        assert!(!found, "{folder}");
    }
}
