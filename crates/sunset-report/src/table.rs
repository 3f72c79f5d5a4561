//! The report for a terminal.

use std::io::{self, IsTerminal, Stdout, Write};

use anstream::{AutoStream, ColorChoice};
use comfy_table::{Cell, Color, ColumnConstraint, ContentArrangement, Table, Width, presets};
use registry_enforcer::message::Shown;

use crate::report::{Report, Row, Verdict};

/// The columns of a terminal, and of a text that is none.
const COLUMNS: u16 = 80;
/// A longer line is hard to follow.
const COLUMNS_MAX: u16 = 120;
/// A day, or the first part of a time, with a blank at each side.
const END_COLUMNS: u16 = 12;
/// A blank between each of the four columns and the next.
const SEPARATORS: u16 = 3;
/// From here on an end is marked: the days that the policy warns before, if nobody sets them.
const SOON_DAYS: i64 = 30;

/// Writes the summary, the notes and the rows.
pub fn write(report: &Report, stdout: &Stdout, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "{}", report.summary())?;
    report.notes.iter().try_for_each(|note| writeln!(out, "Note: {note}."))?;
    if report.rows.is_empty() {
        return Ok(());
    }
    let mut table = if stdout.is_terminal() { for_terminal(stdout) } else { for_text() };
    table.add_rows(report.rows.iter().map(cells));
    writeln!(out, "{}", table.trim_fmt())
}

fn for_terminal(stdout: &Stdout) -> Table {
    let mut table = Table::new();
    let width = table.width().unwrap_or(COLUMNS).min(COLUMNS_MAX);
    arranged(table.load_preset(presets::UTF8_HORIZONTAL_ONLY), width);
    // NO_COLOR, CLICOLOR and TERM are anstream's to read.
    match AutoStream::choice(stdout) {
        ColorChoice::Never => table.force_no_tty(),
        _ => table.enforce_styling(),
    };
    table
}

fn for_text() -> Table {
    let mut table = Table::new();
    arranged(table.load_preset(presets::ASCII_HORIZONTAL_ONLY), COLUMNS).force_no_tty();
    table
}

fn arranged(table: &mut Table, width: u16) -> &mut Table {
    let share = |percent: u16| Width::Fixed(width.saturating_sub(END_COLUMNS + SEPARATORS) * percent / 100);
    table
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(width)
        .set_header(["ENDS", "WORKLOAD", "IMAGE", "WHY"])
        .set_constraints(
            [Width::Fixed(END_COLUMNS), share(33), share(33), share(36)].map(ColumnConstraint::UpperBoundary),
        )
}

fn cells(row: &Row) -> [Cell; 4] {
    let namespace = row.namespace.as_deref().unwrap_or("(no namespace)");
    let image = row.image.as_deref().unwrap_or("(none)");
    let reason = row.reason.as_deref().map(|reason| format!("\n{}", Shown(reason))).unwrap_or_default();
    [
        end(row),
        Cell::new(format!("{}\n{}/{}", Shown(namespace), Shown(&row.kind), Shown(&row.name))),
        Cell::new(format!("{}\n{}", Shown(image), Shown(&row.place))),
        Cell::new(format!("{}{reason}", row.brief)),
    ]
}

fn end(row: &Row) -> Cell {
    let ends = row.ends.as_deref().unwrap_or("never");
    match (row.verdict, row.days_left) {
        (Verdict::Refused, None) => Cell::new("refused").fg(Color::Red),
        (Verdict::Refused, Some(_)) => Cell::new(format!("refused\n{ends}")).fg(Color::Red),
        (Verdict::Exception, Some(days)) => {
            let left = if days == 1 { "1 day".to_owned() } else { format!("{days} days") };
            let cell = Cell::new(format!("{ends}\n{left}"));
            if days <= SOON_DAYS { cell.fg(Color::Yellow) } else { cell }
        }
        (Verdict::Exception, None) => Cell::new("never"),
        (Verdict::Approved, _) => Cell::new("approved").fg(Color::Green),
    }
}
