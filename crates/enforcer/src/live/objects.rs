//! Every object of the cluster that the policy would be asked about, in pages.

use std::{
    io::{self, IsTerminal, Write},
    time::{Duration, Instant},
};

use anyhow::{Context, anyhow, bail};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{APIGroup, APIGroupList, APIResource, APIResourceList};
use kube::{api::ListParams, core::request::Request};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::{
    input::stream::{self, Kind, Taken},
    live::cluster::{Cluster, Failure},
    policy::Shown,
};

/// How many objects a page has, as with kubectl.
const PAGE_LENGTH: u32 = 500;
/// Faster than this, nobody needs to know how far it is.
const PATIENCE: Duration = Duration::from_secs(1);

const NAMESPACES: &str = "/api/v1/namespaces";

/// What is done with each object, and with the kind that its list gives it.
type Each<'e> = dyn FnMut(&RawValue, Option<&Kind>) -> anyhow::Result<Taken> + 'e;

/// Where objects of a kind are listed.
#[derive(Debug)]
struct Resource {
    /// `/apis/apps/v1`.
    root: String,
    /// `deployments`.
    plural: String,
    /// `deployments.apps`, for people.
    name: String,
    namespaced: bool,
}

/// Hands over each object of some kinds, given by group and name, and each namespace.
pub fn read(
    cluster: &Cluster,
    namespace: Option<&str>,
    kinds: &[(&str, &str)],
    each: &mut Each<'_>,
) -> anyhow::Result<()> {
    let mut progress = Progress::new();
    if let Some(namespace) = namespace {
        read_namespace(cluster, namespace, each)?;
    }
    for resource in resources(cluster, kinds)? {
        if namespace.is_none() || resource.namespaced {
            read_resource(cluster, &resource, namespace, &mut progress, each)?;
        }
    }
    progress.end();
    Ok(())
}

/// The namespace itself, whose labels a selector may ask for. Not everybody who may list its pods may read it.
fn read_namespace(cluster: &Cluster, namespace: &str, each: &mut Each<'_>) -> anyhow::Result<()> {
    let doing = format!("read namespace {namespace}");
    match cluster.get(&doing, NAMESPACES, namespace) {
        Ok(json) => stream::read(&*json, each).with_context(|| format!("cannot {doing}")).map(drop),
        Err(Failure::NotFound) => bail!("the cluster has no namespace {}", Shown(namespace)),
        Err(Failure::Conflict | Failure::Other(_)) => Ok(()),
    }
}

fn read_resource(
    cluster: &Cluster,
    resource: &Resource,
    namespace: Option<&str>,
    progress: &mut Progress,
    each: &mut Each<'_>,
) -> anyhow::Result<()> {
    let Resource { root, plural, name, .. } = resource;
    let (path, place) = match namespace {
        Some(namespace) => (format!("{root}/namespaces/{namespace}/{plural}"), format!("namespace {namespace}")),
        None => (format!("{root}/{plural}"), "all namespaces".to_owned()),
    };
    let doing = format!("list {name} in {place}");
    let mut continues: Option<String> = None;
    loop {
        let page = ListParams { limit: Some(PAGE_LENGTH), continue_token: continues, ..ListParams::default() };
        let list =
            cluster.send(&doing, Request::new(&*path).list(&page)).map_err(|failure| failure.into_error(&doing))?;
        let mut counted = |object: &RawValue, kind: Option<&Kind>| {
            progress.count(name);
            each(object, kind)
        };
        continues = stream::read(&*list, &mut counted).with_context(|| format!("cannot {doing}"))?;
        if continues.is_none() {
            return Ok(());
        }
    }
}

/// The resources of the API server that have the kinds. A group that it does not have, or a kind, has no objects; a
/// group that does not answer may have some.
fn resources(cluster: &Cluster, kinds: &[(&str, &str)]) -> anyhow::Result<Vec<Resource>> {
    let groups: APIGroupList = describe(cluster, "/apis")?;
    let mut found = Vec::new();
    add(cluster, "", "/api/v1", kinds, &mut found)?;
    for group in groups.groups.iter().filter(|group| kinds.iter().any(|(of, _)| *of == group.name)) {
        for version in versions(group) {
            add(cluster, &group.name, &format!("/apis/{version}"), kinds, &mut found)?;
        }
    }
    Ok(found)
}

/// The versions of a group, of which each may have kinds that the others lack: first the one that the server prefers.
fn versions(group: &APIGroup) -> impl Iterator<Item = &str> {
    let preferred = group.preferred_version.as_ref();
    let others = group.versions.iter().filter(move |version| Some(*version) != preferred);
    preferred.into_iter().chain(others).map(|version| version.group_version.as_str())
}

/// Adds the resources of a version that no version before it has.
fn add(
    cluster: &Cluster,
    group: &str,
    root: &str,
    kinds: &[(&str, &str)],
    found: &mut Vec<Resource>,
) -> anyhow::Result<()> {
    let list: APIResourceList = describe(cluster, root)?;
    for APIResource { name, kind, namespaced, verbs, .. } in list.resources {
        let is_listed = !name.contains('/') && verbs.iter().any(|verb| verb == "list");
        let is_namespace = (group, &*kind) == ("", "Namespace");
        let full = if group.is_empty() { name.clone() } else { format!("{name}.{group}") };
        let is_new = found.iter().all(|resource| resource.name != full);
        if is_new && is_listed && (is_namespace || (namespaced && kinds.contains(&(group, &kind)))) {
            found.push(Resource { root: root.to_owned(), plural: name, name: full, namespaced });
        }
    }
    Ok(())
}

fn describe<T: DeserializeOwned>(cluster: &Cluster, path: &str) -> anyhow::Result<T> {
    let doing = format!("ask which kinds there are ({path})");
    let request = Request::new(path).list(&ListParams::default());
    let json = cluster.send(&doing, request).map_err(|failure| failure.into_error(&doing))?;
    serde_json::from_slice(&json).map_err(|cause| anyhow!("cannot {doing}: {cause}"))
}

/// How far it is, on a terminal.
struct Progress {
    start: Instant,
    shown: Option<Instant>,
    objects: usize,
}

impl Progress {
    fn new() -> Self {
        Self { start: Instant::now(), shown: None, objects: 0 }
    }

    fn count(&mut self, resource: &str) {
        self.objects += 1;
        let is_due = self.start.elapsed() > PATIENCE && self.shown.is_none_or(|shown| shown.elapsed() > PATIENCE);
        // Asked rarely: the clock is cheap, the terminal is not.
        if is_due && io::stderr().is_terminal() {
            self.shown = Some(Instant::now());
            // Nobody misses it where it cannot be written.
            let _ = write!(io::stderr(), "\r\x1b[K{} objects, {resource}", self.objects);
        }
    }

    fn end(&self) {
        if self.shown.is_some() {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}
