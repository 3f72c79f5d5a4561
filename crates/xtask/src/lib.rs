//! The developer tool's parts, which the policy's own tests use too.
//!
//! It does kwctl's work where kwctl is not at hand, on the same engine: [`policy`] runs the wasm as
//! PolicyServer does, [`annotate`] writes its metadata, [`check`] compares the files that repeat each other.

pub mod admission;
pub mod annotate;
pub mod artifacthub;
pub mod bench;
pub mod capabilities;
pub mod check;
pub mod demo;
pub mod documents;
pub mod fault_server;
pub mod host;
pub mod instructions;
pub mod live_registry;
pub mod metadata;
pub mod meter;
pub mod policy;
pub mod pull;
pub mod push;
pub mod recorded;
pub mod registry;
pub mod run;
pub mod scenario;
pub mod test_image;
pub mod test_registry;
