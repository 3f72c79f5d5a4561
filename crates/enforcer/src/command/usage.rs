//! Which entries of the allow list are used: by the objects in files, or by those of the cluster.

use std::path::PathBuf;

use anyhow::{anyhow, bail};
use clap::Args;

use crate::{
    cluster::{
        inventory::Inventory,
        snapshot::Snapshot,
        usage::{self, Usage},
        verdicts,
    },
    command::source::{Connection, Skipping},
    input::{allow_list::AllowList, settings_file::SettingsFile},
    live::cluster::MissingRight,
    output::{escape::lines, tell::tell},
    policy,
};

/// The flags that say what may use the list.
#[derive(Debug, Args)]
pub struct Users {
    /// What `kubectl get pods,deployments,replicasets,… -A -o json` printed; - is standard input. Without a file, the
    /// cluster is asked, but not about a list that is a file
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    skipping: Skipping,
}

impl Users {
    /// Whether there is something to ask without the cluster.
    pub fn has_files(&self) -> bool {
        !self.files.is_empty()
    }

    /// How many workloads need each entry.
    pub fn usage(
        &self,
        entries: &[(String, String)],
        settings: Option<&SettingsFile>,
        connection: &Connection,
        now: i64,
    ) -> anyhow::Result<Usage> {
        let Some(file) = settings else {
            bail!("who uses the list depends on the policy's settings: give them with --settings");
        };
        let settings = file.settings()?;
        if !policy::names_allow_list(&settings)? {
            bail!("the settings have no allow_list_config_map, so nothing uses the list: give other settings");
        }
        let snapshot = Snapshot::new(now, Some(AllowList::new(entries)));
        let mut inventory = Inventory::new(self.skipping.scope(file));
        connection.objects(&self.files, None, &mut [(&mut inventory, &settings)])?;
        let judged = verdicts::judge(&inventory.into_workloads(), &settings, &snapshot);
        Ok(usage::usage(&judged.map_err(|problems| anyhow!("{problems}"))?))
    }

    /// [`Self::usage`] for a list in the cluster. A reviewer may have the right to read the list, but not to list what runs.
    pub fn live_usage(
        &self,
        entries: &[(String, String)],
        settings: Option<&SettingsFile>,
        connection: &Connection,
        now: i64,
    ) -> anyhow::Result<Option<Usage>> {
        match self.usage(entries, settings, connection, now) {
            Err(cause) if !self.has_files() && cause.is::<MissingRight>() => {
                tell(format!("note: who uses the list is not known: {}", lines(&format!("{cause:#}"))));
                Ok(None)
            }
            usage => usage.map(Some),
        }
    }
}
