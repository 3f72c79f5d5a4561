//! The `namespaceSelector` of a policy (Kubernetes API, meta/v1 LabelSelector): about which namespaces the policy is
//! asked.
//!
//! Kubewarden passes on `matchExpressions` only, so `matchLabels` is not read.

use std::collections::BTreeMap;

use serde::Deserialize;

/// The label with a namespace's own name, which the API server sets.
const NAME_LABEL: &str = "kubernetes.io/metadata.name";

/// The labels of the namespaces that are known.
pub type NamespaceLabels = BTreeMap<String, BTreeMap<String, String>>;

/// A selector of namespaces.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct NamespaceSelector {
    #[serde(default)]
    match_expressions: Vec<Expression>,
}

/// A requirement on one label.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
struct Expression {
    key: String,
    operator: Operator,
    #[serde(default)]
    values: Vec<String>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
enum Operator {
    In,
    NotIn,
    Exists,
    DoesNotExist,
}

impl NamespaceSelector {
    /// Whether the policy is never asked about a namespace. Where the labels of the namespace are not known, an
    /// expression about one of them leaves nothing out: better a row too many than a namespace that nobody looks at.
    pub fn leaves_out(&self, namespace: &str, labels: &NamespaceLabels) -> bool {
        let labels = labels.get(namespace);
        self.match_expressions.iter().any(|expression| {
            let value = match labels.and_then(|labels| labels.get(&expression.key)) {
                Some(value) => Some(value.as_str()),
                None if expression.key == NAME_LABEL => Some(namespace),
                None if labels.is_none() => return false,
                None => None,
            };
            !expression.matches(value)
        })
    }
}

impl Expression {
    fn matches(&self, value: Option<&str>) -> bool {
        let is_listed = || value.is_some_and(|value| self.values.iter().any(|listed| listed == value));
        match self.operator {
            Operator::In => is_listed(),
            Operator::NotIn => !is_listed(),
            Operator::Exists => value.is_some(),
            Operator::DoesNotExist => value.is_none(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_out_what_no_label_selects() {
        const CASES: &[(&str, &str, bool)] = &[
            (
                r#"{"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": ["kube-system"]}"#,
                "kube-system",
                true,
            ),
            (
                r#"{"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": ["kube-system"]}"#,
                "tool-a",
                false,
            ),
            (r#"{"key": "kubernetes.io/metadata.name", "operator": "In", "values": ["tool-a"]}"#, "tool-b", true),
            // The labels of tool-a are not known, those of tool-b are.
            (r#"{"key": "team", "operator": "Exists"}"#, "tool-a", false),
            (r#"{"key": "team", "operator": "Exists"}"#, "tool-b", false),
            (r#"{"key": "team", "operator": "DoesNotExist"}"#, "tool-b", true),
            (r#"{"key": "team", "operator": "NotIn", "values": ["x"]}"#, "tool-b", true),
            (r#"{"key": "other", "operator": "NotIn", "values": ["x"]}"#, "tool-b", false),
            (r#"{"key": "other", "operator": "Exists"}"#, "tool-b", true),
        ];
        let of_b = BTreeMap::from([("team".to_owned(), "x".to_owned())]);
        let labels = NamespaceLabels::from([("tool-b".to_owned(), of_b)]);
        for &(expression, namespace, expected) in CASES {
            let json = format!(r#"{{"matchExpressions": [{expression}]}}"#);
            let selector: NamespaceSelector = serde_json::from_str(&json).expect(expression);
            assert_eq!(selector.leaves_out(namespace, &labels), expected, "{expression} {namespace}");
        }
    }
}
