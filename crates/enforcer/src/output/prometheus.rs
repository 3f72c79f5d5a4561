//! The report as metrics, in the text format of Prometheus (exposition format 0.0.4).
//!
//! Three rules make the format, and the order of the lines is to be the same each time, so a library would add more than
//! it takes away.

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use crate::{
    cluster::{
        report::Report,
        row::{Row, Verdict},
    },
    output::escape::shown,
};

/// Labels: names and values.
type Labels = Vec<(&'static str, String)>;

/// Writes gauges: the first end of each workload that rests on exceptions or on approvals, and how many workloads have
/// which verdict.
pub fn write(report: &Report, out: &mut impl Write) -> io::Result<()> {
    family(
        out,
        "enforcer_exception_end_timestamp_seconds",
        "When the exception ends that a workload rests on, as a Unix time.",
        &ends(report, Verdict::Exception),
    )?;
    family(
        out,
        "enforcer_approval_end_timestamp_seconds",
        "When the first approved image of a workload that is retired would be refused, as a Unix time.",
        &ends(report, Verdict::Approved),
    )?;
    write_workloads(report, out)?;
    write_list(report, out)?;
    family(
        out,
        "enforcer_report_timestamp_seconds",
        "The time that was reported on, as a Unix time.",
        &[(Vec::new(), report.timeline.start)],
    )
}

/// Writes how many workloads have which verdict, and how many namespaces have a wrong entry.
fn write_workloads(report: &Report, out: &mut impl Write) -> io::Result<()> {
    let refused = report.refused;
    let resting = report.timeline.excepted;
    let approved = report.workloads.saturating_sub(refused + resting);
    let verdicts = [("approved", approved), ("exception", resting), ("refused", refused)];
    let verdicts = verdicts.map(|(verdict, number)| (vec![("verdict", verdict.to_owned())], number as i64));
    family(out, "enforcer_workloads", "How many workloads the policy would judge so.", &verdicts)?;
    let wrong = report.rows.iter().filter(|row| row.wrong_entry).filter_map(|row| row.namespace.as_deref());
    let wrong: std::collections::BTreeSet<&str> = wrong.collect();
    family(
        out,
        "enforcer_allow_list_wrong_entries",
        "How many namespaces of running workloads have an entry in the allow list that cannot be used.",
        &[(Vec::new(), wrong.len() as i64)],
    )
}

/// Writes the state of the allow list, where it is known.
fn write_list(report: &Report, out: &mut impl Write) -> io::Result<()> {
    if let Some(list) = &report.list {
        family(
            out,
            "enforcer_allow_list_entries",
            "How many entries the allow list has.",
            &[(Vec::new(), list.entries as i64)],
        )?;
        let findings = list.findings().map(|(state, names)| (vec![("state", state.to_owned())], names.len() as i64));
        family(
            out,
            "enforcer_allow_list_entries_to_review",
            "How many entries of the allow list are in a state that somebody should look at; an entry may be in several.",
            &findings,
        )?;
    }
    Ok(())
}

/// The first end of each workload among its images with a verdict.
fn ends(report: &Report, verdict: Verdict) -> Vec<(Labels, i64)> {
    let mut ends: BTreeMap<(String, String, String), i64> = BTreeMap::new();
    for row in report.rows.iter().filter(|row| row.verdict == verdict) {
        if let Some(end) = row.end_seconds {
            let first = ends.entry(workload(row)).or_insert(end);
            *first = end.min(*first);
        }
    }
    let labels = |(namespace, kind, name)| vec![("exported_namespace", namespace), ("kind", kind), ("workload", name)];
    ends.into_iter().map(|(workload, end)| (labels(workload), end)).collect()
}

fn workload(row: &Row) -> (String, String, String) {
    (row.namespace.clone().unwrap_or_default(), row.kind.clone(), row.name.clone())
}

fn family(out: &mut impl Write, name: &str, help: &str, values: &[(Labels, i64)]) -> io::Result<()> {
    writeln!(out, "# HELP {name} {help}\n# TYPE {name} gauge")?;
    for (labels, value) in values {
        let label = |(name, value): &(&str, String)| format!("{name}=\"{}\"", escaped(value));
        let labels: Vec<String> = labels.iter().map(label).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        writeln!(out, "{name}{labels} {value}")?;
    }
    Ok(())
}

/// The value of a label, in which a backslash and a quote are escaped; [`shown`] leaves no line break.
fn escaped(value: &str) -> String {
    shown(value).replace('\\', "\\\\").replace('"', "\\\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_labels() {
        assert_eq!(escaped("a\"b\\c\nd"), r#"a\"b\\c\\nd"#);
    }
}
