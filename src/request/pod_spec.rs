//! Pod specs, read out of the stream: of built-in kinds on the way through the payload, of custom kinds where
//! `custom_kinds` says that one is.

use std::fmt;

use serde::{
    Deserializer,
    de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

use super::workload::{IMAGES_MAX, Image, ImagePlace, Workload, Written};
use crate::{
    kind::Path,
    stream::{Key, Optional, StringAt, Strings, written_twice},
};

const METADATA: &str = "metadata";
/// The lists of a pod spec (Kubernetes API, core/v1 PodSpec) whose elements name images, in the order in which
/// a message reports them.
const IMAGE_LISTS: [&str; 4] = [CONTAINERS, "initContainers", "ephemeralContainers", VOLUMES];
/// The list that every pod spec has.
const CONTAINERS: &str = "containers";
/// The list whose elements are not containers.
const VOLUMES: &str = "volumes";

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
            return deserializer.deserialize_option(PodSpec).map(|spec| Workload::from(spec.images));
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
        let mut generate_name = [StringAt::new(&[METADATA, "generateName"])];
        let Self { path, depth } = self;
        let keys = [path[depth], if depth == 0 { METADATA } else { path[depth] }];
        while let Some(key) = map.next_key_seed(Key(&|key| keys.iter().position(|known| *known == key)))? {
            match key {
                Some(0) if found.is_some() => return Err(written_twice(path[depth])),
                Some(0) => found = Some(map.next_value_seed(Self { path, depth: depth + 1 })?),
                Some(_) => map.next_value_seed(Strings::below(METADATA, &mut generate_name))?,
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        let [StringAt { found: generate_name, .. }] = generate_name;
        Ok(Workload { generate_name, ..found.unwrap_or_default() })
    }
}

/// What a pod spec (Kubernetes API, core/v1 PodSpec) asks for.
#[derive(Default)]
pub(crate) struct Spec<'a> {
    /// Its images, list by list.
    pub(crate) images: Vec<Image<'a>>,
    /// Whether it has containers, as every pod has.
    pub(crate) has_containers: bool,
}

/// Reads a [`Spec`].
pub(crate) struct PodSpec;

impl<'de> Visitor<'de> for PodSpec {
    type Value = Spec<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a pod spec as an object")
    }

    fn visit_none<E>(self) -> Result<Self::Value, E> {
        Ok(Spec::default())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut lists: [Option<Option<Vec<Image<'de>>>>; IMAGE_LISTS.len()] = Default::default();
        while let Some(key) = map.next_key_seed(Key(&|key| IMAGE_LISTS.iter().position(|list| *list == key)))? {
            match key {
                Some(index) if lists[index].is_some() => return Err(written_twice(IMAGE_LISTS[index])),
                Some(index) => lists[index] = Some(map.next_value_seed(Optional(ImageList(IMAGE_LISTS[index])))?),
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        let has_containers = lists[0].is_some();
        let images: Vec<_> = lists.into_iter().flatten().flatten().flatten().collect();
        if images.len() > IMAGES_MAX {
            return Err(A::Error::custom(format_args!("it has more than {IMAGES_MAX} images")));
        }
        Ok(Spec { images, has_containers })
    }
}

/// Reads the images of a list of a pod spec.
#[derive(Clone, Copy)]
struct ImageList(&'static str);

impl<'de> DeserializeSeed<'de> for ImageList {
    type Value = Vec<Image<'de>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for ImageList {
    type Value = Vec<Image<'de>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a list as {}", self.0)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self::Value, A::Error> {
        let mut images = Vec::new();
        let mut index = 0;
        while let Some(image) = elements.next_element_seed(Element { list: self.0, index })? {
            if images.len() == IMAGES_MAX {
                return Err(A::Error::custom(format_args!("{} has more than {IMAGES_MAX} images", self.0)));
            }
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
        let (object, image): (_, &[&str]) =
            if list == VOLUMES { ("a volume", &["image", "reference"]) } else { ("a container", &["image"]) };
        let mut strings = [StringAt::new(&["name"]), StringAt::new(image)];
        Strings::of(object, &mut strings).deserialize(deserializer)?;
        let [name, image] = strings;
        let place = ImagePlace::Element(list, name.found, index);
        Ok(image.has_holder.then(|| Image { place, written: Written::of(image.found) }))
    }
}
