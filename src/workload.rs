//! Which images an object asks for: the kinds that have a pod spec, and where it is.

use std::{borrow::Cow, fmt};

use k8s_openapi::{
    Resource,
    api::{
        apps::v1::{DaemonSet, Deployment, ReplicaSet, StatefulSet},
        batch::v1::{CronJob, Job},
        core::v1::{Binding, Node, Pod, PodTemplate, ReplicationController},
    },
};
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor},
};

use crate::text::Text;

/// The fields that lead to the pod spec.
type Path = &'static [&'static str];

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

/// The kinds that name no image and reach the policy through wide rules, such as `pods/*`: group and
/// kind. k8s-openapi has no types for most of them: they are only ever the body of a subresource.
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

/// The lists of a pod spec (Kubernetes API, core/v1 PodSpec) whose elements name images, in the order in which
/// a message reports them.
pub(crate) const IMAGE_LISTS: &[&str; 4] = &["containers", "initContainers", "ephemeralContainers", "volumes"];

/// The fields that lead to the pod spec of a kind, `None` where it has none that this policy knows.
pub(crate) fn path(group: &str, kind: &str) -> Option<Path> {
    WORKLOADS.iter().find(|workload| (workload.0, workload.1) == (group, kind)).map(|workload| workload.2)
}

/// Whether objects of a kind name no image.
pub(crate) fn is_without_images(group: &str, kind: &str) -> bool {
    WITHOUT_IMAGES.contains(&(group, kind))
}

/// Whether objects of a kind are nodes.
pub(crate) fn is_node(group: &str, kind: &str) -> bool {
    (group, kind) == (Node::GROUP, Node::KIND)
}

/// Whether the policy reads a kind without a description in `custom_kinds`.
pub(crate) fn reads(group: &str, kind: &str) -> bool {
    path(group, kind).is_some() || is_without_images(group, kind) || is_node(group, kind)
}

/// An image that an object asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image<'a> {
    /// Where in the object it is.
    pub place: ImagePlace<'a>,
    /// The image as written, `None` where the container has none.
    pub text: Option<Cow<'a, str>>,
}

/// Where in an object an image is. `Display` writes it for a message: `containers[web]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImagePlace<'a> {
    /// An element of a list of the pod spec: the list's field, the element's name and its index.
    Element(&'static str, Option<Cow<'a, str>>, usize),
    /// A JSON pointer.
    Pointer(String),
}

impl fmt::Display for ImagePlace<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Element(list, Some(name), _) => write!(f, "{list}[{name}]"),
            Self::Element(list, None, index) => write!(f, "{list}[{index}]"),
            Self::Pointer(pointer) => f.write_str(pointer),
        }
    }
}

/// Why an object cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectError(String);

impl ObjectError {
    /// What is wrong at a JSON pointer.
    pub(crate) fn at(pointer: &str, cause: &dyn fmt::Display) -> Self {
        Self(format!("{pointer}: {cause}"))
    }
}

impl From<serde_json::Error> for ObjectError {
    fn from(cause: serde_json::Error) -> Self {
        Self(cause.to_string())
    }
}

impl fmt::Display for ObjectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ObjectError {}

/// What the policy needs of an object: what it is called and which images it asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Workload<'a> {
    /// `metadata.generateName`, the start of a name that the API server has yet to make.
    pub generate_name: Option<Cow<'a, str>>,
    /// The images, in the order of [`PodSpec`]'s fields.
    pub images: Vec<Image<'a>>,
}

impl<'a> From<Vec<Image<'a>>> for Workload<'a> {
    fn from(images: Vec<Image<'a>>) -> Self {
        Self { images, generate_name: None }
    }
}

/// The parts of a pod spec (Kubernetes API, core/v1 PodSpec) that name images.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PodSpec<'a> {
    #[serde(borrow, default)]
    containers: Option<Vec<Container<'a>>>,
    #[serde(borrow, default)]
    init_containers: Option<Vec<Container<'a>>>,
    #[serde(borrow, default)]
    ephemeral_containers: Option<Vec<Container<'a>>>,
    #[serde(borrow, default)]
    volumes: Option<Vec<Volume<'a>>>,
}

#[derive(Debug, Deserialize)]
struct Container<'a> {
    #[serde(borrow, default)]
    name: Option<Text<'a>>,
    #[serde(borrow, default)]
    image: Option<Text<'a>>,
}

#[derive(Debug, Deserialize)]
struct Volume<'a> {
    #[serde(borrow, default)]
    name: Option<Text<'a>>,
    #[serde(borrow, default)]
    image: Option<ImageVolume<'a>>,
}

#[derive(Debug, Deserialize)]
struct ImageVolume<'a> {
    #[serde(borrow, default)]
    reference: Option<Text<'a>>,
}

impl<'a> PodSpec<'a> {
    /// The images of the pod spec, in the order of its fields here.
    pub(crate) fn into_images(self) -> Vec<Image<'a>> {
        let [containers, init_containers, ephemeral_containers, volumes_field] = *IMAGE_LISTS;
        let lists = [
            (containers, self.containers),
            (init_containers, self.init_containers),
            (ephemeral_containers, self.ephemeral_containers),
        ];
        let volumes = self.volumes.unwrap_or_default();
        let mut images = Vec::new();
        for (list, containers) in lists {
            let containers = containers.unwrap_or_default().into_iter().enumerate();
            images.extend(containers.map(|(index, container)| image(list, index, container.name, container.image)));
        }
        for (index, volume) in volumes.into_iter().enumerate() {
            if let Some(source) = volume.image {
                images.push(image(volumes_field, index, volume.name, source.reference));
            }
        }
        images
    }
}

fn image<'a>(list: &'static str, index: usize, name: Option<Text<'a>>, text: Option<Text<'a>>) -> Image<'a> {
    let text = text.map(|text| text.0).filter(|text| !text.is_empty());
    Image { place: ImagePlace::Element(list, name.map(|name| name.0), index), text }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata<'a> {
    #[serde(borrow, default)]
    generate_name: Option<Text<'a>>,
}

/// Reads an object whose pod spec is at `path` out of the stream, without a copy of anything else.
pub(crate) struct WorkloadAt {
    path: Path,
    depth: usize,
}

impl WorkloadAt {
    pub(crate) fn path(path: Path) -> Self {
        Self { path, depth: 0 }
    }
}

impl<'de> DeserializeSeed<'de> for WorkloadAt {
    type Value = Workload<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        if self.depth == self.path.len() {
            let spec = Option::<PodSpec<'de>>::deserialize(deserializer)?.unwrap_or_default();
            return Ok(Workload { images: spec.into_images(), generate_name: None });
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for WorkloadAt {
    type Value = Workload<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let field = self.depth.checked_sub(1).and_then(|above| self.path.get(above)).unwrap_or(&"object");
        write!(f, "an object as {field}")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Workload::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        let mut generate_name = None;
        while let Some(Text(key)) = map.next_key()? {
            if key == self.path[self.depth] {
                let below = map.next_value_seed(Self { path: self.path, depth: self.depth + 1 })?;
                // Which of two would count is the API server's guess, not ours.
                if found.replace(below).is_some() {
                    return Err(serde::de::Error::custom(format_args!("duplicate field `{key}`")));
                }
            } else if self.depth == 0 && key == "metadata" {
                let metadata: Option<Metadata<'de>> = map.next_value()?;
                generate_name = metadata.and_then(|metadata| metadata.generate_name).map(|name| name.0);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(Workload { generate_name, ..found.unwrap_or_default() })
    }
}
