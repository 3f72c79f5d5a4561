//! `sunset-report`: which workloads rest on exceptions, until when, and what is refused.
//!
//! The verdicts are the policy's own: this tool reads the objects of a cluster and shows what the
//! policy would say of each of them, at a time that the reader chooses.
//!
//! | module | capability |
//! | --- | --- |
//! | [`arguments`] | the command line |
//! | [`document`], [`allow_list`] | the settings and the ConfigMap, as operators keep them |
//! | [`stream`], [`object`] | what kubectl prints, one object at a time |
//! | [`inventory`] | which workload asks for which image |
//! | [`snapshot`], [`report`], [`timeline`] | the policy's verdicts, and how many workloads are left after each end |
//! | [`table`], [`records`], [`page`], [`chart`] | the report for a terminal, for programs, for a browser |

mod allow_list;
mod arguments;
mod chart;
mod document;
mod inventory;
mod object;
mod page;
mod records;
mod report;
mod snapshot;
mod stream;
mod table;
mod timeline;

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::Path,
    process::ExitCode,
};

use anyhow::{Context, bail};
use clap::Parser;
use registry_enforcer::settings::{self, Settings};

use crate::{
    allow_list::AllowList,
    arguments::{Arguments, Output},
    inventory::Inventory,
    report::{Report, Verdict},
    snapshot::Snapshot,
};

/// `--fail-if-refused`, and something is.
const REFUSED: u8 = 1;
/// There is no report: clap's status for a wrong command line, too.
const NO_REPORT: u8 = 2;
const STANDARD_INPUT: &str = "-";

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(report) if arguments.fail_if_refused && report.is_any_refused() => ExitCode::from(REFUSED),
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(NO_REPORT)
        }
    }
}

fn run(arguments: &Arguments) -> anyhow::Result<Report> {
    let json = read_settings(&arguments.settings)?;
    let settings: Settings<'_> = serde_json::from_str(&json)?;
    let snapshot = Snapshot::new(arguments.at.seconds, read_allow_list(arguments.allow_list.as_deref(), &settings)?);
    let inventory = read_inventory(arguments, &settings)?;
    let mut report = Report::new(inventory, &settings, &snapshot, arguments.at.to_string())?;
    if !arguments.all {
        report.rows.retain(|row| row.verdict != Verdict::Approved);
    }
    match write(&report, arguments.output) {
        // The reader, `head` perhaps, has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(report),
        written => written.context("the report cannot be written").map(|()| report),
    }
}

fn read_settings(path: &Path) -> anyhow::Result<String> {
    let json = document::read(path)?;
    if let Err(problems) = settings::validate(&json) {
        bail!("the settings in {} are not valid:\n{problems}", path.display());
    }
    Ok(json)
}

fn read_allow_list(path: Option<&Path>, settings: &Settings<'_>) -> anyhow::Result<Option<AllowList>> {
    let wanted = settings.allow_list_config_map().map_err(|problems| anyhow::anyhow!("{problems}"))?;
    match (path, wanted) {
        (None, None) => Ok(None),
        (Some(path), Some(name)) => AllowList::read(path, &name.as_fact()).map(Some),
        (None, Some(name)) => {
            let name = name.as_fact();
            bail!(
                "the settings name {name}: give it with --allow-list, from kubectl get configmap {} --namespace {} --output yaml",
                name.name,
                name.namespace
            )
        }
        (Some(path), None) => {
            bail!("the settings have no allow_list_config_map: leave out --allow-list {}", path.display())
        }
    }
}

fn read_inventory(arguments: &Arguments, settings: &Settings<'_>) -> anyhow::Result<Inventory> {
    let mut inventory = Inventory::default();
    for path in &arguments.files {
        let mut add = |object: &_, kind: Option<&_>| inventory.add(object, kind, settings);
        if path == Path::new(STANDARD_INPUT) {
            stream::read(io::stdin().lock(), &mut add).context("standard input")?;
        } else {
            let name = path.display().to_string();
            let file = File::open(path).with_context(|| name.clone())?;
            stream::read(file, &mut add).context(name)?;
        }
    }
    Ok(inventory)
}

fn write(report: &Report, output: Output) -> io::Result<()> {
    let stdout = io::stdout();
    let mut out = BufWriter::new(stdout.lock());
    match output {
        Output::Table => table::write(report, &stdout, &mut out)?,
        Output::Json => records::write_json(report, &mut out)?,
        Output::Csv => records::write_csv(report, &mut out)?,
        Output::Html => page::write(report, &mut out)?,
    }
    if matches!(output, Output::Json | Output::Csv) {
        // A program reads the rest: what people should know goes past it.
        report.notes.iter().for_each(|note| eprintln!("note: {note}"));
    }
    out.flush()
}
