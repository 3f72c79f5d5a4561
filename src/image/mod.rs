//! Image references, and the patterns that are held against them.

pub mod grammar;
pub mod license;
mod matching;
pub mod prefix;
pub mod reference;
pub mod replacement;
pub mod tag;
