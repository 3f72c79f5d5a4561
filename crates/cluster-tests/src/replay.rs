//! Runs the commands of a transcript on a cluster.
//!
//! A command whose comment says `# within 5 s` is repeated until its output is as expected: an attempt that starts
//! after that time must succeed. `cluster` at the start of a command speaks to the test itself:
//!
//! | command | does |
//! | --- | --- |
//! | `cluster namespace NAME POLICY` | makes a namespace about which the policy of that file is asked |
//! | `cluster stop policy-server` | ends PolicyServer |
//! | `cluster start policy-server` | starts it again |
//! | `cluster register` | makes the API server ask PolicyServer, as Kubewarden's controller does where its webhook is gone |
//! | `cluster clock 2027-01-31 12:00:00` | stops PolicyServer's clock at that time; `now` lets it go on |

use std::{
    fs::File,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};

use crate::{cluster::Cluster, transcript};

/// How many seconds a command may take.
const LIMIT: &str = "120";
/// How often a command is repeated.
const INTERVAL: Duration = Duration::from_millis(200);

/// Runs every command in a folder, and returns the transcript with what they print now.
///
/// # Errors
///
/// If a command cannot be run.
pub fn replay(cluster: &mut Cluster, transcript: &str, folder: &Path) -> anyhow::Result<String> {
    let mut folder = folder.to_owned();
    transcript::rewrite(transcript, |command, expected| {
        // Each command has a shell of its own.
        if let Some(other) = command.strip_prefix("cd ") {
            folder.push(other);
            return Ok(String::new());
        }
        repeat(cluster, command, expected, &folder).with_context(|| command.to_owned())
    })
}

/// How long a command may be repeated, from `# within 5 s` at its end.
fn patience(command: &str) -> Duration {
    let seconds = command.rsplit_once("# within ").and_then(|(_, rest)| rest.strip_suffix(" s")?.parse().ok());
    Duration::from_secs(seconds.unwrap_or(0))
}

fn repeat(cluster: &mut Cluster, command: &str, expected: &str, folder: &Path) -> anyhow::Result<String> {
    let (start, patience) = (Instant::now(), patience(command));
    loop {
        let is_last = start.elapsed() >= patience;
        let output = run(cluster, command, folder)?;
        if is_last || output == expected {
            return Ok(output);
        }
        thread::sleep(INTERVAL);
    }
}

fn run(cluster: &mut Cluster, command: &str, folder: &Path) -> anyhow::Result<String> {
    let words: Vec<&str> = command.split_whitespace().collect();
    match *words.as_slice() {
        ["cluster", "namespace", name, policy] => cluster.namespace(name, Some(policy))?,
        ["cluster", "stop", "policy-server"] => cluster.policy_server.stop(),
        ["cluster", "start", "policy-server"] => cluster.policy_server.start(&cluster.folder)?,
        ["cluster", "register"] => cluster.register()?,
        ["cluster", "clock", ref moment @ ..] => cluster.policy_server.set_clock(&moment.join(" "))?,
        ["cluster", ..] => bail!("the test knows no such command"),
        _ => return shell(cluster, command, folder),
    }
    Ok(String::new())
}

fn shell(cluster: &Cluster, command: &str, folder: &Path) -> anyhow::Result<String> {
    let path = cluster.folder.path().join("output");
    let output = File::create(&path)?;
    let mut shell = Command::new("timeout");
    shell.args([LIMIT, "sh", "-c", command]).current_dir(folder).stdin(Stdio::null());
    shell.stdout(output.try_clone()?).stderr(output);
    shell.env("PATH", cluster.search_path()?).env("HOME", cluster.folder.path()).env_remove("RUST_BACKTRACE");
    shell.env("KUBECONFIG", &cluster.control_plane.kubeconfig).env("AUDIT_LOG", &cluster.control_plane.audit_log);
    shell.status().context("cannot run timeout")?;
    let mut text = std::fs::read_to_string(&path)?;
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    // The only thing in an output that differs from run to run.
    Ok(text.replace(&format!(":{}", cluster.policy_server.port()), ":PORT"))
}
