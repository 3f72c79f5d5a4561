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

use super::{
    admission::{Kind, OBJECT, OLD_OBJECT, Object, Request},
    pod_spec::WorkloadAt,
};
use crate::{
    json::JsonString,
    kind,
    settings::Settings,
    shown::Shown,
    stream::{Key, Optional, StringAt, Strings, written_twice},
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
    /// A payload that is not JSON of the expected shape, and a string that is needed and not UTF-8. What is wrong
    /// inside the object is not an error here: the object is kept for the decision, which may not need it.
    pub fn parse(payload: &'a [u8]) -> Result<Self, PayloadError> {
        let read = |objects| {
            let mut json = serde_json::Deserializer::from_slice(payload);
            let read = PayloadReader { objects }.deserialize(&mut json)?;
            json.end().map(|()| read)
        };
        let mut read = read(Objects::Read).or_else(|_| read(Objects::Keep)).map_err(PayloadError)?;
        read.request.payload = payload;
        Ok(read)
    }
}

/// Why a payload cannot be read.
#[derive(Debug)]
pub struct PayloadError(serde_json::Error);

impl fmt::Display for PayloadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // It can quote a string of the request, of any length.
        write!(f, "the admission request cannot be read: {}", Shown(&self.0.to_string()))
    }
}

impl std::error::Error for PayloadError {}

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
        let path = kind::path(&request.kind.group, &request.kind.kind).filter(|_| self.objects == Objects::Read);
        ObjectReader { at: path.map(WorkloadAt::path) }
    }
}

impl<'de> DeserializeSeed<'de> for RequestReader {
    type Value = Request<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

const FIELDS: &[&str] = &["kind", "namespace", "name", "operation", OBJECT, OLD_OBJECT];
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
                // An empty name is like none: no exception may cover it.
                "namespace" => {
                    request.namespace = map.next_value::<Option<JsonString<'de>>>()?.filter(|name| !name.is_empty());
                }
                "name" => request.name = map.next_value()?,
                "operation" => request.operation = map.next_value()?,
                OBJECT => request.object = map.next_value_seed(Optional(self.object(&request)))?,
                _ => request.old_object = map.next_value_seed(Optional(self.object(&request)))?,
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
    type Value = Object<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        match self.at {
            Some(at) => at.deserialize(deserializer).map(Object::Read),
            None => Deserialize::deserialize(deserializer).map(Object::Json),
        }
    }
}

/// Reads a [`Kind`].
struct KindReader;

impl<'de> DeserializeSeed<'de> for KindReader {
    type Value = Kind<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        let mut strings = [StringAt::new(&["group"]), StringAt::new(&["kind"])];
        Strings::of("kind", &mut strings).deserialize(deserializer)?;
        let [group, kind] = strings.map(|string| string.found.map(JsonString));
        let kind = kind.ok_or_else(|| Error::missing_field("kind"))?;
        Ok(Kind { group: group.unwrap_or_default(), kind })
    }
}
