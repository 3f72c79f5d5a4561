//! `demo`: shows what the policy says to the requests in `test_data/demo.yml`, as a table.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};
use comfy_table::{Cell, Color, ColumnConstraint, ContentArrangement, Table, Width, presets};
use serde::Deserialize;

use crate::admission::AdmissionResponse;
use crate::run;

/// The widest table that is still read well.
const COLUMNS: u16 = 100;

/// Shows what the policy says to a list of requests
#[derive(clap::Args)]
pub struct Args {
    /// The list
    #[arg(long, value_name = "PATH", default_value = "test_data/demo.yml")]
    list: PathBuf,
    /// Path of the policy's wasm, annotated
    #[arg(value_name = "POLICY")]
    policy: String,
}

/// A row of the demo.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// The option of the decision record, or what is shown beside the options.
    option: String,
    request: PathBuf,
    settings: PathBuf,
    /// A recorded session, for the calls to the host.
    session: Option<PathBuf>,
    /// When the request is made, UTC, as `faketime` takes it: `2026-10-01 12:00:00`.
    at: Option<String>,
}

/// Runs the command.
pub fn demo(args: &Args) -> anyhow::Result<()> {
    let list = args.list.display();
    let yaml = std::fs::read_to_string(&args.list).with_context(|| format!("Cannot open {list}"))?;
    let cases: Vec<Case> = yaml_serde::from_str(&yaml).with_context(|| format!("Cannot read {list}"))?;
    let mut table = empty_table(std::io::stdout().is_terminal());
    for case in &cases {
        let response = case.judge(&args.policy).with_context(|| format!("{list}: {}", case.option))?;
        table.add_row(case.row(&response));
    }
    println!("{}", table.trim_fmt());
    Ok(())
}

fn empty_table(terminal: bool) -> Table {
    let mut table = Table::new();
    if terminal {
        table.load_preset(presets::UTF8_FULL);
    } else {
        table.load_preset(presets::ASCII_HORIZONTAL_ONLY).force_no_tty();
    }
    let width = table.width().unwrap_or(COLUMNS).min(COLUMNS);
    table
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(width)
        .set_header(["option", "request", "verdict", "message", "warning"])
        // What is left is the message's, which is the longest.
        .set_constraints([14, 20, 10, 100, 20].map(|most| ColumnConstraint::UpperBoundary(Width::Fixed(most))));
    table
}

impl Case {
    fn judge(&self, policy: &str) -> anyhow::Result<AdmissionResponse> {
        match &self.at {
            Some(time) => self.judge_at(time, policy),
            None => run::judge(&run::Args {
                request_path: self.request.clone(),
                settings_path: Some(self.settings.clone()),
                replay_host_capabilities_interactions: self.session.clone(),
                allow_context_aware: self.session.is_some(),
                policy: policy.to_owned(),
                ..run::Args::default()
            }),
        }
    }

    /// Only a new process can be given another clock.
    fn judge_at(&self, time: &str, policy: &str) -> anyhow::Result<AdmissionResponse> {
        let mut command = Command::new("faketime");
        command.env("TZ", "UTC").arg(time).arg(std::env::current_exe()?).arg("run");
        command.arg("--request-path").arg(&self.request).arg("--settings-path").arg(&self.settings);
        if let Some(session) = &self.session {
            command.arg("--allow-context-aware");
            command.arg("--replay-host-capabilities-interactions").arg(session);
        }
        let output = command.arg(policy).output().context("Cannot run faketime: install it")?;
        if !output.status.success() {
            bail!("{}", String::from_utf8_lossy(&output.stderr).trim());
        }
        serde_json::from_slice(&output.stdout).context("Cannot read the answer")
    }

    fn row(&self, response: &AdmissionResponse) -> Vec<Cell> {
        let name = self.request.file_stem().unwrap_or(self.request.as_os_str());
        let mut request = Path::new(name).display().to_string();
        if let Some(time) = &self.at {
            request = format!("{request}\nat {time}");
        }
        let verdict =
            if response.allowed { Cell::new("accepted").fg(Color::Green) } else { Cell::new("refused").fg(Color::Red) };
        let message = response.status.as_ref().and_then(|status| status.message.clone());
        let warnings = response.warnings.as_deref().unwrap_or_default().join("\n");
        vec![
            Cell::new(&self.option),
            Cell::new(request),
            verdict,
            Cell::new(message.unwrap_or_default()),
            Cell::new(warnings).fg(Color::Yellow),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admission::Status;

    #[test]
    fn prints_plain_text_when_piped() {
        let case = Case {
            option: "3 nobody".to_owned(),
            request: "test_data/pod.json".into(),
            settings: "test_data/settings/default.yml".into(),
            session: None,
            at: Some("2026-10-01".to_owned()),
        };
        let status =
            Status { message: Some("not from an approved registry\nask for an exception".to_owned()), code: Some(403) };
        let refused = AdmissionResponse { status: Some(status), ..AdmissionResponse::default() };
        let warnings = Some(vec!["until 2026-09-30".to_owned()]);
        let accepted = AdmissionResponse { allowed: true, warnings, ..AdmissionResponse::default() };
        let mut table = empty_table(false);
        table.add_row(case.row(&refused)).add_row(case.row(&accepted));
        let expected = "\
----------------------------------------------------------------------------------------
 option     request         verdict    message                         warning
========================================================================================
 3 nobody   pod             refused    not from an approved registry
            at 2026-10-01              ask for an exception
----------------------------------------------------------------------------------------
 3 nobody   pod             accepted                                   until 2026-09-30
            at 2026-10-01
----------------------------------------------------------------------------------------";
        assert_eq!(table.trim_fmt(), expected);
    }
}
