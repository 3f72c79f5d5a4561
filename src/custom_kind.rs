//! Kinds of other controllers, described by the operator: where their pod specs or images are.

use std::borrow::Cow;

use serde_json_borrow::Value;

use crate::{
    problem::{Place, Problems},
    setting,
    workload::{self, Image, ImagePlace, ObjectError},
};

const EXAMPLE: &str = "{group: argoproj.io, kind: Rollout, pod_specs: [/spec/template/spec]}";
const POINTER_EXAMPLE: &str = "/spec/template/spec";
const KEYS: &[&str] = &["group", "kind", "pod_specs", "images"];
/// Stands for every element of a list.
const EVERY_ELEMENT: &str = "*";

/// An entry of `custom_kinds`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomKind<'a> {
    group: Cow<'a, str>,
    kind: Cow<'a, str>,
    pod_specs: Vec<Pointer<'a>>,
    images: Vec<Pointer<'a>>,
}

impl<'a> CustomKind<'a> {
    /// Reads an entry.
    pub(crate) fn read(value: Value<'a>, place: &Place<'_>, problems: &mut Problems) -> Option<Self> {
        let mut fields = setting::fields(value, KEYS, EXAMPLE, place, problems)?;
        let mut text = |key, example| match fields.take(key) {
            Some(value) => setting::text(value, example, &place.key(key), problems),
            None => {
                problems.add(&place.key(key), format_args!("is missing: write for example {example}"));
                None
            }
        };
        let (group, kind) = (text("group", "argoproj.io"), text("kind", "Rollout"));
        let mut pointers = |key| match fields.take(key) {
            Some(value) => setting::list(value, "[/spec/template/spec]", &place.key(key), problems, Pointer::read),
            None => Vec::new(),
        };
        let (pod_specs, images) = (pointers("pod_specs"), pointers("images"));
        if pod_specs.is_empty() && images.is_empty() {
            problems.add(
                place,
                "says not where the images are: add pod_specs or images, for example pod_specs: [/spec/template/spec]",
            );
        }
        let (group, kind) = (group?, kind?);
        if workload::reads(&group, &kind) {
            problems.add(place, format_args!("{kind} is read without this entry: take the entry out"));
        }
        Some(Self { group, kind, pod_specs, images })
    }

    /// Whether the entry describes objects of this group and kind.
    #[must_use]
    pub fn is(&self, group: &str, kind: &str) -> bool {
        self.group == group && self.kind == kind
    }

    /// The images that an object of this kind asks for.
    ///
    /// # Errors
    ///
    /// A pointer that leads to a value of the wrong type.
    pub(crate) fn images(&self, object: &Value<'_>) -> Result<Vec<Image<'static>>, ObjectError> {
        let mut images = Vec::new();
        for pointer in &self.pod_specs {
            pointer.visit(object, &mut |at, value| {
                pod_spec_images(at, value, &mut images)?;
                Ok(())
            })?;
        }
        for pointer in &self.images {
            pointer.visit(object, &mut |at, value| {
                let Value::Str(text) = value else {
                    return Err(ObjectError::at(at, &"expected an image as a text"));
                };
                let place = ImagePlace::Pointer(at.to_owned());
                images.push(Image { place, text: Some(Cow::Owned(text.clone().into_owned())) });
                Ok(())
            })?;
        }
        Ok(images)
    }
}

/// The images of a pod spec that is part of a tree; [`workload::WorkloadAt`] reads those of a stream.
fn pod_spec_images(at: &str, spec: &Value<'_>, images: &mut Vec<Image<'static>>) -> Result<(), ObjectError> {
    if !matches!(spec, Value::Object(_)) {
        return Err(ObjectError::at(at, &"expected a pod spec as an object"));
    }
    for list in workload::IMAGE_LISTS {
        let place = format!("{at}/{list}");
        let is_volume = list == workload::VOLUMES;
        let elements = match spec.get(list) {
            Value::Null => continue,
            Value::Array(elements) => elements,
            _ => return Err(ObjectError::at(&place, &"expected a list")),
        };
        for (index, element) in elements.iter().enumerate() {
            let (source, field) = if is_volume { (element.get("image"), "reference") } else { (element, "image") };
            if is_volume && matches!(source, Value::Null) {
                continue;
            }
            let text = match (source, source.get(field)) {
                (Value::Object(_), Value::Null) => None,
                (Value::Object(_), Value::Str(text)) => Some(Cow::Owned(text.clone().into_owned())),
                _ => {
                    return Err(ObjectError::at(
                        &format!("{place}/{index}"),
                        &"expected an object with an image as a text",
                    ));
                }
            };
            let name = element.get("name").as_str().map_or_else(|| index.to_string(), str::to_owned);
            let text = text.filter(|text: &Cow<'_, str>| !text.is_empty());
            images.push(Image { place: ImagePlace::Pointer(format!("{place}[{name}]")), text });
        }
    }
    Ok(())
}

/// A JSON pointer (RFC 6901) in which `*` is every element of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Pointer<'a>(Cow<'a, str>);

impl<'a> Pointer<'a> {
    fn read(value: Value<'a>, place: &Place<'_>, problems: &mut Problems) -> Option<Self> {
        setting::parsed(value, POINTER_EXAMPLE, place, problems, |text| {
            if text.starts_with('/') && text.len() > 1 {
                Ok(Self(text))
            } else {
                Err("is no JSON pointer: write for example /spec/template/spec")
            }
        })
    }

    /// Hands every value that the pointer leads to, and the way to it, to `found`. A way that ends early
    /// leads to nothing.
    fn visit(
        &self,
        object: &Value<'_>,
        found: &mut dyn FnMut(&str, &Value<'_>) -> Result<(), ObjectError>,
    ) -> Result<(), ObjectError> {
        let tokens: Vec<&str> = self.0.split('/').skip(1).collect();
        visit(object, &tokens, &mut String::new(), found)
    }
}

fn visit(
    value: &Value<'_>,
    tokens: &[&str],
    at: &mut String,
    found: &mut dyn FnMut(&str, &Value<'_>) -> Result<(), ObjectError>,
) -> Result<(), ObjectError> {
    let Some((token, rest)) = tokens.split_first() else {
        return if matches!(value, Value::Null) { Ok(()) } else { found(at, value) };
    };
    let length = at.len();
    match value {
        Value::Null => {}
        Value::Array(elements) => {
            for (index, element) in elements.iter().enumerate() {
                if *token == EVERY_ELEMENT || token.parse() == Ok(index) {
                    at.push_str(&format!("/{index}"));
                    visit(element, rest, at, found)?;
                    at.truncate(length);
                }
            }
        }
        Value::Object(fields) if *token != EVERY_ELEMENT => {
            let key = token.replace("~1", "/").replace("~0", "~");
            for (_, field) in fields.iter().filter(|(own, _)| *own == key) {
                at.push_str(&format!("/{token}"));
                visit(field, rest, at, found)?;
                at.truncate(length);
            }
        }
        _ if *token == EVERY_ELEMENT => return Err(ObjectError::at(at, &"expected a list")),
        _ => return Err(ObjectError::at(at, &"expected an object or a list")),
    }
    Ok(())
}
