//! A row of the report: an image of a workload, and what the policy says of it.

use serde::Serialize;

/// What becomes of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It may not run.
    Refused,
    /// An exception lets it in.
    Exception,
    /// It comes from an approved registry.
    Approved,
}

impl Verdict {
    /// Its name in every output.
    pub fn name(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Exception => "exception",
            Self::Approved => "approved",
        }
    }
}

/// An image of a workload. The fields that are not skipped are what programs rely on: docs/enforcer.md.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    pub namespace: Option<String>,
    pub kind: String,
    pub name: String,
    /// Where the image is; empty where the object as a whole cannot be read.
    pub place: String,
    pub image: Option<String>,
    pub verdict: Verdict,
    /// When the exception ends or ended, as the operator wrote it.
    pub ends: Option<String>,
    pub days_left: Option<i64>,
    /// Why there is an exception.
    pub reason: Option<String>,
    /// Whom to tell about it.
    pub owner: Option<String>,
    pub message: String,
    /// The message in a few words.
    #[serde(skip)]
    pub brief: String,
    /// Whether the namespace's entry in the allow list is the cause of a refusal.
    #[serde(skip)]
    pub wrong_entry: bool,
    /// Whether the namespace's entry in the allow list lets the image in, today or once another exception has ended.
    #[serde(skip)]
    pub uses_list: bool,
    /// The first second after the exception.
    #[serde(skip)]
    pub end_seconds: Option<i64>,
}

/// Whether an image of a workload has a verdict.
pub fn is_any(rows: &[Row], verdict: Verdict) -> bool {
    rows.iter().any(|row| row.verdict == verdict)
}

/// A number of things, in words.
pub fn counted(number: usize, thing: &str) -> String {
    if number == 1 { format!("1 {thing}") } else { format!("{number} {thing}s") }
}
