//! What is checked of an argument when the command line is read.

use crate::policy;

/// A namespace. An empty one is most often a variable that is not set.
pub fn namespace(text: &str) -> Result<String, String> {
    let problem = || "use up to 63 of a-z, 0-9 and \"-\", for example tool-mix".to_owned();
    policy::is_namespace(text).then(|| text.to_owned()).ok_or_else(problem)
}
