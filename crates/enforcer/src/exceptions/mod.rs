//! The entries of the allow list: what they say, and how one is changed.

pub mod entry;
pub mod listing;
pub mod review;
pub mod yaml;
