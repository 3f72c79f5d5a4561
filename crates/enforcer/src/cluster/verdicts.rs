//! The policy's verdict on every image of an inventory.

use std::collections::{BTreeSet, HashMap, hash_map::Entry};

use crate::{
    cluster::{
        course::Course,
        inventory::{Demand, Workload},
        row::{Row, Verdict},
        snapshot::Snapshot,
    },
    policy::{self, Decision, Demanded, End, Image, Judge, Lack, Problems, Reason, Settings, Shown, Source},
};

/// The rows of each workload.
pub fn judge(
    workloads: &[(Workload, BTreeSet<Demand>)],
    settings: &Settings<'_>,
    snapshot: &Snapshot,
) -> Result<Vec<Vec<Row>>, Problems> {
    let mut judged = Vec::with_capacity(workloads.len());
    for of_namespace in workloads.chunk_by(|(one, _), (next, _)| one.namespace == next.namespace) {
        let namespace = of_namespace.first().and_then(|(workload, _)| workload.namespace.as_deref());
        let bench = Bench { settings, snapshot, namespace };
        // One image runs in many workloads.
        let mut known: HashMap<&Demanded, Finding> = HashMap::new();
        for (workload, demands) in of_namespace {
            let mut rows = Vec::with_capacity(demands.len());
            for demand in demands {
                let (place, demanded) = match demand {
                    Demand::Image { place, demanded } => (place, demanded),
                    Demand::Unreadable(message) => {
                        rows.push(unreadable(workload, message));
                        continue;
                    }
                };
                let finding = match known.entry(demanded) {
                    Entry::Occupied(finding) => finding.into_mut(),
                    Entry::Vacant(vacant) => vacant.insert(bench.find(demanded)?),
                };
                rows.push(bench.row(workload, place, demanded, finding));
            }
            judged.push(rows);
        }
    }
    Ok(judged)
}

/// What the images of one namespace are judged by.
struct Bench<'b, 'a> {
    settings: &'b Settings<'a>,
    snapshot: &'b Snapshot,
    namespace: Option<&'b str>,
}

/// What the policy says of an image in a namespace, wherever it stands there.
struct Finding {
    verdict: Verdict,
    end: Option<End<'static>>,
    reason: Option<String>,
    owner: Option<String>,
    /// A refusal lacks the place, with which it begins.
    message: String,
    brief: String,
    instead: Option<String>,
    wrong_entry: bool,
    uses_list: bool,
    retires: bool,
}

impl Bench<'_, '_> {
    fn find(&self, demanded: &Demanded) -> Result<Finding, Problems> {
        let image = demanded.at("");
        let now = self.snapshot.at(self.snapshot.seconds());
        let judge = Judge::new(self.settings, self.namespace, &now);
        let verdict = judge.judge(&image).map_err(Clone::clone)?;
        let instead = judge.successor(&verdict);
        let Decision::Refused(reason) = &verdict.decision else {
            return self.let_in(&verdict, instead, &image);
        };
        let of_rule = reason.entry().and_then(|entry| entry.reason());
        let of_exception = || reason.grant().and_then(|grant| grant.reason);
        let wrong_entry = matches!(lack(reason), Some(Lack::WrongEntry(..)));
        let ended_entry = reason.grant().is_some_and(|grant| matches!(grant.source, Source::ConfigMap(_)));
        Ok(Finding {
            verdict: Verdict::Refused,
            end: self.ended(reason, &image)?,
            reason: of_rule.or_else(of_exception).map(str::to_owned),
            owner: reason.grant().and_then(|grant| grant.owner).map(str::to_owned),
            message: policy::refusal(&image, &verdict, reason, &judge),
            brief: brief(reason).to_owned(),
            instead,
            wrong_entry,
            uses_list: wrong_entry || ended_entry,
            retires: false,
        })
    }

    /// How long an image may run: the policy asks for an exception only when the approval has ended, and the ConfigMap
    /// for one only when those of the settings have, so something else may follow what lets the image in today.
    fn let_in(
        &self,
        today: &policy::Verdict<'_>,
        mut instead: Option<String>,
        image: &Image<'_>,
    ) -> Result<Finding, Problems> {
        let mut course = Course::default();
        course.go_on(today);
        while let Some(seconds) = course.end().map(End::seconds) {
            let then = self.snapshot.at(seconds);
            let judge = Judge::new(self.settings, self.namespace, &then);
            let verdict = judge.judge(image).map_err(Clone::clone)?;
            if !course.go_on(&verdict) {
                instead = instead.or_else(|| judge.successor(&verdict));
                break;
            }
        }
        let is_approved = matches!(today.decision, Decision::Approved);
        Ok(Finding {
            verdict: if is_approved { Verdict::Approved } else { Verdict::Exception },
            end: course.end().cloned(),
            reason: course.reason().map(str::to_owned),
            owner: course.owner().map(str::to_owned),
            message: course.message(instead.as_deref()),
            brief: course.brief(),
            instead,
            wrong_entry: false,
            uses_list: course.uses_list(),
            retires: is_approved && today.ending.is_some(),
        })
    }

    /// The end that a refusal is about. Of an approval's and an exception's it is the later, if the image could run so
    /// long.
    fn ended(&self, reason: &Reason<'_>, image: &Image<'_>) -> Result<Option<End<'static>>, Problems> {
        let of_rule = reason.ending().map(|ending| ending.end);
        let of_exception = match lack(reason) {
            Some(Lack::AllEnded(end)) => Some(*end),
            _ => reason.grant().and_then(|grant| grant.end),
        };
        let end = match (of_rule, of_exception) {
            (Some(rule), Some(exception)) => {
                let is_later = exception.seconds() > rule.seconds();
                if is_later && self.runs_before(exception, image)? { exception } else { rule }
            }
            (rule, exception) => return Ok(rule.or(exception).map(|end| end.clone().into_owned())),
        };
        Ok(Some(end.clone().into_owned()))
    }

    /// Whether the image may run in the last second before an end.
    fn runs_before(&self, end: &End<'_>, image: &Image<'_>) -> Result<bool, Problems> {
        let before = self.snapshot.at(end.seconds() - 1);
        let judge = Judge::new(self.settings, self.namespace, &before);
        let verdict = judge.judge(image).map_err(Clone::clone)?;
        Ok(!matches!(verdict.decision, Decision::Refused(_)))
    }

    fn row(&self, workload: &Workload, place: &str, demanded: &Demanded, finding: &Finding) -> Row {
        let Workload { namespace, kind, name, .. } = workload.clone();
        let Finding { verdict, end, reason, owner, message, brief, instead, wrong_entry, uses_list, retires } = finding;
        let message = match verdict {
            Verdict::Refused => format!("{}: {message}", Shown(place)),
            Verdict::Exception | Verdict::Approved => message.clone(),
        };
        Row {
            namespace,
            kind,
            name,
            place: place.to_owned(),
            image: demanded.text().map(str::to_owned),
            verdict: *verdict,
            ends: end.as_ref().map(ToString::to_string),
            days_left: end.as_ref().map(|end| end.days_left(self.snapshot.seconds())),
            reason: reason.clone(),
            message,
            owner: owner.clone(),
            instead: instead.clone(),
            brief: brief.clone(),
            wrong_entry: *wrong_entry,
            uses_list: *uses_list,
            retires: *retires,
            end_seconds: end.as_ref().map(End::seconds),
        }
    }
}

/// The row of an object whose images are not known.
fn unreadable(workload: &Workload, message: &str) -> Row {
    let Workload { namespace, kind, name, .. } = workload.clone();
    Row {
        namespace,
        kind,
        name,
        place: String::new(),
        image: None,
        verdict: Verdict::Refused,
        ends: None,
        days_left: None,
        reason: None,
        message: message.to_owned(),
        owner: None,
        instead: None,
        brief: "cannot be read".to_owned(),
        wrong_entry: false,
        uses_list: false,
        retires: false,
        end_seconds: None,
    }
}

/// Why no exception lets an image in, where that is what it is refused for.
fn lack<'r, 'j>(reason: &'r Reason<'j>) -> Option<&'r Lack<'j>> {
    match reason {
        Reason::NoException(lack) | Reason::ApprovalEnded(_, lack) => Some(lack),
        _ => None,
    }
}

/// Why an image is refused, in a few words.
fn brief(reason: &Reason<'_>) -> &'static str {
    match reason {
        Reason::NoImage => "no image",
        Reason::Unreadable(_) => "not an image",
        Reason::NotReference(_) => "not an image reference",
        Reason::DeniedImage(_) | Reason::DenialBegan(_) => "denied image",
        Reason::DeniedTag(..) => "denied tag",
        Reason::Unmet(..) => "requirements not met",
        Reason::ApprovalEnded(..) => "approval ended",
        Reason::NoException(lack) => match lack {
            Lack::NoNamespace => "not in a namespace",
            Lack::None => "no exception",
            Lack::OtherImages(_) => "no exception for this image",
            Lack::Ended(_) => "exception ended",
            Lack::AllEnded(_) => "all exceptions ended",
            Lack::Clock(_) => "clock not set",
            Lack::Unreadable(..) => "allow list not readable",
            Lack::WrongEntry(..) => "wrong entry in the allow list",
        },
    }
}
