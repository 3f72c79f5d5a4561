//! Where a command gets the settings, the allow list and the objects from.

use std::{
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
        stream,
    },
    policy::Settings,
};

/// The flags that say what judges.
#[derive(Debug, Args)]
pub struct Judging {
    /// The policy's settings, or the policy that has them, as YAML or JSON
    #[arg(long, value_name = "FILE")]
    pub settings: PathBuf,
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

impl Judging {
    /// Reads the settings.
    pub fn settings(&self) -> anyhow::Result<SettingsFile> {
        SettingsFile::read(&self.settings)
    }

    /// Reads the allow list, which must be there if and only if the settings name one.
    pub fn allow_list(&self, settings: &Settings<'_>) -> anyhow::Result<Option<AllowList>> {
        allow_list(self.allow_list.as_deref(), settings)
    }
}

impl Skipping {
    /// The namespaces that are left out, by these flags and by the policy.
    pub fn scope(&self, settings: &SettingsFile) -> Scope {
        Scope { skipped: self.skip_namespaces.clone(), selector: settings.selector.clone() }
    }
}

fn allow_list(path: Option<&Path>, settings: &Settings<'_>) -> anyhow::Result<Option<AllowList>> {
    let wanted = settings.allow_list_config_map().map_err(|problems| anyhow!("{problems}"))?;
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

/// Hands every object of the files to each of the inventories, which may have settings of their own.
pub fn read_objects(files: &[PathBuf], inventories: &mut [(&mut Inventory, &Settings<'_>)]) -> anyhow::Result<()> {
    let mut add = |object: &_, kind: Option<&_>| {
        let mut taken = stream::Taken::Yes;
        for (inventory, settings) in &mut *inventories {
            taken = inventory.add(object, kind, settings)?;
        }
        Ok(taken)
    };
    for path in files {
        let name = || document::name(path);
        let input: &mut dyn Read = if path == Path::new(STANDARD_INPUT) {
            &mut io::stdin().lock()
        } else {
            &mut File::open(path).with_context(name)?
        };
        stream::read(input, &mut add).with_context(name)?;
    }
    Ok(())
}
