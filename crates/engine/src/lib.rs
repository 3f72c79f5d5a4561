//! Runs a policy's wasm on the engine that PolicyServer has, with hosts that answer from a registry, from a recorded
//! session, or not at all.
//!
//! The developer tool and the tests use it. [`policy`] runs under the machine's clock, as PolicyServer does; [`meter`]
//! runs under a clock that its caller sets, and counts instructions.

pub mod admission;
pub mod capabilities;
pub mod granted;
pub mod host;
pub mod live_registry;
pub mod metadata;
pub mod meter;
pub mod policy;
pub mod recorded;
pub mod registry;
