//! The condition under which the API server asks the policy, or why there is none.

use crate::{
    manifest::{
        certainty::Certainty,
        expression::{IMAGE_LENGTH_MAX, expression},
        start::Start,
    },
    policy::{Settings, Shown},
};

/// What the condition is called in the policy.
pub const NAME: &str = "not-certainly-approved";

/// How many approvals are compared at most: each costs every image of every object, and the API server has a limit.
const APPROVALS_MAX: usize = 100;
/// The cost that the API server allows to an expression, in its own units (`PerCallLimit` of its package
/// `cel/environment`), with room for what is not counted below.
const COST_MAX: usize = 900_000;
/// What an image costs besides what the settings make of it: the pattern of references, and the parts of a name.
const COST_OF_IMAGE: usize = 1_800;
/// What a comparison costs besides its characters.
const COST_OF_COMPARISON: usize = 8;
/// How many images an object may name with the condition, however little each costs.
const IMAGES_MAX: usize = 400;
/// With fewer, the condition would be about hardly any object.
const IMAGES_MIN: usize = 10;
/// How many prefixes a note names.
const PREFIXES_MAX: usize = 5;

/// What the settings give.
#[derive(Debug)]
pub struct Conditions {
    /// The expression, `None` where every request has to be asked about.
    pub expression: Option<String>,
    /// What the operator should know of it.
    pub note: Option<String>,
}

impl Conditions {
    /// What the settings give.
    pub fn of(settings: &Settings<'_>) -> anyhow::Result<Self> {
        let certainty = Certainty::of(settings)?;
        let without = |why: String| Self {
            expression: None,
            note: Some(format!("no matchConditions, so the policy is asked about every request: {why}")),
        };
        let images_max = images_max(&certainty);
        Ok(match &certainty {
            Certainty { approved, .. } if approved.is_empty() => without(
                "no prefix of registry_prefixes is one that the API server can compare: a registry that is not Docker Hub, without * in its host, without tag, digest and sunset_date".to_owned(),
            ),
            Certainty { approved, .. } if approved.len() > APPROVALS_MAX => without(format!(
                "registry_prefixes has {} prefixes to compare, and the API server allows the cost of about {APPROVALS_MAX}",
                approved.len()
            )),
            Certainty { workloads, .. } if workloads.is_empty() => {
                without("custom_kinds adds images to every kind".to_owned())
            }
            _ if images_max < IMAGES_MIN => without(
                "denied_images and denied_tags are more than the API server allows the cost of".to_owned(),
            ),
            certainty => Self { expression: Some(expression(certainty, images_max)), note: note(certainty) },
        })
    }
}

/// How many images an object may have so that the expression stays within the cost that the API server allows.
fn images_max(certainty: &Certainty<'_>) -> usize {
    let starts = certainty.approved.iter().chain(&certainty.denied).map(cost_of_start);
    let tags = certainty.denied_tags_pattern().map(|pattern| cost_of_pattern(pattern.len()));
    let cost = COST_OF_IMAGE + starts.chain(tags).sum::<usize>();
    (COST_MAX / cost).min(IMAGES_MAX)
}

fn cost_of_start(start: &Start) -> usize {
    if start.has_any() {
        cost_of_pattern(start.pattern().len())
    } else {
        // The API server counts a tenth of a unit for each character that is compared, and again for each that is put
        // together with the namespace's name.
        COST_OF_COMPARISON + start.string().len() / if start.has_namespace() { 3 } else { 10 }
    }
}

/// A pattern costs a tenth of the characters that are searched times a quarter of its own.
fn cost_of_pattern(length: usize) -> usize {
    COST_OF_COMPARISON + (IMAGE_LENGTH_MAX / 10 + 2) * (length / 4 + 1)
}

fn note(certainty: &Certainty<'_>) -> Option<String> {
    let names: Vec<String> = certainty.left_out.iter().map(|prefix| Shown(&prefix.to_string()).to_string()).collect();
    let more = names.len().saturating_sub(PREFIXES_MAX);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let names = names.get(..PREFIXES_MAX).unwrap_or(&names).join(", ");
    let text = || {
        format!(
            "the policy is always asked about images of {names}{more}: the API server cannot compare them as the policy does"
        )
    };
    (!certainty.left_out.is_empty()).then(text)
}
