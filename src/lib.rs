//! Which images may run in a cluster, who is exempt, and until when: a policy for Kubewarden.
//!
//! The decision is a pure function, [`review::review`], of an admission request, the settings and the
//! facts that it asks for. Only the private module `guest` knows waPC, WASI and the host.
//!
//! Each module imports only from those above it in this list:
//!
//! | module | room for |
//! | --- | --- |
//! | [`shown`], `json`, `stream`, [`instant`], [`answer`], [`kind`], [`facts`] | strings that strangers wrote; JSON without a tree; time; the answer; the built-in kinds; what a decision may ask |
//! | [`image`] | references, read as a container runtime reads them, and the prefixes, tags and licences that are held against them |
//! | [`settings`] | every setting, and every problem of them at once |
//! | [`request`] | which images a request asks for |
//! | `unmet`, [`verdict`], [`judge`], [`successor`] | the decision on one image, and what to use instead of it |
//! | [`message`], `warning`, `annotation` | the wording of an answer |
//! | `allow_list` | the judging of the allow list itself |
//! | [`review`] | the answer to a request |

mod allow_list;
mod annotation;
pub mod answer;
pub mod facts;
mod guest;
pub mod image;
pub mod instant;
mod json;
pub mod judge;
pub mod kind;
pub mod message;
pub mod request;
pub mod review;
pub mod settings;
pub mod shown;
mod stream;
pub mod successor;
pub mod unmet;
pub mod verdict;
mod warning;

use wapc_guest::register_function;

/// What a waPC host calls before anything else in a new instance.
#[unsafe(no_mangle)]
#[expect(unsafe_code, reason = "an exported name is unsafe by nature, and the host asks for this one")]
pub extern "C" fn wapc_init() {
    register_function("validate", guest::validate);
    register_function("validate_settings", guest::validate_settings);
    register_function("protocol_version", kubewarden_policy_sdk::protocol_version_guest);
}
