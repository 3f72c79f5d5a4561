//! Markdown files with commands and what they print, tried on a cluster.
//!
//! A block that begins with a line "```console" has commands after `$ `, on several lines where a line ends in `\`,
//! each followed by its whole output, errors included. A command whose comment says `# within 5 s` is
//! repeated until its output is as expected: an attempt that starts after that time must succeed.
//!
//! `cluster` at the start of a command speaks to the test itself:
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
    io::Read,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};

use crate::cluster::Cluster;

/// How a block of commands begins.
const BLOCK: &str = "```console";
/// How often a command is repeated.
const INTERVAL: Duration = Duration::from_millis(200);

/// A part of a transcript.
enum Part<'t> {
    /// A line that is not run.
    Line(&'t str),
    /// A command, as it is written, and what it is expected to print.
    Step { command: String, expected: String },
}

/// Runs every command of a transcript in a folder, and returns the transcript with what they print now.
///
/// # Errors
///
/// If a command cannot be run.
pub fn replay(cluster: &mut Cluster, transcript: &str, folder: &Path) -> anyhow::Result<String> {
    let mut replayed = String::new();
    for part in parts(transcript) {
        match part {
            Part::Line(line) => replayed.push_str(&format!("{line}\n")),
            Part::Step { command, expected } => {
                let output = repeat(cluster, &command, &expected, folder)?;
                replayed.push_str(&format!("$ {command}\n{output}"));
            }
        }
    }
    Ok(replayed)
}

fn parts(transcript: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut inside = false;
    for line in transcript.lines() {
        let continues = matches!(parts.last(), Some(Part::Step { command, expected })
            if expected.is_empty() && command.ends_with('\\'));
        inside = if inside { line != "```" } else { line == BLOCK };
        match (inside, parts.last_mut()) {
            (true, Some(Part::Step { command, .. })) if continues => command.push_str(&format!("\n{line}")),
            (true, _) if line.starts_with("$ ") => {
                parts.push(Part::Step { command: line[2..].to_owned(), expected: String::new() });
            }
            (true, Some(Part::Step { expected, .. })) => expected.push_str(&format!("{line}\n")),
            _ => parts.push(Part::Line(line)),
        }
    }
    parts
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
        let output = run(cluster, command, folder).with_context(|| command.to_owned())?;
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
        ["cluster", ..] => bail!("unknown: {command}"),
        _ => return shell(cluster, command, folder),
    }
    Ok(String::new())
}

fn shell(cluster: &Cluster, command: &str, folder: &Path) -> anyhow::Result<String> {
    let path = cluster.folder.path().join("output");
    let output = File::create(&path)?;
    let mut shell = Command::new("sh");
    shell.args(["-c", command]).current_dir(folder).stdin(Stdio::null());
    shell.stdout(output.try_clone()?).stderr(output);
    shell.env("PATH", cluster.search_path()?).env("HOME", cluster.folder.path());
    shell.env("KUBECONFIG", &cluster.control_plane.kubeconfig).env("AUDIT_LOG", &cluster.control_plane.audit_log);
    shell.status().context("cannot run sh")?;
    let mut text = String::new();
    File::open(&path)?.read_to_string(&mut text)?;
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    // The only thing in an output that differs from run to run.
    Ok(text.replace(&cluster.policy_server.port().to_string(), "PORT"))
}
