//! `why`: each rule about an image, and which one decides.

use std::io::{self, Write};

use clap::Args;

use crate::{
    at::At,
    cluster::snapshot::Snapshot,
    command::{
        argument::namespace,
        outcome::{Status, written},
        source::{ALLOW_LIST, Connection, Judging, Skipping},
    },
    explanation::{self, Explanation, Question},
    live::cluster::Flags,
    output::escape::lines,
    policy,
};

/// Explain why an image may run in a namespace, or why not
///
/// The exit status is 0 if it may, 1 if it may not, and 2 if there is no answer.
#[derive(Debug, Args)]
#[command(after_help = "Example: enforcer why quay.io/team/web:1 --namespace tool-mix --settings settings.yaml")]
pub struct Arguments {
    /// The image, as in a manifest
    #[arg(value_name = "IMAGE")]
    image: String,
    /// The namespace in which it is to run
    #[arg(long, short, value_name = "NAMESPACE", value_parser = namespace)]
    namespace: String,
    #[command(flatten)]
    judging: Judging,
    #[command(flatten)]
    skipping: Skipping,
    /// The kind of the object that names the image, with its group if that is not one of Kubernetes' own
    #[arg(long, value_name = "KIND", default_value = "Pod")]
    kind: String,
    /// The day (its last second, UTC) or the RFC 3339 time to ask about, instead of now
    #[arg(long, value_name = "DATE", default_value_t, hide_default_value = true)]
    at: At,
    #[command(flatten)]
    cluster: Flags,
}

/// Explains.
pub fn run(arguments: &Arguments) -> anyhow::Result<Status> {
    let Judging { settings, allow_list } = &arguments.judging;
    let connection = Connection::new(&arguments.cluster);
    let file = connection.settings_of(settings.as_deref())?;
    let asks_cluster = settings.is_none();
    let settings = file.settings()?;
    let allow_list = if allow_list.is_some() || asks_cluster || !policy::names_allow_list(&settings)? {
        connection.allow_list(allow_list.as_deref(), &settings, asks_cluster, ALLOW_LIST)?
    } else {
        None
    };
    let snapshot = Snapshot::new(arguments.at.seconds, allow_list);
    let namespace = &*arguments.namespace;
    let kind = &*arguments.kind;
    let scope = arguments.skipping.scope(&file);
    let question = Question { file: &file, settings: &settings, snapshot: &snapshot, scope: &scope, namespace, kind };
    let explanation = explanation::explain(&question, &arguments.image)?;
    written(write(&explanation, arguments))?;
    Ok(if explanation.refused { Status::Refused } else { Status::Fine })
}

fn write(explanation: &Explanation, arguments: &Arguments) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let verdict = if explanation.refused { "REFUSED" } else { "ALLOWED" };
    writeln!(out, "{verdict} in {} {}: {}\n", lines(&arguments.namespace), arguments.at, lines(&explanation.verdict))?;
    for step in &explanation.steps {
        let mark = if step.decides { "=>" } else { "  " };
        let place = step.place.as_deref().map(|place| format!(" ({})", lines(place))).unwrap_or_default();
        writeln!(out, "{mark} {}{place}: {}", step.rule, lines(&step.says))?;
    }
    if !explanation.ways_out.is_empty() {
        let heading = if explanation.refused { "What would change that" } else { "What to do before the end" };
        writeln!(out, "\n{heading}:")?;
        explanation.ways_out.iter().try_for_each(|way| writeln!(out, "- {}", lines(way)))?;
    }
    out.flush()
}
