//! An entry of the allow list: a namespace, and what the exception for it says.

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};

use crate::policy::{self, Shown};

/// What an exception says, as the ConfigMap has it. The core reads it when it judges, and has the last word here, too:
/// [`Entry::checked`].
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sunset_date: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub registry_prefixes: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Whom to tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
}

impl Entry {
    /// Reads a value of the ConfigMap.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        match text.trim() {
            "" => Ok(Self::default()),
            text if text.starts_with('{') => serde_json::from_str(text).context("is not an entry"),
            date => Ok(Self { sunset_date: Some(date.to_owned()), ..Self::default() }),
        }
    }

    /// The entry with what a change says instead, and with its registries besides.
    pub fn renewed(mut self, change: Self) -> anyhow::Result<Self> {
        if self.registry_prefixes.is_empty() && !change.registry_prefixes.is_empty() {
            bail!(
                "the entry is for every registry already: leave out --registry, or revoke it and grant a narrower one"
            );
        }
        for registry in change.registry_prefixes {
            if !self.registry_prefixes.contains(&registry) {
                self.registry_prefixes.push(registry);
            }
        }
        self.sunset_date = change.sunset_date.or(self.sunset_date);
        self.reason = change.reason.or(self.reason);
        self.owner = change.owner.or(self.owner);
        Ok(self)
    }

    /// The value for the ConfigMap: the shortest of the forms that say it.
    pub fn write(&self) -> anyhow::Result<String> {
        let Self { sunset_date, registry_prefixes, reason, owner } = self;
        if registry_prefixes.is_empty() && reason.is_none() && owner.is_none() {
            return Ok(sunset_date.clone().unwrap_or_default());
        }
        Ok(serde_json::to_string(self)?)
    }

    /// The value for the ConfigMap, which the policy would take: it reads, and has not ended.
    pub fn checked(&self, namespace: &str, now: i64) -> anyhow::Result<String> {
        check_key(namespace)?;
        let text = self.write()?;
        let end = policy::entry_end(&text, namespace)?;
        if let Some(end) = end.filter(|end| end.has_passed(now)) {
            bail!("{end} has passed: give a later end with --until");
        }
        Ok(text)
    }
}

/// Whether a key of the ConfigMap can be a namespace.
pub fn check_key(key: &str) -> anyhow::Result<()> {
    if policy::is_namespace(key) {
        return Ok(());
    }
    bail!("{} is not a namespace: use up to 63 of a-z, 0-9 and \"-\", for example tool-mix", Shown(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes_in_the_shortest_form() {
        const CASES: &[&str] = &[
            "",
            "2026-12-31",
            r#"{"sunset_date":"2026-12-31","registry_prefixes":["quay.io/a"],"reason":"T1"}"#,
            r#"{"reason":"T1"}"#,
        ];
        for &text in CASES {
            assert_eq!(Entry::parse(text).expect(text).write().expect(text), text, "{text}");
        }
    }

    #[test]
    fn rejects_what_the_policy_would_not_take() {
        let dated = |date: &str| Entry { sunset_date: Some(date.to_owned()), ..Entry::default() };
        let prefixed = |prefix: &str| Entry { registry_prefixes: vec![prefix.to_owned()], ..Entry::default() };
        // 2026-12-31.
        const NOW: i64 = 1_798_700_000;
        let cases = [
            (
                "Tool",
                dated("2027-01-01"),
                "Tool is not a namespace: use up to 63 of a-z, 0-9 and \"-\", for example tool-mix",
            ),
            (
                "tool-*",
                dated("2027-01-01"),
                "tool-* is not a namespace: use up to 63 of a-z, 0-9 and \"-\", for example tool-mix",
            ),
            ("tool-a", dated("31/12/2027"), "tool-a: \"31/12/2027\" is not a date: write 2026-12-31"),
            ("tool-a", dated("2026-12-01"), "2026-12-01 has passed: give a later end with --until"),
        ];
        for (namespace, entry, error) in cases {
            assert_eq!(entry.checked(namespace, NOW).expect_err(error).to_string(), error);
        }
        let error = prefixed("Quay.io/A b").checked("tool-a", NOW).expect_err("a wrong prefix").to_string();
        assert!(error.starts_with("tool-a.registry_prefixes[0]: \"Quay.io/A b\""), "{error}");
    }
}
