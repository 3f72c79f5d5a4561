//! The report as a page that stands alone: nothing on it comes from the network.

use std::io::{self, Write};

use askama::Template;

use crate::{
    cluster::{
        report::Report,
        row::{Row, Verdict, counted},
    },
    output::{chart::Chart, escape::shown},
};

#[derive(Template)]
#[template(path = "page.html")]
struct Page<'r> {
    report: &'r Report,
    chart: Option<Chart>,
}

impl Page<'_> {
    fn end(row: &Row) -> String {
        let none = || if row.verdict == Verdict::Exception || row.retires { "never" } else { "" }.to_owned();
        row.ends.as_deref().map_or_else(none, shown)
    }

    /// What a stranger wrote: askama escapes HTML, but neither control characters nor those that turn the direction.
    fn shown(text: &str) -> String {
        shown(text)
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
