//! What the policy says of the entries of the allow list at a time.

use anyhow::anyhow;

use crate::{
    exceptions::entry::check_key,
    policy::{self, End, Settings},
};

/// What becomes of an entry.
#[derive(Clone, Debug)]
pub enum State {
    /// The policy cannot use it, for this reason.
    Wrong(String),
    /// Its end has passed.
    Ended(End<'static>),
    /// It counts until its end, if it has one.
    Counts {
        /// When it ends by itself.
        end: Option<End<'static>>,
        /// Why it would be refused if it was written now; a line for each problem.
        refused: Option<String>,
    },
}

/// By what entries are judged.
#[derive(Clone, Copy)]
pub struct Rules<'s, 'a> {
    /// The settings, where they are known: what they ask of an entry.
    pub settings: Option<&'s Settings<'a>>,
    /// Since 1970-01-01 00:00:00 UTC.
    pub now: i64,
}

impl Rules<'_, '_> {
    /// What becomes of an entry.
    pub fn state(&self, key: &str, entry: &str) -> anyhow::Result<State> {
        let end = match check_key(key).and_then(|()| policy::entry_end(entry, key)) {
            Ok(end) => end,
            Err(cause) => return Ok(State::Wrong(format!("{cause:#}"))),
        };
        if let Some(end) = end.as_ref().filter(|end| end.has_passed(self.now)) {
            return Ok(State::Ended(end.clone()));
        }
        Ok(State::Counts { end, refused: self.written(&[], &[(key, entry)])?.err() })
    }

    /// The policy's own end, after which no exception counts.
    pub fn sunset(&self) -> anyhow::Result<Option<End<'static>>> {
        let Some(settings) = self.settings else { return Ok(None) };
        let end = settings.sunset_date().map_err(|problems| anyhow!("{problems}"))?;
        Ok(end.clone().map(End::into_owned))
    }

    /// What the policy says of a list that takes the place of another: warnings, or a refusal with a line for each
    /// problem. Without settings that name the list, nothing.
    pub fn written(&self, old: &[(&str, &str)], new: &[(&str, &str)]) -> anyhow::Result<Result<Vec<String>, String>> {
        match self.settings {
            Some(settings) => policy::review_list(settings, old, new, self.now),
            None => Ok(Ok(Vec::new())),
        }
    }
}
