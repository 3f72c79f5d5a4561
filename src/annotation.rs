//! Audit annotations: what the audit log keeps of a decision that rests on an exception, on the lack of one, or on a
//! date.

use crate::{
    answer::Annotations,
    image::reference::Reference,
    request::workload::Image,
    settings::sunset::End,
    shown::{ITEMS_MAX, List, Quoted, Shown},
    verdict::{Decision, Ending, Grant, Source, Verdict},
};

/// How many bytes the annotation with the images takes, and each of the others.
const IMAGES_BYTES_MAX: usize = 500;
const OTHER_BYTES_MAX: usize = 250;

/// What the decision on an image rests on.
pub(crate) struct Basis<'j> {
    /// The image.
    image: &'j Image<'j>,
    /// The image as it was read.
    reference: Option<Reference<'j>>,
    /// The exception that lets it in, or would have.
    grant: Option<Grant<'j>>,
    /// The approval or denial with an end.
    ending: Option<Ending<'j>>,
}

impl<'j> Basis<'j> {
    /// What a verdict on an image rests on.
    pub(crate) fn of(image: &'j Image<'j>, verdict: &Verdict<'j>) -> Self {
        let (grant, ending) = match &verdict.decision {
            Decision::Approved => (None, verdict.ending),
            Decision::Excepted(grant) => (Some(*grant), verdict.ending),
            Decision::Refused(reason) => (reason.grant(), reason.ending()),
        };
        Self { image, reference: verdict.reference, grant, ending }
    }
}

/// The audit annotations of images that an exception, or a rule with an end, lets in or keeps out.
pub(crate) fn annotations<'j>(bases: impl IntoIterator<Item = Basis<'j>>) -> Annotations {
    let mut lists = Lists::default();
    bases.into_iter().for_each(|basis| lists.add(&basis));
    lists.into_annotations()
}

/// The values of the annotations, and the sources and ends that they name already.
struct Lists<'j> {
    images: List,
    exceptions: List,
    approvals: List,
    denials: List,
    ends: List,
    reasons: List,
    owners: List,
    known: Vec<(Option<Source<'j>>, Option<i64>)>,
}

impl Default for Lists<'_> {
    fn default() -> Self {
        let images = List::new(", ", IMAGES_BYTES_MAX);
        let [exceptions, approvals, denials, ends, reasons, owners] =
            std::array::from_fn(|_| List::new(", ", OTHER_BYTES_MAX));
        Self { images, exceptions, approvals, denials, ends, reasons, owners, known: Vec::new() }
    }
}

impl<'j> Lists<'j> {
    fn add(&mut self, basis: &Basis<'j>) {
        self.images.add(full_form(basis.image, basis.reference));
        if let Some(ending) = basis.ending {
            self.add_source(Some(ending.source), Some(ending.end), ending.entry.reason());
        }
        match basis.grant {
            Some(grant) => {
                if !self.known.iter().any(|(other, _)| *other == Some(grant.source)) {
                    self.owners.extend(grant.owner.map(Shown));
                }
                self.add_source(Some(grant.source), grant.end, grant.reason);
            }
            None if basis.ending.is_none() => self.add_source(None, None, None),
            None => {}
        }
    }

    fn add_source(&mut self, source: Option<Source<'j>>, end: Option<&End<'_>>, reason: Option<&str>) {
        let known = (source, end.map(End::seconds));
        if self.known.len() > ITEMS_MAX || self.known.contains(&known) {
            return;
        }
        if !self.known.iter().any(|(other, _)| *other == source) {
            self.of_source(source).add(source.map_or_else(|| "none".to_owned(), |source| source.to_string()));
            self.reasons.extend(reason.map(Shown));
        }
        if source.is_some() && !self.known.iter().any(|(_, other)| *other == known.1) {
            self.ends.add(end.map_or_else(|| "never".to_owned(), ToString::to_string));
        }
        self.known.push(known);
    }

    fn of_source(&mut self, source: Option<Source<'_>>) -> &mut List {
        match source {
            Some(Source::RegistryPrefixes(_)) => &mut self.approvals,
            Some(Source::DeniedImages(_)) => &mut self.denials,
            Some(Source::AllowedNamespaces(_) | Source::ConfigMap(_)) | None => &mut self.exceptions,
        }
    }

    fn into_annotations(self) -> Annotations {
        let annotations = [
            ("images", self.images),
            ("exception", self.exceptions),
            ("approval", self.approvals),
            ("denial", self.denials),
            ("ends", self.ends),
            ("reason", self.reasons),
            ("owner", self.owners),
        ];
        let is_filled = |(_, list): &(&str, List)| !list.is_empty();
        annotations.into_iter().filter(is_filled).map(|(key, list)| (key, list.to_string())).collect()
    }
}

fn full_form(image: &Image<'_>, reference: Option<Reference<'_>>) -> String {
    match (reference, image.text()) {
        (Some(reference), _) => Shown(&reference.to_string()).to_string(),
        // Unlike a reference, it may have what separates the images.
        (None, Some(text)) => Quoted(text).to_string(),
        (None, None) => "none".to_owned(),
    }
}
