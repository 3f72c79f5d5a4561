//! The answer to a request: which of its images are judged, and what becomes of the verdicts.

use crate::{
    admission::Request,
    facts::Facts,
    message::{self, Finding},
    problem::Problems,
    settings::Settings,
    verdict::{Grant, ImageVerdict, Judge, Reason},
    workload::{self, Image, Workload},
};

/// Audit annotations: keys, each once, and values.
pub type Annotations = Vec<(&'static str, String)>;

/// What the policy answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// Whether the request may pass.
    pub accepted: bool,
    /// Why it may not.
    pub message: Option<String>,
    /// What its sender should know though it may.
    pub warnings: Vec<String>,
    /// What the audit log should know.
    pub annotations: Annotations,
}

impl Answer {
    fn accepted() -> Self {
        Self { accepted: true, ..Self::default() }
    }

    /// A refusal.
    #[must_use]
    pub fn refused(message: String) -> Self {
        Self { message: Some(message), ..Self::default() }
    }
}

/// Answers a request.
pub fn review(request: Request<'_>, settings: &Settings<'_>, facts: &impl Facts) -> Answer {
    if asks_for_nothing(&request) {
        return Answer::accepted();
    }
    match is_exempt(&request, settings) {
        Ok(true) => Answer::accepted(),
        Ok(false) => review_images(request, settings, facts).unwrap_or_else(|problems| wrong_settings(&problems)),
        Err(problems) => wrong_settings(problems),
    }
}

fn wrong_settings(problems: &Problems) -> Answer {
    Answer::refused(message::wrong_settings(problems))
}

fn asks_for_nothing(request: &Request<'_>) -> bool {
    matches!(&*request.operation, "DELETE" | "CONNECT")
        || workload::is_without_images(&request.kind.group, &request.kind.kind)
}

/// Whether the request's namespace is one that is never judged.
///
/// # Errors
///
/// Every problem of the settings' keys or of `exempt_namespaces`.
pub fn is_exempt<'s>(request: &Request<'_>, settings: &'s Settings<'_>) -> Result<bool, &'s Problems> {
    settings.check_keys()?;
    let Some(namespace) = request.namespace.as_deref() else {
        return Ok(false);
    };
    Ok(settings.exempt_namespaces()?.iter().any(|pattern| pattern.matches(namespace)))
}

fn review_images(mut request: Request<'_>, settings: &Settings<'_>, facts: &impl Facts) -> Result<Answer, Problems> {
    let (object, old_object) = (request.object.take(), request.old_object.take());
    let workload = match request.workload(object, settings)? {
        Ok(workload) => workload,
        Err(unread) => return Ok(Answer::refused(message::unread(&request, &unread, settings))),
    };
    // An old object that cannot be read has no images: then all of the new one's are judged.
    let old = match &*request.operation {
        "UPDATE" => request.workload(old_object, settings)?.unwrap_or_default(),
        _ => Workload::default(),
    };
    let (unchanged, added) = split(&workload.images, &old.images);
    let namespace = request.namespace.as_deref();
    let judge = Judge::new(settings, namespace, facts);
    let (mut refused, mut granted) = (Vec::new(), Vec::new());
    for image in added {
        match verdict(&judge, image)? {
            ImageVerdict::Approved => {}
            ImageVerdict::Excepted(grant) => granted.push(Finding { image, what: grant }),
            ImageVerdict::Refused(reason) => refused.push(Finding { image, what: reason }),
        }
    }
    if !refused.is_empty() {
        let message = message::refusal(&request, &workload, &refused, settings);
        return Ok(Answer { annotations: message::refused(&refused), ..Answer::refused(message) });
    }
    let mut warnings = ending(&granted, namespace, settings)?;
    for image in unchanged {
        let reason = image.text.as_deref().map_or(Ok(Some(Reason::NoImage)), |text| judge.judge_unchanged(text))?;
        warnings.extend(reason.map(|what| message::stays(&Finding { image, what }, namespace)));
    }
    let warnings = message::listed_warnings(warnings);
    let annotations = if granted.is_empty() { Annotations::new() } else { message::granted(&granted) };
    Ok(Answer { warnings, annotations, ..Answer::accepted() })
}

/// Judges an image of an object.
///
/// # Errors
///
/// Every problem of a setting that the decision needs.
pub fn verdict<'j>(judge: &'j Judge<'_, '_, impl Facts>, image: &Image<'_>) -> Result<ImageVerdict<'j>, &'j Problems> {
    match image.text.as_deref() {
        Some(text) => judge.judge(text),
        None => Ok(ImageVerdict::Refused(Reason::NoImage)),
    }
}

/// The images that the old object has too, and those that it has not.
fn split<'w>(images: &'w [Image<'w>], old: &[Image<'_>]) -> (Vec<&'w Image<'w>>, Vec<&'w Image<'w>>) {
    let mut old: Vec<&str> = old.iter().filter_map(|image| image.text.as_deref()).collect();
    old.sort_unstable();
    images.iter().partition(|image| image.text.as_deref().is_some_and(|text| old.binary_search(&text).is_ok()))
}

/// The warnings of exceptions that are about to end.
fn ending(
    granted: &[Finding<'_, Grant<'_>>],
    namespace: Option<&str>,
    settings: &Settings<'_>,
) -> Result<Vec<String>, Problems> {
    let Some(namespace) = namespace.filter(|_| !granted.is_empty()) else {
        return Ok(Vec::new());
    };
    let warn_before_days = i64::from(*settings.warn_before_days()?);
    let warnings = granted.iter().filter_map(|Finding { image, what: grant }| {
        let (end, days_left) = (grant.end?, grant.days_left?);
        let image = image.text.as_deref()?;
        (days_left < warn_before_days || (days_left == warn_before_days && warn_before_days > 0))
            .then(|| message::ends_soon(namespace, image, end, days_left, grant.reason))
    });
    Ok(warnings.collect())
}
