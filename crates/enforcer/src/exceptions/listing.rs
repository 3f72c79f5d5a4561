//! The allow list for its reviewers, a line for each entry.

use crate::{
    exceptions::{
        entry::Entry,
        state::{Rules, State},
    },
    output::escape::shown,
};

/// Entries, each with its key.
type Entries = [(String, String)];

/// The entries, what ends first at the top.
pub fn lines(entries: &Entries, rules: Rules<'_, '_>) -> anyhow::Result<Vec<String>> {
    let mut lines = Vec::with_capacity(entries.len());
    for (key, text) in entries {
        lines.push(line(key, text, rules)?);
    }
    lines.sort();
    Ok(lines.into_iter().map(|(_, line)| line).collect())
}

/// A line of the list, and when its entry ends; a wrong one comes first.
fn line(key: &str, text: &str, rules: Rules<'_, '_>) -> anyhow::Result<(i64, String)> {
    let name = shown(key);
    Ok(match rules.state(key, text)? {
        State::Wrong(cause) => (i64::MIN, format!("wrong       {}", shown(&cause))),
        State::Ended(end) => (end.seconds(), format!("{end}  {name}: has ended; {}", what(text)?)),
        State::Counts { end, refused } => {
            let note = if refused.is_some() { "; not as required" } else { "" };
            let what = what(text)? + note;
            match end {
                None => (i64::MAX, format!("never       {name}: {what}")),
                Some(end) => (end.seconds(), format!("{end}  {name}: {} days left; {what}", end.days_left(rules.now))),
            }
        }
    })
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
    lines.push(format!("{} entries, {wrong} wrong{outdated_too}", entries.len()));
    Ok((lines, wrong + outdated))
}
