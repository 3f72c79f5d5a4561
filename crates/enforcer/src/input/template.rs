//! The pod templates of kinds that the policy does not read, as far as they look like those of Kubernetes' own kinds.

use serde_json::{Value, value::RawValue};

use crate::policy::Reference;

/// The lists of a pod spec (Kubernetes API, core/v1 PodSpec) whose elements name images.
const CONTAINERS: &[&str] = &["containers", "initContainers"];
/// How many images are of use to a reader.
const IMAGES_MAX: usize = 5;

/// The images of whatever in an object looks like a pod spec. What is not a reference is left out.
pub fn images(object: &RawValue) -> Vec<String> {
    let mut images = Vec::new();
    if let Ok(object) = serde_json::from_str(object.get()) {
        collect(&object, &mut images);
    }
    images
}

fn collect(value: &Value, images: &mut Vec<String>) {
    match value {
        Value::Array(elements) => elements.iter().for_each(|element| collect(element, images)),
        Value::Object(fields) => {
            let lists = CONTAINERS.iter().filter_map(|name| fields.get(*name)?.as_array()).flatten();
            for image in lists.filter_map(|container| container["image"].as_str()) {
                let is_new = !images.iter().any(|known| known == image);
                if is_new && images.len() < IMAGES_MAX && Reference::parse(image).is_ok() {
                    images.push(image.to_owned());
                }
            }
            fields.values().for_each(|value| collect(value, images));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_images_of_templates() {
        const CASES: &[(&str, &[&str])] = &[
            (r#"{"spec": {"template": {"spec": {"containers": [{"image": "a:1"}, {"image": "a:1"}]}}}}"#, &["a:1"]),
            (
                r#"{"spec": [{"initContainers": [{"image": "b:1"}], "containers": [{"image": "a:1"}]}]}"#,
                &["a:1", "b:1"],
            ),
            (r#"{"spec": {"containers": [{"image": "x; echo"}, {"image": 5}, 5]}}"#, &[]),
            (r#"{"data": {"image": "a:1", "containers": "a:1"}}"#, &[]),
            ("5", &[]),
        ];
        for &(json, expected) in CASES {
            let object = RawValue::from_string(json.to_owned()).expect(json);
            assert_eq!(images(&object), expected, "{json}");
        }
    }
}
