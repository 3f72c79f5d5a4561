//! What the program writes.

pub mod chart;
pub mod escape;
pub mod page;
pub mod records;
pub mod table;
pub mod wrap;
