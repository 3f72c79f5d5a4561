//! A reviewer's look at an image, by the rules that an exception would be judged by.

use std::cell::Cell;

use crate::{
    policy::{
        self, Claim, ConfigMap, Decision, Demanded, Facts, ImageDescription, Judge, Reason, Settings, Shown,
        Unavailable,
    },
    registry::{Looked, Platform, Registries},
};

/// What the image's registry says, and what the policy would say of it with the exception.
pub struct Review<'r> {
    pub settings: &'r Settings<'r>,
    pub registries: &'r Registries,
    pub namespace: &'r str,
    /// The entry that is about to be written.
    pub entry: &'r str,
    pub now: i64,
}

impl Review<'_> {
    /// What is wrong with an image for its platforms, each problem once.
    pub fn problems(&self, looked: &Looked) -> anyhow::Result<Vec<String>> {
        let mut problems = Vec::new();
        for platform in &looked.platforms {
            if let Some(problem) = self.problem(looked, platform)?
                && !problems.contains(&problem)
            {
                problems.push(problem);
            }
        }
        Ok(problems)
    }

    fn problem(&self, looked: &Looked, platform: &Platform) -> anyhow::Result<Option<String>> {
        let pinned = format!("{}@{}", looked.repository, looked.digest);
        let facts = World { review: self, pinned: &pinned, platform, failure: Cell::default() };
        let judge = Judge::new(self.settings, Some(self.namespace), &facts);
        let demanded = Demanded::Image(pinned.clone());
        let image = demanded.at("image");
        let verdict = judge.judge(&image).map_err(|problems| anyhow::anyhow!("{problems}"))?;
        Ok(match &verdict.decision {
            Decision::Excepted(_) => None,
            Decision::Approved => Some("comes from an approved registry: it needs no exception".to_owned()),
            Decision::Refused(Reason::Unmet(_, unmet)) => {
                if let Some(cause) = facts.failure.take() {
                    return Err(cause);
                }
                let unmet: Vec<String> = unmet.iter().map(ToString::to_string).collect();
                Some(format!("{}: {}", Shown(&platform.name), unmet.join("; ")))
            }
            Decision::Refused(reason) => Some(policy::refusal(&image, &verdict, reason, &judge)),
        })
    }
}

/// The world with the new entry, and with what was seen of the image.
struct World<'w, 'r> {
    review: &'w Review<'r>,
    pinned: &'w str,
    platform: &'w Platform,
    /// Why a base image could not be looked at, which the policy's own words are too short for.
    failure: Cell<Option<anyhow::Error>>,
}

impl Facts for World<'_, '_> {
    fn now(&self) -> i64 {
        self.review.now
    }

    fn allow_list_entry(&self, _: &ConfigMap<'_>, _: &str) -> Result<Option<String>, Unavailable> {
        Ok(Some(self.review.entry.to_owned()))
    }

    fn image(&self, reference: &str) -> Result<ImageDescription, Unavailable> {
        if reference == self.pinned {
            return Ok(self.platform.description.clone());
        }
        // A base image of the operator's, for the same platform if it has several.
        let base = self.review.registries.look(reference).map_err(|cause| {
            self.failure.set(Some(cause));
            Unavailable::NotReachable
        })?;
        let same = base.platforms.iter().find(|platform| platform.name == self.platform.name);
        let platform = same.or(base.platforms.first()).ok_or(Unavailable::Unreadable)?;
        Ok(platform.description.clone())
    }
}

/// Lines about an image for its reviewer.
pub fn lines(looked: &Looked) -> Vec<String> {
    let mut lines = vec![format!("{}@{}", Shown(&looked.repository), Shown(&looked.digest))];
    for Platform { name, description } in &looked.platforms {
        let ImageDescription { licenses, source, created, diff_ids, .. } = description;
        let layers = diff_ids.as_ref().map_or(0, Vec::len);
        let [licenses, source, created] = [licenses, source, created].map(claimed);
        lines.push(format!(
            "  {}: licence {licenses}, source {source}, created {created}, {layers} layers",
            Shown(name)
        ));
    }
    lines
}

fn claimed(claim: &Claim) -> String {
    match claim {
        Claim::Missing => "not said".to_owned(),
        Claim::Text(text) => Shown(text).to_string(),
        Claim::Unreadable => "not readable".to_owned(),
    }
}
