//! `allow-list`: who may run images from elsewhere, on the ConfigMap of the cluster or on YAML in Git.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use clap::{Args, Subcommand};

use crate::{
    at::{At, date},
    command::{
        list::{List, Place},
        outcome::{Status, written},
        source::Connection,
        usage::Users,
    },
    exceptions::{entry::Entry, listing, review},
    input::document::STANDARD_INPUT,
    live::cluster::Flags,
    registry::Registries,
};

/// List and change the namespaces that may run images from elsewhere
///
/// The exit status is 0 if all is well, 1 if `check` finds an entry that the policy would refuse or `grant --image` an
/// image, and 2 if nothing was done.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: enforcer allow-list grant tool-mix --until 2027-03-31 --registry quay.io/mix --reason T400001 --owner mix"
)]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
    /// The ConfigMap as YAML, with its comments kept; without it, the one in the cluster
    #[arg(long, value_name = "FILE", global = true)]
    file: Option<PathBuf>,
    /// The settings that name the ConfigMap; without it, those of the cluster's policy. With --file, what entries and
    /// images are judged by
    #[arg(long, value_name = "FILE", global = true)]
    settings: Option<PathBuf>,
    /// The day or the RFC 3339 time to judge ends at, instead of now
    #[arg(long, value_name = "DATE", global = true, default_value_t, hide_default_value = true)]
    at: At,
    #[command(flatten)]
    cluster: Flags,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Show every entry, what ends first at the top, and how many workloads use it
    List(Users),
    /// Let a namespace run images from elsewhere
    Grant(Grant),
    /// Give the exception of a namespace another end, more registries, another reason or owner
    Renew(Renew),
    /// Take the exception of a namespace away
    Revoke(Revoke),
    /// Say which entries the policy cannot use, would refuse if they were written now, or which have ended
    Check,
}

impl Action {
    fn changes(&self) -> bool {
        !matches!(self, Self::List(_) | Self::Check)
    }
}

#[derive(Debug, Args)]
struct Grant {
    /// The namespace
    #[arg(value_name = "NAMESPACE")]
    namespace: String,
    /// The last day (UTC), or the RFC 3339 time at which it ends
    #[arg(long, value_name = "DATE", value_parser = date)]
    until: Option<String>,
    /// A registry, a path in it or one image by its digest; may be given more than once
    #[arg(long = "registry", value_name = "PREFIX")]
    registries: Vec<String>,
    /// Why, for example the task's number
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Whom to tell before it ends
    #[arg(long, value_name = "TEXT")]
    owner: Option<String>,
    /// Look at this image first, and let in what was looked at, by its digest
    #[arg(long, value_name = "IMAGE", conflicts_with = "registries")]
    image: Option<String>,
    /// Say what would be written, and write nothing
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, Args)]
struct Renew {
    /// The namespace
    #[arg(value_name = "NAMESPACE")]
    namespace: String,
    /// The last day (UTC), or the RFC 3339 time at which it ends
    #[arg(long, value_name = "DATE", value_parser = date, required_unless_present_any = ["registries", "reason", "owner"])]
    until: Option<String>,
    /// A registry, a path in it or one image by its digest, beside those that it has; may be given more than once
    #[arg(long = "registry", value_name = "PREFIX")]
    registries: Vec<String>,
    /// Why, for example the task's number
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Whom to tell before it ends
    #[arg(long, value_name = "TEXT")]
    owner: Option<String>,
    /// Say what would be written, and write nothing
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, Args)]
struct Revoke {
    /// The namespace
    #[arg(value_name = "NAMESPACE")]
    namespace: String,
    /// Say what would be written, and write nothing
    #[arg(long)]
    dry_run: bool,
}

/// Does what the command line asks for.
pub fn run(arguments: &Arguments) -> anyhow::Result<Status> {
    let connection = Connection::new(&arguments.cluster);
    let (file, settings) = (arguments.file.as_deref(), arguments.settings.as_deref());
    if arguments.action.changes() && file == Some(Path::new(STANDARD_INPUT)) {
        bail!("give --file the name of a file: standard input cannot be changed");
    }
    let list = List::read(file, settings, arguments.at.seconds, &connection)?;
    match &arguments.action {
        Action::List(users) => show(&list, users, &connection),
        Action::Check => check(&list),
        Action::Grant(grant) => run_grant(grant, list, &connection),
        Action::Renew(renew) => {
            let entry = Entry::parse(list.required(&renew.namespace)?).with_context(|| renew.namespace.clone())?;
            let entry = entry.renewed(renew.change())?;
            let text = entry.checked(&renew.namespace, list.now)?;
            list.write(&connection, &renew.namespace, Some(&text), renew.dry_run)
        }
        Action::Revoke(revoke) => {
            list.required(&revoke.namespace)?;
            list.write(&connection, &revoke.namespace, None, revoke.dry_run)
        }
    }
}

fn run_grant(grant: &Grant, list: List, connection: &Connection) -> anyhow::Result<Status> {
    if let Some(entry) = list.entry(&grant.namespace) {
        let entry = if entry.trim().is_empty() { "without an end" } else { entry };
        bail!(
            "{} has an entry already ({entry}): renew it, with --registry for more registries, or revoke it first",
            grant.namespace
        );
    }
    let registries = Registries::new()?;
    let looked = grant.image.as_deref().map(|image| registries.look(image)).transpose()?;
    let pinned = looked.as_ref().map(|looked| format!("{}@{}", looked.repository, looked.digest));
    let entry = Entry {
        sunset_date: grant.until.clone(),
        registry_prefixes: grant.registries.iter().cloned().chain(pinned).collect(),
        reason: grant.reason.clone(),
        owner: grant.owner.clone(),
    };
    let text = entry.checked(&grant.namespace, list.now)?;
    if let Some(looked) = &looked {
        written(review::lines(looked).iter().try_for_each(|line| writeln!(io::stdout(), "{line}")))?;
        if !list.accepts(looked, &registries, &grant.namespace, &text)? {
            return Ok(Status::Refused);
        }
    }
    list.write(connection, &grant.namespace, Some(&text), grant.dry_run)
}

impl Renew {
    /// What is to be written.
    fn change(&self) -> Entry {
        Entry {
            sunset_date: self.until.clone(),
            registry_prefixes: self.registries.clone(),
            reason: self.reason.clone(),
            owner: self.owner.clone(),
        }
    }
}

fn write_lines(lines: &[String]) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    written(lines.iter().try_for_each(|line| writeln!(out, "{line}")))
}

/// Shows every entry.
fn show(list: &List, users: &Users, connection: &Connection) -> anyhow::Result<Status> {
    let (entries, settings) = (&list.entries, list.settings.as_ref());
    let usage = match list.place {
        Place::File { .. } if users.has_files() => Some(users.usage(entries, settings, connection, list.now)?),
        Place::File { .. } => None,
        Place::Cluster(_) => users.live_usage(entries, settings, connection, list.now)?,
    };
    let lines = list.judged(|rules| listing::lines(entries, usage.as_ref(), rules))?;
    write_lines(&lines).map(|()| Status::Fine)
}

/// Says which entries are wrong or not as the settings require, and which have ended.
fn check(list: &List) -> anyhow::Result<Status> {
    let (lines, wrong) = list.judged(|rules| listing::check(&list.entries, rules))?;
    write_lines(&lines)?;
    Ok(if wrong > 0 { Status::Refused } else { Status::Fine })
}
