//! Why an image may run in a namespace or not: each rule in the policy's order, with where it is written.
//!
//! The verdict is the core's. What a rule says of the image is asked of the core's own parts, one rule after the other,
//! and the rule that decides is the one that the verdict names.

use anyhow::anyhow;

use crate::{
    cluster::snapshot::Snapshot,
    input::settings_file::SettingsFile,
    policy::{
        self, Decision, Demanded, End, Facts, Judge, Lack, Place, Problems, Reason, Reference, Settings, Shown, Source,
        Terms,
    },
};

/// How many registries a way out names.
const REGISTRIES_MAX: usize = 10;

/// The groups of Kubernetes' own kinds that have images.
const BUILT_IN_GROUPS: &[&str] = &["", "apps", "batch"];

/// The rules, in the order in which the policy looks at them.
const CUSTOM_KINDS: &str = "custom_kinds";
const EXEMPT: &str = "exempt_namespaces";
const REFERENCE: &str = "image reference";
const DENIED_IMAGES: &str = "denied_images";
const DENIED_TAGS: &str = "denied_tags";
const PREFIXES: &str = "registry_prefixes";
const ALLOWED: &str = "allowed_namespaces";
const ALLOW_LIST: &str = "allow_list_config_map";
const REQUIREMENTS: &str = "byoc_requirements";

/// Why an image may run, or not.
#[derive(Debug)]
pub struct Explanation {
    /// Whether it may not.
    pub refused: bool,
    /// The verdict in a sentence.
    pub verdict: String,
    /// The rules that were looked at.
    pub steps: Vec<Step>,
    /// What would change a refusal.
    pub ways_out: Vec<String>,
}

/// What a rule says.
#[derive(Debug, PartialEq, Eq)]
pub struct Step {
    /// The rule, or the element of its list that is about the image.
    pub rule: String,
    /// Where it is written: `settings.yaml:7`.
    pub place: Option<String>,
    /// What it says.
    pub says: String,
    /// Whether the verdict comes from here.
    pub decides: bool,
}

/// Explains the verdict on an image in a namespace.
pub struct Explainer<'e> {
    pub file: &'e SettingsFile,
    pub settings: &'e Settings<'e>,
    pub snapshot: &'e Snapshot,
    pub namespace: &'e str,
    /// The kind of the object that names the image: `Deployment`, or `Rollout.argoproj.io` with its group.
    pub kind: &'e str,
}

impl Explainer<'_> {
    /// Explains.
    pub fn explain(&self, image: &str) -> anyhow::Result<Explanation> {
        self.try_explain(image).map_err(|problems| anyhow!("{problems}"))
    }

    fn try_explain(&self, text: &str) -> Result<Explanation, Problems> {
        let mut steps = Vec::new();
        let exempt = self.settings.exempt_namespaces().map_err(Clone::clone)?;
        if let Some(index) = exempt.iter().position(|pattern| pattern.matches(self.namespace)) {
            steps.push(self.step(EXEMPT, Some(index), format!("{} is never judged", self.namespace), true));
            let verdict = format!("every image may run in {}, which is exempt", self.namespace);
            return Ok(Explanation { refused: false, verdict, steps, ways_out: Vec::new() });
        }
        steps.push(self.step(EXEMPT, None, format!("{} is not exempt", self.namespace), false));
        if !self.reads_kind()? {
            let says = format!("{} is not read; describe it there", Shown(self.kind));
            steps.push(self.step(CUSTOM_KINDS, None, says, true));
            let verdict =
                format!("the policy cannot read Kind {}, and refuses it where its rules name it", Shown(self.kind));
            let ways_out = vec![format!("ask an admin to describe {} in custom_kinds", Shown(self.kind))];
            return Ok(Explanation { refused: true, verdict, steps, ways_out });
        }
        let demanded = Demanded::Image(text.to_owned());
        let image = demanded.at("image");
        let facts = self.snapshot.at(self.snapshot.seconds());
        let judge = Judge::new(self.settings, Some(self.namespace), &facts);
        let verdict = judge.judge(&image).map_err(Clone::clone)?;
        let (refused, sentence) = match &verdict.decision {
            Decision::Refused(reason) => (true, policy::refusal(&image, &verdict, reason, &judge)),
            Decision::Approved => {
                let until = verdict.ending.map(|ending| format!(", and may run until {}", ending.end));
                (false, format!("{} comes from an approved registry{}", Shown(text), until.unwrap_or_default()))
            }
            Decision::Excepted(grant) => {
                (false, format!("{} is let in by an exception, {}", Shown(text), until(grant.end)))
            }
        };
        match &verdict.reference {
            None => steps.push(self.step(REFERENCE, None, "it is not one".to_owned(), true)),
            Some(reference) => {
                steps.push(self.step(
                    REFERENCE,
                    None,
                    format!("it is read as {}", Shown(&reference.to_string())),
                    false,
                ));
                self.rules(reference, &verdict.decision, &mut steps)?;
            }
        }
        let ways_out = match &verdict.decision {
            Decision::Refused(reason) => {
                self.ways_out(reason, verdict.reference.as_ref(), judge.successor(&verdict))?
            }
            _ => judge.successor(&verdict).map(|successor| format!("use {}", Shown(&successor))).into_iter().collect(),
        };
        Ok(Explanation { refused, verdict: sentence, steps, ways_out })
    }

    /// Whether the policy reads the kind. Without a group, it is one of Kubernetes' own.
    fn reads_kind(&self) -> Result<bool, Problems> {
        if let Some((kind, group)) = self.kind.split_once('.') {
            return policy::reads(group, kind, self.settings);
        }
        let reads = BUILT_IN_GROUPS.iter().map(|group| policy::reads(group, self.kind, self.settings));
        Ok(reads.collect::<Result<Vec<bool>, _>>()?.contains(&true))
    }

    /// The rules about a reference, up to the one that decides.
    fn rules(&self, image: &Reference<'_>, decision: &Decision<'_>, steps: &mut Vec<Step>) -> Result<(), Problems> {
        if self.denials(image, steps)? {
            return Ok(());
        }
        let tags = self.settings.denied_tags().map_err(Clone::clone)?;
        let found = image.tag().and_then(|tag| tags.iter().position(|pattern| pattern.matches(tag)));
        steps.push(self.listed(DENIED_TAGS, found, tags.len(), "is its tag", "no element is its tag"));
        if found.is_some() {
            return Ok(());
        }
        if !self.approvals(image, steps)? {
            self.exceptions(image, decision, steps)?;
        }
        Ok(())
    }

    /// The step of `denied_images`, and whether it decides.
    fn denials(&self, image: &Reference<'_>, steps: &mut Vec<Step>) -> Result<bool, Problems> {
        let denied = self.settings.denied_images().map_err(Clone::clone)?;
        let about = || denied.iter().enumerate().filter(|(_, entry)| entry.prefix.denies(image, Some(self.namespace)));
        let begun = about().find(|(_, entry)| entry.end().is_none_or(|end| self.has_passed(end)));
        let Some((index, entry)) = begun.or_else(|| about().min_by_key(|(_, entry)| entry.end().map(End::seconds)))
        else {
            steps.push(self.listed(DENIED_IMAGES, None, denied.len(), "", "no element is about it"));
            return Ok(false);
        };
        let says = match entry.end() {
            None => "is about it".to_owned(),
            end if begun.is_some() => format!("let it run {}", until(end)),
            end => format!("lets it run {}", until(end)),
        };
        steps.push(self.step(DENIED_IMAGES, Some(index), says, begun.is_some()));
        Ok(begun.is_some())
    }

    /// The step of `registry_prefixes`, and whether it decides.
    fn approvals(&self, image: &Reference<'_>, steps: &mut Vec<Step>) -> Result<bool, Problems> {
        let prefixes = self.settings.registry_prefixes().map_err(Clone::clone)?;
        let about = prefixes.iter().enumerate().filter(|(_, entry)| entry.prefix.approves(image, Some(self.namespace)));
        let last = about.max_by_key(|(_, entry)| entry.end().map_or(i64::MAX, End::seconds));
        let Some((index, entry)) = last else {
            steps.push(self.listed(PREFIXES, None, prefixes.len(), "", "no element approves it"));
            return Ok(false);
        };
        let has_ended = entry.end().is_some_and(|end| self.has_passed(end));
        let says = match entry.end() {
            None => "approves it".to_owned(),
            end if has_ended => format!("approved it {}", until(end)),
            end => format!("approves it {}", until(end)),
        };
        steps.push(self.step(PREFIXES, Some(index), says, !has_ended));
        Ok(!has_ended)
    }

    fn has_passed(&self, end: &End<'_>) -> bool {
        end.has_passed(self.snapshot.seconds())
    }

    fn exceptions(
        &self,
        image: &Reference<'_>,
        decision: &Decision<'_>,
        steps: &mut Vec<Step>,
    ) -> Result<(), Problems> {
        let grant = match decision {
            Decision::Excepted(grant) => Some(*grant),
            Decision::Refused(reason) => reason.grant(),
            Decision::Approved => None,
        };
        let is_excepted = matches!(decision, Decision::Excepted(_));
        let granted_by = |source: &Source<'_>| is_excepted && grant.is_some_and(|grant| grant.source == *source);
        let exceptions = self.settings.allowed_namespaces().map_err(Clone::clone)?;
        let before = steps.len();
        for (index, exception) in exceptions.iter().enumerate() {
            if exception.namespaces.matches(self.namespace) {
                let decides = granted_by(&Source::AllowedNamespaces(index));
                steps.push(self.step(ALLOWED, Some(index), self.terms(&exception.terms, image)?, decides));
            }
        }
        if steps.len() == before {
            steps.push(self.step(ALLOWED, None, format!("no element is about {}", self.namespace), false));
        }
        if !is_excepted || !steps.iter().any(|step| step.decides) {
            steps.extend(self.entry(image, &granted_by)?);
        }
        self.requirements(decision, steps)
    }

    /// What the ConfigMap says, where the settings name one.
    fn entry(&self, image: &Reference<'_>, granted_by: &dyn Fn(&Source<'_>) -> bool) -> Result<Option<Step>, Problems> {
        let Some(config_map) = self.settings.allow_list_config_map().map_err(Clone::clone)? else {
            return Ok(None);
        };
        let config_map = config_map.as_fact();
        let facts = self.snapshot.at(self.snapshot.seconds());
        let says = match facts.allow_list_entry(&config_map, self.namespace) {
            Err(_) => format!("{config_map} was not given: give it with --allow-list"),
            Ok(None) => format!("{config_map} has no entry for {}", self.namespace),
            Ok(Some(entry)) => match Terms::parse(&entry, &Place::Top.key(self.namespace)) {
                Ok(terms) => format!("{config_map} has an entry: {}", self.terms(&terms, image)?),
                Err(problems) => format!("{config_map} has a wrong entry: {problems}"),
            },
        };
        Ok(Some(self.step(ALLOW_LIST, None, says, granted_by(&Source::ConfigMap(config_map)))))
    }

    /// What an exception says of an image.
    fn terms(&self, terms: &Terms<'_>, image: &Reference<'_>) -> Result<String, Problems> {
        if !terms.covers(image, self.namespace) {
            return Ok("is for other registries".to_owned());
        }
        let sunset = self.settings.sunset_date().map_err(Clone::clone)?.as_ref();
        let ends = terms.end.iter().chain(sunset);
        let end = ends.min_by_key(|end| end.seconds());
        let has_ended = end.is_some_and(|end| end.has_passed(self.snapshot.seconds()));
        Ok(match end {
            Some(end) if has_ended => format!("covered it {}", until(Some(end))),
            end => format!("covers it, {}", until(end)),
        })
    }

    fn requirements(&self, decision: &Decision<'_>, steps: &mut Vec<Step>) -> Result<(), Problems> {
        if self.settings.byoc_requirements().map_err(Clone::clone)?.is_none() {
            return Ok(());
        }
        match decision {
            Decision::Excepted(_) => {
                steps.push(self.step(REQUIREMENTS, None, "are met, as far as no registry was asked".to_owned(), false));
            }
            Decision::Refused(Reason::Unmet(_, unmet)) => {
                let unmet: Vec<String> = unmet.iter().map(ToString::to_string).collect();
                steps.push(self.step(REQUIREMENTS, None, unmet.join("; "), true));
            }
            _ => {}
        }
        Ok(())
    }

    fn ways_out(
        &self,
        reason: &Reason<'_>,
        image: Option<&Reference<'_>>,
        successor: Option<String>,
    ) -> Result<Vec<String>, Problems> {
        let mut ways: Vec<String> = successor.iter().map(|successor| format!("use {}", Shown(successor))).collect();
        match reason {
            Reason::NoImage | Reason::Unreadable(_) | Reason::NotReference(_) => {
                ways.push("write the image as registry/path:tag".to_owned());
            }
            Reason::DeniedTag(..) => ways.push("name another tag".to_owned()),
            Reason::DeniedImage(_) | Reason::DenialBegan(_) if ways.is_empty() => {
                ways.push("use another image".to_owned())
            }
            Reason::DeniedImage(_) | Reason::DenialBegan(_) => {}
            Reason::Unmet(_, unmet) => ways.extend(unmet.iter().map(ToString::to_string)),
            Reason::NoException(lack) | Reason::ApprovalEnded(_, lack) => {
                ways.push(self.approved_registries()?);
                ways.push(self.way_to_exception(lack, image));
                ways.extend(self.settings.help().map_err(Clone::clone)?.iter().map(|help| Shown(help).to_string()));
            }
        }
        Ok(ways)
    }

    fn way_to_exception(&self, lack: &Lack<'_>, image: Option<&Reference<'_>>) -> String {
        let namespace = self.namespace;
        match lack {
            Lack::Ended(_) => format!("ask for a later end: enforcer allow-list renew {namespace} --until DATE"),
            Lack::AllEnded(_) => "ask for a later sunset_date of the policy".to_owned(),
            Lack::WrongEntry(..) => "ask an admin to mend the entry in the allow list".to_owned(),
            _ => {
                let registry = image.map_or_else(String::new, |image| {
                    format!(" --registry {}", Shown(image.to_string().split(['@', ':']).next().unwrap_or_default()))
                });
                format!(
                    "ask for an exception: enforcer allow-list grant {namespace} --until DATE{registry} --reason TASK"
                )
            }
        }
    }

    fn approved_registries(&self) -> Result<String, Problems> {
        let prefixes = self.settings.registry_prefixes().map_err(Clone::clone)?;
        let lasting = prefixes.iter().filter(|entry| entry.end().is_none_or(|end| !self.has_passed(end)));
        let names =
            lasting.take(REGISTRIES_MAX).map(|entry| Shown(&entry.prefix.within(Some(self.namespace))).to_string());
        Ok(format!("push the image to an approved registry: {}", names.collect::<Vec<_>>().join(", ")))
    }

    /// The step of a list whose element decides, if there is one.
    fn listed(&self, rule: &str, found: Option<usize>, length: usize, yes: &str, no: &str) -> Step {
        let says = match (found, length) {
            (Some(_), _) => yes,
            (None, 0) => "is empty",
            (None, _) => no,
        };
        self.step(rule, found, says.to_owned(), found.is_some())
    }

    fn step(&self, rule: &str, index: Option<usize>, says: String, decides: bool) -> Step {
        let name = index.map_or_else(|| rule.to_owned(), |index| format!("{rule}[{index}]"));
        Step { rule: name, place: self.file.place(rule, index), says, decides }
    }
}

fn until(end: Option<&End<'_>>) -> String {
    end.map_or_else(|| "without an end".to_owned(), |end| format!("until {end}"))
}
