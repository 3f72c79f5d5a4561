//! What the program reads: settings, the allow list, the objects of a cluster.

pub mod allow_list;
pub mod document;
pub mod lines;
pub mod manifest;
mod merge;
pub mod namespace_selector;
pub mod object;
pub mod settings_file;
pub mod stream;
pub mod template;
