//! What is asked, and the form in which a rule answers.

use kube::core::{ApiResource, GroupVersionKind};

use crate::{
    cluster::{scope::Scope, snapshot::Snapshot},
    input::{namespace_selector::NamespaceLabels, settings_file::SettingsFile},
    policy::{self, ConfigMap, End, Problems, Settings},
};

/// The groups of Kubernetes' own kinds that have images.
const BUILT_IN_GROUPS: &[&str] = &["", "apps", "batch"];

/// May an image run in a namespace?
pub struct Question<'e> {
    pub file: &'e SettingsFile,
    pub settings: &'e Settings<'e>,
    pub snapshot: &'e Snapshot,
    /// About which namespaces the policy is asked at all.
    pub scope: &'e Scope,
    pub namespace: &'e str,
    /// The kind of the object that names the image: `Deployment`, or `Rollout.argoproj.io` with its group.
    pub kind: &'e str,
}

/// What a rule says.
#[derive(Debug, PartialEq, Eq)]
pub struct Step {
    /// The rule, or the element of its list that is about the image.
    pub rule: String,
    /// Where it is written: `settings.yaml:7`.
    pub place: Option<String>,
    /// What it says.
    pub says: String,
    /// Whether the verdict comes from here.
    pub decides: bool,
}

impl Question<'_> {
    /// Whether Kubewarden, or the policy's own selector, keeps the namespace from the policy.
    pub fn is_never_asked_about(&self) -> bool {
        self.scope.leaves_out(Some(self.namespace), &NamespaceLabels::new())
    }

    /// Whether the policy reads the kind. Without a group, it is one of Kubernetes' own.
    pub fn reads_kind(&self) -> Result<bool, Problems> {
        if let Some((kind, group)) = self.kind.split_once('.') {
            return policy::reads(group, kind, self.settings);
        }
        let reads = BUILT_IN_GROUPS.iter().map(|group| policy::reads(group, self.kind, self.settings));
        Ok(reads.collect::<Result<Vec<bool>, _>>()?.contains(&true))
    }

    /// Which kind of those that the policy reads a reader means, who writes it as kubectl takes it: `pods`,
    /// `deployment.apps/v1`.
    pub fn meant_kind(&self) -> anyhow::Result<Option<String>> {
        let typed = self.kind.to_lowercase();
        let typed = typed.split('/').next().unwrap_or_default();
        let (name, group) = typed.split_once('.').map_or((typed, None), |(name, group)| (name, Some(group)));
        let is_meant = |&(of, kind): &(&str, &str)| {
            let plural = ApiResource::from_gvk(&GroupVersionKind::gvk(of, "", kind)).plural;
            (name == kind.to_lowercase() || name == plural) && group.is_none_or(|group| group == of)
        };
        let found = policy::judged_kinds(self.settings)?.into_iter().find(is_meant);
        Ok(found.map(|(group, kind)| policy::kind_name(group, kind)))
    }

    /// Whether a reader asks about nodes, which are in no namespace.
    pub fn is_about_nodes(&self) -> bool {
        ["node", "nodes"].contains(&&*self.kind.to_lowercase())
    }

    /// Whether an end has passed at the time that is asked about.
    pub fn has_passed(&self, end: &End<'_>) -> bool {
        end.has_passed(self.snapshot.seconds())
    }

    /// The ConfigMap of exceptions, where the settings name one.
    pub fn allow_list(&self) -> Result<Option<ConfigMap<'_>>, Problems> {
        let name = self.settings.allow_list_config_map().map_err(Clone::clone)?;
        Ok(name.as_ref().map(|name| name.as_fact()))
    }

    /// The step of a list whose element decides, if there is one.
    pub fn listed(&self, rule: &str, found: Option<usize>, length: usize, yes: &str, no: &str) -> Step {
        let says = match (found, length) {
            (Some(_), _) => yes,
            (None, 0) => "is empty",
            (None, _) => no,
        };
        self.step(rule, found, says.to_owned(), found.is_some())
    }

    /// A step, with its place in the settings.
    pub fn step(&self, rule: &str, index: Option<usize>, says: String, decides: bool) -> Step {
        let name = index.map_or_else(|| rule.to_owned(), |index| format!("{rule}[{index}]"));
        Step { rule: name, place: self.file.place(rule, index), says, decides }
    }
}

/// An end, as a sentence has it.
pub fn until(end: Option<&End<'_>>) -> String {
    end.map_or_else(|| "without an end".to_owned(), |end| format!("until {end}"))
}
