//! The images on a node: of interest is the sandbox (pause) image, which is in no pod.

use std::borrow::Cow;

use serde::Deserialize;

use crate::{
    text::Text,
    workload::{Image, ImagePlace, ObjectError},
};

#[derive(Deserialize)]
struct Node<'a> {
    #[serde(borrow, default)]
    status: Option<Status<'a>>,
}

#[derive(Deserialize)]
struct Status<'a> {
    #[serde(borrow, default)]
    images: Option<Vec<ContainerImage<'a>>>,
}

/// Kubernetes API, core/v1 ContainerImage.
#[derive(Deserialize)]
struct ContainerImage<'a> {
    #[serde(borrow, default)]
    names: Option<Vec<Text<'a>>>,
}

/// The names of a node's images whose repository's last component is one of `repositories`.
pub(crate) fn images<'a>(node: &'a str, repositories: &[Cow<'_, str>]) -> Result<Vec<Image<'a>>, ObjectError> {
    let node: Node<'a> = serde_json::from_str(node)?;
    let images = node.status.and_then(|status| status.images).unwrap_or_default();
    let mut found = Vec::new();
    for (index, image) in images.into_iter().enumerate() {
        let names = image.names.unwrap_or_default().into_iter().map(|name| name.0);
        let sandboxes = names.filter(|name| repositories.iter().any(|repository| repository == last_component(name)));
        let place = || ImagePlace::Element("status.images", None, index);
        found.extend(sandboxes.map(|name| Image { place: place(), text: Some(name) }));
    }
    Ok(found)
}

/// The last component of a name's path. The kubelet also reports names that are no references, such
/// as `<none>@<none>`, so this does not ask for one.
fn last_component(name: &str) -> &str {
    let repository = name.split('@').next().unwrap_or_default();
    let last = repository.rsplit('/').next().unwrap_or_default();
    last.split(':').next().unwrap_or_default()
}
