//! What is read of the settings to write a manifest.

use registry_enforcer::{
    image::prefix::Prefix,
    kind::{self, Path},
    settings::{Settings, custom_kind::CustomKind, problem::Problems, requirement::Requirements},
};

/// The approvals that do not end.
pub fn undated_approvals<'s>(settings: &'s Settings<'_>) -> anyhow::Result<Vec<&'s Prefix<'s>>> {
    let entries = settings.registry_prefixes().map_err(told)?;
    Ok(entries.iter().filter(|entry| entry.end().is_none()).map(|entry| &entry.prefix).collect())
}

/// The denials, those that are still to begin among them.
pub fn denials<'s>(settings: &'s Settings<'_>) -> anyhow::Result<Vec<&'s Prefix<'s>>> {
    let entries = settings.denied_images().map_err(told)?;
    Ok(entries.iter().map(|entry| &entry.prefix).collect())
}

/// A kind that has a pod spec: its group, its name, and the fields that lead to the pod spec.
pub type Workload = (&'static str, &'static str, Path);

/// The kinds that have images in a pod spec and nowhere else.
pub fn workloads(settings: &Settings<'_>) -> anyhow::Result<Vec<Workload>> {
    let described = settings.custom_kinds().map_err(told)?;
    let has_more = |(group, kind, _): &Workload| described.iter().any(|entry| entry.is(group, kind));
    Ok(kind::workloads().filter(|workload| !has_more(workload)).collect())
}

/// The kinds that only the settings describe, each once: group and name.
pub fn described_kinds<'s>(settings: &'s Settings<'_>) -> anyhow::Result<Vec<(&'s str, &'s str)>> {
    let mut kinds: Vec<(&str, &str)> = Vec::new();
    for found in settings.custom_kinds().map_err(told)?.iter().map(CustomKind::group_and_kind) {
        let is_built_in = kind::workloads().any(|(group, kind, _)| (group, kind) == found);
        if !is_built_in && !kinds.contains(&found) {
            kinds.push(found);
        }
    }
    Ok(kinds)
}

/// The kinds whose images are judged, nodes aside: group and name.
pub fn judged_kinds<'s>(settings: &'s Settings<'_>) -> anyhow::Result<Vec<(&'s str, &'s str)>> {
    Ok(kind::workloads().map(|(group, kind, _)| (group, kind)).chain(described_kinds(settings)?).collect())
}

/// Whether the policy asks registries about images.
pub fn asks_registries(settings: &Settings<'_>) -> anyhow::Result<bool> {
    let requirements = settings.byoc_requirements().map_err(told)?;
    Ok(requirements.as_ref().is_some_and(Requirements::needs_answer))
}

fn told(problems: &Problems) -> anyhow::Error {
    anyhow::anyhow!("{problems}")
}
