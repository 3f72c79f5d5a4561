//! The live cluster: what the user's kubeconfig leads to.

pub mod cluster;
pub mod config_map;
pub mod objects;
pub mod policy;
