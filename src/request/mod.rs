//! Which images a request asks for.

pub mod admission;
pub(crate) mod config_map;
mod custom;
mod node;
pub mod payload;
mod pod_spec;
pub mod unjudged;
pub mod workload;
