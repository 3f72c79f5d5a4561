//! Warnings: what the sender of an accepted request should know.

use std::fmt;

use crate::{
    message::{Refusal, short_problem, why_unjudged},
    request::{admission::Request, unjudged::Unjudged},
    settings::{Settings, problem::Problems, sunset::End},
    shown::{ITEMS_MAX, List, Shown, cut},
    verdict::{Ending, Grant},
};

/// How many characters of a warning the API server passes on.
const WARNING_LENGTH_MAX: usize = 256;
/// How many bytes of warnings the API server passes on; what comes after is lost.
const WARNINGS_BYTES_MAX: usize = 4_096;
/// How many bytes the line that counts the warnings left out takes.
const MORE_WARNINGS_BYTES: usize = 40;
/// How many characters " and 10000 more" has, with room for a longer number.
const AND_MORE_LENGTH: usize = 20;
/// How many characters of a warning the reason of an exception may take: the image matters more.
const REASON_LENGTH_MAX: usize = 80;

/// The warnings of one answer: each once, and no more than the API server passes on.
#[derive(Default)]
pub(crate) struct Warnings {
    texts: Vec<String>,
    bytes: usize,
    more: usize,
}

impl Warnings {
    pub(crate) fn add(&mut self, warning: String) {
        if self.texts.contains(&warning) {
            return;
        }
        let bytes = self.bytes + warning.len();
        if self.more > 0 || self.texts.len() == ITEMS_MAX || bytes > WARNINGS_BYTES_MAX - MORE_WARNINGS_BYTES {
            self.more += 1;
            return;
        }
        self.bytes = bytes;
        self.texts.push(warning);
    }

    pub(crate) fn into_texts(self) -> Vec<String> {
        let Self { mut texts, more, .. } = self;
        if more > 0 {
            texts.push(format!("and {more} more warnings"));
        }
        texts
    }
}

/// How the warning about something that stays begins.
const STAYS: &str = "let through unchanged, new pods with it will be refused";

/// The warning that an exception is about to end. Its owner is named where there is room.
pub(crate) fn ends_soon(namespace: &str, image: &str, end: &End<'_>, days_left: i64, grant: &Grant<'_>) -> String {
    let before = format!("{} may run ", Shown(namespace));
    let after = format!(" until {end}, {}{}", Left(days_left), InBrackets(grant.reason));
    let owner = grant.owner.map(|owner| format!("; owner: {}", Shown(owner))).unwrap_or_default();
    let length =
        [&before, &Shown(image).to_string(), &after, &owner].map(|part| part.chars().count()).iter().sum::<usize>();
    let owner = if length > WARNING_LENGTH_MAX { "" } else { &*owner };
    around_image(&before, image, &format!("{after}{owner}"))
}

/// The warning that an image may soon not run any more, whoever asks, and what to use instead.
pub(crate) fn retires_soon(image: &str, ending: &Ending<'_>, days_left: i64, successor: Option<&str>) -> String {
    let successor = successor.map(|successor| format!("; use {}", Shown(successor))).unwrap_or_default();
    let reason = InBrackets(ending.entry.reason());
    around_image("", image, &format!(" may run until {}, {}{successor}{reason}", ending.end, Left(days_left)))
}

/// The image gives way where a warning is too long: it is the longest, and the reader knows it.
fn around_image(before: &str, image: &str, after: &str) -> String {
    let rest = before.chars().count() + after.chars().count();
    let image = cut(&Shown(image).to_string(), WARNING_LENGTH_MAX.saturating_sub(rest).max(1)).into_owned();
    warning(&format!("{before}{image}{after}"))
}

/// How many days are left.
struct Left(i64);

impl fmt::Display for Left {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => f.write_str("less than a day left"),
            1 => f.write_str("1 day left"),
            days => write!(f, "{days} days left"),
        }
    }
}

/// A reason, where there is one.
struct InBrackets<'r>(Option<&'r str>);

impl fmt::Display for InBrackets<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(reason) => write!(f, " ({})", cut(&Shown(reason).to_string(), REASON_LENGTH_MAX)),
            None => Ok(()),
        }
    }
}

/// The warning that an image stays, though it would be refused today.
pub(crate) fn stays(refusal: &Refusal<'_>, namespace: Option<&str>) -> String {
    let room = WARNING_LENGTH_MAX - STAYS.len() - ": ".len();
    warning(&format!("{STAYS}: {}", short_problem(refusal, namespace, room)))
}

/// The warning that no pointer of `custom_kinds` leads to anything in an object.
pub(crate) fn leads_nowhere(request: &Request<'_>, settings: &Settings<'_>) -> String {
    let (group, kind) = (&*request.kind.group, &*request.kind.kind);
    let words = format!("nothing of this {} was judged: custom_kinds finds nothing at ", Shown(kind));
    let mut pointers = List::new(", ", WARNING_LENGTH_MAX.saturating_sub(words.len() + AND_MORE_LENGTH));
    for entry in settings.custom_kinds().into_iter().flatten().filter(|entry| entry.is(group, kind)) {
        entry.pointers().for_each(|pointer| pointers.add(Shown(pointer.text())));
    }
    warning(&format!("{words}{pointers}"))
}

/// The warning that an entry of the allow list stays, though it is wrong.
pub(crate) fn wrong_before(problems: &Problems) -> String {
    warning(&format!("left as it was, but wrong: {}", problems.to_string().replace('\n', "; ")))
}

/// The warning about entries of the allow list.
pub(crate) fn about_entries(what: &str, namespaces: &List) -> String {
    warning(&format!("entries of the allow list that {what}: {namespaces}"))
}

/// The warning about a request that cannot be judged, but adds nothing.
pub(crate) fn unjudged_but_unchanged(request: &Request<'_>, cause: &Unjudged) -> String {
    warning(&format!("{STAYS}: {}", why_unjudged(request, cause).replace('\n', " ")))
}

fn warning(text: &str) -> String {
    cut(text, WARNING_LENGTH_MAX).into_owned()
}
