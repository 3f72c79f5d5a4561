//! The allow list for its reviewers, a line for each entry.

use crate::{
    exceptions::entry::{Entry, check_key},
    output::escape::shown,
    policy,
};

/// The entries, what ends first at the top.
pub fn lines(entries: &[(String, String)], now: i64) -> Vec<String> {
    let mut lines: Vec<(i64, String)> = entries.iter().map(|(key, text)| line(key, text, now)).collect();
    lines.sort();
    lines.into_iter().map(|(_, line)| line).collect()
}

/// A line of the list, and when its entry ends; a wrong one comes first.
fn line(key: &str, text: &str, now: i64) -> (i64, String) {
    let name = shown(key);
    let problem =
        check_key(key).and_then(|()| policy::entry_end(text, key)).and_then(|end| Ok((end, Entry::parse(text)?)));
    let (end, entry) = match problem {
        Ok(found) => found,
        Err(cause) => return (i64::MIN, format!("wrong       {}", shown(&format!("{cause:#}")))),
    };
    let Entry { registry_prefixes, reason, owner, .. } = entry;
    let registries =
        if registry_prefixes.is_empty() { "every registry".to_owned() } else { registry_prefixes.join(", ") };
    let rest = [Some(registries), reason, owner].into_iter().flatten().map(|text| shown(&text)).collect::<Vec<_>>();
    match end {
        None => (i64::MAX, format!("never       {name}: {}", rest.join("; "))),
        Some(end) if end.has_passed(now) => (end.seconds(), format!("{end}  {name}: has ended; {}", rest.join("; "))),
        Some(end) => {
            let days = end.days_left(now);
            (end.seconds(), format!("{end}  {name}: {days} days left; {}", rest.join("; ")))
        }
    }
}

/// Which entries are wrong, how many they are, and which have ended.
pub fn check(entries: &[(String, String)], now: i64) -> (Vec<String>, usize) {
    let mut wrong = 0;
    let mut lines = Vec::new();
    for (key, text) in entries {
        match check_key(key).and_then(|()| policy::entry_end(text, key)) {
            Err(cause) => {
                wrong += 1;
                lines.push(format!("wrong: {}", shown(&format!("{cause:#}"))));
            }
            Ok(Some(end)) if end.has_passed(now) => {
                lines.push(format!("ended: {} {}, it can be revoked", shown(key), shown(&end.to_string())));
            }
            Ok(_) => {}
        }
    }
    lines.push(format!("{} entries, {wrong} wrong", entries.len()));
    (lines, wrong)
}
