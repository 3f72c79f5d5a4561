//! The report as a page that stands alone: nothing on it comes from the network.

use std::io::{self, Write};

use askama::Template;

use crate::{
    chart::Chart,
    report::{Report, Row, Verdict, counted},
};

#[derive(Template)]
#[template(path = "page.html")]
struct Page<'r> {
    report: &'r Report,
    chart: Option<Chart>,
}

impl Page<'_> {
    fn end(row: &Row) -> &str {
        row.ends.as_deref().unwrap_or(if row.verdict == Verdict::Exception { "never" } else { "" })
    }

    fn verdict(row: &Row) -> &'static str {
        match row.verdict {
            Verdict::Refused => "refused",
            Verdict::Exception => "exception",
            Verdict::Approved => "approved",
        }
    }

    /// What the rows are sorted by: without an end is after every end.
    fn days(row: &Row) -> i64 {
        row.days_left.unwrap_or(if row.verdict == Verdict::Refused { i64::MIN } else { i64::MAX })
    }

    fn workloads(number: &usize) -> String {
        counted(*number, "workload")
    }
}

/// Writes the page.
pub fn write(report: &Report, out: &mut impl Write) -> io::Result<()> {
    let page = Page { report, chart: Chart::new(&report.timeline) };
    page.write_into(out)
}
