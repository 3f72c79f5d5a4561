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
/// What an image of the greatest length costs besides what the settings make of it: the pattern of references, the parts
/// of a name. It was measured in the API server's own interpreter, as were the costs below.
const COST_OF_IMAGE: usize = 1_500;
/// What it costs to look through such an image: a tenth of a unit for each character.
const COST_OF_READING: usize = IMAGE_LENGTH_MAX / 10 + 2;
/// What a comparison costs besides.
const COST_OF_COMPARISON: usize = 8;
/// How many images an object may name with the condition, however little each costs.
const IMAGES_MAX: usize = 400;
/// How long an expression may be, in characters (`validateMatchConditionsExpression` of the API server).
const EXPRESSION_LENGTH_MAX: usize = 100_000;
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
        Ok(match expression_of(&certainty) {
            Ok(expression) => Self { expression: Some(expression), note: note(&certainty) },
            Err(why) => {
                let note = format!("no matchConditions, so the policy is asked about every request: {why}");
                Self { expression: None, note: Some(note) }
            }
        })
    }
}

/// The expression, or why there is none.
fn expression_of(certainty: &Certainty<'_>) -> Result<String, String> {
    let approvals = certainty.approved.len();
    if approvals == 0 {
        return Err("no prefix of registry_prefixes is one that the API server can compare: a registry other than Docker Hub, without * in its host, without tag, digest and sunset_date, and not denied".to_owned());
    }
    if approvals > APPROVALS_MAX {
        return Err(format!(
            "registry_prefixes has {approvals} prefixes to compare, and {APPROVALS_MAX} are about what the API server allows the cost of"
        ));
    }
    if certainty.workloads.is_empty() {
        return Err("custom_kinds adds images to every kind that has a pod spec".to_owned());
    }
    let images_max = images_max(certainty);
    let expression = expression(certainty, images_max);
    if images_max < IMAGES_MIN || expression.len() > EXPRESSION_LENGTH_MAX {
        return Err(
            "registry_prefixes, denied_images and denied_tags together cost more than the API server allows".to_owned()
        );
    }
    Ok(expression)
}

/// How many images an object may have so that the expression stays within the cost that the API server allows.
fn images_max(certainty: &Certainty<'_>) -> usize {
    let starts = certainty.approved.iter().chain(&certainty.denied).map(cost_of_start);
    let tags = certainty.denied_tags_pattern().map(|pattern| cost_of_pattern(pattern.len()));
    let cost = COST_OF_IMAGE + starts.chain(tags).sum::<usize>();
    (COST_MAX / cost).min(IMAGES_MAX)
}

fn cost_of_start(start: &Start) -> usize {
    let length = start.length_max();
    let comparison = if start.has_any() { cost_of_pattern(length) } else { COST_OF_COMPARISON + COST_OF_READING };
    // The text is put together anew for each image: two additions for each name of a namespace in it.
    comparison + 2 * start.namespaces() * (length / 10 + 2)
}

/// A pattern costs what it costs to read the image, times a quarter of the pattern's own length.
fn cost_of_pattern(length: usize) -> usize {
    COST_OF_COMPARISON + COST_OF_READING * (length / 4 + 1)
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
