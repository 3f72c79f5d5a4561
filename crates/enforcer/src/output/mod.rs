//! What the program writes.

pub mod chart;
pub mod checked;
pub mod difference;
pub mod escape;
pub mod openreports;
pub mod page;
pub mod prometheus;
pub mod records;
pub mod table;
pub mod tell;
pub mod wrap;
