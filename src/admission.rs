//! The admission request as the host hands it over, read once and without a copy.
//!
//! The payload is `{"request": …, "settings": …}`. The host writes the keys of an object in alphabetic
//! order, so `kind` comes before `object` and says where in the stream the pod spec is: the images are
//! read on the way. Where that does not work (another order, a kind that `custom_kinds` describes, an
//! object that does not decode), the object is kept as JSON and read when a decision needs it.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor},
};
use serde_json::value::RawValue;

use crate::{
    node,
    problem::Problems,
    settings::Settings,
    text::Text,
    workload::{self, ObjectError, Workload, WorkloadAt},
};

/// What the host asks the policy to judge.
#[derive(Debug, Deserialize)]
pub struct Payload<'a> {
    /// The request.
    #[serde(borrow)]
    pub request: Request<'a>,
    /// The settings of the policy.
    #[serde(borrow, default)]
    pub settings: Settings<'a>,
}

/// The parts of a payload, for a second look at one that does not decode as a whole.
#[derive(Deserialize)]
struct Parts<'a> {
    #[serde(borrow)]
    request: &'a RawValue,
    #[serde(borrow, default)]
    settings: Option<&'a RawValue>,
}

impl<'a> Payload<'a> {
    /// Reads a payload.
    ///
    /// # Errors
    ///
    /// What does not decode, apart from the object: that is kept for the decision, which may not need it.
    pub fn parse(payload: &'a [u8]) -> Result<Self, PayloadError> {
        serde_json::from_slice(payload).or_else(|_| Self::parse_in_parts(payload))
    }

    fn parse_in_parts(payload: &'a [u8]) -> Result<Self, PayloadError> {
        let parts: Parts<'a> = serde_json::from_slice(payload).map_err(PayloadError::Request)?;
        let request: UnreadRequest<'a> = serde_json::from_str(parts.request.get()).map_err(PayloadError::Request)?;
        let settings = parts.settings.map(|settings| serde_json::from_str(settings.get())).transpose();
        Ok(Self { request: request.into(), settings: settings.map_err(PayloadError::Settings)?.unwrap_or_default() })
    }
}

/// Why a payload cannot be read.
#[derive(Debug)]
pub enum PayloadError {
    /// The request does not decode.
    Request(serde_json::Error),
    /// The settings do not decode.
    Settings(serde_json::Error),
}

impl fmt::Display for PayloadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request(cause) => write!(f, "the admission request cannot be read: {cause}"),
            Self::Settings(cause) => write!(f, "the settings of this policy cannot be read: {cause}"),
        }
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
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Kind<'a> {
    /// The API group, empty for the core group.
    #[serde(borrow, default)]
    pub group: Text<'a>,
    /// The kind.
    #[serde(borrow)]
    pub kind: Text<'a>,
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
            WorkloadAt::path(path).deserialize(&mut serde_json::Deserializer::from_str(json)).map_err(ObjectError::from)
        } else if workload::is_node(group, kind) {
            node::images(json, settings.sandbox_repositories()?).map(Workload::from)
        } else if let Some(custom) = settings.custom_kinds()?.iter().find(|custom| custom.is(group, kind)) {
            serde_json::from_str(json)
                .map_err(ObjectError::from)
                .and_then(|object| custom.images(&object))
                .map(Workload::from)
        } else {
            return Ok(Err(Unread::UnknownKind));
        };
        Ok(workload.map_err(Unread::Object))
    }

    /// Reads the object on the way if the kind is known by now, and keeps it as JSON if not.
    fn object_seed(&self) -> ObjectSeed {
        ObjectSeed { at: workload::path(&self.kind.group, &self.kind.kind).map(WorkloadAt::path) }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Request<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(RequestVisitor)
    }
}

struct RequestVisitor;

impl<'de> Visitor<'de> for RequestVisitor {
    type Value = Request<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an AdmissionRequest")
    }

    /// Whatever is missing or written twice is an error here, for the second look to word.
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut request = Request::default();
        let mut seen = Vec::with_capacity(FIELDS.len());
        while let Some(key) = map.next_key::<Text<'de>>()? {
            let Some(field) = FIELDS.iter().position(|field| *field == &*key) else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            if seen.contains(&field) {
                return Err(serde::de::Error::duplicate_field(FIELDS[field]));
            }
            seen.push(field);
            match FIELDS[field] {
                "kind" => request.kind = map.next_value()?,
                "namespace" => request.namespace = map.next_value()?,
                "name" => request.name = map.next_value()?,
                "operation" => request.operation = map.next_value()?,
                "object" => request.object = map.next_value_seed(request.object_seed())?,
                _ => request.old_object = map.next_value_seed(request.object_seed())?,
            }
        }
        Ok(request)
    }
}

const FIELDS: &[&str] = &["kind", "namespace", "name", "operation", "object", "oldObject"];

struct ObjectSeed {
    at: Option<WorkloadAt>,
}

impl<'de> DeserializeSeed<'de> for ObjectSeed {
    type Value = Option<Object<'de>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de> Visitor<'de> for ObjectSeed {
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

/// A request whose objects are kept as JSON.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct UnreadRequest<'a> {
    #[serde(borrow)]
    kind: Kind<'a>,
    #[serde(borrow, default)]
    namespace: Option<Text<'a>>,
    #[serde(borrow, default)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    operation: Text<'a>,
    #[serde(borrow, default)]
    object: Option<&'a RawValue>,
    #[serde(borrow, default)]
    old_object: Option<&'a RawValue>,
}

impl<'a> From<UnreadRequest<'a>> for Request<'a> {
    fn from(unread: UnreadRequest<'a>) -> Self {
        let UnreadRequest { kind, namespace, name, operation, object, old_object } = unread;
        let (object, old_object) = (object.map(Object::Json), old_object.map(Object::Json));
        Self { kind, namespace, name, operation, object, old_object }
    }
}
