//! The admission request, and what it asks for.

use serde::de::DeserializeSeed;
use serde_json::value::RawValue;

use super::{custom, node, pod_spec::WorkloadAt, unjudged::Unjudged, workload::Workload};
use crate::{
    json::{self, JsonString},
    kind,
    settings::{
        Settings,
        custom_kind::{CustomKind, EVERY, Pointer},
        key::Key,
    },
};

/// The field of the object as it is to be.
pub(super) const OBJECT: &str = "object";
/// The field of the object as it is.
pub(super) const OLD_OBJECT: &str = "oldObject";

/// The parts of an AdmissionRequest (Kubernetes API, admission/v1) that a decision needs.
#[derive(Clone, Debug, Default)]
pub struct Request<'a> {
    /// What the object is.
    pub kind: Kind<'a>,
    /// Its namespace, `None` for one that is in none.
    pub namespace: Option<JsonString<'a>>,
    /// Its name, `None` where the API server has yet to make one.
    pub name: Option<JsonString<'a>>,
    /// `CREATE`, `UPDATE`, `DELETE` or `CONNECT`.
    pub operation: JsonString<'a>,
    /// The object as it is to be.
    pub object: Option<Object<'a>>,
    /// The object as it is.
    pub old_object: Option<Object<'a>>,
    /// What the request was read from, for the rare decision that needs more of it.
    pub(super) payload: &'a [u8],
}

/// The group and kind of an object; the version does not change where its images are.
#[derive(Clone, Debug, Default)]
pub struct Kind<'a> {
    /// The API group, empty for the core group.
    pub group: JsonString<'a>,
    /// The kind.
    pub kind: JsonString<'a>,
}

/// An object of a request.
#[derive(Clone, Debug)]
pub enum Object<'a> {
    /// Its images were read with the request.
    Read(Workload<'a>),
    /// It is still to be read.
    Json(&'a RawValue),
}

impl<'a> Object<'a> {
    fn json(&self) -> Option<&'a RawValue> {
        match self {
            Self::Read(_) => None,
            Self::Json(json) => Some(json),
        }
    }
}

impl<'a> Request<'a> {
    /// What the object as it is to be asks for.
    ///
    /// # Errors
    ///
    /// The reason why nobody can tell.
    pub fn workload(&mut self, settings: &Settings<'_>) -> Result<Workload<'a>, Unjudged> {
        let object = self.object.take();
        self.read(object, OBJECT, settings)
    }

    /// What the object as it is asks for; nothing, where it cannot be read: then every image of the new one counts
    /// as added.
    pub fn old_workload(&mut self, settings: &Settings<'_>) -> Workload<'a> {
        let object = self.old_object.take();
        if self.is_update() { self.read(object, OLD_OBJECT, settings).unwrap_or_default() } else { Workload::default() }
    }

    /// The JSON of the object as it is to be, which is kept of a kind without a pod spec.
    pub(crate) fn object_json(&self) -> Option<&'a RawValue> {
        self.object.as_ref().and_then(Object::json)
    }

    /// The JSON of the object as it is, of an update.
    pub(crate) fn old_object_json(&self) -> Option<&'a RawValue> {
        self.old_object.as_ref().and_then(Object::json).filter(|_| self.is_update())
    }

    /// Whether the request changes an object that exists.
    #[must_use]
    pub fn is_update(&self) -> bool {
        &*self.operation == "UPDATE"
    }

    /// Whether the request is an update that leaves everything that could name an image as it is: all that its images
    /// are read from, or, where nobody knows what that is, everything but labels, finalizers and the API server's own
    /// bookkeeping.
    #[must_use]
    pub fn adds_nothing(&self, settings: &Settings<'_>) -> bool {
        if !self.is_update() {
            return false;
        }
        let objects = self.json(OBJECT).zip(self.json(OLD_OBJECT));
        objects.is_some_and(|(new, old)| differ_in_bookkeeping_only(new, old).unwrap_or(false))
            || self.keeps_its_images(settings)
    }

    fn keeps_its_images(&self, settings: &Settings<'_>) -> bool {
        let (group, kind) = (&*self.kind.group, &*self.kind.kind);
        let own = if kind::is_node(group, kind) { Some(node::IMAGES) } else { kind::path(group, kind) };
        let Ok(entries) = settings.custom_kinds() else { return false };
        // A wrong key may be the one that names more; the allow list is no image's alone.
        if settings.check_keys().is_err() || kind::is_config_map(group, kind) {
            return false;
        }
        let mut is_known = own.is_some();
        for entry in entries.iter().filter(|entry| entry.is(group, kind)) {
            is_known = true;
            if !entry.pointers().all(|pointer| self.keeps(&first_fields(pointer))) {
                return false;
            }
        }
        is_known && own.is_none_or(|path| self.keeps(path))
    }

    /// Whether the request is an update of a pod template, which makes a controller replace its pods.
    #[must_use]
    pub fn changes_template(&self, settings: &Settings<'_>) -> bool {
        let (group, kind) = (&*self.kind.group, &*self.kind.kind);
        let is_changed = |entry: &CustomKind<'_>| {
            entry.is(group, kind) && entry.pod_specs.iter().any(|pointer| self.changes(&around_pod_spec(pointer)))
        };
        let own = kind::path(group, kind).and_then(|path| path.split_last());
        self.is_update()
            && (own.is_some_and(|(_, template)| self.changes(template))
                || settings.custom_kinds().is_ok_and(|entries| entries.iter().any(is_changed)))
    }

    /// Whether what holds a pod spec differs, where that is less than the whole object.
    fn changes(&self, template: &[&str]) -> bool {
        !template.is_empty() && !self.keeps(template)
    }

    /// Whether a path of fields leads to the same in both objects, or to nothing; `false` where nobody can tell.
    fn keeps(&self, path: &[&str]) -> bool {
        let value = |field| json::at(self.json(field)?, path).ok().map(|value| value.map(RawValue::get));
        let value_of_old = value(OLD_OBJECT);
        value_of_old.is_some() && value(OBJECT) == value_of_old
    }

    fn read(&self, object: Option<Object<'a>>, field: &str, settings: &Settings<'_>) -> Result<Workload<'a>, Unjudged> {
        let (group, kind) = (&*self.kind.group, &*self.kind.kind);
        let is_built_in = kind::path(group, kind).is_some();
        let (mut workload, json) = match object {
            None => return Err(Unjudged::NoObject),
            Some(Object::Read(workload)) => (workload, None),
            Some(Object::Json(json)) => (read_json(json, group, kind, settings)?, Some(json)),
        };
        // The setting comes after the object in the stream, so a built-in kind to which it adds is read again.
        if settings.is_set(Key::CustomKinds) && !kind::is_node(group, kind) {
            let entries = settings.custom_kinds()?.iter().filter(|entry| entry.is(group, kind));
            let mut leads_nowhere = !is_built_in;
            for entry in entries {
                let json = json.or_else(|| self.json(field)).ok_or(Unjudged::NoObject)?;
                leads_nowhere &= !custom::add_images(entry, json, &mut workload.images)?;
            }
            workload.leads_nowhere = leads_nowhere;
        }
        Ok(workload)
    }

    /// The JSON of a field of the request.
    fn json(&self, field: &str) -> Option<&'a RawValue> {
        json::at(json::document(self.payload).ok()?, &["request", field]).ok()?
    }
}

/// The fields that lead to what holds a pod spec, or to the list that it is in.
fn around_pod_spec<'p>(pointer: &'p Pointer<'_>) -> Vec<&'p str> {
    let mut path = first_fields(pointer);
    if path.len() == pointer.tokens().count() {
        path.pop();
    }
    path
}

/// The fields that a pointer names before something else: `*`, an index, or a name with an escape.
fn first_fields<'p>(pointer: &'p Pointer<'_>) -> Vec<&'p str> {
    let is_field = |token: &&str| *token != EVERY && !token.contains('~') && token.parse::<usize>().is_err();
    pointer.tokens().take_while(is_field).collect()
}

/// Reads an object that was kept as JSON. What is described in `custom_kinds` alone has no images yet.
fn read_json<'a>(
    json: &'a RawValue,
    group: &str,
    kind: &str,
    settings: &Settings<'_>,
) -> Result<Workload<'a>, Unjudged> {
    if let Some(path) = kind::path(group, kind) {
        let mut json = serde_json::Deserializer::from_slice(json.get().as_bytes());
        return WorkloadAt::path(path).deserialize(&mut json).map_err(|cause| Unjudged::Object(cause.to_string()));
    }
    if kind::is_node(group, kind) {
        let images = node::images(json, settings.sandbox_repositories()?);
        return images.map(Workload::from);
    }
    if settings.custom_kinds()?.iter().any(|entry| entry.is(group, kind)) {
        Ok(Workload::default())
    } else {
        Err(Unjudged::UnknownKind)
    }
}

/// Whether two objects are the same apart from those parts of the metadata that hold no image: everything but the
/// annotations. The host writes both in the same way, so what is the same reads the same.
fn differ_in_bookkeeping_only(new: &RawValue, old: &RawValue) -> serde_json::Result<bool> {
    let annotations = |object| json::at(object, &["metadata", "annotations"]).map(|value| value.map(RawValue::get));
    Ok(annotations(new)? == annotations(old)? && without_metadata(new)? == without_metadata(old)?)
}

/// What stands before and after the metadata of an object.
fn without_metadata(object: &RawValue) -> serde_json::Result<(&str, &str)> {
    let text = object.get();
    let Some(metadata) = json::at(object, &["metadata"])?.map(RawValue::get) else {
        return Ok((text, ""));
    };
    // It is a slice of the object's text.
    let start = metadata.as_ptr() as usize - text.as_ptr() as usize;
    Ok((&text[..start], &text[start + metadata.len()..]))
}
