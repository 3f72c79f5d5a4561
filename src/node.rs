//! The images on a node: of interest is the sandbox (pause) image, which is in no pod.

use std::borrow::Cow;

use serde_json_borrow::Value;

use crate::workload::{Image, ImagePlace, ObjectError};

/// The names of a node's images (Kubernetes API, core/v1 NodeStatus) whose repository's last component is
/// one of `repositories`.
pub(crate) fn images(node: &Value<'_>, repositories: &[Cow<'_, str>]) -> Result<Vec<Image<'static>>, ObjectError> {
    let mut found = Vec::new();
    for (index, image) in list(node.get("status").get("images"), "/status/images")?.iter().enumerate() {
        for name in list(image.get("names"), "/status/images/*/names")? {
            let Value::Str(name) = name else {
                return Err(ObjectError::at("/status/images/*/names/*", &"expected a text"));
            };
            if repositories.iter().any(|repository| repository == last_component(name)) {
                let text = Some(Cow::Owned(name.clone().into_owned()));
                found.push(Image { place: ImagePlace::Element("status.images", None, index), text });
            }
        }
    }
    Ok(found)
}

fn list<'v>(value: &'v Value<'v>, pointer: &str) -> Result<&'v [Value<'v>], ObjectError> {
    match value {
        Value::Null => Ok(&[]),
        Value::Array(elements) => Ok(elements),
        _ => Err(ObjectError::at(pointer, &"expected a list")),
    }
}

/// The last component of a name's path. The kubelet also reports names that are no references, such
/// as `<none>@<none>`, so this does not ask for one.
fn last_component(name: &str) -> &str {
    let repository = name.split('@').next().unwrap_or_default();
    let last = repository.rsplit('/').next().unwrap_or_default();
    last.split(':').next().unwrap_or_default()
}
