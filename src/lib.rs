//! Which images may run in a cluster, who is exempt, and until when: a policy for Kubewarden.
//!
//! The decision is a pure function, [`review::review`], of an admission request, the settings and the
//! facts that it asks for. Only the private modules `guest` and `clock` know waPC, WASI and the host.
//!
//! | module | capability |
//! | --- | --- |
//! | [`reference`] | image references, read as a container runtime reads them |
//! | [`prefix`] | which references an approval, an exception or a denial is about |
//! | [`tag`], [`namespace`], [`end`] | patterns of tags and namespaces, the end of an exception |
//! | [`exception`], [`requirement`], [`custom_kind`] | the settings with a shape of their own |
//! | [`settings`], [`problem`] | all settings, and every problem of them at once |
//! | [`workload`], [`admission`] | which images a request asks for |
//! | [`facts`], [`verdict`] | what a decision may ask, and the decision on one image |
//! | [`review`], [`message`] | the answer to a request, and its wording |
//! | [`text`] | texts of a JSON document |

pub mod admission;
mod clock;
pub mod custom_kind;
pub mod end;
pub mod exception;
pub mod facts;
mod guest;
pub mod license;
pub mod message;
pub mod namespace;
mod node;
pub mod prefix;
pub mod problem;
pub mod reference;
pub mod requirement;
pub mod review;
mod setting;
pub mod settings;
pub mod tag;
pub mod text;
pub mod verdict;
pub mod workload;

use wapc_guest::register_function;

/// What a waPC host calls before anything else in a new instance.
#[unsafe(no_mangle)]
#[expect(unsafe_code, reason = "an exported name is unsafe by nature, and the host asks for this one")]
pub extern "C" fn wapc_init() {
    register_function("validate", guest::validate);
    register_function("validate_settings", guest::validate_settings);
    register_function("protocol_version", kubewarden_policy_sdk::protocol_version_guest);
}
