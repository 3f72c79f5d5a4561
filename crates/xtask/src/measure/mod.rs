//! The commands that measure the policy.

pub mod bench;
mod count;
pub mod instructions;
mod scenario;
