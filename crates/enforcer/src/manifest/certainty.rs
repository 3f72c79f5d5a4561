//! What the settings certainly approve: the part of them that CEL can decide as the policy does.

use crate::{
    manifest::start::{Start, escaped},
    policy::{Prefix, Settings, Workload, denials, undated_approvals, workloads},
};

/// The tag of an image without tag and digest.
const DEFAULT_TAG: &str = "latest";
/// What stands for any characters in a denied tag, and for the characters of a tag in a pattern of CEL.
const ANY: &str = "*";
const TAG_CHARACTERS: &str = "[A-Za-z0-9_.-]*";

/// What is certain of the settings.
#[derive(Debug)]
pub struct Certainty<'s> {
    /// What approved names begin with.
    pub approved: Vec<Start>,
    /// What names begin with that may be denied all the same.
    pub denied: Vec<Start>,
    /// The patterns of denied tags, as the operator wrote them.
    denied_tags: Vec<String>,
    /// Whether an image without tag and digest is denied.
    pub denies_default_tag: bool,
    /// The kinds whose images are only those of a pod spec.
    pub workloads: Vec<Workload>,
    /// The approvals about which the policy has to be asked.
    pub left_out: Vec<&'s Prefix<'s>>,
}

impl<'s> Certainty<'s> {
    /// What is certain of the settings, which are valid.
    pub fn of(settings: &'s Settings<'_>) -> anyhow::Result<Self> {
        let (approvals, denials) = (undated_approvals(settings)?, denials(settings)?);
        let (mut approved, mut left_out) = (Vec::new(), Vec::new());
        for prefix in approvals {
            match Start::of_approval(prefix) {
                Some(start) => approved.push(start),
                None => left_out.push(prefix),
            }
        }
        let denied = denied(&approved, &denials);
        let is_denied =
            |start: &Start| denied.iter().any(|denied| denied.is_registry() && denied.domain() == start.domain());
        approved.retain(|start| !is_denied(start));
        let denied = denied.into_iter().filter(|denied| !denied.is_registry()).collect();
        let tags = settings.denied_tags().map_err(|problems| anyhow::anyhow!("{problems}"))?;
        Ok(Self {
            approved,
            denied,
            denied_tags: tags.iter().map(ToString::to_string).collect(),
            denies_default_tag: tags.iter().any(|pattern| pattern.matches(DEFAULT_TAG)),
            workloads: workloads(settings)?,
            left_out,
        })
    }

    /// Whether an approval is another one in each namespace.
    pub fn needs_namespace(&self) -> bool {
        self.approved.iter().any(|start| start.namespaces() > 0)
    }

    /// A pattern of CEL that an image without its digest matches if its tag is denied.
    pub fn denied_tags_pattern(&self) -> Option<String> {
        let patterns: Vec<String> =
            self.denied_tags.iter().map(|tag| escaped(tag).replace(ANY, TAG_CHARACTERS)).collect();
        (!patterns.is_empty()).then(|| format!(":(?:{})$", patterns.join("|")))
    }
}

/// What is denied of the approved domains.
fn denied(approved: &[Start], denials: &[&Prefix<'_>]) -> Vec<Start> {
    let mut domains: Vec<&str> = approved.iter().map(Start::domain).collect();
    domains.sort_unstable();
    domains.dedup();
    let of_domain = |domain| denials.iter().filter_map(move |prefix| Start::of_denial(prefix, domain));
    domains.into_iter().flat_map(of_domain).collect()
}
