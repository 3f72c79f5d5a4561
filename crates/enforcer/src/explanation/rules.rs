//! What each rule says of an image, in the policy's order, up to the one that decides.

use crate::{
    explanation::question::{Question, Step, until},
    policy::{
        DEFAULT_TAG, Decision, End, Grant, Place, PrefixEntry, Problems, Reason, Reference, Shown, Source, Terms,
        Verdict,
    },
};

const REFERENCE: &str = "image reference";
const DENIED_IMAGES: &str = "denied_images";
const DENIED_TAGS: &str = "denied_tags";
const PREFIXES: &str = "registry_prefixes";
const ALLOWED: &str = "allowed_namespaces";
const ALLOW_LIST: &str = "allow_list_config_map";
const REQUIREMENTS: &str = "byoc_requirements";

/// The rules about an image.
pub fn steps(question: &Question<'_>, text: &str, verdict: &Verdict<'_>) -> Result<Vec<Step>, Problems> {
    let Some(image) = &verdict.reference else {
        return Ok(vec![question.step(REFERENCE, None, "it is not one".to_owned(), true)]);
    };
    let mut steps = vec![question.step(REFERENCE, None, read_as(text, image), false)];
    let rules = Rules { question, image, decision: &verdict.decision };
    for rule in [Rules::denied_images, Rules::denied_tags, Rules::approvals] {
        let step = rule(&rules)?;
        let decides = step.decides;
        steps.push(step);
        if decides {
            return Ok(steps);
        }
    }
    steps.extend(rules.exceptions()?);
    steps.extend(rules.requirements()?);
    Ok(steps)
}

/// The image in full, and what was added to what was written.
fn read_as(text: &str, image: &Reference<'_>) -> String {
    // The domain as written, or index.docker.io.
    let names_registry = text.split_once('/').is_some_and(|(first, _)| first.ends_with(image.domain()));
    let names_tag = image.tag() != Some(DEFAULT_TAG) || text.contains(":latest");
    let added = [(names_registry, "no registry means docker.io"), (names_tag, "no tag means latest")];
    let added: Vec<&str> = added.into_iter().filter(|(is_named, _)| !is_named).map(|(_, means)| means).collect();
    let added = if added.is_empty() { String::new() } else { format!(" ({})", added.join(", ")) };
    format!("it is read as {}{added}", Shown(&image.to_string()))
}

/// The rules about one image.
struct Rules<'r, 'e, 'j> {
    question: &'r Question<'e>,
    image: &'r Reference<'j>,
    decision: &'r Decision<'j>,
}

impl Rules<'_, '_, '_> {
    fn denied_images(&self) -> Result<Step, Problems> {
        let Self { question, image, .. } = self;
        let denied = question.settings.denied_images().map_err(Clone::clone)?;
        let denies = |entry: &PrefixEntry<'_>| entry.prefix.denies(image, Some(question.namespace));
        let about = || denied.iter().enumerate().filter(|(_, entry)| denies(entry));
        let begun = about().find(|(_, entry)| entry.end().is_none_or(|end| question.has_passed(end)));
        let Some((index, entry)) = begun.or_else(|| about().min_by_key(|(_, entry)| entry.end().map(End::seconds)))
        else {
            return Ok(question.listed(DENIED_IMAGES, None, denied.len(), "", "no element is about it"));
        };
        let says = match entry.end() {
            None => "is about it".to_owned(),
            end if begun.is_some() => format!("let it run {}", until(end)),
            end => format!("lets it run {}", until(end)),
        };
        Ok(question.step(DENIED_IMAGES, Some(index), says, begun.is_some()))
    }

    fn denied_tags(&self) -> Result<Step, Problems> {
        let tags = self.question.settings.denied_tags().map_err(Clone::clone)?;
        let found = self.image.tag().and_then(|tag| tags.iter().position(|pattern| pattern.matches(tag)));
        Ok(self.question.listed(DENIED_TAGS, found, tags.len(), "is its tag", "no element is its tag"))
    }

    fn approvals(&self) -> Result<Step, Problems> {
        let Self { question, image, .. } = self;
        let prefixes = question.settings.registry_prefixes().map_err(Clone::clone)?;
        let approves = |entry: &PrefixEntry<'_>| entry.prefix.approves(image, Some(question.namespace));
        let about = prefixes.iter().enumerate().filter(|(_, entry)| approves(entry));
        let last = about.max_by_key(|(_, entry)| entry.end().map_or(i64::MAX, End::seconds));
        let Some((index, entry)) = last else {
            let elsewhere = self.approved_elsewhere(prefixes);
            let no = elsewhere.as_deref().unwrap_or("no element approves it");
            return Ok(question.listed(PREFIXES, None, prefixes.len(), "", no));
        };
        let has_ended = entry.end().is_some_and(|end| question.has_passed(end));
        let says = match entry.end() {
            None => "approves it".to_owned(),
            end if has_ended => format!("approved it {}", until(end)),
            end => format!("approves it {}", until(end)),
        };
        Ok(question.step(PREFIXES, Some(index), says, !has_ended))
    }

    /// Where `{namespace}` approves the image for another namespace, whose name is a part of the image's path.
    fn approved_elsewhere(&self, prefixes: &[PrefixEntry<'_>]) -> Option<String> {
        let mut namespaces = self.image.components();
        namespaces.find_map(|namespace| {
            let index = prefixes.iter().position(|entry| entry.prefix.approves(self.image, Some(namespace)))?;
            Some(format!(
                "no element approves it in {}; [{index}] does in {}",
                Shown(self.question.namespace),
                Shown(namespace)
            ))
        })
    }

    /// The exceptions of the settings, and the ConfigMap where those do not let the image in.
    fn exceptions(&self) -> Result<Vec<Step>, Problems> {
        let question = self.question;
        let exceptions = question.settings.allowed_namespaces().map_err(Clone::clone)?;
        let mut steps = Vec::new();
        for (index, exception) in exceptions.iter().enumerate() {
            if exception.namespaces.matches(question.namespace) {
                let decides = self.is_granted_by(&Source::AllowedNamespaces(index));
                steps.push(question.step(ALLOWED, Some(index), self.terms(&exception.terms)?, decides));
            }
        }
        if steps.is_empty() {
            let no = format!("no element is about {}", Shown(question.namespace));
            steps.push(question.listed(ALLOWED, None, exceptions.len(), "", &no));
        }
        if let (Some(config_map), false) = (question.allow_list()?, steps.iter().any(|step| step.decides)) {
            let says = format!("{config_map} {}", self.entry()?);
            steps.push(question.step(ALLOW_LIST, None, says, self.is_granted_by(&Source::ConfigMap(config_map))));
        }
        Ok(steps)
    }

    fn is_granted_by(&self, source: &Source<'_>) -> bool {
        matches!(self.decision, Decision::Excepted(Grant { source: found, .. }) if found == source)
    }

    /// What the ConfigMap says.
    fn entry(&self) -> Result<String, Problems> {
        let Question { namespace, snapshot, .. } = self.question;
        let Some(allow_list) = snapshot.allow_list() else {
            return Ok("was not given: give it with --allow-list".to_owned());
        };
        let Some(entry) = allow_list.entry(namespace) else {
            return Ok(format!("has no entry for {}", Shown(namespace)));
        };
        match Terms::parse(&entry, &Place::Top.key(namespace)) {
            Ok(terms) => Ok(format!("has an entry: {}", self.terms(&terms)?)),
            Err(problems) => Ok(format!("has a wrong entry: {problems}")),
        }
    }

    /// What an exception says of the image.
    fn terms(&self, terms: &Terms<'_>) -> Result<String, Problems> {
        let question = self.question;
        if !terms.covers(self.image, question.namespace) {
            return Ok("is for other images".to_owned());
        }
        let sunset = question.settings.sunset_date().map_err(Clone::clone)?.as_ref();
        let end = terms.end.iter().chain(sunset).min_by_key(|end| end.seconds());
        Ok(match end {
            Some(end) if question.has_passed(end) => format!("covered it {}", until(Some(end))),
            end => format!("covers it, {}", until(end)),
        })
    }

    fn requirements(&self) -> Result<Option<Step>, Problems> {
        if self.question.settings.byoc_requirements().map_err(Clone::clone)?.is_none() {
            return Ok(None);
        }
        let (says, decides) = match self.decision {
            Decision::Excepted(_) => ("are met, as far as no registry was asked".to_owned(), false),
            Decision::Refused(Reason::Unmet(_, unmet)) => {
                (unmet.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "), true)
            }
            _ => return Ok(None),
        };
        Ok(Some(self.question.step(REQUIREMENTS, None, says, decides)))
    }
}
