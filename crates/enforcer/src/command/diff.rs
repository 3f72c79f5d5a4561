//! `diff`: what other settings or another allow list would change for what runs.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
};

use anyhow::anyhow;
use clap::{Args, ValueEnum};

use crate::{
    at::At,
    cluster::{
        difference::{Difference, Judged},
        inventory::Inventory,
        scope::Scope,
        snapshot::Snapshot,
        verdicts,
    },
    command::{
        argument::namespace,
        outcome::{Status, written},
        source::{Connection, Skipping},
    },
    input::settings_file::SettingsFile,
    live::cluster::Flags,
    output::{difference as output, tell::tell},
    policy::{self, Settings},
};

/// The settings that the cluster has.
const LIVE: &str = "live";

/// Show what other settings or another allow list would change for what runs
///
/// The exit status is 0 if nothing is newly refused, 1 if something is, and 2 if there is no answer.
#[derive(Debug, Args)]
#[command(after_help = "Example: enforcer diff live new-settings.yaml --output markdown")]
pub struct Arguments {
    /// The old settings, or the policy that has them; live is what the cluster has
    #[arg(value_name = "OLD")]
    old: PathBuf,
    /// The new settings, or the policy that has them; live is what the cluster has
    #[arg(value_name = "NEW")]
    new: PathBuf,
    /// What `kubectl get pods,deployments,replicasets,… -A -o json` printed; - is standard input. Without a file, the
    /// cluster is asked
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The ConfigMap that the old settings name as allow_list_config_map; without it, the cluster's for `live` or without
    /// files, or else the one given for the new settings
    #[arg(long, value_name = "FILE")]
    old_allow_list: Option<PathBuf>,
    /// The ConfigMap that the new settings name as allow_list_config_map; without it, the cluster's for `live` or without
    /// files, or else the one given for the old settings
    #[arg(long, value_name = "FILE")]
    new_allow_list: Option<PathBuf>,
    #[command(flatten)]
    skipping: Skipping,
    /// Ask the cluster about one namespace only
    #[arg(long, short, value_name = "NAMESPACE", value_parser = namespace, conflicts_with = "files")]
    namespace: Option<String>,
    /// The day (its last second, UTC) or the RFC 3339 time to compare at, instead of now
    #[arg(long, value_name = "DATE", default_value_t, hide_default_value = true)]
    at: At,
    /// How to print the difference
    #[arg(long, value_enum, default_value_t = Output::Text)]
    output: Output,
    /// Exit with 0 if no more workloads than this are newly refused
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    allow_refusals: usize,
    #[command(flatten)]
    cluster: Flags,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Output {
    /// For a terminal
    Text,
    /// Counts and a list of workloads
    Json,
    /// For a merge request
    Markdown,
}

/// Compares.
pub fn run(arguments: &Arguments) -> anyhow::Result<Status> {
    let connection = Connection::new(&arguments.cluster);
    let [old_file, new_file] = [&arguments.old, &arguments.new].map(|path| settings_file(&connection, path));
    let (old_file, new_file) = (old_file?, new_file?);
    let (old_settings, new_settings) = (old_file.settings()?, new_file.settings()?);
    let (old_list, new_list) = (arguments.old_allow_list.as_deref(), arguments.new_allow_list.as_deref());
    let old_side = Side { path: &arguments.old, own: old_list, other: new_list, flag: "--old-allow-list" };
    let new_side = Side { path: &arguments.new, own: new_list, other: old_list, flag: "--new-allow-list" };
    let old_snapshot = old_side.snapshot(arguments, &connection, &old_settings)?;
    let new_snapshot = new_side.snapshot(arguments, &connection, &new_settings)?;
    let mut old = Inventory::new(scope(arguments, &old_file, &new_file));
    let mut new = Inventory::new(scope(arguments, &new_file, &old_file));
    let namespace = arguments.namespace.as_deref();
    connection.objects(&arguments.files, namespace, &mut [(&mut old, &old_settings), (&mut new, &new_settings)])?;
    let old = judged(old, &old_settings, &old_snapshot)?;
    let new = judged(new, &new_settings, &new_snapshot)?;
    let difference = Difference::new(&old, &new);
    written(write(&difference, arguments.output))?;
    let note = new_snapshot.note().or(old_snapshot.note());
    note.iter().for_each(|note| tell(format!("note: {note}")));
    Ok(if difference.newly_refused > arguments.allow_refusals { Status::Refused } else { Status::Fine })
}

/// The old or the new settings.
struct Side<'d> {
    path: &'d Path,
    /// The allow list that was given for them.
    own: Option<&'d Path>,
    /// The one that was given for the other side: mostly the settings change, and not the list.
    other: Option<&'d Path>,
    /// The flag that gives the list.
    flag: &'static str,
}

impl Side<'_> {
    fn snapshot(
        &self,
        arguments: &Arguments,
        connection: &Connection,
        settings: &Settings<'_>,
    ) -> anyhow::Result<Snapshot> {
        let asks_cluster = self.path == Path::new(LIVE) || arguments.files.is_empty();
        let borrows = !asks_cluster && policy::names_allow_list(settings)?;
        let path = self.own.or(self.other.filter(|_| borrows));
        let allow_list = connection.allow_list(path, settings, asks_cluster, self.flag)?;
        Ok(Snapshot::new(arguments.at.seconds, allow_list))
    }
}

/// About which namespaces the policy is asked. A file with the settings alone does not say; then it is as the other
/// says: settings are to be compared, not what is asked.
fn scope(arguments: &Arguments, file: &SettingsFile, other: &SettingsFile) -> Scope {
    let scope = arguments.skipping.scope(file);
    Scope { selector: scope.selector.or_else(|| other.selector.clone()), ..scope }
}

fn settings_file(connection: &Connection, path: &Path) -> anyhow::Result<SettingsFile> {
    connection.settings_of((path != Path::new(LIVE)).then_some(path))
}

fn judged(inventory: Inventory, settings: &Settings<'_>, snapshot: &Snapshot) -> anyhow::Result<Judged> {
    let workloads = inventory.into_workloads();
    let rows = verdicts::judge(&workloads, settings, snapshot).map_err(|problems| anyhow!("{problems}"))?;
    Ok(workloads.into_iter().map(|(workload, _)| workload).zip(rows).collect())
}

fn write(difference: &Difference, form: Output) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match form {
        Output::Text => output::write_text(difference, &mut out)?,
        Output::Json => output::write_json(difference, &mut out)?,
        Output::Markdown => output::write_markdown(difference, &mut out)?,
    }
    out.flush()
}
