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
    Deserializer,
    de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

use crate::text::{Key, TextAt, Texts, written_twice};

const METADATA: &str = "metadata";

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
pub(crate) const IMAGE_LISTS: [&str; 4] = ["containers", "initContainers", "ephemeralContainers", VOLUMES];
/// The one whose elements are not containers.
pub(crate) const VOLUMES: &str = "volumes";

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
    /// The images, those of a pod spec in the order of its lists here: containers first, volumes last.
    pub images: Vec<Image<'a>>,
}

impl<'a> From<Vec<Image<'a>>> for Workload<'a> {
    fn from(images: Vec<Image<'a>>) -> Self {
        Self { images, generate_name: None }
    }
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
            return deserializer.deserialize_option(PodSpec).map(Workload::from);
        }
        deserializer.deserialize_option(self)
    }
}

impl<'de> Visitor<'de> for WorkloadAt {
    type Value = Workload<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.depth.checked_sub(1).and_then(|above| self.path.get(above)) {
            Some(field) => write!(f, "an object as {field}"),
            None => f.write_str("an object"),
        }
    }

    fn visit_none<E>(self) -> Result<Self::Value, E> {
        Ok(Workload::default())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        let mut generate_name = [TextAt::new(&[METADATA, "generateName"])];
        let Self { path, depth } = self;
        let keys = [path[depth], if depth == 0 { METADATA } else { path[depth] }];
        while let Some(key) = map.next_key_seed(Key(&|key| keys.iter().position(|known| *known == key)))? {
            match key {
                Some(0) if found.is_some() => return Err(written_twice(path[depth])),
                Some(0) => found = Some(map.next_value_seed(Self { path, depth: depth + 1 })?),
                Some(_) => map.next_value_seed(Texts::below(METADATA, &mut generate_name))?,
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        let [TextAt { text: generate_name, .. }] = generate_name;
        Ok(Workload { generate_name, ..found.unwrap_or_default() })
    }
}

/// Reads the images of a pod spec (Kubernetes API, core/v1 PodSpec), in the order of [`IMAGE_LISTS`].
struct PodSpec;

impl<'de> Visitor<'de> for PodSpec {
    type Value = Vec<Image<'de>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a pod spec as an object")
    }

    fn visit_none<E>(self) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut lists: [Option<Vec<Image<'de>>>; IMAGE_LISTS.len()] = Default::default();
        while let Some(key) = map.next_key_seed(Key(&|key| IMAGE_LISTS.iter().position(|list| *list == key)))? {
            match key {
                Some(index) if lists[index].is_some() => return Err(written_twice(IMAGE_LISTS[index])),
                Some(index) => lists[index] = Some(map.next_value_seed(ImageList(IMAGE_LISTS[index]))?),
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(lists.into_iter().flatten().flatten().collect())
    }
}

/// Reads the images of a list of a pod spec.
#[derive(Clone, Copy)]
struct ImageList(&'static str);

impl<'de> DeserializeSeed<'de> for ImageList {
    type Value = Vec<Image<'de>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de> Visitor<'de> for ImageList {
    type Value = Vec<Image<'de>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a list as {}", self.0)
    }

    fn visit_none<E>(self) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_seq(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self::Value, A::Error> {
        let mut images = Vec::new();
        let mut index = 0;
        while let Some(image) = elements.next_element_seed(Element { list: self.0, index })? {
            images.extend(image);
            index += 1;
        }
        Ok(images)
    }
}

/// Reads an element of a list of a pod spec: a container, or a volume, of which only an image volume has an image.
struct Element {
    list: &'static str,
    index: usize,
}

impl<'de> DeserializeSeed<'de> for Element {
    type Value = Option<Image<'de>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        let Self { list, index } = self;
        let image: &[&str] = if list == VOLUMES { &["image", "reference"] } else { &["image"] };
        let mut texts = [TextAt::new(&["name"]), TextAt::new(image)];
        Texts::of(if list == VOLUMES { "a volume" } else { "a container" }, &mut texts).deserialize(deserializer)?;
        let [name, image] = texts;
        let place = ImagePlace::Element(list, name.text, index);
        Ok(image.has_holder.then(|| Image { place, text: image.text.filter(|text| !text.is_empty()) }))
    }
}
