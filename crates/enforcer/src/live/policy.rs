//! The policy in the cluster: its settings and about which namespaces it is asked.

use anyhow::{anyhow, bail};
use kube::{api::ListParams, core::request::Request};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{
    input::settings_file::SettingsFile,
    live::cluster::{Cluster, Failure},
    policy::Shown,
};

const PATH: &str = "/apis/policies.kubewarden.io/v1/clusteradmissionpolicies";
/// The last component of the repository that this policy is published in, wherever it is mirrored to.
const REPOSITORY: &str = "registry-enforcer";
/// How many names an error lists.
const NAMES_MAX: usize = 20;

#[derive(Deserialize)]
struct List {
    items: Vec<Box<RawValue>>,
}

#[derive(Deserialize)]
struct Manifest {
    metadata: Metadata,
    spec: Spec,
}

#[derive(Deserialize)]
struct Metadata {
    name: String,
}

#[derive(Deserialize)]
struct Spec {
    module: String,
    #[serde(default)]
    rules: Vec<Rule>,
}

#[derive(Deserialize)]
struct Rule {
    resources: Vec<String>,
}

/// The policy of a name, or the only one whose module is this policy and that is asked about pods.
pub fn read(cluster: &Cluster, name: Option<&str>) -> anyhow::Result<SettingsFile> {
    read_whole(cluster, name).map(|(_, file)| file)
}

/// The same policy as JSON, with its settings.
pub fn read_whole(cluster: &Cluster, name: Option<&str>) -> anyhow::Result<(String, SettingsFile)> {
    let doing = "list clusteradmissionpolicies.policies.kubewarden.io";
    let json = match cluster.send(doing, Request::new(PATH).list(&ListParams::default())) {
        Ok(json) => json,
        Err(Failure::NotFound) => {
            bail!("cannot {doing}: this cluster has no Kubewarden: give the settings with --settings")
        }
        Err(failure) => return Err(failure.into_error(doing)),
    };
    let list: List = serde_json::from_slice(&json).map_err(|cause| anyhow!("cannot {doing}: {cause}"))?;
    let policies: Vec<(Manifest, &RawValue)> =
        list.items.iter().filter_map(|item| Some((serde_json::from_str(item.get()).ok()?, &**item))).collect();
    let (manifest, json) = choose(&policies, name)?;
    // The items of a typed list leave out their kind.
    let name = format!("ClusterAdmissionPolicy {}", Shown(&manifest.metadata.name));
    Ok((json.get().to_owned(), SettingsFile::of_policy(json.get(), &name)?))
}

fn choose<'p>(
    policies: &'p [(Manifest, &'p RawValue)],
    name: Option<&str>,
) -> anyhow::Result<&'p (Manifest, &'p RawValue)> {
    let names = |chosen: &mut dyn Iterator<Item = &(Manifest, &RawValue)>| {
        let names: Vec<_> =
            chosen.take(NAMES_MAX).map(|(manifest, _)| Shown(&manifest.metadata.name).to_string()).collect();
        if names.is_empty() { "none".to_owned() } else { names.join(", ") }
    };
    if let Some(name) = name {
        let found = policies.iter().find(|(manifest, _)| manifest.metadata.name == name);
        return found.ok_or_else(|| {
            anyhow!("there is no ClusterAdmissionPolicy {}; there are: {}", Shown(name), names(&mut policies.iter()))
        });
    }
    let is_ours = |(Manifest { spec, .. }, _): &&(Manifest, &RawValue)| {
        is_this_policy(&spec.module) && spec.rules.iter().any(names_pods)
    };
    let mut ours = policies.iter().filter(is_ours);
    match (ours.next(), ours.next()) {
        (Some(policy), None) => Ok(policy),
        (None, _) => bail!(
            "no ClusterAdmissionPolicy with a module named {REPOSITORY} has a rule about pods; there are: {}: name one with --policy",
            names(&mut policies.iter())
        ),
        (Some(_), Some(_)) => bail!(
            "more than one ClusterAdmissionPolicy runs this policy: {}: name one with --policy",
            names(&mut policies.iter().filter(is_ours))
        ),
    }
}

/// Whether a module is this policy: `registry://ghcr.io/toolforge/policies/registry-enforcer:v0.1.0`.
fn is_this_policy(module: &str) -> bool {
    let last = module.rsplit('/').next().unwrap_or_default();
    last.split(['@', ':']).next() == Some(REPOSITORY)
}

/// Whether a rule names pods, `pods/*` or everything. That of deploy/audit-pause-image.yml is about nodes alone.
fn names_pods(rule: &Rule) -> bool {
    rule.resources.iter().any(|resource| matches!(resource.split('/').next(), Some("pods" | "*")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_its_own_module() {
        const CASES: &[(&str, bool)] = &[
            ("registry://ghcr.io/toolforge/policies/registry-enforcer:v0.1.0", true),
            ("ghcr.io/mirror/registry-enforcer@sha256:00", true),
            ("registry-enforcer", true),
            ("registry://ghcr.io/kubewarden/policies/trusted-repos:v2.1.4", false),
            ("registry://ghcr.io/registry-enforcer/other:v1", false),
        ];
        for &(module, expected) in CASES {
            assert_eq!(is_this_policy(module), expected, "{module}");
        }
    }
}
