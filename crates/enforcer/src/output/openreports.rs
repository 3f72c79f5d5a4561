//! The report as objects of openreports.io, which policy dashboards show beside those of other tools.

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use serde_json::{Value, json};

use crate::cluster::{
    report::Report,
    row::{Row, Verdict},
};

/// The days before an end from which a result is a warning; earlier it is a pass.
const WARN_DAYS: i64 = 30;
const SOURCE: &str = "enforcer";

/// Writes a list with a Report for each namespace, and a ClusterReport for objects that are in none.
pub fn write(report: &Report, out: &mut impl Write) -> io::Result<()> {
    let mut namespaces: BTreeMap<Option<&str>, Vec<&Row>> = BTreeMap::new();
    for row in &report.rows {
        namespaces.entry(row.namespace.as_deref()).or_default().push(row);
    }
    let seconds = report.timeline.start;
    let items: Vec<Value> = namespaces.iter().map(|(namespace, rows)| object(*namespace, rows, seconds)).collect();
    let list = json!({"apiVersion": "v1", "kind": "List", "items": items});
    serde_json::to_writer_pretty(&mut *out, &list).map_err(io::Error::from)?;
    writeln!(out)
}

fn object(namespace: Option<&str>, rows: &[&Row], seconds: i64) -> Value {
    let count = |wanted| rows.iter().filter(|row| result(row) == wanted).count();
    let mut metadata = json!({"name": SOURCE, "labels": {"app.kubernetes.io/managed-by": SOURCE}});
    if let Some(namespace) = namespace {
        metadata["namespace"] = json!(namespace);
    }
    json!({
        "apiVersion": "openreports.io/v1alpha1",
        "kind": if namespace.is_some() { "Report" } else { "ClusterReport" },
        "metadata": metadata,
        "source": SOURCE,
        "summary": {"pass": count("pass"), "warn": count("warn"), "fail": count("fail"), "error": 0, "skip": 0},
        "results": rows.iter().map(|row| entry(row, seconds)).collect::<Vec<_>>(),
    })
}

fn entry(row: &Row, seconds: i64) -> Value {
    let mut properties = json!({"place": row.place});
    let texts = [("image", &row.image), ("ends", &row.ends), ("reason", &row.reason), ("owner", &row.owner)];
    let days = ("daysLeft", row.days_left.map(|days| days.to_string()));
    for (name, text) in texts.map(|(name, text)| (name, text.clone())).into_iter().chain([days]) {
        if let Some(text) = text {
            properties[name] = json!(text);
        }
    }
    json!({
        "policy": "registry-enforcer",
        "source": SOURCE,
        "result": result(row),
        "description": row.message,
        "timestamp": {"seconds": seconds, "nanos": 0},
        "subjects": [{"kind": row.kind, "name": row.name, "namespace": row.namespace}],
        "properties": properties,
    })
}

fn result(row: &Row) -> &'static str {
    match (row.verdict, row.days_left) {
        (Verdict::Refused, _) => "fail",
        (Verdict::Exception, Some(days)) if days <= WARN_DAYS => "warn",
        (Verdict::Exception | Verdict::Approved, _) => "pass",
    }
}
