//! What becomes of an image that may run today: what lets it in, one after the other, until the policy would refuse it.

use crate::policy::{Decision, End, Ending, Shown, Source, Verdict};

/// How an image comes from a registry that is approved without an end.
const APPROVED: &str = "comes from an approved registry";

/// What lets an image in, and until when.
#[derive(Debug)]
struct Stage {
    /// Where it is written; `None` for an approval without an end, of which there may be several.
    source: Option<String>,
    is_exception: bool,
    /// Whether it stands in the allow list.
    is_entry: bool,
    reason: Option<String>,
    /// Whom to tell about an exception.
    owner: Option<String>,
    /// The first end, be it of what lets the image in or by a denial.
    end: Option<End<'static>>,
    /// What begins at the end, if it is a denial's.
    denial: Option<Denial>,
}

/// A denial that is to begin.
#[derive(Debug)]
struct Denial {
    source: String,
    reason: Option<String>,
}

impl Denial {
    fn new(ending: &Ending<'_>) -> Self {
        Self { source: ending.source.to_string(), reason: ending.entry.reason().map(str::to_owned) }
    }
}

/// The stages of an image, the first of which is today's.
#[derive(Debug, Default)]
pub struct Course {
    stages: Vec<Stage>,
}

impl Course {
    /// Goes on with the verdict at its end, at first with today's, and says whether the image may run then.
    pub fn go_on(&mut self, verdict: &Verdict<'_>) -> bool {
        let stage = Stage::new(verdict);
        let goes_on = stage.is_some();
        self.stages.extend(stage);
        goes_on
    }

    /// After this, the policy would refuse the image.
    pub fn end(&self) -> Option<&End<'static>> {
        self.stages.last()?.end.as_ref()
    }

    /// Why it ends: the reason of the denial that begins, or else of what lets the image in today.
    pub fn reason(&self) -> Option<&str> {
        let denial = self.denial().and_then(|denial| denial.reason.as_deref());
        denial.or(self.stages.first()?.reason.as_deref())
    }

    /// Whom to tell about the first exception.
    pub fn owner(&self) -> Option<&str> {
        self.stages.iter().find(|stage| stage.is_exception)?.owner.as_deref()
    }

    /// Whether the namespace's entry in the allow list lets the image in, now or later.
    pub fn uses_list(&self) -> bool {
        self.stages.iter().any(|stage| stage.is_entry)
    }

    /// What lets the image in, in a few words.
    pub fn brief(&self) -> String {
        let names = self.stages.iter().map(|stage| stage.source.as_deref().unwrap_or(APPROVED).to_owned());
        names.chain(self.denied()).collect::<Vec<_>>().join(", then ")
    }

    /// What lets the image in until when, and what to use instead.
    pub fn message(&self, instead: Option<&str>) -> String {
        let follows = self.stages.iter().skip(1).map(Some).chain([None]);
        let mut is_exception = false;
        let mut parts = Vec::with_capacity(self.stages.len());
        for (stage, next) in self.stages.iter().zip(follows) {
            parts.push(match &stage.source {
                None => APPROVED.to_owned(),
                Some(source) if is_exception => source.clone(),
                Some(source) if stage.is_exception => format!("let in by {source}"),
                Some(source) => format!("approved by {source}{}", next.and(stage.until()).unwrap_or_default()),
            });
            is_exception = stage.is_exception;
        }
        let last = self.stages.last().and_then(Stage::until).map(|until| format!(",{until}"));
        let last = last.or(is_exception.then(|| ", without an end".to_owned())).unwrap_or_default();
        let denied = self.denied().map(|denied| format!(", then {denied}")).unwrap_or_default();
        let instead = instead.map(|instead| format!("; use {}", Shown(instead))).unwrap_or_default();
        format!("{}{last}{denied}{instead}", parts.join(", then "))
    }

    fn denial(&self) -> Option<&Denial> {
        self.stages.last()?.denial.as_ref()
    }

    fn denied(&self) -> Option<String> {
        self.denial().map(|denial| format!("denied by {}", denial.source))
    }
}

impl Stage {
    fn new(verdict: &Verdict<'_>) -> Option<Self> {
        let of_denial = |ending: &Ending<'_>| matches!(ending.source, Source::DeniedImages(_));
        let denial = verdict.ending.filter(of_denial);
        let approval = verdict.ending.filter(|ending| !of_denial(ending));
        let (source, reason, owner, own_end) = match &verdict.decision {
            Decision::Refused(_) => return None,
            Decision::Excepted(grant) => (Some(grant.source), grant.reason, grant.owner, grant.end),
            Decision::Approved => (
                approval.map(|approval| approval.source),
                approval.and_then(|approval| approval.entry.reason()),
                None,
                approval.map(|approval| approval.end),
            ),
        };
        let is_first = |denial: &Ending<'_>| own_end.is_none_or(|own| denial.end.seconds() <= own.seconds());
        let denial = denial.filter(is_first);
        let end = denial.map(|denial| denial.end).or(own_end);
        Some(Self {
            is_exception: matches!(verdict.decision, Decision::Excepted(_)),
            is_entry: matches!(source, Some(Source::ConfigMap(_))),
            source: source.map(|source| source.to_string()),
            reason: reason.map(str::to_owned),
            owner: owner.map(str::to_owned),
            end: end.map(|end| end.clone().into_owned()),
            denial: denial.as_ref().map(Denial::new),
        })
    }

    fn until(&self) -> Option<String> {
        self.end.as_ref().map(|end| format!(" until {end}"))
    }
}
