//! What other settings, or another allow list, would change for the workloads of a cluster.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::cluster::{
    inventory::Workload,
    row::{Row, Verdict, is_any},
};

/// What the new settings change for a workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// It was let in, and is refused.
    NewlyRefused,
    /// It ends, or ends earlier than it did.
    NewlyDated,
    /// It was refused, and is let in.
    NewlyLetIn,
    /// It is let in as it was, or refused as it was.
    Unchanged,
}

/// A workload whose verdict changes. These fields are what programs rely on: docs/enforcer.md.
#[derive(Debug, Serialize)]
pub struct Changed {
    pub change: Change,
    pub namespace: Option<String>,
    pub kind: String,
    pub name: String,
    /// When the workload ends by the old settings, as it is written.
    pub old_ends: Option<String>,
    /// When it ends by the new ones.
    pub new_ends: Option<String>,
    /// What the new settings say of the image that counts.
    pub message: String,
}

/// All changes, and how many workloads have none.
#[derive(Debug, Serialize)]
pub struct Difference {
    pub newly_refused: usize,
    pub newly_dated: usize,
    pub newly_let_in: usize,
    pub unchanged: usize,
    pub workloads: Vec<Changed>,
}

/// The rows of each workload.
pub type Judged = BTreeMap<Workload, Vec<Row>>;

impl Difference {
    /// Compares two judgements. A workload that one of them does not judge may run there.
    pub fn new(old: &Judged, new: &Judged) -> Self {
        let names: BTreeSet<&Workload> = old.keys().chain(new.keys()).collect();
        let changed = names.iter().map(|name| changed(name, rows(old, name), rows(new, name)));
        let mut workloads: Vec<Changed> = changed.collect();
        let count = |change| workloads.iter().filter(|changed| changed.change == change).count();
        let [newly_refused, newly_dated, newly_let_in, unchanged] =
            [Change::NewlyRefused, Change::NewlyDated, Change::NewlyLetIn, Change::Unchanged].map(count);
        workloads.retain(|changed| changed.change != Change::Unchanged);
        workloads.sort_by_key(|changed| changed.change);
        Self { newly_refused, newly_dated, newly_let_in, unchanged, workloads }
    }
}

fn rows<'j>(judged: &'j Judged, workload: &Workload) -> &'j [Row] {
    judged.get(workload).map(Vec::as_slice).unwrap_or_default()
}

fn changed(workload: &Workload, old: &[Row], new: &[Row]) -> Changed {
    let [was_refused, is_refused] = [old, new].map(|rows| is_any(rows, Verdict::Refused));
    // What is refused for one image does not wait for the end of another.
    let was_end = first_end(old).filter(|_| !was_refused);
    let is_end = first_end(new).filter(|_| !is_refused);
    let change = match (was_refused, is_refused) {
        (false, true) => Change::NewlyRefused,
        (true, false) => Change::NewlyLetIn,
        (true, true) => Change::Unchanged,
        (false, false) if is_end.is_some() && later_or_none(was_end, is_end) => Change::NewlyDated,
        (false, false) => Change::Unchanged,
    };
    let refused = new.iter().find(|row| row.verdict == Verdict::Refused);
    let telling = refused.or_else(|| new.iter().find(|row| row.ends.is_some() && end_of(row) == is_end));
    let message = telling.or(new.first()).map_or("is not judged", |row| &row.message).to_owned();
    let text = |end: Option<End<'_>>| end.map(|(_, text)| text.to_owned());
    let Workload { namespace, kind, name, .. } = workload.clone();
    Changed { change, namespace, kind, name, old_ends: text(was_end), new_ends: text(is_end), message }
}

/// The first second after an end, and the end as it is written.
type End<'r> = (i64, &'r str);

fn end_of(row: &Row) -> Option<End<'_>> {
    row.end_seconds.zip(row.ends.as_deref()).filter(|_| row.verdict != Verdict::Refused)
}

/// A workload stops at the first end of its images.
fn first_end(rows: &[Row]) -> Option<End<'_>> {
    rows.iter().filter_map(end_of).min()
}

fn later_or_none(was: Option<End<'_>>, is: Option<End<'_>>) -> bool {
    match (was, is) {
        (None, _) => true,
        (Some((was, _)), Some((is, _))) => was > is,
        (Some(_), None) => false,
    }
}
