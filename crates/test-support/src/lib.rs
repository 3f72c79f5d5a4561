//! What tests need around a policy: a real registry on loopback, images to push to it, and registries that fail.

pub mod fault_server;
pub mod image;
pub mod registry;
