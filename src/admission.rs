//! The admission request as the host hands it over, read once and without a copy.
//!
//! The payload is `{"request": …, "settings": …}`. The host writes the keys of an object in alphabetic
//! order, so `kind` comes before `object` and says where in the stream the pod spec is: the images are
//! read on the way. Where that does not work (another order, a kind that `custom_kinds` describes, an
//! object that does not decode), the object is kept as JSON and read when a decision needs it.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, Error, IgnoredAny, MapAccess, Visitor},
};
use serde_json::value::RawValue;
use serde_json_borrow::Value;

use crate::{
    custom_kind, node,
    problem::Problems,
    settings::Settings,
    text::{Key, Text, TextAt, Texts, written_twice},
    workload::{self, ObjectError, Workload, WorkloadAt},
};

/// What the host asks the policy to judge.
#[derive(Debug, Default)]
pub struct Payload<'a> {
    /// The request.
    pub request: Request<'a>,
    /// The settings of the policy.
    pub settings: Settings<'a>,
}

impl<'a> Payload<'a> {
    /// Reads a payload.
    ///
    /// # Errors
    ///
    /// What does not decode or, in a text that is needed, is not UTF-8, apart from the object: that is kept for the decision, which may not need it.
    pub fn parse(payload: &'a [u8]) -> Result<Self, PayloadError> {
        let read = |objects| {
            let mut json = serde_json::Deserializer::from_slice(payload);
            let read = PayloadReader { objects }.deserialize(&mut json)?;
            json.end().map(|()| read)
        };
        read(Objects::Read).or_else(|_| read(Objects::Keep)).map_err(PayloadError)
    }
}

/// Why a payload cannot be read.
#[derive(Debug)]
pub struct PayloadError(serde_json::Error);

impl fmt::Display for PayloadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the admission request cannot be read: {}", self.0)
    }
}

impl std::error::Error for PayloadError {}

/// The parts of an AdmissionRequest (Kubernetes API, admission/v1) that a decision needs.
#[derive(Clone, Debug, Default)]
pub struct Request<'a> {
    /// What the object is.
    pub kind: Kind<'a>,
    /// Its namespace, `None` for one that is in none.
    pub namespace: Option<Text<'a>>,
    /// Its name, `None` where the API server has yet to make one.
    pub name: Option<Text<'a>>,
    /// `CREATE`, `UPDATE`, `DELETE` or `CONNECT`.
    pub operation: Text<'a>,
    /// The object as it is to be.
    pub object: Option<Object<'a>>,
    /// The object as it is.
    pub old_object: Option<Object<'a>>,
}

/// The group and kind of an object; the version does not change where its images are.
#[derive(Clone, Debug, Default)]
pub struct Kind<'a> {
    /// The API group, empty for the core group.
    pub group: Text<'a>,
    /// The kind.
    pub kind: Text<'a>,
}

/// Reads a [`Kind`].
struct KindReader;

impl<'de> DeserializeSeed<'de> for KindReader {
    type Value = Kind<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        let mut texts = [TextAt::new(&["group"]), TextAt::new(&["kind"])];
        Texts::of("kind", &mut texts).deserialize(deserializer)?;
        let [group, kind] = texts.map(|text| text.text.map(Text));
        let kind = kind.ok_or_else(|| Error::missing_field("kind"))?;
        Ok(Kind { group: group.unwrap_or_default(), kind })
    }
}

/// An object of a request.
#[derive(Clone, Debug)]
pub enum Object<'a> {
    /// Its images were read with the request.
    Read(Workload<'a>),
    /// It is still to be read.
    Json(&'a RawValue),
}

/// Why the images of a request are not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unread {
    /// There is no object.
    Missing,
    /// No list says where the images of this kind are.
    UnknownKind,
    /// The object is not what its kind says.
    Object(ObjectError),
}

impl<'a> Request<'a> {
    /// What an object of this request's kind asks for.
    ///
    /// # Errors
    ///
    /// The problems of `custom_kinds` or `sandbox_repositories`, where the kind needs them.
    pub fn workload<'s>(
        &self,
        object: Option<Object<'a>>,
        settings: &'s Settings<'_>,
    ) -> Result<Result<Workload<'a>, Unread>, &'s Problems> {
        let (group, kind) = (&*self.kind.group, &*self.kind.kind);
        let json = match object {
            None => return Ok(Err(Unread::Missing)),
            Some(Object::Read(workload)) => return Ok(Ok(workload)),
            Some(Object::Json(json)) => json.get(),
        };
        let workload = if let Some(path) = workload::path(group, kind) {
            WorkloadAt::path(path)
                .deserialize(&mut serde_json::Deserializer::from_slice(json.as_bytes()))
                .map_err(ObjectError::from)
        } else if workload::is_node(group, kind) {
            let repositories = settings.sandbox_repositories()?;
            parse(json).and_then(|node| node::images(&node, repositories)).map(Workload::from)
        } else {
            let custom: Vec<_> = settings.custom_kinds()?.iter().filter(|custom| custom.is(group, kind)).collect();
            if custom.is_empty() {
                return Ok(Err(Unread::UnknownKind));
            }
            parse(json).and_then(|object| custom_kind::images(&custom, &object)).map(Workload::from)
        };
        Ok(workload.map_err(Unread::Object))
    }
}

fn parse(json: &str) -> Result<Value<'_>, ObjectError> {
    serde_json::from_slice(json.as_bytes()).map_err(ObjectError::from)
}

/// What becomes of the objects of a request.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Objects {
    /// They are read on the way, where the kind is known by then.
    Read,
    /// They are kept as JSON.
    Keep,
}

struct PayloadReader {
    objects: Objects,
}

impl<'de> DeserializeSeed<'de> for PayloadReader {
    type Value = Payload<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for PayloadReader {
    type Value = Payload<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with request and settings")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (mut request, mut settings) = (None, None);
        let keys = |key: &str| ["request", "settings"].iter().position(|known| *known == key);
        while let Some(key) = map.next_key_seed(Key(&keys))? {
            match key {
                Some(0) if request.is_some() => return Err(written_twice("request")),
                Some(0) => request = Some(map.next_value_seed(RequestReader { objects: self.objects })?),
                Some(_) if settings.is_some() => return Err(written_twice("settings")),
                Some(_) => settings = Some(map.next_value::<Option<_>>()?.unwrap_or_default()),
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        let request = request.ok_or_else(|| Error::missing_field("request"))?;
        Ok(Payload { request, settings: settings.unwrap_or_default() })
    }
}

struct RequestReader {
    objects: Objects,
}

impl RequestReader {
    fn object(&self, request: &Request<'_>) -> ObjectReader {
        let path = workload::path(&request.kind.group, &request.kind.kind).filter(|_| self.objects == Objects::Read);
        ObjectReader { at: path.map(WorkloadAt::path) }
    }
}

impl<'de> DeserializeSeed<'de> for RequestReader {
    type Value = Request<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

const FIELDS: &[&str] = &["kind", "namespace", "name", "operation", "object", "oldObject"];
/// The fields without which there is nothing to judge.
const REQUIRED: &[&str] = &["kind", "operation"];

impl<'de> Visitor<'de> for RequestReader {
    type Value = Request<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an AdmissionRequest")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut request = Request::default();
        let mut seen = [false; FIELDS.len()];
        while let Some(key) = map.next_key_seed(Key(&|key| FIELDS.iter().position(|field| *field == key)))? {
            let Some(index) = key else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            if std::mem::replace(&mut seen[index], true) {
                return Err(written_twice(FIELDS[index]));
            }
            match FIELDS[index] {
                "kind" => request.kind = map.next_value_seed(KindReader)?,
                // An empty name is none: no exception may cover it.
                "namespace" => {
                    request.namespace = map.next_value::<Option<Text<'de>>>()?.filter(|name| !name.is_empty());
                }
                "name" => request.name = map.next_value()?,
                "operation" => request.operation = map.next_value()?,
                "object" => request.object = map.next_value_seed(self.object(&request))?,
                _ => request.old_object = map.next_value_seed(self.object(&request))?,
            }
        }
        let missing = FIELDS.iter().zip(seen).find(|(field, seen)| REQUIRED.contains(field) && !seen);
        match missing {
            Some((missing, _)) => Err(Error::missing_field(missing)),
            None => Ok(request),
        }
    }
}

struct ObjectReader {
    at: Option<WorkloadAt>,
}

impl<'de> DeserializeSeed<'de> for ObjectReader {
    type Value = Option<Object<'de>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de> Visitor<'de> for ObjectReader {
    type Value = Option<Object<'de>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_none<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        match self.at {
            Some(at) => at.deserialize(deserializer).map(Object::Read).map(Some),
            None => Deserialize::deserialize(deserializer).map(Object::Json).map(Some),
        }
    }
}
