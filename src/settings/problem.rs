//! Problems of the settings: each with the place it is at and what to write instead.

use std::fmt;

use crate::shown::{List, Shown};

/// The most bytes that the problems of one answer take.
const BYTES_MAX: usize = 4_000;

/// The way from the top of the settings to one of their values, for a message:
/// `allowed_namespaces[1].sunset_date`.
#[derive(Clone, Copy, Debug)]
pub enum Place<'p> {
    /// The settings as a whole.
    Top,
    /// The value of a key.
    Key(&'p Place<'p>, &'p str),
    /// An element of a list, counted from 0.
    Element(&'p Place<'p>, usize),
}

impl<'p> Place<'p> {
    /// The place of the value of `key`.
    #[must_use]
    pub fn key(&'p self, key: &'p str) -> Self {
        Self::Key(self, key)
    }

    /// The place of the element `index`.
    #[must_use]
    pub fn element(&'p self, index: usize) -> Self {
        Self::Element(self, index)
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Top => f.write_str("settings"),
            Self::Key(Self::Top, key) => write!(f, "{}", Shown(key)),
            Self::Key(parent, key) => write!(f, "{parent}.{}", Shown(key)),
            Self::Element(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}

/// What is wrong with some settings, in their order: the first problems in full, the others counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems(List);

impl Default for Problems {
    fn default() -> Self {
        Self(List::new("\n", BYTES_MAX))
    }
}

impl Problems {
    /// A single problem.
    pub(crate) fn one(place: &Place<'_>, problem: impl fmt::Display) -> Self {
        let mut problems = Self::default();
        problems.add(place, problem);
        problems
    }

    /// Notes that what is at `place` is wrong, as `problem` says.
    pub fn add(&mut self, place: &Place<'_>, problem: impl fmt::Display) {
        self.0.add(format_args!("{place}: {problem}"));
    }

    /// Adds what another part of the settings has found.
    pub fn append(&mut self, other: &Self) {
        self.0.append(&other.0);
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
