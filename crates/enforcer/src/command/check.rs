//! `check`: what the cluster would say to manifests.

use std::{
    io::{self, Write},
    path::PathBuf,
};

use anyhow::{anyhow, bail};
use clap::{Args, ValueEnum};
use serde_json::value::RawValue;

use crate::{
    at::At,
    cluster::{scope::Scope, snapshot::Snapshot},
    command::{
        argument::namespace,
        outcome::{Status, written},
        source::{ALLOW_LIST, Connection, Judging, Skipping},
    },
    input::{
        document,
        manifest::{self, Found, FoundObject},
        namespace_selector::NamespaceLabels,
        object::Head,
        template,
    },
    live::cluster::Flags,
    output::{
        checked::{self, Checked, Outcome},
        tell::tell,
    },
    policy::{self, Creation, Review, Settings},
};

/// The namespace of an object that names none, as with kubectl where there is no kubeconfig.
const DEFAULT_NAMESPACE: &str = "default";
/// The kind that is judged and in no namespace: its group and name. Kinds of `custom_kinds` count as namespaced.
const NODE: (&str, &str) = ("", "Node");

/// Judge manifests as the cluster would
///
/// The exit status is 0 if nothing is refused, 1 if something is, and 2 if something cannot be read.
#[derive(Debug, Args)]
#[command(after_help = "Example: helm template chart | enforcer check --settings settings.yaml --namespace tool-mix -")]
pub struct Arguments {
    /// Manifests in YAML or JSON, with any number of documents; - is standard input
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    judging: Judging,
    #[command(flatten)]
    skipping: Skipping,
    /// The day (its last second, UTC) or the RFC 3339 time to judge at, instead of now
    #[arg(long, value_name = "DATE", default_value_t, hide_default_value = true)]
    at: At,
    /// The namespace of the objects that name none; without it, that of the kubeconfig's context where the cluster is
    /// asked, or default
    #[arg(long, short, value_name = "NAMESPACE", value_parser = namespace)]
    namespace: Option<String>,
    /// How to print what was found
    #[arg(long, value_enum, default_value_t = Output::Text)]
    output: Output,
    #[command(flatten)]
    cluster: Flags,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Output {
    /// For a terminal
    Text,
    /// A list of objects
    Json,
    /// For the tests of a merge request
    Junit,
}

/// Judges the manifests.
pub fn run(arguments: &Arguments) -> anyhow::Result<Status> {
    let Judging { settings, allow_list } = &arguments.judging;
    let connection = Connection::new(&arguments.cluster);
    let file = connection.settings_of(settings.as_deref())?;
    let asks_cluster = settings.is_none();
    let settings = file.settings()?;
    let names_list = policy::names_allow_list(&settings)?;
    // Who writes manifests may not read the allow list: then the refusal says that it was not given.
    let allow_list = if allow_list.is_none() && names_list && !asks_cluster {
        None
    } else {
        connection.allow_list(allow_list.as_deref(), &settings, asks_cluster, ALLOW_LIST)?
    };
    let snapshot = Snapshot::new(arguments.at.seconds, allow_list);
    let scope = arguments.skipping.scope(&file);
    let namespace = match &arguments.namespace {
        Some(namespace) => namespace,
        None if asks_cluster => connection.cluster()?.default_namespace(),
        None => DEFAULT_NAMESPACE,
    };
    let bench = Bench { settings: &settings, snapshot: &snapshot, scope: &scope, namespace };
    let mut found = Vec::new();
    for path in &arguments.files {
        let name = document::name(path);
        found.extend(
            manifest::read(path)?
                .into_iter()
                .map(|object| bench.check(&name, object))
                .collect::<Result<Vec<_>, _>>()?,
        );
    }
    if found.is_empty() {
        // Most often the command that was to write the manifests has failed, and a pipe hides that.
        bail!("there is no object in {}: give manifests", names(&arguments.files));
    }
    written(write(&found, &snapshot, arguments.output))?;
    status(&found)
}

fn names(files: &[PathBuf]) -> String {
    files.iter().map(|path| document::name(path)).collect::<Vec<_>>().join(", ")
}

fn status(found: &[Checked]) -> anyhow::Result<Status> {
    let is_any = |outcome: fn(&Outcome) -> bool| found.iter().any(|checked| outcome(&checked.outcome));
    if is_any(|outcome| matches!(outcome, Outcome::Unreadable(_))) {
        return Err(anyhow!("not every object could be read"));
    }
    Ok(if is_any(|outcome| matches!(outcome, Outcome::Refused(_))) { Status::Refused } else { Status::Fine })
}

fn write(found: &[Checked], snapshot: &Snapshot, output: Output) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match output {
        Output::Text => checked::write_text(found, &mut out)?,
        Output::Json => checked::write_json(found, &mut out)?,
        Output::Junit => checked::write_junit(found, &mut out)?,
    }
    if let Some(note) = snapshot.note() {
        tell(format!("note: {note}"));
    }
    out.flush()
}

/// What the objects are judged by.
struct Bench<'b, 'a> {
    settings: &'b Settings<'a>,
    snapshot: &'b Snapshot,
    scope: &'b Scope,
    namespace: &'b str,
}

impl Bench<'_, '_> {
    fn check(&self, file: &str, Found { line, object }: Found) -> anyhow::Result<Checked> {
        let checked = |kind: String, namespace: Option<String>, name: String, outcome| Checked {
            file: file.to_owned(),
            line,
            kind,
            namespace,
            name,
            outcome,
        };
        let unreadable = |cause: String| checked(String::new(), None, String::new(), Outcome::Unreadable(cause));
        let FoundObject { json, list_kind } = match object {
            Ok(object) => object,
            Err(cause) => return Ok(unreadable(cause)),
        };
        let json: &RawValue = serde_json::from_str(&json)?;
        let head = Head::read(json);
        let Some((api_version, kind)) = head.own_kind().or(list_kind.map(|kind| (kind.api_version, kind.kind))) else {
            return Ok(unreadable("has no apiVersion or no kind: give manifests of Kubernetes".to_owned()));
        };
        let names = head.names();
        let group = policy::group_of(&api_version);
        let is_namespaced = (group, &*kind) != NODE;
        let namespace = is_namespaced.then(|| names.namespace.as_deref().unwrap_or(self.namespace));
        let outcome = self.outcome(&Creation { group, kind: &kind, namespace, name: &names.name }, json)?;
        let kind = policy::kind_name(group, &kind);
        Ok(checked(kind, namespace.map(str::to_owned), names.name.clone(), outcome))
    }

    fn outcome(&self, creation: &Creation<'_>, object: &RawValue) -> anyhow::Result<Outcome> {
        if self.scope.leaves_out(creation.namespace, &NamespaceLabels::new()) {
            return Ok(Outcome::NotJudged(None));
        }
        let review = policy::review(creation, object, self.settings, &self.snapshot.at(self.snapshot.seconds()));
        let is_list_missing = self.snapshot.take_missed_list();
        Ok(match review.map_err(|problems| anyhow!("{problems}"))? {
            Review::NotAsked => Outcome::NotJudged(pods_are_judged(creation, &template::images(object))),
            Review::Accepted(warnings) => Outcome::Allowed(warnings),
            Review::Refused(message) if is_list_missing => {
                Outcome::Refused(format!("{message}\n{}", self.missing_list()?))
            }
            Review::Refused(message) => Outcome::Refused(message),
        })
    }

    /// Who may not read the allow list can still judge what needs none, and is told what is left out.
    fn missing_list(&self) -> anyhow::Result<String> {
        let name = self.settings.allow_list_config_map().map_err(|problems| anyhow!("{problems}"))?;
        let name = name.as_ref().map(|name| name.as_fact().to_string()).unwrap_or_default();
        Ok(format!("the exceptions in {name} are left out: give it with --allow-list"))
    }
}

/// What to do about an object of a kind that the policy does not read, but that makes pods: commands to paste, so that
/// nothing may stand in them but images and a namespace.
fn pods_are_judged(creation: &Creation<'_>, images: &[String]) -> Option<String> {
    let namespace = creation.namespace.filter(|namespace| policy::is_namespace(namespace))?;
    let line = |image: &String| format!("enforcer why {image} --namespace {namespace}");
    let lines: Vec<String> = images.iter().map(line).collect();
    let what = "the policy does not read this kind, but judges the pods that it makes:";
    (!lines.is_empty()).then(|| format!("{what}\n{}", lines.join("\n")))
}
