//! The commands that measure the policy and its companion.

pub mod bench;
pub mod companion;
mod count;
pub mod instructions;
mod scenario;
