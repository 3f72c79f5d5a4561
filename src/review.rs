//! The answer to a request: which of its images are judged, and what becomes of the verdicts.

use std::cell::OnceCell;

use crate::{
    allow_list,
    annotation::{self, Basis},
    answer::{Annotations, Answer},
    facts::Facts,
    judge::Judge,
    kind,
    message::{self, Refusal},
    request::{
        admission::Request,
        unjudged::Unjudged,
        workload::{Image, PLACE_MAX, Workload, Written},
    },
    settings::{Settings, allow_list::AllowList, problem::Problems, sunset::is_soon},
    shown::ITEMS_MAX,
    verdict::{Decision, Verdict},
    warning::{self, Warnings},
};

/// Answers a request.
pub fn review(mut request: Request<'_>, settings: &Settings<'_>, facts: &impl Facts) -> Answer {
    match judged(&mut request, settings, facts) {
        Ok(answer) => answer,
        // What adds nothing passes, whatever is wrong: a finalizer would stick for ever otherwise.
        Err(cause) if request.adds_nothing(settings) => {
            Answer { warnings: vec![warning::unjudged_but_unchanged(&request, &cause)], ..Answer::accepted() }
        }
        Err(cause) => Answer::refused(message::unjudged(&request, &cause, settings)),
    }
}

fn judged(request: &mut Request<'_>, settings: &Settings<'_>, facts: &impl Facts) -> Result<Answer, Unjudged> {
    if asks_for_nothing(request) {
        return Ok(Answer::accepted());
    }
    // Before exempt namespaces, which may well have the list's own among them.
    if kind::is_config_map(&request.kind.group, &request.kind.kind)
        && let Some(answer) = config_map(request, settings, facts)?
    {
        return Ok(answer);
    }
    if is_exempt(request, settings)? {
        return Ok(Answer::accepted());
    }
    let workload = request.workload(settings)?;
    let old = request.old_workload(settings);
    let (mut unchanged, added) = split(&workload.images, &old.images);
    let judge = Judge::new(settings, request.namespace.as_deref(), facts);
    let (mut refused, mut noted) = (Vec::new(), Vec::new());
    for image in added {
        let verdict = judge.judge(image)?;
        match &verdict.decision {
            Decision::Approved if verdict.ending.is_none() => {}
            Decision::Approved | Decision::Excepted(_) => noted.push((image, verdict)),
            Decision::Refused(_) => refused.push((image, verdict)),
        }
    }
    if !refused.is_empty() {
        let has_image = refused.iter().any(|(image, _)| image.text().is_some());
        if has_image || !request.adds_nothing(settings) {
            return Ok(refuse(request, &workload, refused, &judge));
        }
        // A defect at a place that is too long to tell it from others.
        unchanged.extend(refused.iter().map(|(image, _)| *image));
    }
    let mut warnings = Warnings::default();
    add_ending(&mut warnings, &noted, &judge)?;
    add_unchanged(&mut warnings, &unchanged, &judge, request);
    if workload.leads_nowhere {
        warnings.add(warning::leads_nowhere(request, settings));
    }
    let annotations = if noted.is_empty() { Annotations::new() } else { annotations(&noted) };
    Ok(Answer { warnings: warnings.into_texts(), annotations, ..Answer::accepted() })
}

/// The answer to a request for a ConfigMap: the allow list is judged, any other is accepted unread. `None` where
/// `custom_kinds` says that ConfigMaps have images.
fn config_map(request: &Request<'_>, settings: &Settings<'_>, facts: &impl Facts) -> Result<Option<Answer>, Unjudged> {
    settings.check_keys()?;
    let name = request.namespace.as_deref().zip(request.name.as_deref());
    let is_named = |list: &&AllowList<'_>| name == Some((list.as_fact().namespace, list.as_fact().name));
    if let Some(list) = settings.allow_list_config_map()?.as_ref().filter(is_named) {
        return allow_list::review(request, list, settings, facts).map(Some);
    }
    let is_described = settings.custom_kinds()?.iter().any(|entry| entry.is(&request.kind.group, &request.kind.kind));
    Ok(if is_described { None } else { Some(Answer::accepted()) })
}

fn refuse(
    request: &Request<'_>,
    workload: &Workload<'_>,
    refused: Vec<(&Image<'_>, Verdict<'_>)>,
    judge: &Judge<'_, '_, impl Facts>,
) -> Answer {
    let annotations = annotations(&refused);
    let mut refusals = Vec::with_capacity(refused.len());
    for (image, verdict) in refused {
        // The message names no more images than these.
        let successor = if refusals.len() < ITEMS_MAX { judge.successor(&verdict) } else { None };
        if let Decision::Refused(reason) = verdict.decision {
            refusals.push(Refusal { image, reference: verdict.reference, successor, reason });
        }
    }
    let message = message::refusal(request, workload, &refusals, judge.approved(), judge.settings());
    Answer { annotations, ..Answer::refused(message) }
}

fn annotations(judged: &[(&Image<'_>, Verdict<'_>)]) -> Annotations {
    annotation::annotations(judged.iter().map(|(image, verdict)| Basis::of(image, verdict)))
}

fn asks_for_nothing(request: &Request<'_>) -> bool {
    matches!(&*request.operation, "DELETE" | "CONNECT")
        || kind::is_without_images(&request.kind.group, &request.kind.kind)
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

/// The images that the old object has too, and those that it has not. An image is the same wherever it stands; what is
/// not an image has to be the same at the same place.
fn split<'w>(images: &'w [Image<'w>], old: &'w [Image<'w>]) -> (Vec<&'w Image<'w>>, Vec<&'w Image<'w>>) {
    let mut texts: Vec<&str> = old.iter().filter_map(Image::text).collect();
    texts.sort_unstable();
    let mut defects: Vec<(String, &str)> = old.iter().filter_map(defect).collect();
    defects.sort_unstable();
    images.iter().partition(|image| match image.text() {
        Some(text) => texts.binary_search(&text).is_ok(),
        None => defect(image).is_some_and(|defect| defects.binary_search(&defect).is_ok()),
    })
}

/// Where something stands that is not an image, and its JSON; `None` where the place is too long to tell it from others.
fn defect<'w>(image: &'w Image<'_>) -> Option<(String, &'w str)> {
    let json = match &image.written {
        Written::Image(_) => return None,
        Written::Nothing => "",
        Written::Unreadable { json, .. } => json,
    };
    Some((image.place.to_string(), json)).filter(|(place, _)| place.len() < PLACE_MAX)
}

/// Warns about exceptions, approvals and images that are about to end.
fn add_ending(
    warnings: &mut Warnings,
    noted: &[(&Image<'_>, Verdict<'_>)],
    judge: &Judge<'_, '_, impl Facts>,
) -> Result<(), Unjudged> {
    if noted.is_empty() {
        return Ok(());
    }
    let warn_before_days = *judge.settings().warn_before_days()?;
    let is_soon = |days_left: &i64| is_soon(*days_left, warn_before_days);
    for (image, verdict) in noted {
        let Some(text) = image.text() else { continue };
        if let Some(ending) = verdict.ending
            && let Some(days_left) = ending.days_left.ok().filter(is_soon)
        {
            let successor = judge.successor(verdict);
            warnings.add(warning::retires_soon(text, &ending, days_left, successor.as_deref()));
        }
        if let Decision::Excepted(grant) = &verdict.decision
            && let (Some(namespace), Some(end)) = (judge.namespace(), grant.end)
            && let Some(days_left) = grant.days_left.filter(is_soon)
        {
            warnings.add(warning::ends_soon(namespace, text, end, days_left, grant));
        }
    }
    Ok(())
}

/// Warns about images that stay, although new pods with them would be refused. An update that makes a controller
/// replace its pods is worth a question for it: `kubectl rollout restart` hangs without a word otherwise.
fn add_unchanged(
    warnings: &mut Warnings,
    unchanged: &[&Image<'_>],
    judge: &Judge<'_, '_, impl Facts>,
    request: &Request<'_>,
) {
    let changes_template = OnceCell::new();
    let may_ask = || *changes_template.get_or_init(|| request.changes_template(judge.settings()));
    let namespace = request.namespace.as_deref();
    for image in unchanged {
        // Wrong settings cannot refuse what nobody adds.
        let Ok(Some(verdict)) = judge.judge_unchanged(image, &may_ask) else { continue };
        let successor = judge.successor(&verdict);
        let Decision::Refused(reason) = verdict.decision else { continue };
        warnings.add(warning::stays(&Refusal { image, reference: verdict.reference, successor, reason }, namespace));
    }
}
