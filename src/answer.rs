//! What the policy answers to a request.

/// Audit annotations: keys, each once, and values.
pub type Annotations = Vec<(&'static str, String)>;

/// The answer to a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// Whether the request may pass.
    pub accepted: bool,
    /// Why it may not.
    pub message: Option<String>,
    /// What its sender should know although it may.
    pub warnings: Vec<String>,
    /// What the audit log should know.
    pub annotations: Annotations,
}

impl Answer {
    /// An acceptance without a word.
    #[must_use]
    pub fn accepted() -> Self {
        Self { accepted: true, ..Self::default() }
    }

    /// A refusal.
    #[must_use]
    pub fn refused(message: String) -> Self {
        Self { message: Some(message), ..Self::default() }
    }
}
