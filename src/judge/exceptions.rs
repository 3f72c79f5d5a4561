//! Which exception of the namespace lets an image in.

use super::{Entry, EntryError, Judge};
use crate::{
    facts::{ConfigMap, Facts},
    image::reference::Reference,
    settings::{
        exception::{Exception, Terms},
        problem::{Place, Problems},
        sunset::{End, is_soon},
    },
    verdict::{Grant, Lack, Reason, Source, Stop},
};

impl<'s, 'a, F: Facts> Judge<'s, 'a, F> {
    /// The exception that lets an image in: of those that cover it, the one that ends last.
    pub(super) fn exception<'j>(&'j self, reference: &Reference<'_>) -> Result<Grant<'j>, Stop<'j>> {
        let namespace = self.namespace.ok_or(Lack::NoNamespace)?;
        match self.of_settings(reference, namespace) {
            // The list may have a later end, and a warning that it has not would be wrong.
            Ok(grant) if self.ends_soon(&grant)? && grant.end != self.settings.sunset_date()?.as_ref() => {
                let other = self.of_config_map(reference, namespace).ok();
                Ok(other.filter(|other| ends_later(other.end, grant.end)).unwrap_or(grant))
            }
            Err(Stop::Refused(Reason::NoException(lack))) => {
                self.of_config_map(reference, namespace).map_err(|stop| match stop {
                    Stop::Refused(Reason::NoException(other)) if !later(&other, &lack) => lack.into(),
                    stop => stop,
                })
            }
            granted_or_wrong => granted_or_wrong,
        }
    }

    fn ends_soon(&self, grant: &Grant<'_>) -> Result<bool, &Problems> {
        let warn_before_days = *self.settings.warn_before_days()?;
        Ok(grant.days_left.is_some_and(|days_left| is_soon(days_left, warn_before_days)))
    }

    fn of_settings<'j>(&'j self, reference: &Reference<'_>, namespace: &str) -> Result<Grant<'j>, Stop<'j>> {
        let exceptions = self.exceptions(namespace)?;
        let mut best: Option<Grant<'_>> = None;
        for (index, exception) in exceptions.iter().filter(|(_, it)| it.terms.covers(reference, namespace)) {
            let grant = self.dated(&exception.terms, Source::AllowedNamespaces(*index))?;
            best = Some(best.filter(|best| !ends_later(grant.end, best.end)).unwrap_or(grant));
        }
        let Some(best) = best else {
            let others = exceptions.iter().map(|(_, exception)| self.lack_beside(&exception.terms));
            return Err(others.max_by_key(Lack::rank).unwrap_or(Lack::None).into());
        };
        self.unless_ended(best)
    }

    /// What an image lacks that an exception does not cover: one for others, unless that has ended.
    fn lack_beside<'j>(&'j self, terms: &'j Terms<'j>) -> Lack<'j> {
        let sunset = self.settings.sunset_date().ok().and_then(Option::as_ref);
        let prefixes = terms.registry_prefixes.as_deref().unwrap_or_default();
        let has_ended = [terms.end.as_ref(), sunset].into_iter().flatten().any(|end| self.has_passed(end));
        if has_ended { Lack::None } else { Lack::OtherImages(prefixes) }
    }

    /// The exceptions in the settings for the namespace, found once: there can be as many as images.
    fn exceptions(&self, namespace: &str) -> Result<&[(usize, &'s Exception<'a>)], &Problems> {
        let all = self.settings.allowed_namespaces()?;
        Ok(self.exceptions.get_or_init(|| {
            all.iter().enumerate().filter(|(_, exception)| exception.namespaces.matches(namespace)).collect()
        }))
    }

    fn of_config_map<'j>(&'j self, reference: &Reference<'_>, namespace: &str) -> Result<Grant<'j>, Stop<'j>> {
        let config_map = self.settings.allow_list_config_map()?.as_ref().ok_or(Lack::None)?.as_fact();
        // Once every exception has ended, there is nothing to ask.
        if let Some(sunset) = self.settings.sunset_date()?
            && sunset.has_passed(self.now().map_err(Lack::Clock)?)
        {
            return Err(Lack::AllEnded(sunset).into());
        }
        match self.entry.get_or_init(|| self.ask_for_entry(&config_map, namespace)) {
            Ok(Some(terms)) if terms.covers(reference, namespace) => {
                self.unless_ended(self.dated(terms, Source::ConfigMap(config_map))?)
            }
            Ok(Some(terms)) => Err(self.lack_beside(terms).into()),
            Ok(None) => Err(Lack::None.into()),
            Err(EntryError::Unavailable(cause)) => Err(Lack::Unreadable(config_map, cause).into()),
            Err(EntryError::Wrong(problems)) => Err(Lack::WrongEntry(config_map, problems).into()),
        }
    }

    fn ask_for_entry(&self, config_map: &ConfigMap<'_>, namespace: &str) -> Entry {
        let entry = self.facts.allow_list_entry(config_map, namespace).map_err(EntryError::Unavailable)?;
        let place = Place::Top.key(namespace);
        let terms = entry.map(|entry| Terms::parse(&entry, &place).map(Terms::into_owned)).transpose();
        terms.map_err(EntryError::Wrong)
    }

    /// An exception with the earlier of its own end and the policy's.
    fn dated<'j>(&'j self, terms: &'j Terms<'j>, source: Source<'j>) -> Result<Grant<'j>, &'j Problems> {
        let sunset = self.settings.sunset_date()?.as_ref();
        let end = match (terms.end.as_ref(), sunset) {
            (Some(own), Some(sunset)) if own.seconds() > sunset.seconds() => Some(sunset),
            (own, sunset) => own.or(sunset),
        };
        let (reason, owner) = (terms.reason.as_deref(), terms.owner.as_deref());
        Ok(Grant { source, end, days_left: None, reason, owner })
    }

    /// An exception without an end needs no clock.
    fn unless_ended<'j>(&'j self, grant: Grant<'j>) -> Result<Grant<'j>, Stop<'j>> {
        let Some(end) = grant.end else {
            return Ok(grant);
        };
        let now = self.now().map_err(Lack::Clock)?;
        let grant = Grant { days_left: Some(end.days_left(now)), ..grant };
        if end.has_passed(now) { Err(Lack::Ended(grant).into()) } else { Ok(grant) }
    }
}

/// Whether the first of two ends is the later; no end is later than any.
fn ends_later(end: Option<&End<'_>>, than: Option<&End<'_>>) -> bool {
    match (end, than) {
        (_, None) => false,
        (None, Some(_)) => true,
        (Some(end), Some(than)) => end.seconds() > than.seconds(),
    }
}

/// Whether the first of two lacks is the one to tell.
fn later(lack: &Lack<'_>, than: &Lack<'_>) -> bool {
    match (lack, than) {
        (Lack::Ended(lack), Lack::Ended(than)) => ends_later(lack.end, than.end),
        _ => lack.rank() > than.rank(),
    }
}
