//! The allow list that is shown or changed, in a file or in the cluster.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, anyhow, bail};

use crate::{
    command::{
        outcome::{Status, written},
        source::Connection,
    },
    exceptions::{file, review::Review, state::Rules, yaml},
    input::{allow_list::AllowList, document, settings_file::SettingsFile},
    live::config_map::LiveList,
    output::{escape::shown, tell::tell},
    registry::{Looked, Registries},
};

/// The allow list, and where it is.
pub struct List {
    /// The settings, where they are known.
    pub settings: Option<SettingsFile>,
    pub entries: Vec<(String, String)>,
    pub place: Place,
    /// The time that ends are judged at.
    pub now: i64,
}

/// Where a list is.
pub enum Place {
    File { path: PathBuf, text: String },
    Cluster(LiveList),
}

impl List {
    /// Reads the list in a file, or in the cluster.
    pub fn read(
        path: Option<&Path>,
        settings: Option<&Path>,
        now: i64,
        connection: &Connection,
    ) -> anyhow::Result<Self> {
        if let Some(path) = path {
            let text = document::read_text(path)?;
            let entries = yaml::data(&text).with_context(|| document::name(path))?.into_iter().collect();
            let settings = settings.map(SettingsFile::read).transpose()?;
            if let Some(settings) = &settings {
                note_another_list(&text, settings)?;
            }
            return Ok(Self { settings, entries, place: Place::File { path: path.to_owned(), text }, now });
        }
        let file = connection.settings_of(settings)?;
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
    pub fn judged<T>(&self, judge: impl FnOnce(Rules<'_, '_>) -> anyhow::Result<T>) -> anyhow::Result<T> {
        let settings = self.settings.as_ref().map(SettingsFile::settings).transpose()?;
        judge(Rules { settings: settings.as_ref(), now: self.now })
    }

    /// What the policy warns of, if it would take the list with another entry for a namespace.
    fn check_change(&self, namespace: &str, entry: Option<&str>) -> anyhow::Result<Vec<String>> {
        let old: Vec<(&str, &str)> = self.entries.iter().map(|(key, entry)| (key.as_str(), entry.as_str())).collect();
        let others = old.iter().copied().filter(|(key, _)| *key != namespace);
        let new: Vec<(&str, &str)> = others.chain(entry.map(|entry| (namespace, entry))).collect();
        match self.judged(|rules| rules.written(&old, &new))? {
            Ok(warnings) => Ok(warnings),
            Err(problems) => bail!(
                "the policy would refuse that:\n{problems}\nchange it with --until, --registry, --reason or --owner"
            ),
        }
    }

    /// The entry of a namespace.
    pub fn entry(&self, namespace: &str) -> Option<&str> {
        self.entries.iter().find(|(key, _)| key == namespace).map(|(_, entry)| entry.as_str())
    }

    /// Whether the policy would let the image in with the entry. What is wrong is said.
    pub fn accepts(
        &self,
        looked: &Looked,
        registries: &Registries,
        namespace: &str,
        entry: &str,
    ) -> anyhow::Result<bool> {
        let Some(file) = &self.settings else { return Ok(true) };
        let settings = file.settings()?;
        let review = Review { settings: &settings, registries, namespace, entry, now: self.now };
        let problems = review.problems(looked)?;
        problems.iter().for_each(|problem| tell(format!("refused: {}", shown(problem))));
        Ok(problems.is_empty())
    }

    /// The entry of a namespace, which must have one.
    pub fn required(&self, namespace: &str) -> anyhow::Result<&str> {
        let missing = || anyhow!("{} has no entry: see enforcer allow-list list", shown(namespace));
        self.entry(namespace).ok_or_else(missing)
    }

    /// Writes an entry, or takes it out, and says so.
    pub fn write(
        self,
        connection: &Connection,
        namespace: &str,
        entry: Option<&str>,
        dry_run: bool,
    ) -> anyhow::Result<Status> {
        let warnings = self.check_change(namespace, entry)?;
        let old = self.entry(namespace).map(str::to_owned);
        match self.place {
            Place::File { path, text } => {
                let edited = yaml::edit(&text, namespace, entry).with_context(|| document::name(&path))?;
                if !dry_run {
                    file::replace(&path, &text, &edited).with_context(|| document::name(&path))?;
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
        warnings.iter().filter(|_| entry.is_some()).for_each(|warning| tell(format!("note: {}", shown(warning))));
        Ok(Status::Fine)
    }
}

/// Says so where a file is not the list that the settings name, so that nothing in it counts.
fn note_another_list(text: &str, file: &SettingsFile) -> anyhow::Result<()> {
    let settings = file.settings()?;
    let wanted = settings.allow_list_config_map().map_err(|problems| anyhow!("{problems}"))?;
    let cause = match wanted.as_ref().map(|wanted| AllowList::find(text, &wanted.as_fact())) {
        None => "the settings have no allow_list_config_map, so that the policy reads no list".to_owned(),
        Some(Err(cause)) => format!("the file {cause:#}"),
        Some(Ok(_)) => return Ok(()),
    };
    tell(format!("note: {}", shown(&cause)));
    Ok(())
}
