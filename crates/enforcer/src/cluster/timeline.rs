//! How many workloads rest on exceptions or on what ends, and what each end leaves of them.
//!
//! A workload rests on exceptions when one lets in an image of it and no image of it is refused; on an approval with an
//! end, when it rests on no exception and an image of it is approved until an end. It stops at the first end among its
//! images.

use std::collections::BTreeMap;

use crate::cluster::row::{Row, Verdict, is_any};

/// The workloads that rest on exceptions or on what ends, from a time on.
#[derive(Debug, PartialEq, Eq)]
pub struct Timeline {
    /// The time, since 1970-01-01 00:00:00 UTC.
    pub start: i64,
    /// How many rest on exceptions at that time.
    pub excepted: usize,
    /// How many rest on approvals with an end.
    pub dated: usize,
    /// The ends, the earliest first.
    pub steps: Vec<Step>,
}

/// An end of exceptions or approvals.
#[derive(Debug, PartialEq, Eq)]
pub struct Step {
    /// As the operator wrote it.
    pub end: String,
    /// The first second after it.
    pub seconds: i64,
    /// How many workloads stop there.
    pub ending: usize,
    /// How many are left after it.
    pub left: usize,
}

impl Timeline {
    /// The timeline of workloads, each with its rows.
    pub fn new(start: i64, workloads: &[Vec<Row>]) -> Self {
        let runs = |rows: &&Vec<Row>| !is_any(rows, Verdict::Refused);
        let (excepted, approved): (Vec<&Vec<Row>>, Vec<_>) =
            workloads.iter().filter(runs).partition(|rows| is_any(rows, Verdict::Exception));
        let dated: Vec<_> = approved.into_iter().filter(|rows| first_end(rows).is_some()).collect();
        let mut ends: BTreeMap<i64, (&str, usize)> = BTreeMap::new();
        for (seconds, text) in excepted.iter().chain(&dated).filter_map(|rows| first_end(rows)) {
            ends.entry(seconds).or_insert((text, 0)).1 += 1;
        }
        let mut left = excepted.len() + dated.len();
        let steps = ends.into_iter().map(|(seconds, (end, ending))| {
            left -= ending;
            Step { end: end.to_owned(), seconds, ending, left }
        });
        let steps = steps.collect();
        Self { start, excepted: excepted.len(), dated: dated.len(), steps }
    }

    /// How many workloads it is about.
    pub fn resting(&self) -> usize {
        self.excepted + self.dated
    }

    /// How many never end.
    pub fn without_end(&self) -> usize {
        self.steps.last().map_or(self.resting(), |step| step.left)
    }
}

/// The first second after the first end of a workload's images, and the end as it is written.
fn first_end(rows: &[Row]) -> Option<(i64, &str)> {
    rows.iter().filter_map(|row| row.end_seconds.zip(row.ends.as_deref())).min()
}
