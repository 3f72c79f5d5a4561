//! What `denied_images`, `denied_tags` and `registry_prefixes` say of an image.

use super::Judge;
use crate::{
    facts::Facts,
    image::reference::Reference,
    settings::{prefix_entry::PrefixEntry, problem::Problems, sunset::End},
    verdict::{Approval, Ending, Reason, Source, Stop},
};

impl<F: Facts> Judge<'_, '_, F> {
    /// The earliest end that a denial sets for an image that may still run.
    pub(super) fn check_denials<'j>(&'j self, reference: &Reference<'j>) -> Result<Option<Ending<'j>>, Stop<'j>> {
        let mut earliest = None;
        for (index, entry) in self.settings.denied_images()?.iter().enumerate() {
            if !entry.prefix.denies(reference, self.namespace) {
                continue;
            }
            let Some(ending) = self.ending(Source::DeniedImages(index), entry) else {
                return Err(Reason::DeniedImage(entry).into());
            };
            if self.has_passed(ending.end) {
                return Err(Reason::DenialBegan(ending).into());
            }
            earliest = Some(ending.or_earlier(earliest));
        }
        self.check_denied_tags(reference)?;
        Ok(earliest)
    }

    fn check_denied_tags<'j>(&'j self, reference: &Reference<'j>) -> Result<(), Stop<'j>> {
        let Some(tag) = reference.tag() else {
            return Ok(());
        };
        let denied = self.settings.denied_tags()?.iter().find(|pattern| pattern.matches(tag));
        denied.map_or(Ok(()), |pattern| Err(Reason::DeniedTag(tag, pattern).into()))
    }

    /// What `registry_prefixes` says of an image. Approvals without an end come first: they need no clock.
    pub(super) fn approval<'j>(&'j self, reference: &Reference<'_>) -> Result<Approval<'j>, &'j Problems> {
        let entries = self.settings.registry_prefixes()?;
        let approves = |entry: &PrefixEntry<'_>| entry.prefix.approves(reference, self.namespace);
        if entries.iter().any(|entry| approves(entry) && entry.end().is_none()) {
            return Ok(Approval::Always);
        }
        let dated = entries.iter().enumerate().filter(|(_, entry)| entry.end().is_some_and(|_| approves(entry)));
        let last = dated.max_by_key(|(_, entry)| entry.end().map(End::seconds));
        let ending = last.and_then(|(index, entry)| self.ending(Source::RegistryPrefixes(index), entry));
        Ok(ending.map_or(Approval::Never, |ending| {
            if self.has_passed(ending.end) { Approval::Ended(ending) } else { Approval::Until(ending) }
        }))
    }

    /// The entries of `registry_prefixes` that approve images today.
    pub(crate) fn approved(&self) -> impl Iterator<Item = &PrefixEntry<'_>> {
        let approves_today = |entry: &&PrefixEntry<'_>| entry.end().is_none_or(|end| !self.has_passed(end));
        self.settings.registry_prefixes().into_iter().flatten().filter(approves_today)
    }

    /// An entry with its end, if it has one.
    fn ending<'j>(&self, source: Source<'j>, entry: &'j PrefixEntry<'j>) -> Option<Ending<'j>> {
        let end = entry.end()?;
        Some(Ending { source, entry, end, days_left: self.now().map(|now| end.days_left(now)) })
    }

    /// Whether an end has passed; where the clock cannot be right, nothing may run by its date.
    pub(super) fn has_passed(&self, end: &End<'_>) -> bool {
        self.now().map_or(true, |now| end.has_passed(now))
    }
}
