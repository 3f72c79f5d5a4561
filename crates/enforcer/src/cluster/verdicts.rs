//! The policy's verdict on every image of an inventory.

use std::collections::{BTreeSet, HashMap, hash_map::Entry};

use crate::{
    cluster::{
        inventory::{Demand, Workload},
        row::{Row, Verdict},
        snapshot::Snapshot,
    },
    policy::{self, Decision, Demanded, End, Grant, Judge, Lack, Problems, Reason, Settings, Shown},
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
    /// A refusal lacks the place, with which it begins.
    message: String,
    brief: String,
    wrong_entry: bool,
}

impl Bench<'_, '_> {
    fn find(&self, demanded: &Demanded) -> Result<Finding, Problems> {
        let image = demanded.at("");
        let now = self.snapshot.at(self.snapshot.seconds());
        let judge = Judge::new(self.settings, self.namespace, &now);
        let verdict = judge.judge(&image).map_err(Clone::clone)?;
        match &verdict.decision {
            Decision::Approved => {
                let message = "comes from an approved registry".to_owned();
                Ok(Finding {
                    verdict: Verdict::Approved,
                    end: None,
                    reason: None,
                    brief: message.clone(),
                    message,
                    wrong_entry: false,
                })
            }
            Decision::Excepted(grant) => self.excepted(grant, demanded),
            Decision::Refused(reason) => Ok(Finding {
                verdict: Verdict::Refused,
                end: ended(reason).map(|end| end.clone().into_owned()),
                reason: reason.grant().and_then(|grant| grant.reason).map(str::to_owned),
                message: policy::refusal(&image, &verdict, reason, &judge),
                brief: brief(reason).to_owned(),
                wrong_entry: matches!(reason, Reason::NoException(Lack::WrongEntry(..))),
            }),
        }
    }

    /// How long an exception lasts: the policy asks the ConfigMap for one only when those of the settings have ended, so
    /// another one may follow the one that lets an image in today.
    fn excepted(&self, grant: &Grant<'_>, demanded: &Demanded) -> Result<Finding, Problems> {
        let image = demanded.at("");
        let mut sources = vec![grant.source.to_string()];
        let mut end = own_end(grant);
        while let Some(seconds) = end.as_ref().map(End::seconds) {
            let then = self.snapshot.at(seconds);
            let judge = Judge::new(self.settings, self.namespace, &then);
            let verdict = judge.judge(&image).map_err(Clone::clone)?;
            let Decision::Excepted(grant) = verdict.decision else { break };
            sources.push(grant.source.to_string());
            end = own_end(&grant);
        }
        let sources = sources.join(", then ");
        let until = end.as_ref().map_or("without an end".to_owned(), |end| format!("until {end}"));
        Ok(Finding {
            verdict: Verdict::Exception,
            end,
            reason: grant.reason.map(str::to_owned),
            message: format!("let in by {sources}, {until}"),
            brief: sources,
            wrong_entry: false,
        })
    }

    fn row(&self, workload: &Workload, place: &str, demanded: &Demanded, finding: &Finding) -> Row {
        let Workload { namespace, kind, name, .. } = workload.clone();
        let Finding { verdict, end, reason, message, brief, wrong_entry } = finding;
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
            brief: brief.clone(),
            wrong_entry: *wrong_entry,
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
        brief: "cannot be read".to_owned(),
        wrong_entry: false,
        end_seconds: None,
    }
}

fn own_end(grant: &Grant<'_>) -> Option<End<'static>> {
    grant.end.map(|end| end.clone().into_owned())
}

/// The end of the exception that would have let the image in.
fn ended<'j>(reason: &Reason<'j>) -> Option<&'j End<'j>> {
    match reason {
        Reason::NoException(Lack::AllEnded(end)) => Some(end),
        reason => reason.grant().and_then(|grant| grant.end),
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
            Lack::OtherRegistries => "no exception for this registry",
            Lack::Ended(_) => "exception ended",
            Lack::AllEnded(_) => "all exceptions ended",
            Lack::Clock(_) => "clock not set",
            Lack::Unreadable(..) => "allow list not readable",
            Lack::WrongEntry(..) => "wrong entry in the allow list",
        },
    }
}
