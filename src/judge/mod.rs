//! The judge: which rule decides about an image, in order, and what has to be asked for it.

mod exceptions;
mod prefixes;

use std::cell::{OnceCell, RefCell};

use crate::{
    facts::{Facts, ImageDescription, QUESTIONS_MAX, Unavailable},
    image::reference::Reference,
    instant::CLOCK_MIN,
    request::workload::{Image, Written},
    settings::{
        Settings,
        exception::{Exception, Terms},
        problem::Problems,
    },
    unmet::Unmet,
    verdict::{Approval, Decision, Ending, Grant, Lack, Reason, Stop, Verdict},
};

/// What the ConfigMap says of the namespace.
type Entry = Result<Option<Terms<'static>>, EntryError>;

#[derive(Debug)]
enum EntryError {
    Unavailable(Unavailable),
    Wrong(Problems),
}

/// What is found out about an image on the way to a decision.
#[derive(Default)]
struct Known<'j> {
    reference: Option<Reference<'j>>,
    ending: Option<Ending<'j>>,
}

impl<'j> Known<'j> {
    fn verdict(self, decision: Decision<'j>) -> Verdict<'j> {
        Verdict { reference: self.reference, ending: self.ending, decision }
    }
}

/// Judges the images of one namespace, and remembers what it had to ask.
pub struct Judge<'s, 'a, F> {
    settings: &'s Settings<'a>,
    namespace: Option<&'s str>,
    facts: &'s F,
    clock: OnceCell<i64>,
    exceptions: OnceCell<Vec<(usize, &'s Exception<'a>)>>,
    entry: OnceCell<Entry>,
    images: RefCell<Vec<(String, Result<ImageDescription, Unavailable>)>>,
}

impl<'s, 'a, F: Facts> Judge<'s, 'a, F> {
    /// A judge for the images of one namespace; `None` for objects that are in none.
    pub fn new(settings: &'s Settings<'a>, namespace: Option<&'s str>, facts: &'s F) -> Self {
        Self {
            settings,
            namespace,
            facts,
            clock: OnceCell::new(),
            exceptions: OnceCell::new(),
            entry: OnceCell::new(),
            images: RefCell::default(),
        }
    }

    /// Judges an image that is to run.
    ///
    /// # Errors
    ///
    /// Every problem of a setting that the decision needs.
    pub fn judge<'j>(&'j self, image: &'j Image<'_>) -> Result<Verdict<'j>, &'j Problems> {
        let mut known = Known::default();
        match self.decide(image, &mut known) {
            Ok(decision) => Ok(known.verdict(decision)),
            Err(Stop::Refused(reason)) => Ok(known.verdict(Decision::Refused(reason))),
            Err(Stop::Settings(problems)) => Err(problems),
        }
    }

    fn decide<'j>(&'j self, image: &'j Image<'_>, known: &mut Known<'j>) -> Result<Decision<'j>, Stop<'j>> {
        let reference = known.reference.insert(reference_of(image)?);
        known.ending = self.check_denials(reference)?;
        let ended = match self.approval(reference)? {
            Approval::Always => return Ok(Decision::Approved),
            Approval::Until(ending) => {
                known.ending = Some(ending.or_earlier(known.ending));
                return Ok(Decision::Approved);
            }
            Approval::Ended(ending) => Some(ending),
            Approval::Never => None,
        };
        let grant = self.exception(reference).map_err(|stop| stop.after(ended))?;
        self.check_requirements(reference, grant)?;
        Ok(Decision::Excepted(grant))
    }

    /// Why an image that an update leaves as it is would be refused in a new pod. The ConfigMap is read only if
    /// `may_ask` answers so, and where it cannot be read, that is not a reason: the image stays in any case.
    ///
    /// # Errors
    ///
    /// Every problem of a setting that the decision needs.
    pub fn judge_unchanged<'j>(
        &'j self,
        image: &'j Image<'_>,
        may_ask: &dyn Fn() -> bool,
    ) -> Result<Option<Verdict<'j>>, &'j Problems> {
        let mut known = Known::default();
        match self.decide_unchanged(image, may_ask, &mut known) {
            Err(Stop::Settings(problems)) => Err(problems),
            Ok(())
            | Err(Stop::Refused(
                Reason::NoException(Lack::Unreadable(..)) | Reason::ApprovalEnded(_, Lack::Unreadable(..)),
            )) => Ok(None),
            Err(Stop::Refused(reason)) => Ok(Some(known.verdict(Decision::Refused(reason)))),
        }
    }

    fn decide_unchanged<'j>(
        &'j self,
        image: &'j Image<'_>,
        may_ask: &dyn Fn() -> bool,
        known: &mut Known<'j>,
    ) -> Result<(), Stop<'j>> {
        let reference = known.reference.insert(reference_of(image)?);
        self.check_denials(reference)?;
        let ended = match self.approval(reference)? {
            Approval::Always | Approval::Until(_) => return Ok(()),
            Approval::Ended(ending) => Some(ending),
            Approval::Never => None,
        };
        if self.settings.allow_list_config_map()?.is_some() && !may_ask() {
            return Ok(());
        }
        self.exception(reference).map(drop).map_err(|stop| stop.after(ended))
    }

    /// Whether an image may run by the settings' denials and approvals alone, without an exception.
    pub(crate) fn check_prefixes<'j>(&'j self, reference: &Reference<'j>) -> Result<(), Stop<'j>> {
        self.check_denials(reference)?;
        match self.approval(reference)? {
            Approval::Always | Approval::Until(_) => Ok(()),
            Approval::Ended(ending) => Err(Reason::ApprovalEnded(Box::new(ending), Lack::None).into()),
            Approval::Never => Err(Lack::None.into()),
        }
    }

    /// What it judges by.
    pub(crate) fn settings(&self) -> &'s Settings<'a> {
        self.settings
    }

    /// The namespace whose images it judges.
    #[must_use]
    pub fn namespace(&self) -> Option<&'s str> {
        self.namespace
    }

    /// The time, or what a clock says that cannot be right.
    fn now(&self) -> Result<i64, i64> {
        let now = *self.clock.get_or_init(|| self.facts.now());
        if now < CLOCK_MIN { Err(now) } else { Ok(now) }
    }

    fn check_requirements<'j>(&'j self, reference: &Reference<'_>, grant: Grant<'j>) -> Result<(), Stop<'j>> {
        let (Some(requirements), Some(namespace)) = (self.settings.byoc_requirements()?, self.namespace) else {
            return Ok(());
        };
        let mut unmet = requirements.unmet_by_reference(reference, namespace);
        if requirements.may_ask(reference, namespace) {
            match self.describe(&reference.to_string()) {
                Ok(image) => {
                    let describe = |base: &str| self.describe(base);
                    unmet.extend(requirements.unmet_by_description(reference, &image, || self.now(), describe));
                }
                Err(cause) => unmet.push(Unmet::Unavailable(cause)),
            }
        }
        if unmet.is_empty() { Ok(()) } else { Err(Reason::Unmet(grant, unmet).into()) }
    }

    /// What a registry says about an image; it is asked about each image once, and about so many of a request at most.
    fn describe(&self, reference: &str) -> Result<ImageDescription, Unavailable> {
        if let Some((_, known)) = self.images.borrow().iter().find(|(image, _)| image == reference) {
            return known.clone();
        }
        if self.images.borrow().len() == QUESTIONS_MAX {
            return Err(Unavailable::TooManyQuestions);
        }
        let description = self.facts.image(reference);
        self.images.borrow_mut().push((reference.to_owned(), description.clone()));
        description
    }
}

fn reference_of<'j>(image: &'j Image<'_>) -> Result<Reference<'j>, Reason<'j>> {
    match &image.written {
        Written::Image(text) => Reference::parse(text).map_err(Reason::NotReference),
        Written::Nothing => Err(Reason::NoImage),
        Written::Unreadable { cause, .. } => Err(Reason::Unreadable(cause)),
    }
}
