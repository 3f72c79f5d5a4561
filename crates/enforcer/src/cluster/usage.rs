//! Which entries of the allow list the workloads of a cluster need.

use std::collections::BTreeMap;

use crate::cluster::row::Row;

/// How many workloads of each namespace need its entry: it lets an image of theirs in, now or later, or would if it had
/// not ended or were not wrong.
pub type Usage = BTreeMap<String, usize>;

/// The usage, of workloads with their rows.
pub fn usage(workloads: &[Vec<Row>]) -> Usage {
    let mut usage = Usage::new();
    for rows in workloads {
        if let Some(namespace) = rows.iter().find(|row| row.uses_list).and_then(|row| row.namespace.clone()) {
            *usage.entry(namespace).or_default() += 1;
        }
    }
    usage
}
