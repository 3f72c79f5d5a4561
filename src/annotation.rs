//! Audit annotations: what the audit log keeps of a decision that rests on an exception, or on the lack of one.

use crate::{
    answer::Annotations,
    image::reference::Reference,
    message::Finding,
    request::workload::Image,
    settings::sunset::End,
    shown::{ITEMS_MAX, List, Shown},
    verdict::{Grant, Reason, Source},
};

/// How many bytes an annotation takes.
const ANNOTATION_BYTES_MAX: usize = 500;
/// The audit annotations of exceptions that let images in.
pub(crate) fn granted(granted: &[Finding<'_, Grant<'_>>]) -> Annotations {
    annotations(granted.iter().map(|finding| (finding.image, finding.reference, Some(finding.what))))
}

/// The audit annotations of a refusal.
pub(crate) fn refused(refused: &[Finding<'_, Reason<'_>>]) -> Annotations {
    annotations(refused.iter().map(|finding| (finding.image, finding.reference, finding.what.grant())))
}

fn annotations<'j>(
    findings: impl Iterator<Item = (&'j Image<'j>, Option<Reference<'j>>, Option<Grant<'j>>)>,
) -> Annotations {
    let list = || List::new(", ", ANNOTATION_BYTES_MAX);
    let (mut images, mut exceptions, mut ends, mut reasons) = (list(), list(), list(), list());
    let mut known: Vec<(Option<Source<'_>>, Option<i64>)> = Vec::new();
    for (image, reference, grant) in findings {
        images.add(full_form(image, reference));
        let source = grant.map(|grant| grant.source);
        let end = grant.and_then(|grant| grant.end);
        if known.len() > ITEMS_MAX || known.contains(&(source, end.map(End::seconds))) {
            continue;
        }
        if !known.iter().any(|(other, _)| *other == source) {
            exceptions.add(source.map_or_else(|| "none".to_owned(), |source| source.to_string()));
            grant.and_then(|grant| grant.reason).into_iter().for_each(|reason| reasons.add(Shown(reason)));
        }
        if grant.is_some() && !known.iter().any(|(_, other)| *other == end.map(End::seconds)) {
            ends.add(end.map_or_else(|| "never".to_owned(), ToString::to_string));
        }
        known.push((source, end.map(End::seconds)));
    }
    let annotations = [("images", images), ("exception", exceptions), ("ends", ends), ("reason", reasons)];
    annotations.into_iter().filter(|(_, list)| !list.is_empty()).map(|(key, list)| (key, list.to_string())).collect()
}

fn full_form(image: &Image<'_>, reference: Option<Reference<'_>>) -> String {
    match (reference, image.text()) {
        (Some(reference), _) => Shown(&reference.to_string()).to_string(),
        (None, Some(text)) => Shown(text).to_string(),
        (None, None) => "none".to_owned(),
    }
}
