//! The policy's own core. Nothing else in this program names that crate, so nothing here can become a copy of its
//! rules, and a change of its layout ends here.

pub use registry_enforcer::{
    admission::{Kind, Object, Request, Unread},
    end::End,
    facts::{ConfigMap, Facts, ImageDescription},
    problem::Problems,
    review::{self, review},
    settings::{self, Settings},
    text::Text,
    verdict::{CLOCK_MIN, Grant, ImageVerdict, Judge, Lack, Reason},
    workload::{Image, ImagePlace},
};

use std::borrow::Cow;

use registry_enforcer::message;
use serde_json::value::RawValue;

pub use registry_enforcer::message::Shown;

/// How many characters [`escaped`] takes at a time, which is fewer than [`Shown`] cuts at.
const PIECE_LENGTH: usize = 100;

/// The line of a refusal that is about one image.
pub fn problem(image: &Image<'_>, reason: Reason<'_>, namespace: Option<&str>) -> String {
    message::problem(image, reason, namespace)
}

/// A string that a stranger wrote, as the policy shows it, but with up to `length_max` of its characters: a report
/// must not cut what an image may be long.
pub fn escaped(text: &str, length_max: usize) -> String {
    let mut rest = text;
    let mut escaped = String::with_capacity(text.len());
    let mut left = length_max;
    while !rest.is_empty() && left > 0 {
        let end = rest.char_indices().nth(PIECE_LENGTH.min(left)).map_or(rest.len(), |(end, _)| end);
        let (piece, other) = rest.split_at(end);
        escaped.push_str(&Shown(piece).to_string());
        left = left.saturating_sub(PIECE_LENGTH);
        rest = other;
    }
    if !rest.is_empty() {
        escaped.push_str("...");
    }
    escaped
}

/// The request that creates an object, as the API server would send it.
pub fn creation<'a>(group: &'a str, kind: &'a str, namespace: Option<&'a str>, name: &'a str) -> Request<'a> {
    let text = |text: &'a str| Text(Cow::Borrowed(text));
    Request {
        kind: Kind { group: text(group), kind: text(kind) },
        // An empty name is none, as for a request of the API server.
        namespace: namespace.filter(|namespace| !namespace.is_empty()).map(text),
        name: Some(text(name)),
        operation: text("CREATE"),
        object: None,
        old_object: None,
    }
}

/// Which images an object asks for.
pub enum ImagesOf {
    /// Its namespace is exempt.
    Nothing,
    /// The policy does not know where objects of this kind have images.
    UnknownKind,
    /// The object is not what its kind says; the policy's refusal.
    Unreadable(String),
    /// Places and images.
    Object(Vec<(String, Option<String>)>),
}

/// Which images the object of a request asks for.
///
/// # Errors
///
/// Every problem of a setting that is needed.
pub fn images_of(request: Request<'_>, object: &RawValue, settings: &Settings<'_>) -> Result<ImagesOf, Problems> {
    if review::is_exempt(&request, settings)? {
        return Ok(ImagesOf::Nothing);
    }
    match request.workload(Some(Object::Json(object)), settings)? {
        Ok(workload) => {
            let image = |image: Image<'_>| (image.place.to_string(), image.text.map(Cow::into_owned));
            Ok(ImagesOf::Object(workload.images.into_iter().map(image).collect()))
        }
        Err(Unread::UnknownKind | Unread::Missing) => Ok(ImagesOf::UnknownKind),
        Err(Unread::Object(_)) => {
            let answer = review(Request { object: Some(Object::Json(object)), ..request }, settings, &NoFacts);
            let message = answer.message.unwrap_or_default();
            // The lines that follow are the operator's help, which is not about this object.
            Ok(ImagesOf::Unreadable(message.lines().next().unwrap_or_default().to_owned()))
        }
    }
}

/// Whether the policy knows where objects of a kind have images.
pub fn reads(group: &str, kind: &str, settings: &Settings<'_>) -> Result<bool, Problems> {
    let empty = RawValue::from_string("{}".to_owned()).unwrap_or_default();
    // Without a namespace: no exemption hides the kind.
    let images = images_of(creation(group, kind, None, ""), &empty, settings)?;
    Ok(!matches!(images, ImagesOf::UnknownKind))
}

/// The facts for a decision that comes before any is asked for.
struct NoFacts;

impl Facts for NoFacts {
    fn now(&self) -> i64 {
        0
    }

    fn allow_list_entry(&self, _: &ConfigMap<'_>, _: &str) -> Result<Option<String>, String> {
        Err("was not asked for".to_owned())
    }

    fn image(&self, _: &str) -> Result<ImageDescription, String> {
        Err("was not asked for".to_owned())
    }
}

/// An image at a place that has been read.
pub fn image<'a>(place: &str, text: Option<&'a str>) -> Image<'a> {
    Image { place: ImagePlace::Pointer(place.to_owned()), text: text.map(Cow::Borrowed) }
}

/// A kind with its group, as kubectl writes it: `Job.batch.volcano.sh`. Kubernetes' own groups go without saying.
pub fn kind_name(group: &str, kind: &str) -> String {
    if group.contains('.') { format!("{kind}.{group}") } else { kind.to_owned() }
}

/// The group of an `apiVersion`, which is empty for the core group.
pub fn group_of(api_version: &str) -> &str {
    api_version.split_once('/').map_or("", |(group, _)| group)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_without_a_cut_up_to_its_own_length() {
        let long = "a".repeat(450);
        assert_eq!(escaped(&long, 1_000), long);
        assert_eq!(escaped(&long, 200), format!("{}...", "a".repeat(200)));
        assert_eq!(escaped("a\nb\u{202e}", 1_000), "a\\nb\\u{202e}");
    }

    #[test]
    fn finds_the_group() {
        assert_eq!((group_of("v1"), group_of("apps/v1")), ("", "apps"));
    }
}
