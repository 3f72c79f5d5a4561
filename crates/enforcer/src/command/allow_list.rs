//! `allow-list`: who may run images from elsewhere, on the ConfigMap of the cluster or on YAML in Git.

use std::{
    fs,
    io::{self, Write},
    path::PathBuf,
};

use anyhow::{Context, anyhow, bail};
use clap::{Args, Subcommand};

use crate::{
    at::At,
    command::{
        outcome::{Status, written},
        source::Connection,
    },
    exceptions::{
        entry::Entry,
        listing,
        review::{self, Review},
        state::Rules,
        yaml,
    },
    input::{document, settings_file::SettingsFile},
    live::{cluster::Flags, config_map::LiveList},
    output::escape::shown,
    registry::{Looked, Registries},
};

/// List and change the namespaces that may run images from elsewhere
///
/// The exit status is 0 if all is well, 1 if `check` finds an entry that the policy would refuse, and 2 if nothing was
/// done.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: enforcer allow-list grant tool-mix --until 2027-03-31 --registry quay.io/mix --reason T400001"
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
    /// Show every entry, what ends first at the top
    List,
    /// Let a namespace run images from elsewhere
    Grant(Grant),
    /// Give the exception of a namespace another end
    Renew(Renew),
    /// Take the exception of a namespace away
    Revoke(Revoke),
    /// Say which entries the policy cannot use, would refuse if they were written now, or which have ended
    Check,
}

#[derive(Debug, Args)]
struct Grant {
    /// The namespace
    #[arg(value_name = "NAMESPACE")]
    namespace: String,
    /// The last day (UTC), or the RFC 3339 time at which it ends
    #[arg(long, value_name = "DATE")]
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
    #[arg(long, value_name = "DATE")]
    until: String,
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
    let list = List::read(arguments, &connection)?;
    match &arguments.action {
        Action::List => show(&list),
        Action::Check => check(&list),
        Action::Grant(grant) => run_grant(grant, list, &connection),
        Action::Renew(renew) => {
            let entry = Entry::parse(list.required(&renew.namespace)?).with_context(|| renew.namespace.clone())?;
            let entry = Entry { sunset_date: Some(renew.until.clone()), ..entry };
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
        bail!("{} has an entry already ({entry}): renew it, or revoke it first", grant.namespace);
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

/// The allow list, and where it is.
struct List {
    /// The settings, where they are known.
    settings: Option<SettingsFile>,
    entries: Vec<(String, String)>,
    place: Place,
    /// The time that ends are judged at.
    now: i64,
}

enum Place {
    File { path: PathBuf, text: String },
    Cluster(LiveList),
}

impl List {
    fn read(arguments: &Arguments, connection: &Connection) -> anyhow::Result<Self> {
        let now = arguments.at.seconds;
        if let Some(path) = &arguments.file {
            let text = document::read_text(path)?;
            let entries = yaml::data(&text).with_context(|| document::name(path))?.into_iter().collect();
            let settings = arguments.settings.as_deref().map(SettingsFile::read).transpose()?;
            return Ok(Self { settings, entries, place: Place::File { path: path.clone(), text }, now });
        }
        let file = connection.settings_of(arguments.settings.as_deref())?;
        let live = Self::live(&file, connection)?;
        let list = live.list()?;
        let entries = list.entries().map(|(key, entry)| (key.to_owned(), entry.to_owned())).collect();
        Ok(Self { settings: Some(file), entries, place: Place::Cluster(live), now })
    }

    fn live(file: &SettingsFile, connection: &Connection) -> anyhow::Result<LiveList> {
        let settings = file.settings()?;
        let name = settings.allow_list_config_map().map_err(|problems| anyhow!("{problems}"))?;
        let Some(name) = name else { bail!("the settings have no allow_list_config_map: give the list with --file") };
        LiveList::read(connection.cluster()?, &name.as_fact())
    }

    /// Hands over the rules that the entries are judged by.
    fn judged<T>(&self, judge: impl FnOnce(Rules<'_, '_>) -> anyhow::Result<T>) -> anyhow::Result<T> {
        let settings = self.settings.as_ref().map(SettingsFile::settings).transpose()?;
        judge(Rules { settings: settings.as_ref(), now: self.now })
    }

    /// Whether the policy would take the list with another entry for a namespace.
    fn check_change(&self, namespace: &str, entry: Option<&str>) -> anyhow::Result<()> {
        let old: Vec<(&str, &str)> = self.entries.iter().map(|(key, entry)| (key.as_str(), entry.as_str())).collect();
        let others = old.iter().copied().filter(|(key, _)| *key != namespace);
        let new: Vec<(&str, &str)> = others.chain(entry.map(|entry| (namespace, entry))).collect();
        match self.judged(|rules| rules.written(&old, &new))? {
            Ok(_) => Ok(()),
            Err(problems) => bail!("the policy would refuse that:\n{problems}"),
        }
    }

    fn entry(&self, namespace: &str) -> Option<&str> {
        self.entries.iter().find(|(key, _)| key == namespace).map(|(_, entry)| entry.as_str())
    }

    /// Whether the policy would let the image in with the entry. What is wrong is said.
    fn accepts(&self, looked: &Looked, registries: &Registries, namespace: &str, entry: &str) -> anyhow::Result<bool> {
        let Some(file) = &self.settings else { return Ok(true) };
        let settings = file.settings()?;
        let review = Review { settings: &settings, registries, namespace, entry, now: self.now };
        let problems = review.problems(looked)?;
        problems.iter().for_each(|problem| eprintln!("refused: {}", shown(problem)));
        Ok(problems.is_empty())
    }

    fn required(&self, namespace: &str) -> anyhow::Result<&str> {
        let missing = || anyhow!("{} has no entry: see enforcer allow-list list", shown(namespace));
        self.entry(namespace).ok_or_else(missing)
    }

    /// Writes an entry, or takes it out, and says so.
    fn write(
        self,
        connection: &Connection,
        namespace: &str,
        entry: Option<&str>,
        dry_run: bool,
    ) -> anyhow::Result<Status> {
        self.check_change(namespace, entry)?;
        let old = self.entry(namespace).map(str::to_owned);
        match self.place {
            Place::File { path, text } => {
                let edited = yaml::edit(&text, namespace, entry).with_context(|| document::name(&path))?;
                if !dry_run {
                    fs::write(&path, edited).with_context(|| document::name(&path))?;
                }
            }
            Place::Cluster(live) => live.write(connection.cluster()?, namespace, entry, dry_run)?,
        }
        let quoted = |entry: &str| if entry.is_empty() { "(empty: without an end)".to_owned() } else { shown(entry) };
        let mut out = io::stdout().lock();
        let mut write = || {
            old.iter().try_for_each(|old| writeln!(out, "- {namespace}: {}", quoted(old)))?;
            entry.iter().try_for_each(|entry| writeln!(out, "+ {namespace}: {}", quoted(entry)))?;
            if dry_run { writeln!(out, "nothing was written (--dry-run)") } else { Ok(()) }
        };
        written(write())?;
        Ok(Status::Fine)
    }
}

fn write_lines(lines: &[String]) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    written(lines.iter().try_for_each(|line| writeln!(out, "{line}")))
}

/// Shows every entry.
fn show(list: &List) -> anyhow::Result<Status> {
    let lines = list.judged(|rules| listing::lines(&list.entries, rules))?;
    write_lines(&lines).map(|()| Status::Fine)
}

/// Says which entries are wrong or not as the settings require, and which have ended.
fn check(list: &List) -> anyhow::Result<Status> {
    let (lines, wrong) = list.judged(|rules| listing::check(&list.entries, rules))?;
    write_lines(&lines)?;
    Ok(if wrong > 0 { Status::Refused } else { Status::Fine })
}
