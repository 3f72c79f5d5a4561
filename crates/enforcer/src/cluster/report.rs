//! The report on a cluster: the rows, and what follows from them for the workloads.

use std::collections::BTreeMap;

use anyhow::anyhow;

use crate::{
    cluster::{
        inventory::Inventory,
        list::ListState,
        row::{Row, Verdict, counted, is_any},
        snapshot::Snapshot,
        timeline::Timeline,
        verdicts,
    },
    exceptions::state::Rules,
    policy::{Settings, Shown},
};

/// How many kinds the notes name.
const KINDS_MAX: usize = 20;

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
    /// The state of the allow list, where there is one.
    pub list: Option<ListState>,
    /// What the reader should know of how far the report goes.
    pub notes: Vec<String>,
}

impl Report {
    /// Judges an inventory, which may be that of one namespace only.
    pub fn new(
        inventory: Inventory,
        namespace: Option<&str>,
        settings: &Settings<'_>,
        snapshot: &Snapshot,
        at: String,
    ) -> anyhow::Result<Self> {
        let mut notes = unread(&inventory.unread());
        let workloads = inventory.into_workloads();
        let judged = verdicts::judge(&workloads, settings, snapshot).map_err(|problems| anyhow!("{problems}"))?;
        notes.extend(snapshot.note());
        let refused = judged.iter().filter(|rows| is_any(rows, Verdict::Refused)).count();
        let timeline = Timeline::new(snapshot.seconds(), &judged);
        let mut rows: Vec<Row> = judged.into_iter().flatten().collect();
        // Stable: within an end, by namespace, workload and place.
        rows.sort_by_key(|row| (row.verdict, row.end_seconds.unwrap_or(i64::MAX)));
        let rules = Rules { settings: Some(settings), now: snapshot.seconds() };
        let is_known = |other: &str| namespace.is_none_or(|namespace| namespace == other);
        let list = snapshot.entries().map(|entries| ListState::new(entries, rules, &rows, is_known)).transpose()?;
        notes.extend(list.as_ref().and_then(ListState::note));
        Ok(Self { at, workloads: workloads.len(), refused, timeline, rows, list, notes })
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

/// A note for each kind whose objects the policy cannot read.
pub fn unread(kinds: &BTreeMap<String, usize>) -> Vec<String> {
    let mut notes: Vec<String> =
        kinds.iter().take(KINDS_MAX).map(|(kind, number)| unread_kind(kind, *number)).collect();
    if kinds.len() > KINDS_MAX {
        notes.push(format!("objects of {} more not judged", counted(kinds.len() - KINDS_MAX, "kind")));
    }
    notes
}

fn unread_kind(kind: &str, number: usize) -> String {
    let objects = counted(number, "object");
    if kind.is_empty() {
        return format!("{objects} without apiVersion or kind not judged");
    }
    let kind = Shown(kind);
    format!("{objects} of kind {kind} not judged: the policy reads no {kind}, unless custom_kinds describes it")
}
