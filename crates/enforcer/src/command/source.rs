//! Where a command gets the settings, the allow list and the objects from: files, or the cluster where none is given.

use std::{
    cell::OnceCell,
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use anyhow::{Context, anyhow, bail};
use clap::Args;

use crate::{
    cluster::{inventory::Inventory, scope::Scope},
    input::{
        allow_list::AllowList,
        document::{self, STANDARD_INPUT},
        settings_file::SettingsFile,
        stream::{self, Taken},
    },
    live::{
        self,
        cluster::{Cluster, Flags},
        config_map::LiveList,
    },
    policy::{self, ConfigMap, Settings},
};

/// The flag of most commands that gives the allow list.
pub const ALLOW_LIST: &str = "--allow-list";

/// The flags that say what judges.
#[derive(Debug, Args)]
pub struct Judging {
    /// The policy's settings, or the policy that has them, as YAML or JSON; without it, those of the cluster's policy
    #[arg(long, value_name = "FILE")]
    pub settings: Option<PathBuf>,
    /// The ConfigMap that the settings name as allow_list_config_map, as YAML or JSON
    #[arg(long, value_name = "FILE")]
    pub allow_list: Option<PathBuf>,
}

/// The flags that say which namespaces the policy is never asked about.
#[derive(Debug, Args)]
pub struct Skipping {
    /// Namespaces that Kubewarden never asks the policy about, beside those that the policy's namespaceSelector leaves
    /// out
    #[arg(long, value_name = "NAMESPACE", value_delimiter = ',', default_value = "kubewarden")]
    pub skip_namespaces: Vec<String>,
}

/// The cluster, once something of it is needed.
pub struct Connection {
    flags: Flags,
    cluster: OnceCell<Cluster>,
}

impl Connection {
    /// A connection that is made when it is first used.
    pub fn new(flags: &Flags) -> Self {
        Self { flags: flags.clone(), cluster: OnceCell::new() }
    }

    /// The cluster.
    pub fn cluster(&self) -> anyhow::Result<&Cluster> {
        if let Some(cluster) = self.cluster.get() {
            return Ok(cluster);
        }
        let cluster = Cluster::connect(&self.flags)?;
        Ok(self.cluster.get_or_init(|| cluster))
    }

    /// The settings of the cluster's policy.
    pub fn settings(&self) -> anyhow::Result<SettingsFile> {
        live::policy::read(self.cluster()?, self.flags.policy.as_deref())
    }

    /// The settings in a file, or those of the cluster's policy.
    pub fn settings_of(&self, path: Option<&Path>) -> anyhow::Result<SettingsFile> {
        path.map_or_else(|| self.settings(), SettingsFile::read)
    }

    /// The ConfigMap in a file, or, where the cluster is asked, the one that the settings name. It is an
    /// error if it is needed and missing; the error names the flag that gives it.
    pub fn allow_list(
        &self,
        path: Option<&Path>,
        settings: &Settings<'_>,
        asks_cluster: bool,
        flag: &str,
    ) -> anyhow::Result<Option<AllowList>> {
        let wanted = settings.allow_list_config_map().map_err(|problems| anyhow!("{problems}"))?;
        let wanted = wanted.as_ref().map(|name| name.as_fact());
        match (path, wanted) {
            (None, None) => Ok(None),
            (Some(path), Some(wanted)) => AllowList::read(path, &wanted).map(Some),
            (None, Some(wanted)) if asks_cluster => LiveList::read(self.cluster()?, &wanted)?.list().map(Some),
            (None, Some(wanted)) => Err(missing(&wanted, flag)),
            (Some(path), None) => {
                bail!("the settings have no allow_list_config_map: leave out {flag} {}", path.display())
            }
        }
    }

    /// Hands every object of the files, or of the cluster where there is none, to each of the inventories, which may
    /// have settings of their own.
    pub fn objects(
        &self,
        files: &[PathBuf],
        namespace: Option<&str>,
        inventories: &mut [(&mut Inventory, &Settings<'_>)],
    ) -> anyhow::Result<()> {
        if !files.is_empty() {
            return read_files(files, &mut |object, kind| add(inventories, object, kind));
        }
        let mut kinds = Vec::new();
        for (_, settings) in inventories.iter() {
            kinds.extend(policy::judged_kinds(settings)?);
        }
        live::objects::read(self.cluster()?, namespace, &kinds, &mut |object, kind| add(inventories, object, kind))
    }
}

impl Skipping {
    /// The namespaces that are left out, by these flags and by the policy.
    pub fn scope(&self, settings: &SettingsFile) -> Scope {
        Scope { skipped: self.skip_namespaces.clone(), selector: settings.selector.clone() }
    }
}

/// The error where the settings name an allow list that was not given.
fn missing(wanted: &ConfigMap<'_>, flag: &str) -> anyhow::Error {
    anyhow!(
        "the settings name {wanted}: give it with {flag}, from kubectl get configmap {} --namespace {} --output yaml",
        wanted.name,
        wanted.namespace
    )
}

fn add(
    inventories: &mut [(&mut Inventory, &Settings<'_>)],
    object: &serde_json::value::RawValue,
    kind: Option<&stream::Kind>,
) -> anyhow::Result<Taken> {
    let mut taken = Taken::Yes;
    for (inventory, settings) in inventories {
        taken = inventory.add(object, kind, settings)?;
    }
    Ok(taken)
}

fn read_files(
    files: &[PathBuf],
    add: &mut dyn FnMut(&serde_json::value::RawValue, Option<&stream::Kind>) -> anyhow::Result<Taken>,
) -> anyhow::Result<()> {
    for path in files {
        let name = || document::name(path);
        let input: &mut dyn Read = if path == Path::new(STANDARD_INPUT) {
            &mut io::stdin().lock()
        } else {
            &mut File::open(path).with_context(name)?
        };
        stream::read(input, add).with_context(name)?;
    }
    Ok(())
}
