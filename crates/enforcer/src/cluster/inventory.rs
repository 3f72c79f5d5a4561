//! Which workload asks for which image: the pods of one Deployment, its ReplicaSets and the Deployment
//! itself are one workload.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use anyhow::anyhow;
use serde_json::value::RawValue;

use crate::{
    cluster::scope::Scope,
    input::{
        namespace_selector::NamespaceLabels,
        object::{Head, Names},
        stream::{self, Taken},
    },
    policy::{self, Creation, Demanded, ImagesOf, Settings},
};

const CORE: &str = "";
const APPS: &str = "apps";
const BATCH: &str = "batch";
const POD: &str = "Pod";
const REPLICA_SET: &str = "ReplicaSet";
const DEPLOYMENT: &str = "Deployment";
const NAMESPACE: &str = "Namespace";
/// Kinds (group and kind) whose objects are usually made by a controller, which chooses their names.
const MADE_KINDS: &[(&str, &str)] = &[(APPS, REPLICA_SET), (CORE, "ReplicationController"), (BATCH, "Job")];
/// More than Kubernetes' own chains have (CronJob, Job, pod), so that references in a circle end.
const CHAIN_MAX: usize = 8;

/// The name of a workload.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Workload {
    /// `None` for an object of the cluster.
    pub namespace: Option<String>,
    /// The kind.
    pub kind: String,
    /// The object's own name.
    pub name: String,
    /// The API group, empty for the core group: Volcano has a Job of its own.
    pub group: String,
}

/// What a workload asks for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Demand {
    /// An image.
    Image {
        /// Where in the object it is: `containers[web]`.
        place: String,
        /// What stands there.
        demanded: Demanded,
    },
    /// What nobody can read; what the policy says of it.
    Unreadable(String),
}

/// The images of a cluster.
#[derive(Debug, Default)]
pub struct Inventory {
    scope: Scope,
    labels: NamespaceLabels,
    demands: BTreeMap<Workload, BTreeSet<Demand>>,
    /// What made each object other than a pod; `None` where nothing did.
    makers: HashMap<Workload, Option<Workload>>,
    /// What seems to have made objects that are perhaps not in the input.
    assumed_makers: HashMap<Workload, Workload>,
    /// How many objects the policy cannot read, of each namespace and kind.
    unread: BTreeMap<(Option<String>, String), usize>,
}

impl Inventory {
    /// An inventory of the namespaces about which the policy is asked.
    pub fn new(scope: Scope) -> Self {
        Self { scope, ..Self::default() }
    }

    /// Adds an object; `list_kind` is what its list says that it is.
    ///
    /// # Errors
    ///
    /// Problems of the settings. An odd object is never an error.
    pub fn add(
        &mut self,
        object: &RawValue,
        list_kind: Option<&stream::Kind>,
        settings: &Settings<'_>,
    ) -> anyhow::Result<Taken> {
        let head = Head::read(object);
        let (api_version, kind) = match (head.own_kind(), list_kind) {
            (Some(own), _) => own,
            (None, Some(kind)) => (kind.api_version.clone(), kind.kind.clone()),
            (None, None) => return Ok(Taken::WithoutKind),
        };
        let group = policy::group_of(&api_version).to_owned();
        let names = head.names();
        if (&*group, &*kind) == (CORE, NAMESPACE) {
            self.labels.insert(names.name.clone(), names.labels());
            return Ok(Taken::Yes);
        }
        let this = Workload { namespace: names.namespace.clone(), kind, name: names.name.clone(), group };
        let demands = demands(&head, &names, &this, object, settings)?;
        let workload = self.learn_maker(&names, this);
        match demands {
            Demands::None => {}
            Demands::UnknownKind => {
                let kind = policy::kind_name(&workload.group, &workload.kind);
                *self.unread.entry((workload.namespace, kind)).or_default() += 1;
            }
            Demands::Of(demands) => self.demands.entry(workload).or_default().extend(demands),
        }
        Ok(Taken::Yes)
    }

    /// The object that a pod counts for, or the object itself, whose maker is kept for later: the maker's
    /// own maker may follow in the list.
    fn learn_maker(&mut self, names: &Names<'_>, this: Workload) -> Workload {
        let maker = names.controller().map(|owner| Workload {
            namespace: this.namespace.clone(),
            group: policy::group_of(&owner.api_version).to_owned(),
            kind: owner.kind,
            name: owner.name,
        });
        if !this.is(CORE, POD) {
            self.makers.insert(this.clone(), maker);
            return this;
        }
        let Some(maker) = maker else {
            return this;
        };
        if maker.is(APPS, REPLICA_SET)
            && !self.assumed_makers.contains_key(&maker)
            && let Some(name) = names.deployment_of(&maker.name)
        {
            let (kind, group) = (DEPLOYMENT.to_owned(), APPS.to_owned());
            self.assumed_makers.insert(maker.clone(), Workload { namespace: this.namespace, kind, name, group });
        }
        maker
    }

    /// How many objects of each kind the policy cannot read.
    pub fn unread(&self) -> BTreeMap<String, usize> {
        let mut kinds = BTreeMap::new();
        for ((namespace, kind), number) in &self.unread {
            if !self.scope.leaves_out(namespace.as_deref(), &self.labels) {
                *kinds.entry(kind.clone()).or_default() += number;
            }
        }
        kinds
    }

    /// Every workload with what it asks for, in the order of the namespaces.
    pub fn into_workloads(mut self) -> Vec<(Workload, BTreeSet<Demand>)> {
        let mut workloads: BTreeMap<Workload, BTreeSet<Demand>> = BTreeMap::new();
        for (made, demands) in std::mem::take(&mut self.demands) {
            if !self.scope.leaves_out(made.namespace.as_deref(), &self.labels) {
                workloads.entry(self.made_by(made)).or_default().extend(demands);
            }
        }
        workloads.into_iter().collect()
    }

    /// What made an object in the end.
    fn made_by(&self, made: Workload) -> Workload {
        let maker = |made: &Workload| match self.makers.get(made) {
            _ if !MADE_KINDS.iter().any(|(group, kind)| made.is(group, kind)) => None,
            Some(maker) => maker.clone(),
            None => self.assumed_makers.get(made).cloned(),
        };
        std::iter::successors(Some(made.clone()), maker).take(CHAIN_MAX).last().unwrap_or(made)
    }
}

impl Workload {
    fn is(&self, group: &str, kind: &str) -> bool {
        self.group == group && self.kind == kind
    }
}

/// What an object asks for.
enum Demands {
    /// Nothing that is judged.
    None,
    /// The policy cannot tell.
    UnknownKind,
    /// These images.
    Of(BTreeSet<Demand>),
}

fn demands(
    head: &Head<'_>,
    names: &Names<'_>,
    this: &Workload,
    object: &RawValue,
    settings: &Settings<'_>,
) -> anyhow::Result<Demands> {
    if head.has_ended(&this.group, &this.kind, names) {
        return Ok(Demands::None);
    }
    let Workload { namespace, kind, name, group } = this;
    let creation = Creation { group, kind, namespace: namespace.as_deref(), name };
    let images = policy::images_of(&creation, object, settings).map_err(|problems| anyhow!("{problems}"))?;
    Ok(match images {
        ImagesOf::Nothing => Demands::None,
        ImagesOf::UnknownKind => Demands::UnknownKind,
        ImagesOf::Unreadable(message) => Demands::Of(BTreeSet::from([Demand::Unreadable(message)])),
        ImagesOf::Object(images) => {
            Demands::Of(images.into_iter().map(|(place, demanded)| Demand::Image { place, demanded }).collect())
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: &str = r#"{"registry_prefixes": ["reg.example"]}"#;

    /// One line a workload of the objects' items.
    fn workloads(items: &[&str]) -> Vec<String> {
        let settings = serde_json::from_str(SETTINGS).expect("settings");
        let mut inventory = Inventory::default();
        for item in items {
            let item: &RawValue = serde_json::from_str(item).expect(item);
            inventory.add(item, None, &settings).expect("an object");
        }
        let line = |(workload, demands): (Workload, BTreeSet<Demand>)| {
            let image = |demand: &Demand| match demand {
                Demand::Image { demanded, .. } => demanded.text().unwrap_or_default().to_owned(),
                Demand::Unreadable(message) => message.clone(),
            };
            let images: Vec<String> = demands.iter().map(image).collect();
            format!("{}/{}: {}", workload.kind, workload.name, images.join(" "))
        };
        inventory.into_workloads().into_iter().map(line).collect()
    }

    const POD_OF_WEB: &str = r#"{"apiVersion": "v1", "kind": "Pod",
        "metadata": {"namespace": "n", "name": "web-5d4-x", "labels": {"pod-template-hash": "5d4"},
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-5d4", "controller": true}]},
        "spec": {"containers": [{"name": "web", "image": "a:1"}, {"name": "sidecar", "image": "b:1"}]}}"#;
    const WEB: &str = r#"{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"namespace": "n", "name": "web"},
        "spec": {"template": {"spec": {"containers": [{"name": "web", "image": "a:1"}]}}}}"#;

    fn replica_set(owners: &str) -> String {
        format!(
            r#"{{"apiVersion": "apps/v1", "kind": "ReplicaSet",
            "metadata": {{"namespace": "n", "name": "web-5d4", "ownerReferences": {owners}}},
            "spec": {{"replicas": 1, "template": {{"spec": {{"containers": [{{"name": "web", "image": "a:1"}}]}}}}}}}}"#
        )
    }

    #[test]
    fn pods_and_what_made_them_are_one_workload() {
        let of_deployment =
            replica_set(r#"[{"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "controller": true}]"#);
        let of_rollout = replica_set(
            r#"[{"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "name": "web", "controller": true}]"#,
        );
        let alone = replica_set("[]");
        let cases: &[(&[&str], &[&str])] = &[
            (&[POD_OF_WEB], &["Deployment/web: b:1 a:1"]),
            (&[POD_OF_WEB, &of_deployment, WEB], &["Deployment/web: b:1 a:1"]),
            (&[WEB, &of_deployment, POD_OF_WEB], &["Deployment/web: b:1 a:1"]),
            (&[POD_OF_WEB, &of_rollout], &["Rollout/web: b:1 a:1"]),
            (&[POD_OF_WEB, &alone], &["ReplicaSet/web-5d4: b:1 a:1"]),
        ];
        for (items, expected) in cases {
            assert_eq!(workloads(items), *expected, "{items:?}");
        }
    }

    #[test]
    fn owners_in_a_circle_end() {
        let circle =
            replica_set(r#"[{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-5d4", "controller": true}]"#);
        assert_eq!(workloads(&[&circle]), ["ReplicaSet/web-5d4: a:1"]);
    }
}
