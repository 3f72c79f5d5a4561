//! The report for programs: JSON and CSV.

use std::io::{self, Write};

use crate::report::Report;

/// The names of the fields, as JSON has them: CSV writes them where there is no row to take them from, too.
const FIELDS: [&str; 10] =
    ["namespace", "kind", "name", "place", "image", "verdict", "ends", "days_left", "reason", "message"];

/// Writes a list of objects.
pub fn write_json(report: &Report, out: &mut impl Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, &report.rows).map_err(io::Error::from)?;
    writeln!(out)
}

/// Writes a header and a record a row; what is null in JSON is empty.
pub fn write_csv(report: &Report, out: &mut impl Write) -> io::Result<()> {
    let mut csv = csv::WriterBuilder::new().has_headers(false).from_writer(out);
    let write = |csv: &mut csv::Writer<_>| {
        csv.write_record(FIELDS)?;
        report.rows.iter().try_for_each(|row| csv.serialize(row))
    };
    write(&mut csv).map_err(io::Error::from)?;
    csv.flush()
}
