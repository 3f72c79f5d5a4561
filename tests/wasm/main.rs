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
mod config_map;
mod custom_kinds;
mod descriptions;
mod exceptions;
mod faults;
mod generated_lists;
mod host;
mod images;
mod kinds;
mod large_lists;
mod nodes;
mod objects;
mod requirements;
mod retirement;
mod settings;
mod unchecked_settings;
mod updates;
mod warnings;
mod wrong_clock;
