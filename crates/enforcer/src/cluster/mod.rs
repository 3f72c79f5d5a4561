//! What the policy says of a cluster: of every image of every workload, at a time that the reader chooses.

pub mod difference;
pub mod inventory;
pub mod list;
pub mod report;
pub mod row;
pub mod scope;
pub mod snapshot;
pub mod timeline;
pub mod verdicts;
