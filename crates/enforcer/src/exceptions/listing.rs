//! The allow list for its reviewers, a line for each entry.

use crate::{
    cluster::usage::Usage,
    exceptions::entry::{Entry, check_key},
    output::escape::shown,
    policy,
};

const HEADER: [&str; 3] = ["ENDS", "USED", "NAMESPACE"];

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
pub fn lines(entries: &[(String, String)], usage: Option<&Usage>, now: i64) -> Vec<String> {
    let used = |key: &str| {
        usage.map_or_else(|| "-".to_owned(), |usage| usage.get(key).copied().unwrap_or_default().to_string())
    };
    let mut lines: Vec<Line> = entries.iter().map(|(key, text)| line(key, text, used(key), now)).collect();
    lines.sort_by(|one, other| (one.order, &one.says).cmp(&(other.order, &other.says)));
    let [ends, used, says] = HEADER;
    let width = lines.iter().map(|line| line.end.len()).chain([ends.len()]).max().unwrap_or_default();
    let written = |end: &str, used: &str, says: &str| format!("{end:width$}  {used:>4}  {says}");
    let header = written(ends, used, says);
    [header].into_iter().chain(lines.iter().map(|line| written(&line.end, &line.used, &line.says))).collect()
}

fn line(key: &str, text: &str, used: String, now: i64) -> Line {
    let name = shown(key);
    let read =
        check_key(key).and_then(|()| policy::entry_end(text, key)).and_then(|end| Ok((end, Entry::parse(text)?)));
    let (end, entry) = match read {
        Ok(read) => read,
        Err(cause) => {
            return Line { order: i64::MIN, end: "wrong".to_owned(), used, says: shown(&format!("{cause:#}")) };
        }
    };
    let Entry { registry_prefixes, reason, owner, .. } = entry;
    let registries =
        if registry_prefixes.is_empty() { "every registry".to_owned() } else { registry_prefixes.join(", ") };
    let left = end.as_ref().map(|end| match end.days_left(now) {
        _ if end.has_passed(now) => "has ended".to_owned(),
        1 => "1 day left".to_owned(),
        days => format!("{days} days left"),
    });
    let rest: Vec<String> =
        [left, Some(registries), reason, owner].into_iter().flatten().map(|text| shown(&text)).collect();
    Line {
        order: end.as_ref().map_or(i64::MAX, |end| end.seconds()),
        end: end.map_or_else(|| "never".to_owned(), |end| end.to_string()),
        used,
        says: format!("{name}: {}", rest.join("; ")),
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
    let entries = if entries.len() == 1 { "1 entry".to_owned() } else { format!("{} entries", entries.len()) };
    lines.push(format!("{entries}, {wrong} wrong"));
    (lines, wrong)
}
