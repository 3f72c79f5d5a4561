//! `report`: which workloads rest on exceptions or on approvals with an end, until when, and what is refused.

use std::{
    io::{self, BufWriter, Write},
    path::PathBuf,
};

use clap::{Args, ValueEnum};

use crate::{
    at::At,
    cluster::{inventory::Inventory, report::Report, row::Verdict, snapshot::Snapshot},
    command::{
        argument::namespace,
        outcome::{Status, written},
        source::{ALLOW_LIST, Connection, Judging, Skipping},
    },
    live::cluster::Flags,
    output::{openreports, page, prometheus, records, table, tell::tell},
};

/// Show which workloads rest on exceptions or on approvals with an end, until when, and what is refused
///
/// The exit status is 0 if there is a report, 1 with --fail-if-refused if it has a refused image, and 2 if there is no
/// report.
#[derive(Debug, Args)]
#[command(after_help = "Example: enforcer report --settings settings.yaml --at 2026-12-31 cluster.json")]
pub struct Arguments {
    /// What `kubectl get pods,deployments,replicasets,… -A -o json` printed; - is standard input. Without a file, the
    /// cluster is asked
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    judging: Judging,
    #[command(flatten)]
    skipping: Skipping,
    /// Ask the cluster about one namespace only
    #[arg(long, short, value_name = "NAMESPACE", value_parser = namespace, conflicts_with = "files")]
    namespace: Option<String>,
    /// The day (its last second, UTC) or the RFC 3339 time to report on, instead of now
    #[arg(long, value_name = "DATE", default_value_t, hide_default_value = true)]
    at: At,
    /// How to print the report
    #[arg(long, value_enum, default_value_t = Output::Table)]
    output: Output,
    /// List the images whose approval has no end, too
    #[arg(long)]
    all: bool,
    /// Exit with 1 if an image is refused
    #[arg(long)]
    fail_if_refused: bool,
    #[command(flatten)]
    cluster: Flags,
}

/// The form of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Output {
    /// For a terminal
    Table,
    /// A list of objects
    Json,
    /// With a header
    Csv,
    /// A page of its own, with a picture
    Html,
    /// Objects of openreports.io
    Openreports,
    /// Metrics, in Prometheus' text format
    Prometheus,
}

/// Writes the report.
pub fn run(arguments: &Arguments) -> anyhow::Result<Status> {
    let Judging { settings, allow_list } = &arguments.judging;
    let connection = Connection::new(&arguments.cluster);
    let file = connection.settings_of(settings.as_deref())?;
    let asks_cluster = settings.is_none() || arguments.files.is_empty();
    let settings = file.settings()?;
    let allow_list = connection.allow_list(allow_list.as_deref(), &settings, asks_cluster, ALLOW_LIST)?;
    let snapshot = Snapshot::new(arguments.at.seconds, allow_list);
    let mut inventory = Inventory::new(arguments.skipping.scope(&file));
    connection.objects(&arguments.files, arguments.namespace.as_deref(), &mut [(&mut inventory, &settings)])?;
    let (namespace, at) = (arguments.namespace.as_deref(), arguments.at.to_string());
    let mut report = Report::new(inventory, namespace, &settings, &snapshot, at)?;
    if !arguments.all {
        report.rows.retain(|row| row.verdict != Verdict::Approved || row.retires);
    }
    written(write(&report, arguments.output))?;
    Ok(if arguments.fail_if_refused && report.is_any_refused() { Status::Refused } else { Status::Fine })
}

fn write(report: &Report, output: Output) -> io::Result<()> {
    let stdout = io::stdout();
    let mut out = BufWriter::new(stdout.lock());
    match output {
        Output::Table => table::write(report, &stdout, &mut out)?,
        Output::Json => records::write_json(report, &mut out)?,
        Output::Csv => records::write_csv(report, &mut out)?,
        Output::Html => page::write(report, &mut out)?,
        Output::Openreports => openreports::write(report, &mut out)?,
        Output::Prometheus => prometheus::write(report, &mut out)?,
    }
    if !matches!(output, Output::Table | Output::Html) {
        // A program reads the rest: what people should know goes past it.
        report.notes.iter().for_each(|note| tell(format!("note: {note}")));
    }
    out.flush()
}
