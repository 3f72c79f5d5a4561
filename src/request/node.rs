//! The images on a node: of interest is the sandbox (pause) image, which is in no pod.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::{
    unjudged::Unjudged,
    workload::{IMAGES_MAX, Image, ImagePlace, Written},
};
use crate::{
    json,
    shown::{List, Shown},
};

/// How many bytes of a message the names of sandbox repositories take.
const REPOSITORIES_BYTES_MAX: usize = 300;
/// In how many repositories a sandbox image may have names: the kubelet lists five names of an image.
const NAMES_MAX: usize = 100;

/// What is said of a node with more of them; the test of it holds the numbers.
const TOO_MANY: &str = "has more than 10000 sandbox images, or one in more than 100 repositories";

/// The fields that lead to the images of a node.
pub(crate) const IMAGES: &[&str] = &["status", "images"];

/// The sandbox images of a node (Kubernetes API, core/v1 NodeStatus): those whose repository's last component is
/// one of `repositories`, each under the first of its names for each repository.
///
/// # Errors
///
/// A status of another shape, one with more sandbox images than anybody has, and one that lists images but no sandbox
/// image: nobody knows then what the node runs.
pub(crate) fn images<'a>(node: &'a RawValue, repositories: &[Cow<'_, str>]) -> Result<Vec<Image<'a>>, Unjudged> {
    let unreadable = |cause: serde_json::Error| Unjudged::Object(format!("status.images: {cause}"));
    let Some(list) = json::at(node, IMAGES).map_err(unreadable)? else {
        return Ok(Vec::new());
    };
    let mut found = Vec::new();
    let mut listed = 0;
    json::each_element(list, &mut |image| {
        let first = found.len();
        add_names(image, listed, repositories, &mut found).map_err(|_| "expected an object with a list of names")?;
        listed += 1;
        if found.len() > IMAGES_MAX || found.len() - first > NAMES_MAX {
            return Err(TOO_MANY);
        }
        Ok(())
    })
    .map_err(unreadable)?;
    if listed > 0 && found.is_empty() { Err(no_sandbox_image(listed, repositories)) } else { Ok(found) }
}

fn add_names<'a>(
    image: &'a RawValue,
    index: usize,
    repositories: &[Cow<'_, str>],
    found: &mut Vec<Image<'a>>,
) -> serde_json::Result<()> {
    let Some(names) = json::at(image, &["names"])? else {
        return Ok(());
    };
    let first = found.len();
    json::each_element(names, &mut |name| {
        let name = json::string(name).ok_or("expected a string")?;
        let is_sandbox = repositories.iter().any(|sandbox| sandbox == last_component(&name));
        // The runtime lists an image by tag and by digest: that is one image, not two.
        let is_known = |image: &Image<'_>| image.text().is_some_and(|known| repository(known) == repository(&name));
        if is_sandbox && found.len() - first <= NAMES_MAX && !found[first..].iter().any(is_known) {
            let place = ImagePlace::Element("status.images", None, index);
            found.push(Image { place, written: Written::Image(name) });
        }
        Ok(())
    })
}

fn no_sandbox_image(listed: usize, repositories: &[Cow<'_, str>]) -> Unjudged {
    let mut names = List::new(", ", REPOSITORIES_BYTES_MAX);
    names.extend(repositories.iter().map(|name| Shown(name)));
    Unjudged::NoSandboxImage(listed, names.to_string())
}

/// A name without its tag and digest. The kubelet also reports names that are not references, such as
/// `<none>@<none>`, so this does not ask for one.
fn repository(name: &str) -> &str {
    let name = name.split('@').next().unwrap_or_default();
    let last = name.rfind('/').map_or(0, |slash| slash + 1);
    name[last..].find(':').map_or(name, |colon| &name[..last + colon])
}

/// The last component of a name's path.
fn last_component(name: &str) -> &str {
    repository(name).rsplit('/').next().unwrap_or_default()
}
