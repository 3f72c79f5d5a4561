//! What `diff` found, for a terminal, for programs, for a merge request.

use std::io::{self, Write};

use crate::{
    cluster::{
        difference::{Change, Changed, Difference},
        row::counted,
    },
    output::escape::shown,
};

/// How many workloads Markdown lists: a comment on a merge request has an end.
const LISTED_MAX: usize = 200;

/// Writes a line for each workload whose verdict changes.
pub fn write_text(difference: &Difference, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "{}", summary(difference))?;
    for changed in &difference.workloads {
        writeln!(
            out,
            "{}: {}{}\n  {}",
            title(changed.change),
            subject(changed),
            ends(changed),
            shown(&changed.message)
        )?;
    }
    Ok(())
}

/// Writes an object with the counts and the workloads.
pub fn write_json(difference: &Difference, out: &mut impl Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, difference).map_err(io::Error::from)?;
    writeln!(out)
}

/// Writes a table for each kind of change.
pub fn write_markdown(difference: &Difference, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "{}", summary(difference))?;
    for change in [Change::NewlyRefused, Change::NewlyDated, Change::NewlyLetIn] {
        let of_change: Vec<&Changed> = difference.workloads.iter().filter(|changed| changed.change == change).collect();
        if of_change.is_empty() {
            continue;
        }
        writeln!(out, "\n### {}\n\n| workload | ends | why |\n| --- | --- | --- |", title(change))?;
        for changed in of_change.iter().take(LISTED_MAX) {
            let cells = [subject(changed), changed.new_ends.clone().unwrap_or_default(), changed.message.clone()];
            writeln!(out, "| {} |", cells.map(|cell| markdown(&cell)).join(" | "))?;
        }
        if of_change.len() > LISTED_MAX {
            writeln!(out, "\nand {} more", of_change.len() - LISTED_MAX)?;
        }
    }
    Ok(())
}

fn summary(difference: &Difference) -> String {
    let Difference { newly_refused, newly_dated, newly_let_in, unchanged, .. } = difference;
    format!(
        "{}: {newly_refused} newly refused, {newly_dated} newly dated, {newly_let_in} newly let in, {unchanged} unchanged",
        counted(newly_refused + newly_dated + newly_let_in + unchanged, "workload")
    )
}

fn title(change: Change) -> &'static str {
    match change {
        Change::NewlyRefused => "newly refused",
        Change::NewlyDated => "newly dated",
        Change::NewlyLetIn => "newly let in",
        Change::Unchanged => "unchanged",
    }
}

fn subject(changed: &Changed) -> String {
    let namespace = changed.namespace.as_deref().map(|namespace| format!("{} ", shown(namespace))).unwrap_or_default();
    format!("{namespace}{}/{}", shown(&changed.kind), shown(&changed.name))
}

fn ends(changed: &Changed) -> String {
    match (&changed.old_ends, &changed.new_ends) {
        (_, None) => String::new(),
        (None, Some(new)) => format!(", until {}", shown(new)),
        (Some(old), Some(new)) if old == new => format!(", until {}", shown(new)),
        (Some(old), Some(new)) => format!(", until {} instead of {}", shown(new), shown(old)),
    }
}

/// A cell of a table, in which nothing is a mark of Markdown or HTML.
fn markdown(text: &str) -> String {
    let mut cell = String::new();
    for character in shown(text).chars() {
        match character {
            '<' => cell.push_str("&lt;"),
            '&' => cell.push_str("&amp;"),
            '|' | '`' | '*' | '_' | '[' | ']' | '\\' | '~' | '!' | '#' => cell.extend(['\\', character]),
            _ => cell.push(character),
        }
    }
    cell
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_markup() {
        assert_eq!(markdown("a|b <img> [x](y) `c`\nd"), r"a\|b &lt;img> \[x\](y) \`c\`\\nd");
    }
}
