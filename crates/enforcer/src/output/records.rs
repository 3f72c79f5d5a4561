//! The report for programs: JSON and CSV.

use std::io::{self, Write};

use crate::{
    cluster::{report::Report, row::Row},
    output::escape::cell,
};

/// The names of the fields, as JSON has them: CSV writes them where there is no row to take them from, too.
const FIELDS: [&str; 11] =
    ["namespace", "kind", "name", "place", "image", "verdict", "ends", "days_left", "reason", "owner", "message"];

/// Writes a list of objects.
pub fn write_json(report: &Report, out: &mut impl Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, &report.rows).map_err(io::Error::from)?;
    writeln!(out)
}

/// Writes a header and a record a row; what is null in JSON is empty.
///
/// People open CSV in spreadsheets and cut it at commas and line ends, so what a stranger wrote is escaped here, unlike
/// in JSON, whose own escapes keep it apart.
pub fn write_csv(report: &Report, out: &mut impl Write) -> io::Result<()> {
    let mut csv = csv::WriterBuilder::new().from_writer(out);
    let write = |csv: &mut csv::Writer<_>| {
        csv.write_record(FIELDS)?;
        report.rows.iter().try_for_each(|row| csv.write_record(record(row)))
    };
    write(&mut csv).map_err(io::Error::from)?;
    csv.flush()
}

fn record(row: &Row) -> [String; FIELDS.len()] {
    let optional = |text: &Option<String>| text.as_deref().map(cell).unwrap_or_default();
    [
        optional(&row.namespace),
        cell(&row.kind),
        cell(&row.name),
        cell(&row.place),
        optional(&row.image),
        row.verdict.name().to_owned(),
        optional(&row.ends),
        // A number that is this program's own, so that its minus sign is no formula.
        row.days_left.map(|days| days.to_string()).unwrap_or_default(),
        optional(&row.reason),
        optional(&row.owner),
        cell(&row.message),
    ]
}
