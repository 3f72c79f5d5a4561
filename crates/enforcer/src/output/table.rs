//! The report for a terminal.

use std::io::{self, IsTerminal, Stdout, Write};

use anstream::{AutoStream, ColorChoice};
use comfy_table::{Cell, Color, ColumnConstraint, ContentArrangement, Table, Width, presets};

use crate::{
    cluster::{
        report::Report,
        row::{Row, Verdict},
    },
    output::{escape::shown, wrap::wrap},
};

/// The columns of a terminal, and of a text that is none.
const COLUMNS: u16 = 80;
/// A longer line is hard to follow.
const COLUMNS_MAX: u16 = 120;
/// Fewer would leave no room for a name.
const COLUMNS_MIN: u16 = 60;
/// A day, or the first part of a time, with a blank at each side.
const END_COLUMNS: u16 = 12;
/// What is around a cell: a blank at each side, and the next column's separator.
const AROUND_CELL: u16 = 3;
/// From here on an end is marked: the days that the policy warns before, if nobody sets them.
const SOON_DAYS: i64 = 30;

/// Writes the summary, the notes and the rows.
pub fn write(report: &Report, stdout: &Stdout, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "{}", report.summary())?;
    report.notes.iter().try_for_each(|note| writeln!(out, "Note: {note}."))?;
    if report.rows.is_empty() {
        return Ok(());
    }
    let (mut table, widths) = if stdout.is_terminal() { for_terminal(stdout) } else { for_text() };
    table.add_rows(report.rows.iter().map(|row| cells(row, widths)));
    writeln!(out, "{}", table.trim_fmt())
}

/// How many characters the columns have room for: that of workload and image, that of why.
type Widths = [usize; 2];

fn for_terminal(stdout: &Stdout) -> (Table, Widths) {
    let mut table = Table::new();
    let width = table.width().unwrap_or(COLUMNS).clamp(COLUMNS_MIN, COLUMNS_MAX);
    let widths = arrange(table.load_preset(presets::UTF8_HORIZONTAL_ONLY), width);
    // NO_COLOR, CLICOLOR and TERM are anstream's to read.
    match AutoStream::choice(stdout) {
        ColorChoice::Never => table.force_no_tty(),
        _ => table.enforce_styling(),
    };
    (table, widths)
}

fn for_text() -> (Table, Widths) {
    let mut table = Table::new();
    let widths = arrange(table.load_preset(presets::ASCII_HORIZONTAL_ONLY), COLUMNS);
    table.force_no_tty();
    (table, widths)
}

/// Images are long, so they have most of the room.
fn arrange(table: &mut Table, width: u16) -> Widths {
    let rest = width.saturating_sub(END_COLUMNS + 2);
    let why = rest * 2 / 5;
    let columns = [rest - why, why];
    let [image, why] = columns.map(Width::Fixed);
    table
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(width)
        .set_header(["ENDS", "WORKLOAD AND IMAGE", "WHY"])
        .set_constraints([Width::Fixed(END_COLUMNS), image, why].map(ColumnConstraint::UpperBoundary));
    columns.map(|columns| usize::from(columns.saturating_sub(AROUND_CELL)))
}

fn cells(row: &Row, [image_width, why_width]: Widths) -> [Cell; 3] {
    let namespace = row.namespace.as_deref().unwrap_or("(no namespace)");
    let workload = format!("{} {}/{}", shown(namespace), shown(&row.kind), shown(&row.name));
    let image = match &row.image {
        _ if row.place.is_empty() => None,
        image => Some(format!("{}: {}", shown(&row.place), image.as_deref().map_or("(none)".to_owned(), shown))),
    };
    let lines = |lines: &[Option<String>], width| {
        lines.iter().flatten().map(|line| wrap(line, width)).collect::<Vec<_>>().join("\n")
    };
    [
        end(row),
        Cell::new(lines(&[Some(workload), image], image_width)),
        Cell::new(lines(
            &[
                Some(shown(&row.brief)),
                row.reason.as_deref().map(shown),
                row.owner.as_deref().map(|owner| format!("owner: {}", shown(owner))),
            ],
            why_width,
        )),
    ]
}

fn end(row: &Row) -> Cell {
    let ends = row.ends.as_deref().map_or("never".to_owned(), |ends| wrap(&shown(ends), usize::from(END_COLUMNS - 2)));
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
