//! From one settings file to everything that is applied: the policy, the condition under which the API server asks it,
//! and what the allow list needs.
//!
//! | module | capability |
//! | --- | --- |
//! | [`start`], [`certainty`], [`expression`], [`conditions`] | what certainly is approved, as an expression of CEL |
//! | [`policy`] | the ClusterAdmissionPolicy |
//! | [`allow_list`] | what the ConfigMap of exceptions needs |
//! | [`yaml`] | how objects are written |
//! | [`check`] | whether a policy is what its own settings give |

mod allow_list;
mod certainty;
pub mod check;
mod conditions;
mod expression;
mod policy;
mod start;
pub mod yaml;

pub use policy::{Mode, Options};

use crate::policy::Settings;

/// What is written, and what the operator should know of it.
#[derive(Debug)]
pub struct Manifest {
    /// The objects, in the order in which they are applied.
    pub objects: Vec<yaml_serde::Value>,
    /// What the operator should know.
    pub notes: Vec<String>,
}

/// Everything that is applied for settings; `json` is what they were read from.
pub fn manifest(settings: &Settings<'_>, json: &str, options: &Options) -> anyhow::Result<Manifest> {
    let mut objects = allow_list::objects(settings, json, options)?;
    let (policy, notes) = policy::object(settings, json, options)?;
    objects.push(policy);
    Ok(Manifest { objects, notes })
}
