//! Warnings: what the sender of an accepted request should know.

use crate::{
    message::{Finding, problem, why_unjudged},
    request::{admission::Request, unjudged::Unjudged},
    settings::{Settings, sunset::End},
    shown::{ITEMS_MAX, List, Shown, cut},
    verdict::Reason,
};

/// How many characters of a warning the API server passes on.
const WARNING_LENGTH_MAX: usize = 256;
/// How many bytes of warnings the API server passes on; what comes after is lost.
const WARNINGS_BYTES_MAX: usize = 4_096;
/// How many bytes the line that counts the warnings left out takes.
const MORE_WARNINGS_BYTES: usize = 40;
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

/// The warning that an exception is about to end.
pub(crate) fn ends_soon(namespace: &str, image: &str, end: &End<'_>, days_left: i64, reason: Option<&str>) -> String {
    let left = match days_left {
        0 => "less than a day left".to_owned(),
        1 => "1 day left".to_owned(),
        days => format!("{days} days left"),
    };
    let reason = reason.map(|reason| format!(" ({})", cut(&Shown(reason).to_string(), REASON_LENGTH_MAX)));
    let reason = reason.unwrap_or_default();
    // The image gives way: it is the longest, and the reader knows it.
    let namespace = Shown(namespace);
    let rest = format!("{namespace} may run  until {end}, {left}{reason}").chars().count();
    let image = cut(&Shown(image).to_string(), WARNING_LENGTH_MAX.saturating_sub(rest).max(1)).into_owned();
    warning(&format!("{namespace} may run {image} until {end}, {left}{reason}"))
}

/// The warning that an image stays, though it would be refused today. The reason comes before what may be cut.
pub(crate) fn stays(finding: &Finding<'_, Reason<'_>>, namespace: Option<&str>) -> String {
    warning(&format!("{STAYS}: {}", problem(finding, namespace)))
}

/// The warning that no pointer of `custom_kinds` leads to anything in an object.
pub(crate) fn leads_nowhere(request: &Request<'_>, settings: &Settings<'_>) -> String {
    let (group, kind) = (&*request.kind.group, &*request.kind.kind);
    let mut pointers = List::new(", ", WARNING_LENGTH_MAX);
    for entry in settings.custom_kinds().into_iter().flatten().filter(|entry| entry.is(group, kind)) {
        entry.pointers().for_each(|pointer| pointers.add(Shown(pointer.text())));
    }
    warning(&format!("nothing of this {} was judged: custom_kinds finds nothing at {pointers}", Shown(kind)))
}

/// The warning about a request that cannot be judged, but adds nothing.
pub(crate) fn unjudged_but_unchanged(request: &Request<'_>, cause: &Unjudged) -> String {
    warning(&format!("{STAYS}: {}", why_unjudged(request, cause).replace('\n', " ")))
}

fn warning(text: &str) -> String {
    cut(text, WARNING_LENGTH_MAX).into_owned()
}
