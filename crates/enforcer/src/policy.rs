//! The policy's own core. Nothing else in this program names that crate, so nothing here can become a copy of its
//! rules, and a change of its layout ends here.

mod allow_list;
mod request;
mod settings_of;

pub use allow_list::{entry_end, is_namespace, names_allow_list, requires_owner, review_list};
pub use registry_enforcer::{
    facts::{Claim, ConfigMap, DIGEST_LENGTH_MAX, Facts, ImageDescription, LAYERS_MAX, Unavailable},
    image::{
        docker_hub::is_docker_hub,
        prefix::{ANY as ANY_COMPONENT, NAMESPACE, Prefix},
        reference::{DEFAULT_TAG, Reference, ReferenceError},
    },
    instant::CLOCK_MIN,
    judge::Judge,
    kind::Path,
    request::workload::{Image, Written},
    settings::{
        self, Settings,
        exception::Terms,
        prefix_entry::PrefixEntry,
        problem::{Place, Problems},
        sunset::End,
    },
    shown::{List, Shown},
    unmet::{CREATED, LICENSES, SOURCE},
    verdict::{Decision, Ending, Grant, Lack, Reason, Source, Verdict},
};
pub use request::Creation;
pub use settings_of::{
    Workload, asks_registries, denials, described_kinds, judged_kinds, undated_approvals, workloads,
};

use registry_enforcer::{
    message::{self, Refusal},
    request::{payload::Payload, unjudged::Unjudged, workload::ImagePlace},
    review,
};
use request::NoFacts;
use serde_json::value::RawValue;

/// How many characters [`escaped`] takes at a time: escaped, they are fewer than [`Shown`] cuts at.
const PIECE_LENGTH: usize = 30;

/// The line of a refusal that is about one image, without the place that it begins with.
pub fn refusal(
    image: &Image<'_>,
    verdict: &Verdict<'_>,
    reason: &Reason<'_>,
    judge: &Judge<'_, '_, impl Facts>,
) -> String {
    let place = format!("{}: ", Shown(&image.place.to_string()));
    let successor = judge.successor(verdict);
    let refusal = Refusal { image, reference: verdict.reference, successor, reason: reason.clone() };
    let line = message::problem(&refusal, judge.namespace());
    line.strip_prefix(&place).unwrap_or(&line).to_owned()
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

/// Which images an object asks for.
pub enum ImagesOf {
    /// Its namespace is exempt.
    Nothing,
    /// The policy does not know where objects of this kind have images.
    UnknownKind,
    /// The object is not what its kind says; the policy's refusal.
    Unreadable(String),
    /// The places, and what stands there.
    Object(Vec<(String, Demanded)>),
}

/// What stands in the place of an image.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Demanded {
    /// A string that is not empty.
    Image(String),
    /// Nothing.
    Nothing,
    /// Something else than an image, for this cause.
    Unreadable(String),
}

impl Demanded {
    fn of(written: Written<'_>) -> Self {
        match written {
            Written::Image(text) => Self::Image(text.into_owned()),
            Written::Nothing => Self::Nothing,
            Written::Unreadable { cause, .. } => Self::Unreadable(cause.into_owned()),
        }
    }

    /// The image as written.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Image(text) => Some(text),
            Self::Nothing | Self::Unreadable(_) => None,
        }
    }

    /// The image as the policy judges it, at a place.
    pub fn at(&self, place: &str) -> Image<'_> {
        let written = match self {
            Self::Image(text) => Written::Image(text.into()),
            Self::Nothing => Written::Nothing,
            Self::Unreadable(cause) => Written::Unreadable { cause: cause.clone().into(), json: "" },
        };
        Image { place: ImagePlace::Pointer(place.to_owned()), written }
    }
}

/// Which images an object asks for.
///
/// # Errors
///
/// Every problem of a setting that is needed.
pub fn images_of(creation: &Creation<'_>, object: &RawValue, settings: &Settings<'_>) -> Result<ImagesOf, Problems> {
    let payload = creation.payload(object);
    let mut request = match Payload::parse(&payload) {
        Ok(payload) => payload.request,
        Err(cause) => return Ok(ImagesOf::Unreadable(cause.to_string())),
    };
    if review::is_exempt(&request, settings).map_err(Clone::clone)? {
        return Ok(ImagesOf::Nothing);
    }
    let read = request.clone();
    match request.workload(settings) {
        Ok(workload) => {
            let demanded = |image: Image<'_>| (image.place.to_string(), Demanded::of(image.written));
            Ok(ImagesOf::Object(workload.images.into_iter().map(demanded).collect()))
        }
        Err(Unjudged::UnknownKind | Unjudged::NoObject) => Ok(ImagesOf::UnknownKind),
        Err(Unjudged::Settings(problems)) => Err(problems),
        Err(Unjudged::Object(_) | Unjudged::NoSandboxImage(..)) => {
            let message = review::review(read, settings, &NoFacts { now: 0 }).message.unwrap_or_default();
            // The lines that follow are the operator's help, which is not about this object.
            Ok(ImagesOf::Unreadable(message.lines().next().unwrap_or_default().to_owned()))
        }
    }
}

/// What the policy answers to the creation of an object.
pub enum Review {
    /// The policy does not read this kind, so nobody asks it.
    NotAsked,
    /// It may be created, with these warnings.
    Accepted(Vec<String>),
    /// It may not.
    Refused(String),
}

/// Answers the request that creates an object.
///
/// # Errors
///
/// Every problem of a setting that is needed.
pub fn review(
    creation: &Creation<'_>,
    object: &RawValue,
    settings: &Settings<'_>,
    facts: &impl Facts,
) -> Result<Review, Problems> {
    if !allow_list::is_allow_list(creation, settings)?
        && let ImagesOf::UnknownKind = images_of(creation, object, settings)?
    {
        return Ok(Review::NotAsked);
    }
    let payload = creation.payload(object);
    let answer = match Payload::parse(&payload) {
        Ok(payload) => review::review(payload.request, settings, facts),
        Err(cause) => return Ok(Review::Refused(cause.to_string())),
    };
    Ok(match answer.message {
        Some(message) => Review::Refused(message),
        None => Review::Accepted(answer.warnings),
    })
}

/// Whether the policy knows where objects of a kind have images.
pub fn reads(group: &str, kind: &str, settings: &Settings<'_>) -> Result<bool, Problems> {
    let empty = RawValue::from_string("{}".to_owned()).unwrap_or_default();
    // Without a namespace: no exemption hides the kind.
    let images = images_of(&Creation { group, kind, namespace: None, name: "" }, &empty, settings)?;
    Ok(!matches!(images, ImagesOf::UnknownKind))
}

/// A kind with its group, as kubectl writes it: `Job.batch.volcano.sh`. Kubernetes' own groups are left out.
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
