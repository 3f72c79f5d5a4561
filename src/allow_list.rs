//! The judging of the allow list itself: what reviewers write is read when they write it, and not when a pod needs it
//! at night.
//!
//! Judged are the entries that a request adds or changes. An entry that was wrong before stays as it is, with a
//! warning: nothing may keep the list from being edited.

use std::fmt;

use serde_json::value::RawValue;

use crate::{
    answer::Answer,
    facts::Facts,
    instant::{CLOCK_MIN, Day, SECONDS_A_DAY},
    json::{self, Shape},
    request::{admission::Request, config_map::Data, unjudged::Unjudged},
    settings::{
        Settings,
        allow_list::AllowList,
        exception::{ENTRY_LENGTH_MAX, Terms},
        namespace::{NamespacePattern, is_name},
        problem::{Place, Problems},
        sunset::{End, is_soon},
    },
    shown::{List, Shown, cut},
    warning::{self, Warnings},
};

/// How many entries a warning names.
const NAMED_MAX: usize = 5;
/// How many bytes their names take: with the words around them, which have up to 95 characters, and the number of
/// those left out, the API server passes them on whole.
const NAMES_BYTES_MAX: usize = 140;
/// How many characters of the policy's end they leave room for: a date, or an instant with its offset.
const DATE_LENGTH_MAX: usize = 25;
/// The fields whose strings cannot be wrong, after the one that holds the end.
const GLANCED: [&str; 3] = ["sunset_date", "reason", "owner"];
/// How many exceptions of `allowed_namespaces` an entry is compared with: a hint is not worth the product of two long
/// lists.
const EXCEPTIONS_MAX: usize = 100;

/// Judges a request to write the allow list.
///
/// # Errors
///
/// Every problem of a setting that is needed, or why the object cannot be read.
pub(crate) fn review(
    request: &Request<'_>,
    list: &AllowList<'_>,
    settings: &Settings<'_>,
    facts: &impl Facts,
) -> Result<Answer, Unjudged> {
    let new = Data::read(request.object_json().ok_or(Unjudged::NoObject)?)?;
    let old = request.old_object_json().map(Data::read).transpose().unwrap_or_default().unwrap_or_default();
    let mut review = Review::new(list, settings, facts.now())?;
    review.check_shape(&new, &old);
    for (namespace, entry) in &new.entries {
        review.check(namespace, entry, old.has(namespace, entry));
    }
    if review.problems.is_empty() {
        return Ok(Answer { warnings: review.warnings(), ..Answer::accepted() });
    }
    let message = format!("the allow list in {} cannot be written so:\n{}", list.as_fact(), review.problems);
    Ok(Answer::refused(message))
}

/// What is found out about a list.
struct Review<'s> {
    list: &'s AllowList<'s>,
    /// The time, or what a clock says that cannot be right.
    now: Result<i64, i64>,
    warn_before_days: u32,
    sunset: Option<&'s End<'s>>,
    /// Namespaces that need no entry.
    excepted: Vec<&'s NamespacePattern<'s>>,
    problems: Problems,
    wrong_before: Vec<Problems>,
    wrong_before_more: usize,
    ended: List,
    ending: List,
    cut_short: List,
    useless: List,
}

impl<'s> Review<'s> {
    fn new(list: &'s AllowList<'_>, settings: &'s Settings<'_>, now: i64) -> Result<Self, &'s Problems> {
        let lets_in_all = settings.allowed_namespaces()?.iter().filter(|exception| exception.terms.is_without_limits());
        let names = || List::new(", ", NAMES_BYTES_MAX).of_at_most(NAMED_MAX);
        Ok(Self {
            list,
            now: if now < CLOCK_MIN { Err(now) } else { Ok(now) },
            warn_before_days: *settings.warn_before_days()?,
            sunset: settings.sunset_date()?.as_ref(),
            excepted: lets_in_all.take(EXCEPTIONS_MAX).map(|exception| &exception.namespaces).collect(),
            problems: Problems::default(),
            wrong_before: Vec::new(),
            wrong_before_more: 0,
            ended: names(),
            ending: names(),
            cut_short: names(),
            useless: names(),
        })
    }

    /// What would hide entries, or keep the list from being edited.
    fn check_shape(&mut self, new: &Data<'_>, old: &Data<'_>) {
        if new.has_binary_data && !old.has_binary_data {
            self.problems.add(&Place::Top.key("binaryData"), "is never read: write the entries into data");
        }
        if new.is_immutable && !old.is_immutable {
            let problem = "would keep everybody from editing the list: leave it out";
            self.problems.add(&Place::Top.key("immutable"), problem);
        }
    }

    fn check(&mut self, namespace: &str, entry: &RawValue, is_unchanged: bool) {
        let place = Place::Top.key(namespace);
        let text = json::string(entry).unwrap_or_default();
        if let Some(end) = glance(namespace, &text).filter(|_| is_unchanged) {
            return self.note(namespace, end.as_ref(), is_unchanged);
        }
        match read(namespace, &text) {
            Ok(terms) => {
                if !is_unchanged {
                    self.check_terms(&terms, &place);
                }
                self.note(namespace, terms.end.as_ref(), is_unchanged);
            }
            Err(problems) if !is_unchanged => self.problems.append(&problems),
            Err(problems) if self.wrong_before.len() < NAMED_MAX => self.wrong_before.push(problems),
            Err(_) => self.wrong_before_more += 1,
        }
    }

    fn check_terms(&mut self, terms: &Terms<'_>, place: &Place<'_>) {
        let mut missing = List::new(", ", NAMES_BYTES_MAX);
        missing.extend(self.list.requires.iter().filter(|field| !field.is_in(terms)));
        if !missing.is_empty() {
            let remedy = "write the entry as JSON, for example {\"sunset_date\": \"2026-12-31\", \"reason\": \"T302863\", \"owner\": \"maintainers of mix\"}";
            self.problems.add(place, format_args!("lacks {missing}: {remedy}"));
        }
        if terms.end.is_none() && self.list.max_days.is_none() {
            return;
        }
        match self.now {
            Ok(now) => self.check_end(terms.end.as_ref(), now, place),
            Err(seconds) => {
                let clock = Day(seconds);
                self.problems.add(
                    place,
                    format_args!("cannot be judged, because the policy server's clock says {clock}: set the clock"),
                );
            }
        }
    }

    fn check_end(&mut self, end: Option<&End<'_>>, now: i64, place: &Place<'_>) {
        if let Some(end) = end.filter(|end| end.has_passed(now)) {
            let problem = format_args!("ended {}: write a later end, or leave the entry out", end.when());
            return self.problems.add(place, problem);
        }
        let Some(max_days) = self.list.max_days else { return };
        let last = Day(now.saturating_add(i64::from(max_days) * SECONDS_A_DAY));
        match end {
            None => self.problems.add(place, format_args!("has no end: write sunset_date, {last} at the latest")),
            Some(end) if end.days_left(now) > i64::from(max_days) => {
                let problem =
                    format_args!("ends {}, more than {max_days} days from now: write {last} at the latest", end.when());
                self.problems.add(place, problem);
            }
            Some(_) => {}
        }
    }

    /// Notes what the reviewer should know about an entry that may stay.
    fn note(&mut self, namespace: &str, end: Option<&End<'_>>, is_unchanged: bool) {
        if let (Some(end), Ok(now)) = (end, self.now) {
            let days_left = end.days_left(now);
            if end.has_passed(now) {
                if is_unchanged {
                    self.ended.add(Dated(namespace, end));
                }
                return;
            }
            if is_soon(days_left, self.warn_before_days) {
                self.ending.add(Dated(namespace, end));
            }
        }
        if self.sunset.is_some_and(|sunset| end.is_none_or(|end| end.seconds() > sunset.seconds())) {
            self.cut_short.add(Shown(namespace));
        }
        if self.excepted.iter().any(|pattern| pattern.matches(namespace)) {
            self.useless.add(Shown(namespace));
        }
    }

    fn warnings(self) -> Vec<String> {
        let mut warnings = Warnings::default();
        for problems in &self.wrong_before {
            warnings.add(warning::wrong_before(problems));
        }
        let sunset = self.sunset.map(ToString::to_string).unwrap_or_default();
        let lists = [
            (self.ended, "have ended and can go".to_owned()),
            (self.ending, format!("end within {} days", self.warn_before_days)),
            (self.cut_short, format!("end with the policy's sunset_date, {}", cut(&sunset, DATE_LENGTH_MAX))),
            (self.useless, "are of no use: allowed_namespaces lets in all images there".to_owned()),
        ];
        for (names, what) in lists.iter().filter(|(names, _)| !names.is_empty()) {
            warnings.add(warning::about_entries(what, names));
        }
        if self.wrong_before_more > 0 {
            warnings.add(format!("{} more entries of the allow list were wrong before", self.wrong_before_more));
        }
        warnings.into_texts()
    }
}

/// The end of an entry that certainly reads, for a third of what reading costs: of ten thousand entries that an edit
/// leaves alone, nothing but the ends is asked. `None`: the entry may be wrong.
fn glance<'e>(namespace: &str, entry: &'e str) -> Option<Option<End<'e>>> {
    let text = entry.trim();
    if !is_name(namespace) || entry.len() > ENTRY_LENGTH_MAX {
        return None;
    }
    if !text.starts_with('{') {
        return if text.is_empty() { Some(None) } else { End::parse(text.into()).ok().map(Some) };
    }
    let mut end = None;
    let mut seen = [false; GLANCED.len()];
    json::each_field(text.as_bytes(), &mut |key, value| {
        let index = GLANCED.iter().position(|field| *field == key).filter(|_| Shape::of(value) == Shape::String);
        match index {
            Some(index) if !std::mem::replace(&mut seen[index], true) => {}
            _ => return Err("may be wrong"),
        }
        if index == Some(0) {
            let text = json::string(value).ok_or("may be wrong")?;
            end = Some(End::parse(text).map_err(|_| "is wrong")?);
        }
        Ok(())
    })
    .ok()?;
    Some(end)
}

/// Reads an entry as a pod's request would, and its key.
fn read<'e>(namespace: &str, entry: &'e str) -> Result<Terms<'e>, Problems> {
    let place = Place::Top.key(namespace);
    if !is_name(namespace) {
        let problem = "is not the name of a namespace: use up to 63 of a-z, 0-9 and \"-\", for example tool-mix";
        return Err(Problems::one(&place, problem));
    }
    Terms::parse(entry, &place)
}

/// An entry with its end.
struct Dated<'e>(&'e str, &'e End<'e>);

impl fmt::Display for Dated<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", Shown(self.0), self.1)
    }
}
