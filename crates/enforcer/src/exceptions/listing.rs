//! The allow list for its reviewers, a line for each entry.

use std::collections::BTreeMap;

use crate::{
    exceptions::{
        entry::Entry,
        state::{Rules, State},
    },
    output::escape::shown,
};

const HEADER: [&str; 3] = ["ENDS", "USED", "NAMESPACE"];

/// Entries, each with its key.
type Entries = [(String, String)];

/// An entry, as the list shows it.
struct Line {
    /// A wrong entry comes first, one without an end last.
    order: i64,
    end: String,
    /// How many workloads need it.
    used: String,
    says: String,
}

/// A header and the entries, what ends first at the top. Without a usage, nobody knows what uses them.
pub fn lines(
    entries: &Entries,
    usage: Option<&BTreeMap<String, usize>>,
    rules: Rules<'_, '_>,
) -> anyhow::Result<Vec<String>> {
    let used = |key: &str| {
        usage.map_or_else(|| "-".to_owned(), |usage| usage.get(key).copied().unwrap_or_default().to_string())
    };
    let mut lines =
        entries.iter().map(|(key, text)| line(key, text, used(key), rules)).collect::<anyhow::Result<Vec<Line>>>()?;
    lines.sort_by(|one, other| (one.order, &one.says).cmp(&(other.order, &other.says)));
    let [ends, used, says] = HEADER;
    let width = lines.iter().map(|line| line.end.len()).chain([ends.len()]).max().unwrap_or_default();
    let written = |end: &str, used: &str, says: &str| format!("{end:width$}  {used:>4}  {says}");
    let header = written(ends, used, says);
    Ok([header].into_iter().chain(lines.iter().map(|line| written(&line.end, &line.used, &line.says))).collect())
}

fn line(key: &str, text: &str, used: String, rules: Rules<'_, '_>) -> anyhow::Result<Line> {
    let name = shown(key);
    let (order, end, says) = match rules.state(key, text)? {
        State::Wrong(cause) => (i64::MIN, "wrong".to_owned(), shown(&cause)),
        State::Ended(end) => (end.seconds(), end.to_string(), format!("{name}: has ended; {}", what(text)?)),
        State::Counts { end, refused } => {
            let what = what(text)? + if refused.is_some() { "; not as required" } else { "" };
            let sunset =
                rules.sunset()?.filter(|sunset| end.as_ref().is_none_or(|end| end.seconds() > sunset.seconds()));
            let what = what + if sunset.is_some() { "; ends with the policy" } else { "" };
            match sunset.or(end) {
                None => (i64::MAX, "never".to_owned(), format!("{name}: {what}")),
                Some(end) if end.has_passed(rules.now) => {
                    (end.seconds(), end.to_string(), format!("{name}: has ended; {what}"))
                }
                Some(end) => {
                    let days = end.days_left(rules.now);
                    let left = if days == 1 { "1 day left".to_owned() } else { format!("{days} days left") };
                    (end.seconds(), end.to_string(), format!("{name}: {left}; {what}"))
                }
            }
        }
    };
    Ok(Line { order, end, used, says })
}

/// What an entry lets in, why, and whom to tell.
fn what(text: &str) -> anyhow::Result<String> {
    let Entry { registry_prefixes, reason, owner, .. } = Entry::parse(text)?;
    let registries =
        if registry_prefixes.is_empty() { "every registry".to_owned() } else { registry_prefixes.join(", ") };
    let owner = owner.map(|owner| format!("owner: {owner}"));
    let parts = [Some(registries), reason, owner].into_iter().flatten().map(|text| shown(&text));
    Ok(parts.collect::<Vec<_>>().join("; "))
}

/// Which entries are wrong, have ended or are not as the settings require, what the policy warns about the others, and
/// how many were wrong or not as required.
pub fn check(entries: &Entries, rules: Rules<'_, '_>) -> anyhow::Result<(Vec<String>, usize)> {
    let (mut wrong, mut outdated) = (0, 0);
    let (mut lines, mut others) = (Vec::new(), Vec::new());
    for (key, text) in entries {
        match rules.state(key, text)? {
            State::Wrong(cause) => {
                wrong += 1;
                lines.push(format!("wrong: {}", shown(&cause)));
            }
            State::Ended(end) => {
                lines.push(format!("ended: {} {}, it can be revoked", shown(key), shown(&end.to_string())));
            }
            State::Counts { refused, .. } => {
                let problems = refused.as_deref().unwrap_or_default();
                outdated += usize::from(!problems.is_empty());
                lines.extend(problems.lines().map(|problem| format!("not as required: {problem}")));
                others.push((key.as_str(), text.as_str()));
            }
        }
    }
    let warnings = rules.written(&others, &others)?.unwrap_or_default();
    lines.extend(warnings.iter().map(|warning| format!("note: {warning}")));
    let outdated_too = if rules.settings.is_some() { format!(", {outdated} not as required") } else { String::new() };
    let entries = if entries.len() == 1 { "1 entry".to_owned() } else { format!("{} entries", entries.len()) };
    lines.push(format!("{entries}, {wrong} wrong{outdated_too}"));
    Ok((lines, wrong + outdated))
}
