//! `manifest`: from one settings file to everything that is applied.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
};

use anyhow::bail;
use clap::{Args, ValueEnum};

use crate::{
    command::{
        argument::{module, name},
        outcome::{Status, written},
    },
    input::settings_file::SettingsFile,
    live::{
        self,
        cluster::{Cluster, Flags},
    },
    manifest::{self, Mode, Options, check::Checked, yaml},
    output::{escape::lines, tell::tell},
};

/// Stands for the policy in the cluster.
const LIVE: &str = "live";

/// Write everything that is applied for a settings file, or check what was applied
///
/// The exit status is 0 if all is well, 1 if a policy is not what its own settings give, and 2 if there is no answer.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: enforcer manifest --settings settings.yaml --module registry://ghcr.io/toolforge/policies/registry-enforcer:v0.1.0 | kubectl apply --filename -"
)]
pub struct Arguments {
    /// The policy's settings, or a policy that has them, as YAML or JSON
    #[arg(long, value_name = "FILE", required_unless_present = "check")]
    settings: Option<PathBuf>,
    /// Where the policy's module is: registry://… by tag or digest
    #[arg(long, value_name = "ADDRESS", value_parser = module, required_unless_present = "check")]
    module: Option<String>,
    /// Whether the policy refuses
    #[arg(long, value_enum, default_value_t = Mode::Protect)]
    mode: Mode,
    /// The name of the policy
    #[arg(long, value_name = "NAME", value_parser = name, default_value = "registry-enforcer")]
    name: String,
    /// The PolicyServer that serves it
    #[arg(long, value_name = "NAME", value_parser = name, default_value = "registry-enforcer")]
    policy_server: String,
    /// Leave out the condition by which the API server itself decides what certainly is approved
    #[arg(long)]
    without_conditions: bool,
    /// Compare a policy with what its own settings give: a file, or live for the one in the cluster
    #[arg(long, value_name = "FILE", conflicts_with_all = ["settings", "module", "mode", "name", "policy_server", "without_conditions"])]
    check: Option<PathBuf>,
    /// How to print what --check found
    #[arg(long, value_enum, default_value_t = Output::Text, conflicts_with = "settings")]
    output: Output,
    #[command(flatten)]
    cluster: Flags,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Output {
    /// For a terminal
    Text,
    /// The number of differences, as a metric
    Prometheus,
}

/// Writes or checks.
pub fn run(arguments: &Arguments) -> anyhow::Result<Status> {
    match &arguments.check {
        Some(path) => check(path, arguments),
        None => write(arguments),
    }
}

fn write(arguments: &Arguments) -> anyhow::Result<Status> {
    let (Some(settings), Some(module)) = (&arguments.settings, &arguments.module) else {
        bail!("give --settings and --module");
    };
    let file = SettingsFile::read(settings)?;
    let options = Options {
        name: arguments.name.clone(),
        module: module.clone(),
        mode: arguments.mode,
        policy_server: arguments.policy_server.clone(),
        with_conditions: !arguments.without_conditions,
    };
    let manifest = manifest::manifest(&file.settings()?, file.json(), &options)?;
    tell_all(&manifest.notes);
    written(io::stdout().write_all(yaml::documents(&manifest.objects)?.as_bytes()))?;
    Ok(Status::Fine)
}

fn check(path: &Path, arguments: &Arguments) -> anyhow::Result<Status> {
    let (json, file, beside) = if path == Path::new(LIVE) {
        let cluster = Cluster::connect(&arguments.cluster)?;
        let (json, file) = live::policy::read_whole(&cluster, arguments.cluster.policy.as_deref())?;
        (json, file, None)
    } else {
        SettingsFile::read_policy(path)?
    };
    let Checked { differences, mut notes } = manifest::check::check(&json, &file)?;
    notes.extend(beside.map(|kind| format!("the {kind} of the file was not compared")));
    tell_all(&notes);
    let mut out = io::stdout().lock();
    written(match arguments.output {
        Output::Text => differences.iter().try_for_each(|difference| writeln!(out, "{difference}")),
        Output::Prometheus => write_metric(differences.len(), &mut out),
    })?;
    Ok(if differences.is_empty() { Status::Fine } else { Status::Refused })
}

fn write_metric(differences: usize, out: &mut impl Write) -> io::Result<()> {
    let name = "enforcer_manifest_differences";
    writeln!(out, "# HELP {name} How many fields of the policy are not what its settings give.")?;
    writeln!(out, "# TYPE {name} gauge")?;
    writeln!(out, "{name} {differences}")
}

fn tell_all(notes: &[String]) {
    for note in notes {
        tell(format!("note: {}", lines(note)));
    }
}
