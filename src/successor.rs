//! What to use instead of an image that may not run, or soon may not.

use crate::{
    facts::Facts,
    image::reference::Reference,
    judge::Judge,
    settings::prefix_entry::{Mirror, PrefixEntry},
    verdict::{Decision, Reason, Stop, Verdict},
};

/// How many successors are followed from one to the next: in valid settings, each ends later than the one before.
const CHAIN_LENGTH_MAX: usize = 8;

impl<F: Facts> Judge<'_, '_, F> {
    /// The image to use instead of the one that a verdict is about: a reference that the same settings approve today.
    /// `None` where they name none.
    #[must_use]
    pub fn successor(&self, verdict: &Verdict<'_>) -> Option<String> {
        let reference = verdict.reference?;
        let mut successor = match &verdict.decision {
            Decision::Refused(reason) => self.replace(&reference, reason),
            Decision::Approved | Decision::Excepted(_) => self.replace_by_entry(&reference, verdict.ending?.entry),
        }?;
        for _ in 0..CHAIN_LENGTH_MAX {
            let reference = Reference::parse(&successor).ok()?;
            let next = match self.check_prefixes(&reference) {
                Ok(()) => return Some(successor),
                Err(Stop::Refused(reason)) => self.replace(&reference, &reason)?,
                Err(Stop::Settings(_)) => return None,
            };
            successor = next;
        }
        None
    }

    fn replace(&self, reference: &Reference<'_>, reason: &Reason<'_>) -> Option<String> {
        let by_entry = || self.replace_by_entry(reference, reason.entry()?);
        match reason {
            Reason::NoException(_) => self.replace_by_mirror(reference),
            Reason::ApprovalEnded(..) => by_entry().or_else(|| self.replace_by_mirror(reference)),
            _ => by_entry(),
        }
    }

    fn replace_by_entry(&self, reference: &Reference<'_>, entry: &PrefixEntry<'_>) -> Option<String> {
        entry.replaced_by()?.instead_of(reference, &entry.prefix, self.namespace())
    }

    fn replace_by_mirror(&self, reference: &Reference<'_>) -> Option<String> {
        // A mirror only speaks, so it may be as generous with spellings as a denial.
        let is_about = |mirror: &&Mirror<'_>| mirror.prefix.denies(reference, self.namespace());
        let mirror = self.settings().mirrors().ok()?.iter().find(is_about)?;
        mirror.replaced_by.instead_of(reference, &mirror.prefix, self.namespace())
    }
}
