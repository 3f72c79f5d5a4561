//! All wording that people meet in an answer: refusals, warnings, audit annotations.

use std::{
    borrow::Cow,
    fmt::{self, Write},
};

use crate::{
    admission::{Request, Unread},
    end::End,
    facts::ConfigMap,
    problem::Problems,
    reference::Reference,
    requirement::Clock,
    review::Annotations,
    setting::Quoted,
    settings::Settings,
    verdict::{Grant, Lack, Reason, Source},
    workload::{Image, Workload},
};

/// How many problems, prefixes or images a message lists.
const LISTED_MAX: usize = 20;
/// How many characters of a text that a stranger wrote a message shows.
const SHOWN_MAX: usize = 300;
/// How many characters of a warning the API server passes on.
const WARNING_LENGTH_MAX: usize = 256;
/// How many of them the reason of an exception may take: the image matters more.
const REASON_LENGTH_MAX: usize = 80;

/// An image that is refused, or let in by an exception.
pub(crate) struct Finding<'j, T> {
    pub(crate) image: &'j Image<'j>,
    pub(crate) what: T,
}

/// The refusal of a request for its images.
pub(crate) fn refusal(
    request: &Request<'_>,
    workload: &Workload<'_>,
    refused: &[Finding<'_, Reason<'_>>],
    settings: &Settings<'_>,
) -> String {
    let namespace = request.namespace.as_deref();
    let (number, verb) =
        if refused.len() == 1 { ("1 image".to_owned(), "is") } else { (format!("{} images", refused.len()), "are") };
    let subject = Subject { request, generate_name: workload.generate_name.as_deref() };
    let mut message = format!("{number} of {subject} {verb} not allowed:");
    // Writing to a String cannot fail.
    for finding in refused.iter().take(LISTED_MAX) {
        let _ = write!(message, "\n- {}", Problem { finding, namespace });
    }
    if refused.len() > LISTED_MAX {
        let _ = write!(message, "\nand {} more", refused.len() - LISTED_MAX);
    }
    if let Ok(prefixes) = settings.registry_prefixes() {
        let prefixes = prefixes.iter().map(|prefix| Shown(&prefix.within(namespace)).to_string());
        let _ = write!(message, "\napproved: {}", listed(prefixes));
    }
    if let Some(help) = help(settings) {
        let _ = write!(message, "\n{help}");
    }
    message
}

/// The line of a refusal that is about one image.
#[must_use]
pub fn problem(image: &Image<'_>, reason: Reason<'_>, namespace: Option<&str>) -> String {
    Problem { finding: &Finding { image, what: reason }, namespace }.to_string()
}

/// The refusal of a request whose images are not known.
pub(crate) fn unread(request: &Request<'_>, unread: &Unread, settings: &Settings<'_>) -> String {
    let subject = Subject { request, generate_name: None };
    let (kind, group) = (Shown(&request.kind.kind), Shown(&request.kind.group));
    let group = if request.kind.group.is_empty() { "\"\"".to_owned() } else { group.to_string() };
    let line = match unread {
        Unread::Missing => format!("{subject} cannot be judged: the request has no object"),
        Unread::UnknownKind => format!(
            "this policy cannot read Kind {kind} (group {group}): take it out of the policy's rules or describe it in custom_kinds"
        ),
        Unread::Object(cause) => format!(
            "{subject} cannot be read: {}: send a {kind} as the Kubernetes API describes it",
            Shown(&cause.to_string())
        ),
    };
    [vec![line], help(settings).into_iter().collect()].concat().join("\n")
}

/// The refusal of a request because of settings that were never validated.
pub(crate) fn wrong_settings(problems: &Problems) -> String {
    format!("the settings of this policy are not valid, so it can approve no image:\n{problems}")
}

fn help(settings: &Settings<'_>) -> Option<String> {
    settings.help().ok().and_then(Option::as_ref).map(|help| help.clone().into_owned())
}

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
    let rest = format!("{namespace} may run  until {end}, {left}{reason}").chars().count();
    let image = cut(&Shown(image).to_string(), WARNING_LENGTH_MAX.saturating_sub(rest).max(1)).into_owned();
    cut(&format!("{namespace} may run {image} until {end}, {left}{reason}"), WARNING_LENGTH_MAX).into_owned()
}

/// The warning that an image stays, though it would be refused today.
pub(crate) fn stays(finding: &Finding<'_, Reason<'_>>, namespace: Option<&str>) -> String {
    let warning =
        format!("let through unchanged, new pods with it will be refused: {}", Problem { finding, namespace });
    cut(&warning, WARNING_LENGTH_MAX).into_owned()
}

/// The first warnings, each once, and how many there are more: a client shows what it gets.
pub(crate) fn listed_warnings(warnings: Vec<String>) -> Vec<String> {
    let mut listed = Vec::new();
    let mut more = 0;
    for warning in warnings {
        match listed.len() {
            _ if listed.contains(&warning) => {}
            LISTED_MAX => more += 1,
            _ => listed.push(warning),
        }
    }
    if more > 0 {
        listed.push(format!("and {more} more warnings"));
    }
    listed
}

/// The audit annotations of exceptions that let images in.
pub(crate) fn granted(granted: &[Finding<'_, Grant<'_>>]) -> Annotations {
    annotations(granted.iter().map(|finding| (finding.image, Some(finding.what))))
}

/// The audit annotations of a refusal.
pub(crate) fn refused(refused: &[Finding<'_, Reason<'_>>]) -> Annotations {
    annotations(refused.iter().map(|finding| (finding.image, finding.what.grant())))
}

fn annotations<'j>(images: impl Iterator<Item = (&'j Image<'j>, Option<Grant<'j>>)> + Clone) -> Annotations {
    let grants = || images.clone().map(|(_, grant)| grant);
    let exception =
        |grant: Option<Grant<'_>>| grant.map_or_else(|| "none".to_owned(), |grant| grant.source.to_string());
    let ends = |grant: Grant<'_>| grant.end.map_or_else(|| "never".to_owned(), ToString::to_string);
    let names = images.clone().map(|(image, _)| image.text.as_deref().map_or("none".to_owned(), full_form));
    let reasons = grants().flatten().filter_map(|grant| grant.reason).map(|reason| Shown(reason).to_string());
    let annotations = [
        ("images", names.collect()),
        ("exception", distinct(grants().map(exception))),
        ("ends", distinct(grants().flatten().map(ends))),
        ("reason", distinct(reasons)),
    ];
    annotations.into_iter().filter(|(_, texts)| !texts.is_empty()).map(|(key, texts)| (key, listed(texts))).collect()
}

fn full_form(image: &str) -> String {
    Reference::parse(image)
        .map_or_else(|_| Shown(image).to_string(), |reference| Shown(&reference.to_string()).to_string())
}

fn distinct(texts: impl Iterator<Item = String>) -> Vec<String> {
    let mut distinct = Vec::new();
    for text in texts {
        if !distinct.contains(&text) {
            distinct.push(text);
        }
    }
    distinct
}

/// The first texts, and how many there are more.
fn listed(texts: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    let texts: Vec<_> = texts.into_iter().collect();
    let first = texts.iter().take(LISTED_MAX).map(AsRef::as_ref).collect::<Vec<_>>().join(", ");
    match texts.len().saturating_sub(LISTED_MAX) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}

/// What a request is about: `Pod tool-mix/web`.
struct Subject<'r> {
    request: &'r Request<'r>,
    generate_name: Option<&'r str>,
}

impl fmt::Display for Subject<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", Shown(&self.request.kind.kind))?;
        if let Some(namespace) = self.request.namespace.as_deref() {
            write!(f, "{}/", Shown(namespace))?;
        }
        match (self.request.name.as_deref().filter(|name| !name.is_empty()), self.generate_name) {
            (Some(name), _) => write!(f, "{}", Shown(name)),
            (None, Some(start)) => write!(f, "{}*", Shown(start)),
            (None, None) => f.write_str("(without a name)"),
        }
    }
}

/// One line of a refusal: the place, the image as written and as read, the reason and the remedy.
struct Problem<'p> {
    finding: &'p Finding<'p, Reason<'p>>,
    namespace: Option<&'p str>,
}

impl fmt::Display for Problem<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", Shown(&self.finding.image.place.to_string()))?;
        let Some(text) = self.finding.image.text.as_deref() else {
            return f.write_str("has no image: name one");
        };
        let reference = match Reference::parse(text) {
            Err(error) => return write!(f, "{} is not an image reference: {error}", Quoted(text)),
            Ok(reference) => reference,
        };
        write!(f, "{}", Shown(text))?;
        let full_form = reference.to_string();
        if full_form != text {
            write!(f, " ({})", Shown(&full_form))?;
        }
        write_reason(f, &self.finding.what, reference.domain(), self.namespace)
    }
}

fn write_reason(
    f: &mut fmt::Formatter<'_>,
    reason: &Reason<'_>,
    registry: &str,
    namespace: Option<&str>,
) -> fmt::Result {
    let namespace = Shown(namespace.unwrap_or_default());
    match reason {
        // Both are worded before there is a reference.
        Reason::NoImage | Reason::NotReference(_) => Ok(()),
        Reason::DeniedImage(prefix) => write!(f, " is denied (denied_images: {prefix}): use another image"),
        Reason::DeniedTag(tag, pattern) => {
            write!(f, " has the tag {tag}, which is denied (denied_tags: {pattern}): name another version")
        }
        Reason::NoException(lack) => {
            f.write_str(" is not from an approved registry; ")?;
            write_lack(f, lack, registry, &namespace)
        }
        Reason::Unmet(_, unmet) => {
            write!(f, " lacks what the exception for {namespace} requires: ")?;
            let unmet: Vec<String> = unmet.iter().map(ToString::to_string).collect();
            f.write_str(&unmet.join("; "))
        }
    }
}

fn write_lack(f: &mut fmt::Formatter<'_>, lack: &Lack<'_>, registry: &str, namespace: &Shown<'_>) -> fmt::Result {
    match lack {
        Lack::NoNamespace => f.write_str("there are exceptions for namespaces only"),
        Lack::None => write!(f, "{namespace} has no exception"),
        Lack::OtherRegistries => write!(f, "{namespace} has no exception for {}", Shown(registry)),
        Lack::Ended(grant) => write!(f, "the exception for {namespace} ended {}", Ended(grant.end)),
        Lack::AllEnded(end) => write!(f, "every exception ended {}", Ended(Some(end))),
        Lack::Clock(seconds) => {
            write!(
                f,
                "whether the exception for {namespace} has ended is unknown, because the policy server's clock says {}",
                Clock(*seconds)
            )
        }
        Lack::Unreadable(config_map, cause) => {
            write!(f, "the allow list in {config_map} cannot be read: {}", Shown(first_line(cause)))
        }
        Lack::WrongEntry(config_map, problems) => {
            let problems: Vec<String> = problems.texts().iter().map(|problem| Shown(problem).to_string()).collect();
            write!(f, "the allow list in {config_map} has a wrong entry: {}", problems.join("; "))
        }
    }
}

struct Ended<'e>(Option<&'e End<'e>>);

impl fmt::Display for Ended<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(end) if end.is_day() => write!(f, "on {end}"),
            Some(end) => write!(f, "at {end}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Source<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AllowedNamespaces(index) => write!(f, "allowed_namespaces[{index}]"),
            Self::ConfigMap(config_map) => write!(f, "{config_map}"),
        }
    }
}

impl fmt::Display for ConfigMap<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ConfigMap {}/{}", self.namespace, self.name)
    }
}

/// The first line of a host's error: the rest can be a whole stack trace.
pub(crate) fn first_line(cause: &str) -> &str {
    cause.lines().find(|line| !line.trim().is_empty()).unwrap_or("no cause was given").trim()
}

/// A text that a stranger wrote, on one line, of printable ASCII characters, and not without end: what
/// looks like another letter shows as what it is, and no text can pass for a line of the message.
pub struct Shown<'a>(pub &'a str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.len() <= SHOWN_MAX && self.0.bytes().all(|byte| is_plain(byte.into())) {
            return f.write_str(self.0);
        }
        let end = self.0.char_indices().nth(SHOWN_MAX).map_or(self.0.len(), |(end, _)| end);
        let (mut text, left_out) = self.0.split_at(end);
        while let Some(other) = text.find(|character: char| !is_plain(character)) {
            let (plain, rest) = text.split_at(other);
            f.write_str(plain)?;
            let mut rest = rest.chars();
            rest.next().map_or(Ok(()), |other| write!(f, "{}", other.escape_default()))?;
            text = rest.as_str();
        }
        f.write_str(text)?;
        if left_out.is_empty() { Ok(()) } else { f.write_str("...") }
    }
}

/// Whether a character shows as what it is.
fn is_plain(character: char) -> bool {
    character.is_ascii_graphic() || character == ' '
}

/// The first `length` characters, the last of them dots where there were more.
fn cut(text: &str, length: usize) -> Cow<'_, str> {
    if text.chars().count() <= length {
        return Cow::Borrowed(text);
    }
    let kept: String = text.chars().take(length.saturating_sub(3)).collect();
    Cow::Owned(format!("{kept}..."))
}
