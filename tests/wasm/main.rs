//! The policy's wasm on the engine that PolicyServer has: whole answers to whole requests.
//!
//! The wasm is the one that `make annotated-policy.wasm` built, or the one that the variable `POLICY_WASM` names.
#![cfg(not(target_family = "wasm"))]

mod allow_list;
mod attacks;
mod bounds;
mod build;
mod call;
mod capabilities;
mod clock;
mod exceptions;
mod faults;
mod host;
mod images;
mod kinds;
mod objects;
mod requirements;
mod retirement;
mod settings;
