//! Which workload asks for which image: the pods of one Deployment, its ReplicaSets and the Deployment
//! itself are one workload.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet, HashMap},
};

use anyhow::{Context, anyhow, bail};
use registry_enforcer::{
    admission::{self, Object, Request, Unread},
    review,
    settings::Settings,
    text::Text,
    workload::{Image, ImagePlace},
};
use serde_json::value::RawValue;

use crate::{object::Head, stream};

const POD: &str = "Pod";
const REPLICA_SET: &str = "ReplicaSet";
const DEPLOYMENT: &str = "Deployment";
/// Kinds whose objects another object makes, under names that it makes up.
const MADE_KINDS: &[&str] = &[REPLICA_SET, "ReplicationController", "Job"];
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
}

/// An image that a workload asks for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Demand {
    /// Where in the object it is: `containers[web]`.
    pub place: String,
    /// As written, `None` where a container has none.
    pub image: Option<String>,
}

impl Demand {
    /// The image as the policy reads it.
    pub fn as_image(&self) -> Image<'_> {
        Image { place: ImagePlace::Pointer(self.place.clone()), text: self.image.as_deref().map(Cow::Borrowed) }
    }
}

/// The images of a cluster.
#[derive(Debug, Default)]
pub struct Inventory {
    demands: BTreeMap<Workload, BTreeSet<Demand>>,
    /// What made each object that is no pod; `None` where nothing did.
    makers: HashMap<Workload, Option<Workload>>,
    /// What seems to have made objects that are perhaps not in the input.
    assumed_makers: HashMap<Workload, Workload>,
    /// How many objects of each kind the policy cannot read.
    pub unread: BTreeMap<String, usize>,
}

impl Inventory {
    /// Adds an object; `list_kind` is what its list says that it is.
    pub fn add(
        &mut self,
        object: &RawValue,
        list_kind: Option<&stream::Kind>,
        settings: &Settings<'_>,
    ) -> anyhow::Result<()> {
        let head = Head::parse(object)?;
        let (Some(api_version), Some(kind)) = (
            head.api_version.as_deref().or(list_kind.map(|kind| &*kind.api_version)),
            head.kind.as_deref().or(list_kind.map(|kind| &*kind.kind)),
        ) else {
            bail!("has no apiVersion or no kind: give what kubectl get … -o json prints");
        };
        let this = Workload {
            namespace: head.metadata.namespace.as_deref().map(str::to_owned),
            kind: kind.to_owned(),
            name: head.metadata.name.to_string(),
        };
        let request = request(api_version, &this);
        let name = || match &this.namespace {
            Some(namespace) => format!("{kind} {namespace}/{}", this.name),
            None => format!("{kind} {}", this.name),
        };
        let demands = demands(&head, request, object, settings).with_context(name)?;
        let workload = self.learn_maker(&head, this);
        match demands {
            Demands::None => {}
            Demands::UnknownKind => *self.unread.entry(workload.kind).or_default() += 1,
            Demands::Of(demands) => self.demands.entry(workload).or_default().extend(demands),
        }
        Ok(())
    }

    /// The object that a pod counts for, or the object itself, whose maker is kept for later: the maker's
    /// own maker may follow in the list.
    fn learn_maker(&mut self, head: &Head<'_>, this: Workload) -> Workload {
        let maker = head.controller().map(|owner| Workload {
            namespace: this.namespace.clone(),
            kind: owner.kind.to_string(),
            name: owner.name.to_string(),
        });
        if this.kind != POD {
            self.makers.insert(this.clone(), maker);
            return this;
        }
        let Some(maker) = maker else {
            return this;
        };
        if maker.kind == REPLICA_SET
            && !self.assumed_makers.contains_key(&maker)
            && let Some(name) = head.deployment_of(&maker.name)
        {
            let deployment = Workload { namespace: this.namespace, kind: DEPLOYMENT.to_owned(), name };
            self.assumed_makers.insert(maker.clone(), deployment);
        }
        maker
    }

    /// Every workload with its images, in the order of the namespaces.
    pub fn into_workloads(mut self) -> Vec<(Workload, BTreeSet<Demand>)> {
        let mut workloads: BTreeMap<Workload, BTreeSet<Demand>> = BTreeMap::new();
        for (made, demands) in std::mem::take(&mut self.demands) {
            workloads.entry(self.made_by(made)).or_default().extend(demands);
        }
        workloads.into_iter().collect()
    }

    /// What made an object in the end.
    fn made_by(&self, made: Workload) -> Workload {
        let maker = |made: &Workload| match self.makers.get(made) {
            _ if !MADE_KINDS.contains(&&*made.kind) => None,
            Some(maker) => maker.clone(),
            None => self.assumed_makers.get(made).cloned(),
        };
        std::iter::successors(Some(made.clone()), maker).take(CHAIN_MAX).last().unwrap_or(made)
    }
}

/// The request for an object, as the API server would send it.
fn request<'a>(api_version: &'a str, object: &'a Workload) -> Request<'a> {
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    let text = |text: &'a str| Text(Cow::Borrowed(text));
    Request {
        kind: admission::Kind { group: text(group), kind: text(&object.kind) },
        namespace: object.namespace.as_deref().map(text),
        name: Some(text(&object.name)),
        operation: text("CREATE"),
        object: None,
        old_object: None,
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
    request: Request<'_>,
    object: &RawValue,
    settings: &Settings<'_>,
) -> anyhow::Result<Demands> {
    let not_valid = |problems: &_| anyhow!("{problems}");
    if review::is_exempt(&request, settings).map_err(not_valid)? || head.has_ended(&request.kind.kind)? {
        return Ok(Demands::None);
    }
    match request.workload(Some(Object::Json(object)), settings).map_err(not_valid)? {
        Ok(workload) => {
            let demand =
                |image: Image<'_>| Demand { place: image.place.to_string(), image: image.text.map(Cow::into_owned) };
            Ok(Demands::Of(workload.images.into_iter().map(demand).collect()))
        }
        Err(Unread::Object(cause)) => bail!("{cause} of the object"),
        Err(Unread::UnknownKind | Unread::Missing) => Ok(Demands::UnknownKind),
    }
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
            let images: Vec<&str> = demands.iter().filter_map(|demand| demand.image.as_deref()).collect();
            format!("{}/{}: {}", workload.kind, workload.name, images.join(" "))
        };
        inventory.into_workloads().into_iter().map(line).collect()
    }

    const POD_OF_WEB: &str = r#"{"apiVersion": "v1", "kind": "Pod",
        "metadata": {"namespace": "n", "name": "web-5d4-x", "labels": {"pod-template-hash": "5d4"},
            "ownerReferences": [{"kind": "ReplicaSet", "name": "web-5d4", "controller": true}]},
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
        let of_deployment = replica_set(r#"[{"kind": "Deployment", "name": "web", "controller": true}]"#);
        let of_rollout = replica_set(r#"[{"kind": "Rollout", "name": "web", "controller": true}]"#);
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
        let circle = replica_set(r#"[{"kind": "ReplicaSet", "name": "web-5d4", "controller": true}]"#);
        assert_eq!(workloads(&[&circle]), ["ReplicaSet/web-5d4: a:1"]);
    }

    #[test]
    fn counts_what_the_policy_cannot_read() {
        let settings = serde_json::from_str(SETTINGS).expect("settings");
        let mut inventory = Inventory::default();
        let service = r#"{"apiVersion": "v1", "kind": "Service", "metadata": {"namespace": "n", "name": "s"}}"#;
        let exempt =
            r#"{"apiVersion": "v1", "kind": "Service", "metadata": {"namespace": "kube-system", "name": "s"}}"#;
        for item in [service, service, exempt] {
            inventory.add(serde_json::from_str(item).expect(item), None, &settings).expect(item);
        }
        assert_eq!(inventory.unread, BTreeMap::from([("Service".to_owned(), 2)]));
    }
}
