//! What is checked of an argument when the command line is read.

use crate::policy;

/// The longest name of an object (RFC 1123 subdomain).
const NAME_LENGTH_MAX: usize = 253;
/// Where PolicyServer loads modules from.
const SCHEMES: &[&str] = &["registry://", "https://", "http://", "file://"];

/// A namespace. An empty one is most often a variable that is not set.
pub fn namespace(text: &str) -> Result<String, String> {
    let problem = || "use up to 63 of a-z, 0-9 and \"-\", for example tool-mix".to_owned();
    policy::is_namespace(text).then(|| text.to_owned()).ok_or_else(problem)
}

/// The name of an object.
pub fn name(text: &str) -> Result<String, String> {
    let is_name = text.len() <= NAME_LENGTH_MAX && text.split('.').all(policy::is_namespace);
    is_name
        .then(|| text.to_owned())
        .ok_or_else(|| "use a-z, 0-9, \"-\" and \".\", for example registry-enforcer".to_owned())
}

/// The address of a module.
pub fn module(text: &str) -> Result<String, String> {
    let rest = SCHEMES.iter().find_map(|scheme| text.strip_prefix(scheme));
    let is_address = rest.is_some_and(|rest| !rest.is_empty() && !rest.contains(char::is_whitespace));
    let problem = || format!("begin it with one of {}, without a blank", SCHEMES.join(", "));
    is_address.then(|| text.to_owned()).ok_or_else(problem)
}
