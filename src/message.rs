//! The wording of refusals, and of the line about an image that warnings have too.
//!
//! An answer takes at most 8 KiB of JSON, whatever the request: each of its parts has a share of that.

use std::fmt::{self, Write};

use crate::{
    facts::{ConfigMap, Unavailable},
    image::reference::Reference,
    instant::Day,
    request::{
        admission::Request,
        unjudged::Unjudged,
        workload::{Image, Workload},
    },
    settings::{Settings, prefix_entry::PrefixEntry},
    shown::{List, Quoted, Shown, cut, cut_to_json},
    unmet::any_of,
    verdict::{Ending, Lack, Reason},
};

/// How many bytes the lines about images take.
const IMAGES_BYTES_MAX: usize = 4_000;
/// How many bytes the approved prefixes take.
const APPROVED_BYTES_MAX: usize = 800;
/// How many bytes `help` takes.
const HELP_BYTES_MAX: usize = 500;

/// How many characters of the place and the image stay, where a line has no room for them.
const PLACE_LENGTH_MIN: usize = 60;

/// An image that may not run, and why.
pub struct Refusal<'j> {
    /// The image.
    pub image: &'j Image<'j>,
    /// The image as it was read, `None` where it is not a reference.
    pub reference: Option<Reference<'j>>,
    /// What to use instead, where that is known.
    pub successor: Option<String>,
    /// Why it may not run.
    pub reason: Reason<'j>,
}

/// The refusal of a request for its images. `approved` are the entries that approve images today.
pub(crate) fn refusal<'e>(
    request: &Request<'_>,
    workload: &Workload<'_>,
    refused: &[Refusal<'_>],
    approved: impl Iterator<Item = &'e PrefixEntry<'e>>,
    settings: &Settings<'_>,
) -> String {
    let namespace = request.namespace.as_deref();
    let (number, verb) =
        if refused.len() == 1 { ("1 image".to_owned(), "is") } else { (format!("{} images", refused.len()), "are") };
    let subject = Subject { request, generate_name: workload.generate_name.as_deref() };
    let mut lines = List::new("\n- ", IMAGES_BYTES_MAX);
    lines.extend(refused.iter().map(|refusal| Problem { refusal, namespace }));
    // Writing to a String cannot fail.
    let mut message = String::new();
    let _ = write!(message, "{number} of {subject} {verb} not allowed:\n- {lines}");
    // Where every image has a successor, the list would only be in its way.
    if refused.iter().any(|refusal| refusal.successor.is_none()) {
        let mut list = List::new(", ", APPROVED_BYTES_MAX);
        approved.for_each(|entry| list.add(Approved { entry, namespace }));
        if list.is_empty() {
            list.add("nothing today");
        }
        let _ = write!(message, "\napproved: {list}");
    }
    with_help(message, settings)
}

/// An entry of `registry_prefixes`, as the list of what is approved shows it.
struct Approved<'e> {
    entry: &'e PrefixEntry<'e>,
    namespace: Option<&'e str>,
}

impl fmt::Display for Approved<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Shown(&self.entry.prefix.within(self.namespace)))?;
        match self.entry.end() {
            Some(end) => write!(f, " until {end}"),
            None => Ok(()),
        }
    }
}

/// The line of a refusal that is about one image.
#[must_use]
pub fn problem(refusal: &Refusal<'_>, namespace: Option<&str>) -> String {
    Problem { refusal, namespace }.to_string()
}

/// The same in as many characters, unless the reason alone has more. The image gives way: the reader knows it.
pub(crate) fn short_problem(refusal: &Refusal<'_>, namespace: Option<&str>, length: usize) -> String {
    let problem = Problem { refusal, namespace };
    let reason = fmt::from_fn(|f| problem.write_reason(f)).to_string();
    let room = length.saturating_sub(reason.chars().count()).max(PLACE_LENGTH_MIN);
    format!("{}{reason}", cut(&fmt::from_fn(|f| problem.write_image(f)).to_string(), room))
}

/// The refusal of a request that cannot be judged.
pub(crate) fn unjudged(request: &Request<'_>, cause: &Unjudged, settings: &Settings<'_>) -> String {
    with_help(why_unjudged(request, cause), settings)
}

/// Why a request cannot be judged, in one line, or in several where the settings are wrong.
pub(crate) fn why_unjudged(request: &Request<'_>, cause: &Unjudged) -> String {
    let subject = Subject { request, generate_name: None };
    let (kind, group) = (Shown(&request.kind.kind), Shown(&request.kind.group));
    match cause {
        Unjudged::NoObject => format!("{subject} cannot be judged: the request has no object"),
        Unjudged::UnknownKind => {
            let group = if request.kind.group.is_empty() { "\"\"".to_owned() } else { group.to_string() };
            format!(
                "this policy cannot read Kind {kind} (group {group}): take it out of the policy's rules or describe it in custom_kinds"
            )
        }
        Unjudged::Object(cause) => {
            format!("{subject} cannot be read: {}: send a {kind} as the Kubernetes API describes it", Shown(cause))
        }
        Unjudged::NoSandboxImage(listed, names) => format!(
            "the sandbox image of {subject} is unknown: of the {listed} images that it lists, none has a name of \
            sandbox_repositories ({names}). The kubelet lists only its 50 largest images: set nodeStatusMaxImages: -1 \
            in its configuration, or add the image's name to sandbox_repositories"
        ),
        Unjudged::Settings(problems) => {
            format!("the settings of this policy are not valid, so it can approve no image:\n{problems}")
        }
    }
}

fn with_help(message: String, settings: &Settings<'_>) -> String {
    match settings.help() {
        Ok(Some(help)) => format!("{message}\n{}", cut_to_json(help, HELP_BYTES_MAX)),
        _ => message,
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
    refusal: &'p Refusal<'p>,
    namespace: Option<&'p str>,
}

impl fmt::Display for Problem<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", fmt::from_fn(|f| self.write_image(f)), fmt::from_fn(|f| self.write_reason(f)))
    }
}

impl Problem<'_> {
    /// Where the image is, as written and as read.
    fn write_image(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Refusal { image, reference, .. } = self.refusal;
        let place = image.place.to_string();
        // A key of a stranger's object may read like the rest of the line.
        if place.contains([' ', ':']) {
            write!(f, "{}: ", Quoted(&place))?
        } else {
            write!(f, "{}: ", Shown(&place))?
        }
        let text = image.text().unwrap_or_default();
        match reference.map(|reference| reference.to_string()) {
            Some(full_form) if full_form != text => write!(f, "{} ({})", Shown(text), Shown(&full_form)),
            Some(_) => write!(f, "{}", Shown(text)),
            None if text.is_empty() => Ok(()),
            None => write!(f, "{}", Quoted(text)),
        }
    }

    fn write_reason(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let namespace = self.namespace.unwrap_or_default();
        match &self.refusal.reason {
            Reason::NoImage => f.write_str("has no image: name one"),
            Reason::Unreadable(cause) => write!(f, "{}", Shown(cause)),
            Reason::NotReference(error) => write!(f, " is not an image reference: {error}"),
            Reason::DeniedImage(entry) => {
                write!(f, " is denied (denied_images: {})", entry.prefix)?;
                self.write_remedy(f, ": use another image", entry.reason())
            }
            Reason::DenialBegan(ending) => {
                write!(f, " was allowed {} (denied_images: {})", Until(ending), ending.entry.prefix)?;
                self.write_remedy(f, ": use another image", ending.entry.reason())
            }
            Reason::DeniedTag(tag, pattern) => {
                write!(f, " has the tag {tag}, which is denied (denied_tags: {pattern}): name another version")
            }
            Reason::NoException(lack) => {
                f.write_str(" is not from an approved registry; ")?;
                write_lack(f, lack, namespace)?;
                self.write_remedy(f, "", None)
            }
            Reason::ApprovalEnded(ending, lack) => {
                write!(f, ": {} was approved {}", Shown(&ending.entry.prefix.within(self.namespace)), Until(ending))?;
                if lack.is_about_an_exception() {
                    f.write_str("; ")?;
                    write_lack(f, lack, namespace)?;
                }
                self.write_remedy(f, "", ending.entry.reason())
            }
            Reason::Unmet(_, unmet) => {
                write!(f, " lacks what the exception for {} requires: ", Shown(namespace))?;
                let unmet: Vec<String> = unmet.iter().map(ToString::to_string).collect();
                f.write_str(&unmet.join("; "))
            }
        }
    }

    /// What to use, or else `otherwise`, and why.
    fn write_remedy(&self, f: &mut fmt::Formatter<'_>, otherwise: &str, reason: Option<&str>) -> fmt::Result {
        match &self.refusal.successor {
            Some(successor) => write!(f, "; use {}", Shown(successor))?,
            None => f.write_str(otherwise)?,
        }
        match reason {
            Some(reason) => write!(f, " ({})", Shown(reason)),
            None => Ok(()),
        }
    }
}

/// Until when something was so; where the clock cannot be right, that nobody knows whether it still is.
struct Until<'e>(&'e Ending<'e>);

impl fmt::Display for Until<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "until {}", self.0.end)?;
        match self.0.days_left {
            Ok(_) => Ok(()),
            Err(seconds) => write!(
                f,
                ", and whether that has passed is unknown, because the policy server's clock says {}",
                Day(seconds)
            ),
        }
    }
}

fn write_lack(f: &mut fmt::Formatter<'_>, lack: &Lack<'_>, name: &str) -> fmt::Result {
    let namespace = Shown(name);
    match lack {
        Lack::NoNamespace => f.write_str("exceptions exist for namespaces only"),
        Lack::None => write!(f, "{namespace} has no exception"),
        Lack::OtherImages(prefixes) => write!(f, "{namespace} has an exception, but for {}", any_of(prefixes, name)),
        Lack::Ended(grant) => {
            write!(f, "the exception for {namespace} ended")?;
            grant.end.map_or(Ok(()), |end| write!(f, " {}", end.when()))
        }
        Lack::AllEnded(end) => write!(f, "every exception ended {}", end.when()),
        Lack::Clock(seconds) => write!(
            f,
            "whether the exception for {namespace} has ended is unknown, because the policy server's clock says {}",
            Day(*seconds)
        ),
        Lack::Unreadable(config_map, cause) => write_unreadable(f, config_map, cause),
        Lack::WrongEntry(config_map, problems) => {
            let problems = problems.to_string().replace('\n', "; ");
            write!(f, "the allow list in {config_map} has a wrong entry: {problems}")
        }
    }
}

/// Only an admin can mend the allow list, and the reader has to know whom to tell.
fn write_unreadable(f: &mut fmt::Formatter<'_>, config_map: &ConfigMap<'_>, cause: &Unavailable) -> fmt::Result {
    write!(f, "the allow list cannot be read, which an admin has to mend: ")?;
    match cause {
        Unavailable::NotFound => write!(f, "{config_map} does not exist"),
        Unavailable::NotAuthorised => write!(f, "the policy server may not read {config_map}"),
        Unavailable::NoAnswer => write!(f, "the API server did not answer in time about {config_map}"),
        Unavailable::Unreadable => write!(f, "the answer about {config_map} is not a ConfigMap"),
        Unavailable::Other(cause) => write!(f, "{config_map}: {}", Shown(cause)),
        Unavailable::Status(status) => write!(f, "the API server answers with status {status} about {config_map}"),
        Unavailable::TooManyRequests
        | Unavailable::TooManyQuestions
        | Unavailable::NameDoesNotResolve
        | Unavailable::NotReachable => {
            write!(f, "the API server cannot be asked about {config_map}")
        }
    }
}
