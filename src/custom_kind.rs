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
        if group.as_ref().is_some_and(|group| group.contains(['/', '*'])) {
            problems.add(&place.key("group"), "is no API group: leave out the version, for example argoproj.io");
        }
        if kind.as_ref().is_some_and(|kind| kind.is_empty() || !kind.bytes().all(|byte| byte.is_ascii_alphanumeric())) {
            problems.add(&place.key("kind"), "is no kind: write one, for example Rollout");
        }
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

    fn add_images(&self, object: &Value<'_>, images: &mut Vec<Image<'static>>) -> Result<(), ObjectError> {
        for pointer in &self.pod_specs {
            pointer.visit(object, &mut |at, value| pod_spec_images(at, value, images))?;
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
        Ok(())
    }
}

/// The images that an object asks for, by all the entries for its kind.
///
/// # Errors
///
/// A pointer that leads to a value of the wrong type.
pub(crate) fn images(kinds: &[&CustomKind<'_>], object: &Value<'_>) -> Result<Vec<Image<'static>>, ObjectError> {
    let mut images = Vec::new();
    kinds.iter().try_for_each(|kind| kind.add_images(object, &mut images))?;
    Ok(images)
}

/// The images of a pod spec that is part of a tree; [`workload::WorkloadAt`] reads those of a stream.
fn pod_spec_images(at: &str, spec: &Value<'_>, images: &mut Vec<Image<'static>>) -> Result<(), ObjectError> {
    if !matches!(spec, Value::Object(_)) {
        return Err(ObjectError::at(at, &"expected a pod spec as an object"));
    }
    // Every pod has a container: what has none is something else, and its images would be missed.
    if matches!(spec.get(workload::IMAGE_LISTS[0]), Value::Null) {
        return Err(ObjectError::at(
            at,
            &"expected a pod spec, which has containers (custom_kinds says that it is here)",
        ));
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
            let is_pointer = text.strip_prefix('/').is_some_and(|tokens| tokens.split('/').all(is_token));
            if is_pointer { Ok(Self(text)) } else { Err("is no JSON pointer: write for example /spec/template/spec") }
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

/// Whether `text` may be a token of a pointer here: no field of a Kubernetes object is empty or has a space or a
/// bracket, and RFC 6901 has no other escapes than `~0` and `~1`.
fn is_token(text: &str) -> bool {
    let is_escape = |rest: &str| rest.starts_with(['0', '1']);
    !text.is_empty()
        && !text.contains(|character: char| character.is_whitespace() || matches!(character, '[' | ']'))
        && text.split('~').skip(1).all(is_escape)
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
                if *token == EVERY_ELEMENT || *token == index.to_string() {
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
