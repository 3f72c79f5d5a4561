//! Why a request cannot be judged.

use crate::settings::problem::Problems;

/// Why a request cannot be judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unjudged {
    /// There is no object.
    NoObject,
    /// No list says where the images of this kind are.
    UnknownKind,
    /// The object is not what its kind says, for this cause.
    Object(String),
    /// A node lists this many images, but no sandbox image with one of these names.
    NoSandboxImage(usize, String),
    /// A setting that the decision needs is wrong.
    Settings(Problems),
}

impl From<&Problems> for Unjudged {
    fn from(problems: &Problems) -> Self {
        Self::Settings(problems.clone())
    }
}
