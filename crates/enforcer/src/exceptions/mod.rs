//! The entries of the allow list: what they say, what becomes of them, and how one is changed.

pub mod entry;
pub mod file;
pub mod listing;
pub mod review;
pub mod state;
pub mod yaml;
