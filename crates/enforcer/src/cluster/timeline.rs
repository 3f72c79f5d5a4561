//! How many workloads rest on exceptions, and what each end leaves of them.
//!
//! A workload rests on exceptions when one lets in an image of it and no image of it is refused. It stops
//! at the first end among its images.

use std::collections::BTreeMap;

use crate::cluster::row::{Row, Verdict, is_any};

/// The workloads that rest on exceptions from a time on.
#[derive(Debug, PartialEq, Eq)]
pub struct Timeline {
    /// The time, since 1970-01-01 00:00:00 UTC.
    pub start: i64,
    /// How many there are at that time.
    pub resting: usize,
    /// The ends, the earliest first.
    pub steps: Vec<Step>,
}

/// An end of exceptions.
#[derive(Debug, PartialEq, Eq)]
pub struct Step {
    /// As the operator wrote it.
    pub end: String,
    /// The first second after it.
    pub seconds: i64,
    /// How many workloads stop there.
    pub ending: usize,
    /// How many still rest on exceptions after it.
    pub left: usize,
}

impl Timeline {
    /// The timeline of workloads, each with its rows.
    pub fn new(start: i64, workloads: &[Vec<Row>]) -> Self {
        let rests = |rows: &&Vec<Row>| is_any(rows, Verdict::Exception) && !is_any(rows, Verdict::Refused);
        let resting = workloads.iter().filter(rests);
        let mut ends: BTreeMap<i64, (&str, usize)> = BTreeMap::new();
        for rows in resting.clone() {
            let end = rows.iter().filter_map(|row| row.end_seconds.zip(row.ends.as_deref())).min();
            if let Some((seconds, text)) = end {
                ends.entry(seconds).or_insert((text, 0)).1 += 1;
            }
        }
        let resting = resting.count();
        let mut left = resting;
        let steps = ends.into_iter().map(|(seconds, (end, ending))| {
            left -= ending;
            Step { end: end.to_owned(), seconds, ending, left }
        });
        Self { start, resting, steps: steps.collect() }
    }

    /// How many never end.
    pub fn without_end(&self) -> usize {
        self.steps.last().map_or(self.resting, |step| step.left)
    }
}
