//! The state of the allow list itself: which of its entries somebody should look at.

use std::collections::BTreeSet;

use crate::{
    cluster::row::Row,
    exceptions::state::{Rules, State},
    policy::{List, Shown},
};

/// How many entries a note names for each finding.
const NAMED_MAX: usize = 5;
/// How many bytes their names take.
const NAMES_BYTES_MAX: usize = 400;

/// The entries of the allow list, by what is to be said of them; an entry may be named more than once.
#[derive(Debug, Default)]
pub struct ListState {
    /// How many entries there are.
    pub entries: usize,
    /// Those that the policy cannot use.
    pub wrong: Vec<String>,
    /// Those whose end has passed.
    pub ended: Vec<String>,
    /// Those that would be refused if they were written now.
    pub not_as_required: Vec<String>,
    /// Those without an end of their own.
    pub without_end: Vec<String>,
    /// Those that no workload rests on.
    pub unused: Vec<String>,
}

impl ListState {
    /// The state of a list. Of which namespaces the workloads are known, `is_known` says.
    pub fn new<'e>(
        entries: impl Iterator<Item = (&'e str, &'e str)>,
        rules: Rules<'_, '_>,
        rows: &[Row],
        is_known: impl Fn(&str) -> bool,
    ) -> anyhow::Result<Self> {
        let used = rows.iter().filter(|row| row.uses_list).filter_map(|row| row.namespace.as_deref());
        let used: BTreeSet<&str> = used.collect();
        let mut list = Self::default();
        for (namespace, entry) in entries {
            list.entries += 1;
            let name = || namespace.to_owned();
            match rules.state(namespace, entry)? {
                State::Wrong(_) => list.wrong.push(name()),
                State::Ended(_) => list.ended.push(name()),
                State::Counts { end, refused } => {
                    list.not_as_required.extend(refused.map(|_| name()));
                    list.without_end.extend(end.is_none().then(name));
                    list.unused.extend((is_known(namespace) && !used.contains(namespace)).then(name));
                }
            }
        }
        Ok(list)
    }

    /// What there is to say, each with the name of its metric's label.
    pub fn findings(&self) -> [(&'static str, &[String]); 5] {
        [
            ("wrong", &self.wrong),
            ("ended", &self.ended),
            ("not_as_required", &self.not_as_required),
            ("without_end", &self.without_end),
            ("unused", &self.unused),
        ]
    }

    /// What the reader should know, if anything.
    pub fn note(&self) -> Option<String> {
        let findings = self.findings().into_iter().filter(|(_, names)| !names.is_empty());
        let said: Vec<String> =
            findings.map(|(finding, names)| format!("{}: {}", words(finding), named(names))).collect();
        let number = if self.entries == 1 { "1 entry".to_owned() } else { format!("{} entries", self.entries) };
        (!said.is_empty()).then(|| format!("the allow list has {number}; {}", said.join("; ")))
    }
}

fn words(finding: &str) -> &str {
    match finding {
        "not_as_required" => "not as the settings require",
        "without_end" => "without an end",
        "unused" => "used by no workload",
        finding => finding,
    }
}

fn named(names: &[String]) -> List {
    let mut list = List::new(", ", NAMES_BYTES_MAX).of_at_most(NAMED_MAX);
    list.extend(names.iter().map(|name| Shown(name)));
    list
}
