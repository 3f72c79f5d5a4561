//! The policy's verdict on every image of an inventory.

use std::collections::{BTreeSet, HashMap, hash_map::Entry};

use crate::{
    cluster::{
        inventory::{Demand, Workload},
        row::{Row, Verdict},
        snapshot::Snapshot,
    },
    policy::{self, End, Grant, Image, ImageVerdict, Judge, Lack, Problems, Reason, Settings, review},
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
        let now = snapshot.at(snapshot.seconds());
        let judge = Judge::new(settings, namespace, &now);
        // One image runs in many workloads.
        let mut known: HashMap<Option<&str>, Finding<'_>> = HashMap::new();
        for (workload, demands) in of_namespace {
            let mut rows = Vec::with_capacity(demands.len());
            for demand in demands {
                let (place, text) = match demand {
                    Demand::Image { place, image } => (place, image.as_deref()),
                    Demand::Unreadable(message) => {
                        rows.push(unreadable(workload, message));
                        continue;
                    }
                };
                let image = policy::image(place, text);
                let finding = match known.entry(text) {
                    Entry::Occupied(finding) => finding.into_mut(),
                    Entry::Vacant(place) => place.insert(bench.find(review::verdict(&judge, &image)?, &image)?),
                };
                rows.push(bench.row(workload, &image, finding));
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

/// A verdict, and which exceptions it rests on, one after the other.
struct Finding<'j> {
    verdict: ImageVerdict<'j>,
    end: Option<End<'static>>,
    sources: Vec<String>,
}

impl Bench<'_, '_> {
    /// How long a verdict stays what it is: the policy asks the ConfigMap for an exception only when those of
    /// the settings have ended, so another one may follow the one that lets an image in today.
    fn find<'j>(&self, verdict: ImageVerdict<'j>, image: &Image<'_>) -> Result<Finding<'j>, Problems> {
        let grant = match &verdict {
            ImageVerdict::Approved => return Ok(Finding { verdict, end: None, sources: Vec::new() }),
            ImageVerdict::Refused(reason) => {
                let end = ended(reason).map(|end| end.clone().into_owned());
                return Ok(Finding { verdict, end, sources: Vec::new() });
            }
            ImageVerdict::Excepted(grant) => grant,
        };
        let mut sources = vec![grant.source.to_string()];
        let mut end = own_end(grant);
        while let Some(seconds) = end.as_ref().map(End::seconds) {
            let then = self.snapshot.at(seconds);
            let judge = Judge::new(self.settings, self.namespace, &then);
            let ImageVerdict::Excepted(grant) = review::verdict(&judge, image)? else { break };
            sources.push(grant.source.to_string());
            end = own_end(&grant);
        }
        Ok(Finding { verdict, end, sources })
    }

    fn row(&self, workload: &Workload, image: &Image<'_>, finding: &Finding<'_>) -> Row {
        let Workload { namespace, kind, name, .. } = workload.clone();
        let ends = finding.end.as_ref().map(ToString::to_string);
        let (verdict, reason, message, brief) = match &finding.verdict {
            ImageVerdict::Approved => {
                let message = "comes from an approved registry".to_owned();
                (Verdict::Approved, None, message.clone(), message)
            }
            ImageVerdict::Excepted(grant) => {
                let sources = finding.sources.join(", then ");
                let until = ends.as_ref().map_or("without an end".to_owned(), |end| format!("until {end}"));
                (Verdict::Exception, grant.reason, format!("let in by {sources}, {until}"), sources)
            }
            ImageVerdict::Refused(reason) => {
                let why = reason.grant().and_then(|grant| grant.reason);
                let message = policy::problem(image, reason.clone(), self.namespace);
                (Verdict::Refused, why, message, brief(reason).to_owned())
            }
        };
        Row {
            namespace,
            kind,
            name,
            place: image.place.to_string(),
            image: image.text.as_deref().map(str::to_owned),
            verdict,
            ends,
            days_left: finding.end.as_ref().map(|end| end.days_left(self.snapshot.seconds())),
            reason: reason.map(str::to_owned),
            message,
            brief,
            end_seconds: finding.end.as_ref().map(End::seconds),
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
        Reason::NotReference(_) => "not an image reference",
        Reason::DeniedImage(_) => "denied image",
        Reason::DeniedTag(..) => "denied tag",
        Reason::Unmet(..) => "requirements not met",
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
