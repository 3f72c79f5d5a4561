//! What would change a refusal: everything that a reader has to do, so that the next try is not refused for another
//! reason.

use crate::{
    explanation::question::Question,
    policy::{
        self, Decision, Demanded, Grant, Judge, Lack, Problems, Reason, Reference, ReferenceError, Shown, Source,
        Verdict,
    },
};

/// How many registries a way out names.
const REGISTRIES_MAX: usize = 10;
/// Stands for a tag that the reader chooses.
const ANY_TAG: &str = "TAG";

/// An image and what the policy said of it.
pub struct Asked<'a, 'j> {
    /// The image as written.
    pub text: &'a str,
    pub verdict: &'a Verdict<'j>,
    /// What to use instead, where the settings say so.
    pub successor: Option<String>,
}

/// The ways out of a verdict.
pub fn of(question: &Question<'_>, asked: &Asked<'_, '_>) -> Result<Vec<String>, Problems> {
    let mut ways: Vec<String> = asked.successor.iter().map(|successor| format!("use {}", Shown(successor))).collect();
    let Decision::Refused(reason) = &asked.verdict.decision else { return Ok(ways) };
    match (reason, &asked.verdict.reference) {
        (Reason::DeniedTag(..), Some(reference)) => ways.extend(other_tag(question, reference)?),
        (Reason::NotReference(error), _) => ways.push(written_otherwise(asked.text, error)),
        (Reason::NoException(lack) | Reason::ApprovalEnded(_, lack), Some(reference)) => {
            ways.push(approved_registries(question)?);
            ways.push(exception(question, lack, reference)?);
            ways.extend(question.settings.help().map_err(Clone::clone)?.iter().map(|help| Shown(help).to_string()));
        }
        (Reason::Unmet(_, unmet), _) => ways.extend(unmet.iter().map(ToString::to_string)),
        _ if ways.is_empty() => ways.push("use another image".to_owned()),
        _ => {}
    }
    Ok(ways)
}

/// How a string that is not a reference becomes one.
fn written_otherwise(text: &str, error: &ReferenceError) -> String {
    let lower = text.to_lowercase();
    if *error == ReferenceError::UpperCase && Reference::parse(&lower).is_ok() {
        return format!("write {}", Shown(&lower));
    }
    // "what is wrong: what to write".
    let error = error.to_string();
    error.split_once(": ").map_or(error.clone(), |(_, remedy)| remedy.to_owned())
}

/// The way past a denied tag, and past whatever refuses the image then.
fn other_tag(question: &Question<'_>, image: &Reference<'_>) -> Result<Vec<String>, Problems> {
    let (text, way) = match image.digest() {
        Some(digest) => {
            let text = format!("{}@{digest}", repository(image));
            let way = format!("leave out the tag, since the digest says which image it is: {}", Shown(&text));
            (text, way)
        }
        None => (format!("{}:{ANY_TAG}", repository(image)), "name another tag".to_owned()),
    };
    let demanded = Demanded::Image(text.clone());
    let facts = question.snapshot.at(question.snapshot.seconds());
    let judge = Judge::new(question.settings, Some(question.namespace), &facts);
    let demanded = demanded.at("image");
    let verdict = judge.judge(&demanded).map_err(Clone::clone)?;
    let successor = judge.successor(&verdict);
    match &verdict.decision {
        // A pattern may deny every tag.
        Decision::Approved | Decision::Excepted(_) | Decision::Refused(Reason::DeniedTag(..)) => Ok(vec![way]),
        Decision::Refused(_) => {
            let rest = of(question, &Asked { text: &text, verdict: &verdict, successor })?;
            Ok([vec![format!("{way}, and do one of these as well:")], rest].concat())
        }
    }
}

/// The image without tag and digest.
fn repository(image: &Reference<'_>) -> String {
    let path: Vec<&str> = image.components().collect();
    format!("{}/{}", image.domain(), path.join("/"))
}

fn exception(question: &Question<'_>, lack: &Lack<'_>, image: &Reference<'_>) -> Result<String, Problems> {
    let (namespace, list) = (Shown(question.namespace), question.allow_list()?);
    let has_entry = question.snapshot.allow_list().is_some_and(|list| list.entry(question.namespace).is_some());
    let registry = repository(image);
    let registry = Shown(&registry);
    Ok(match lack {
        Lack::Ended(Grant { source: Source::AllowedNamespaces(index), .. }) => {
            // The earlier end counts, so both may have passed.
            let of_policy = question.settings.sunset_date().map_err(Clone::clone)?.as_ref();
            let exception = question.settings.allowed_namespaces().map_err(Clone::clone)?.get(*index);
            let ends = [
                (exception.and_then(|exception| exception.terms.end.as_ref()), format!("allowed_namespaces[{index}]")),
                (of_policy, "the policy".to_owned()),
            ];
            let passed = ends.into_iter().filter(|(end, _)| end.is_some_and(|end| question.has_passed(end)));
            let whose: Vec<String> = passed.map(|(_, whose)| whose).collect();
            format!("ask an admin for a later sunset_date of {}", whose.join(" and of "))
        }
        Lack::Ended(_) => {
            format!("ask for a later end; a reviewer's command: enforcer allow-list renew {namespace} --until DATE")
        }
        Lack::AllEnded(_) => "ask for a later sunset_date of the policy".to_owned(),
        Lack::WrongEntry(..) => "ask an admin to mend the entry in the allow list".to_owned(),
        _ if list.is_none() => "ask an admin for an exception in allowed_namespaces".to_owned(),
        _ if question.snapshot.allow_list().is_none() => {
            "give the allow list with --allow-list: it may have an exception".to_owned()
        }
        // For other images, and it has ended.
        Lack::None if has_entry => format!(
            "ask for a later end and more registries; a reviewer's command: enforcer allow-list renew {namespace} --until DATE --registry {registry}"
        ),
        _ if has_entry => format!(
            "ask for more registries; a reviewer's command: enforcer allow-list renew {namespace} --registry {registry}"
        ),
        _ => {
            let owner = if policy::requires_owner(question.settings)? { " --owner WHO" } else { "" };
            format!(
                "ask for an exception; a reviewer's command: enforcer allow-list grant {namespace} --until DATE --registry {registry} --reason TASK{owner}"
            )
        }
    })
}

fn approved_registries(question: &Question<'_>) -> Result<String, Problems> {
    let prefixes = question.settings.registry_prefixes().map_err(Clone::clone)?;
    let lasting = prefixes.iter().filter(|entry| entry.end().is_none_or(|end| !question.has_passed(end)));
    let within = lasting.take(REGISTRIES_MAX).map(|entry| entry.prefix.within(Some(question.namespace)));
    let names: Vec<String> = within.map(|prefix| Shown(&prefix).to_string()).collect();
    Ok(format!("push the image to an approved registry: {}", names.join(", ")))
}
