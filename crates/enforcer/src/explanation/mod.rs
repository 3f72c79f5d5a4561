//! Why an image may run in a namespace or not: each rule in the policy's order, with where it is written.
//!
//! The verdict is the core's. What a rule says of the image is asked of the core's own parts, one rule after the other,
//! and the rule that decides is the one that the verdict names.

mod question;
mod rules;
mod ways_out;

use anyhow::{anyhow, bail};

pub use self::question::{Question, Step};
use self::{question::until, ways_out::Asked};
use crate::policy::{self, Decision, Demanded, Judge, Problems, Shown, Verdict};

const CUSTOM_KINDS: &str = "custom_kinds";
const EXEMPT: &str = "exempt_namespaces";
const SELECTOR: &str = "namespaceSelector";
const VERDICT: &str = "verdict";

/// Why an image may run, or not.
#[derive(Debug)]
pub struct Explanation {
    /// Whether it may not.
    pub refused: bool,
    /// The verdict in a sentence.
    pub verdict: String,
    /// The rules that were looked at.
    pub steps: Vec<Step>,
    /// What would change a refusal, or its coming.
    pub ways_out: Vec<String>,
}

/// Explains the verdict on an image.
pub fn explain(question: &Question<'_>, image: &str) -> anyhow::Result<Explanation> {
    if question.is_about_nodes() {
        bail!("a Node is in no namespace: ask enforcer check about it");
    }
    if !question.reads_kind().map_err(|problems| anyhow!("{problems}"))?
        && let Some(kind) = question.meant_kind()?
    {
        bail!("there is no kind {}: did you mean {}?", Shown(question.kind), Shown(&kind));
    }
    let explanation = match about_the_namespace(question) {
        Ok(Some(explanation)) => Ok(explanation),
        Ok(None) => about_the_image(question, image),
        Err(problems) => Err(problems),
    };
    explanation.map_err(|problems| anyhow!("{problems}"))
}

/// The explanation where no image of the namespace, or of the kind, is looked at.
fn about_the_namespace(question: &Question<'_>) -> Result<Option<Explanation>, Problems> {
    let namespace = Shown(question.namespace);
    if question.is_never_asked_about() {
        let step = question.step(SELECTOR, None, format!("the policy is never asked about {namespace}"), true);
        let verdict = format!("every image may run in {namespace}, about which the policy is never asked");
        return Ok(Some(Explanation { refused: false, verdict, steps: vec![step], ways_out: Vec::new() }));
    }
    let exempt = question.settings.exempt_namespaces().map_err(Clone::clone)?;
    if let Some(index) = exempt.iter().position(|pattern| pattern.matches(question.namespace)) {
        let step = question.step(EXEMPT, Some(index), format!("{namespace} is never judged"), true);
        let verdict = format!("every image may run in {namespace}, which is exempt");
        return Ok(Some(Explanation { refused: false, verdict, steps: vec![step], ways_out: Vec::new() }));
    }
    if question.reads_kind()? {
        return Ok(None);
    }
    let kind = Shown(question.kind);
    let steps = vec![
        question.step(EXEMPT, None, format!("{namespace} is not exempt"), false),
        question.step(CUSTOM_KINDS, None, format!("{kind} is not read; describe it there"), true),
    ];
    let verdict = format!("the policy cannot read Kind {kind}, and refuses it where its rules name it");
    let ways_out = vec![
        format!("ask an admin to describe {kind} in custom_kinds"),
        format!("if the rules do not name {kind}, the pods that it makes are judged: ask without --kind"),
    ];
    Ok(Some(Explanation { refused: true, verdict, steps, ways_out }))
}

fn about_the_image(question: &Question<'_>, text: &str) -> Result<Explanation, Problems> {
    let demanded = Demanded::Image(text.to_owned());
    let image = demanded.at("image");
    let facts = question.snapshot.at(question.snapshot.seconds());
    let judge = Judge::new(question.settings, Some(question.namespace), &facts);
    let verdict = judge.judge(&image).map_err(Clone::clone)?;
    let refused = matches!(verdict.decision, Decision::Refused(_));
    let mut steps = vec![question.step(EXEMPT, None, format!("{} is not exempt", Shown(question.namespace)), false)];
    steps.extend(rules::steps(question, text, &verdict)?);
    if refused && !steps.iter().any(|step| step.decides) {
        steps.push(question.step(VERDICT, None, "no rule lets it in".to_owned(), true));
    }
    let sentence = match &verdict.decision {
        Decision::Refused(reason) => policy::refusal(&image, &verdict, reason, &judge),
        _ => allowed(text, &verdict),
    };
    let asked = Asked { text, verdict: &verdict, successor: judge.successor(&verdict) };
    let ways_out = ways_out::of(question, &asked)?;
    Ok(Explanation { refused, verdict: sentence, steps, ways_out })
}

/// The sentence about an image that may run.
fn allowed(text: &str, verdict: &Verdict<'_>) -> String {
    let text = Shown(text);
    match &verdict.decision {
        Decision::Excepted(grant) => {
            // A denial may begin before the exception ends.
            let ends = grant.end.into_iter().chain(verdict.ending.map(|ending| ending.end));
            format!("{text} is let in by an exception, {}", until(ends.min_by_key(|end| end.seconds())))
        }
        _ => {
            let end = verdict.ending.map(|ending| format!(", and may run until {}", ending.end)).unwrap_or_default();
            format!("{text} comes from an approved registry{end}")
        }
    }
}
