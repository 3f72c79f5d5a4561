//! The policy's verdict on every image of an inventory, and what follows from it for the workloads.

use std::collections::{BTreeSet, HashMap, hash_map::Entry};

use anyhow::anyhow;
use registry_enforcer::{
    end::End,
    message::{self, Shown},
    problem::Problems,
    review,
    settings::Settings,
    verdict::{Grant, ImageVerdict, Judge, Lack, Reason},
};
use serde::Serialize;

use crate::{
    inventory::{Demand, Inventory, Workload},
    snapshot::Snapshot,
    timeline::Timeline,
};

/// What becomes of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It may not run.
    Refused,
    /// An exception lets it in.
    Exception,
    /// It comes from an approved registry.
    Approved,
}

/// An image of a workload. The fields that are not skipped are what programs rely on: docs/sunset-report.md.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    pub namespace: Option<String>,
    pub kind: String,
    pub name: String,
    pub place: String,
    pub image: Option<String>,
    pub verdict: Verdict,
    /// When the exception ends or ended, as the operator wrote it.
    pub ends: Option<String>,
    pub days_left: Option<i64>,
    /// Why there is an exception.
    pub reason: Option<String>,
    pub message: String,
    /// The message in a few words.
    #[serde(skip)]
    pub brief: String,
    /// The first second after the exception.
    #[serde(skip)]
    pub end_seconds: Option<i64>,
}

/// What the policy says of a cluster.
#[derive(Debug)]
pub struct Report {
    /// When: `on 2026-12-31`.
    pub at: String,
    /// How many workloads were judged.
    pub workloads: usize,
    /// How many of them have an image that is refused.
    pub refused: usize,
    /// Those that rest on exceptions.
    pub timeline: Timeline,
    /// The images, what is most urgent first.
    pub rows: Vec<Row>,
    /// What the reader should know of how far the report goes.
    pub notes: Vec<String>,
}

impl Report {
    /// Judges an inventory.
    pub fn new(inventory: Inventory, settings: &Settings<'_>, snapshot: &Snapshot, at: String) -> anyhow::Result<Self> {
        let mut notes: Vec<String> = inventory.unread.iter().map(|(kind, number)| unread(kind, *number)).collect();
        let workloads = inventory.into_workloads();
        let judged = judge(&workloads, settings, snapshot).map_err(|problems| anyhow!("{problems}"))?;
        if snapshot.has_asked_registry() {
            notes.push(
                "no registry was asked: of byoc_requirements only pinned_digest and registries are judged".to_owned(),
            );
        }
        let refused = judged.iter().filter(|rows| is_any(rows, Verdict::Refused)).count();
        let timeline = Timeline::new(snapshot.seconds(), &judged);
        let mut rows: Vec<Row> = judged.into_iter().flatten().collect();
        // Stable: within an end, by namespace, workload and place.
        rows.sort_by_key(|row| (row.verdict, row.end_seconds.unwrap_or(i64::MAX)));
        Ok(Self { at, workloads: workloads.len(), refused, timeline, rows, notes })
    }

    /// Whether an image is refused.
    pub fn is_any_refused(&self) -> bool {
        self.refused > 0
    }

    /// The report in a sentence or two.
    pub fn summary(&self) -> String {
        let Self { at, workloads, refused, timeline, .. } = self;
        let verb = |number| if number == 1 { "rests" } else { "rest" };
        let mut summary = format!(
            "{} of {} {} on exceptions {at}; {refused} {} refused.",
            timeline.resting,
            counted(*workloads, "workload"),
            verb(timeline.resting),
            if *refused == 1 { "is" } else { "are" },
        );
        if let Some(step) = timeline.steps.first() {
            let verb = if step.ending == 1 { "stops" } else { "stop" };
            summary.push_str(&format!(" Next: {} {verb} after {}.", counted(step.ending, "workload"), step.end));
        }
        summary
    }
}

/// Whether an image of a workload has a verdict.
pub fn is_any(rows: &[Row], verdict: Verdict) -> bool {
    rows.iter().any(|row| row.verdict == verdict)
}

/// A number of things, in words.
pub fn counted(number: usize, thing: &str) -> String {
    if number == 1 { format!("1 {thing}") } else { format!("{number} {thing}s") }
}

fn unread(kind: &str, number: usize) -> String {
    let objects = counted(number, "object");
    let kind = Shown(kind);
    format!("{objects} of kind {kind} not judged: the policy reads no {kind}, unless custom_kinds describes it")
}

/// The rows of each workload.
fn judge(
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
                let image = demand.image.as_deref();
                let finding = match known.entry(image) {
                    Entry::Occupied(finding) => finding.into_mut(),
                    Entry::Vacant(place) => {
                        place.insert(bench.find(review::verdict(&judge, &demand.as_image())?, demand)?)
                    }
                };
                rows.push(bench.row(workload, demand, finding));
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
    fn find<'j>(&self, verdict: ImageVerdict<'j>, demand: &Demand) -> Result<Finding<'j>, Problems> {
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
            let ImageVerdict::Excepted(grant) = review::verdict(&judge, &demand.as_image())? else { break };
            sources.push(grant.source.to_string());
            end = own_end(&grant);
        }
        Ok(Finding { verdict, end, sources })
    }

    fn row(&self, workload: &Workload, demand: &Demand, finding: &Finding<'_>) -> Row {
        let Workload { namespace, kind, name } = workload.clone();
        let Demand { place, image } = demand.clone();
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
                let message = message::problem(&demand.as_image(), reason.clone(), self.namespace);
                (Verdict::Refused, why, message, brief(reason).to_owned())
            }
        };
        Row {
            namespace,
            kind,
            name,
            place,
            image,
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
