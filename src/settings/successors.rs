//! Whether every successor that the settings name may run itself, by the same settings, once the old images may not.
//!
//! So each successor in a chain ends later than what it replaces, and no chain leads back to its start.

use std::fmt;

use super::{
    key::Key,
    prefix_entry::{Mirror, PrefixEntry, REPLACED_BY},
    problem::{Place, Problems},
    sunset::End,
};
use crate::{
    image::{prefix::Prefix, reference::Reference, replacement::Replacement, tag::TagPattern},
    shown::Quoted,
};

/// A namespace that no prefix spells out.
const NAMESPACE: &str = "some-namespace";

/// The settings that name successors, and those that decide whether these may run.
pub(super) struct Rules<'s, 'a> {
    pub approvals: &'s [PrefixEntry<'a>],
    pub denials: &'s [PrefixEntry<'a>],
    pub denied_tags: &'s [TagPattern<'a>],
    pub mirrors: &'s [Mirror<'a>],
}

impl Rules<'_, '_> {
    /// Notes a problem for each successor that may not run itself.
    pub(super) fn check_successors(&self, problems: &mut Problems) {
        let mut check = |key: Key, index, successor: Option<Successor<'_>>| {
            let list = Place::Top.key(key.name());
            if let Some(successor) = successor {
                self.check(&successor, &list.element(index), problems);
            }
        };
        for (key, entries) in [(Key::RegistryPrefixes, self.approvals), (Key::DeniedImages, self.denials)] {
            entries.iter().enumerate().for_each(|(index, entry)| check(key, index, Successor::of_entry(entry)));
        }
        let mirrors = self.mirrors.iter().enumerate();
        mirrors.for_each(|(index, mirror)| check(Key::Mirrors, index, Some(Successor::of_mirror(mirror))));
    }

    /// Notes why a successor may not run once the images that it replaces may not.
    fn check(&self, successor: &Successor<'_>, place: &Place<'_>, problems: &mut Problems) {
        let Err(fault) = self.judge(successor) else { return };
        let text = successor.replaced_by.to_string();
        problems.add(&place.key(REPLACED_BY), format_args!("{} {fault}", Quoted(&text)));
    }

    fn judge(&self, successor: &Successor<'_>) -> Result<(), Fault> {
        let sample = successor.replaced_by.sample(successor.prefix, NAMESPACE);
        let reference = Reference::parse(&sample).map_err(|_| Fault::NotImage)?;
        // Where the old images end at once, dates of others are for a clock to judge, and none is here.
        let is_later = |other: &End<'_>| successor.end.is_none_or(|end| other.seconds() > end.seconds());
        let denies = |entry: &PrefixEntry<'_>| {
            entry.prefix.denies(&reference, Some(NAMESPACE)) && !entry.end().is_some_and(is_later)
        };
        let approves = |entry: &PrefixEntry<'_>| {
            entry.prefix.approves(&reference, Some(NAMESPACE)) && entry.end().is_none_or(is_later)
        };
        let tag = reference.tag().filter(|_| successor.replaced_by.names_one_image());
        if self.denials.iter().any(denies)
            || self.denied_tags.iter().any(|pattern| tag.is_some_and(|tag| pattern.matches(tag)))
        {
            Err(Fault::Denied)
        } else if self.approvals.iter().any(approves) {
            Ok(())
        } else {
            Err(Fault::NotApproved)
        }
    }
}

/// What replaces which images, and when.
struct Successor<'s> {
    replaced_by: &'s Replacement<'s>,
    prefix: &'s Prefix<'s>,
    end: Option<&'s End<'s>>,
}

impl<'s> Successor<'s> {
    fn of_entry(entry: &'s PrefixEntry<'_>) -> Option<Self> {
        Some(Self { replaced_by: entry.replaced_by()?, prefix: &entry.prefix, end: entry.end() })
    }

    fn of_mirror(mirror: &'s Mirror<'_>) -> Self {
        Self { replaced_by: &mirror.replaced_by, prefix: &mirror.prefix, end: None }
    }
}

/// Why a successor may not run.
enum Fault {
    NotImage,
    Denied,
    NotApproved,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotImage => "leads to no image: write host/path",
            Self::Denied => "is denied by the same settings when it is to be used: name another one",
            Self::NotApproved => {
                "is not approved by the same settings when it is to be used: add it to registry_prefixes"
            }
        })
    }
}
