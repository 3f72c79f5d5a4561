//! About which namespaces the policy is asked at all.

use crate::input::namespace_selector::{NamespaceLabels, NamespaceSelector};

/// The namespaces that are left out, beside those that the settings exempt.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// Kubewarden never asks about its own namespace, for one.
    pub skipped: Vec<String>,
    /// The policy's own selector, where it is known.
    pub selector: Option<NamespaceSelector>,
}

impl Scope {
    /// Whether the policy is never asked about a namespace; an object that is in none is never left out.
    pub fn leaves_out(&self, namespace: Option<&str>, labels: &NamespaceLabels) -> bool {
        namespace.is_some_and(|namespace| {
            self.skipped.iter().any(|skipped| skipped == namespace)
                || self.selector.as_ref().is_some_and(|selector| selector.leaves_out(namespace, labels))
        })
    }
}
