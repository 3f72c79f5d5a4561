//! The kinds that the policy knows by itself, and where their pod specs are.

use k8s_openapi::{
    Resource,
    api::{
        apps::v1::{DaemonSet, Deployment, ReplicaSet, StatefulSet},
        batch::v1::{CronJob, Job},
        core::v1::{Binding, ConfigMap, Node, Pod, PodTemplate, ReplicationController},
    },
};

/// The fields that lead from an object to its pod spec.
pub(crate) type Path = &'static [&'static str];

/// The kinds that have a pod spec: group, kind, and the fields that lead to it.
const WORKLOADS: &[(&str, &str, Path)] = &[
    (Pod::GROUP, Pod::KIND, &["spec"]),
    (PodTemplate::GROUP, PodTemplate::KIND, &["template", "spec"]),
    (ReplicationController::GROUP, ReplicationController::KIND, &["spec", "template", "spec"]),
    (Deployment::GROUP, Deployment::KIND, &["spec", "template", "spec"]),
    (ReplicaSet::GROUP, ReplicaSet::KIND, &["spec", "template", "spec"]),
    (StatefulSet::GROUP, StatefulSet::KIND, &["spec", "template", "spec"]),
    (DaemonSet::GROUP, DaemonSet::KIND, &["spec", "template", "spec"]),
    (Job::GROUP, Job::KIND, &["spec", "template", "spec"]),
    (CronJob::GROUP, CronJob::KIND, &["spec", "jobTemplate", "spec", "template", "spec"]),
];

/// The kinds that name no image and reach the policy through wide rules, such as `pods/*`: group and kind.
/// k8s-openapi has no types for most of them, because they are only ever the body of a subresource.
const WITHOUT_IMAGES: &[(&str, &str)] = &[
    (Binding::GROUP, Binding::KIND),
    ("policy", "Eviction"),
    ("autoscaling", "Scale"),
    ("authentication.k8s.io", "TokenRequest"),
    ("", "PodExecOptions"),
    ("", "PodAttachOptions"),
    ("", "PodPortForwardOptions"),
    ("", "PodProxyOptions"),
    ("", "PodLogOptions"),
    ("", "ServiceProxyOptions"),
    ("", "NodeProxyOptions"),
];

/// The fields that lead to the pod spec of a kind, `None` where it has none that this policy knows.
pub(crate) fn path(group: &str, kind: &str) -> Option<Path> {
    WORKLOADS.iter().find(|workload| (workload.0, workload.1) == (group, kind)).map(|workload| workload.2)
}

/// Whether objects of a kind name no image.
pub(crate) fn is_without_images(group: &str, kind: &str) -> bool {
    WITHOUT_IMAGES.contains(&(group, kind))
}

/// Whether objects of a kind are ConfigMaps, one of which may be the allow list.
pub(crate) fn is_config_map(group: &str, kind: &str) -> bool {
    (group, kind) == (ConfigMap::GROUP, ConfigMap::KIND)
}

/// Whether objects of a kind are nodes.
pub(crate) fn is_node(group: &str, kind: &str) -> bool {
    (group, kind) == (Node::GROUP, Node::KIND)
}
