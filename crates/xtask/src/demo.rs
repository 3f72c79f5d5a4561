//! `demo`: shows what the policy answers to the requests in `test_data/demo.yml`, as kubectl shows it.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anstyle::{AnsiColor, Style};
use anyhow::Context;
use engine::admission::{AdmissionRequest, AdmissionResponse};
use engine::host::{HostCalls, NoHostCalls};
use engine::meter::Meter;
use engine::recorded::Recorded;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_json::Value;

use crate::files;

/// The webhook of the pods' policy in `deploy/`: the API server names it in a refusal.
const WEBHOOK: &str = "clusterwide-registry-enforcer.kubewarden.admission";
const TITLE: Style = Style::new().bold();
const ACCEPTED: Style = AnsiColor::Green.on_default().bold();
const REFUSED: Style = AnsiColor::Red.on_default().bold();
/// As kubectl has it.
const WARNING: Style = AnsiColor::Yellow.on_default().bold();

/// Shows what the policy answers to a list of requests
#[derive(clap::Args)]
pub struct Args {
    /// The list
    #[arg(long, value_name = "PATH", default_value = "test_data/demo.yml")]
    list: PathBuf,
    /// Path of the policy's wasm
    #[arg(value_name = "POLICY")]
    policy: PathBuf,
}

/// A block of the demo.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Scenario {
    /// What is tried, and with which option of the decision record.
    tried: String,
    request: PathBuf,
    settings: PathBuf,
    /// A recorded session, for the calls to the host.
    session: Option<PathBuf>,
    /// When the request is made, in UTC; now, if it is not given.
    at: Option<DateTime>,
    /// The webhook, where it is another.
    webhook: Option<String>,
}

/// Runs the command.
pub fn demo(args: &Args) -> anyhow::Result<()> {
    let scenarios: Vec<Scenario> = files::yaml(&args.list, "list")?;
    // Not [`engine::policy`], which has the clock of this machine.
    let policy = Meter::load(&files::bytes(&args.policy, "policy")?)?;
    for (index, scenario) in scenarios.iter().enumerate() {
        let response =
            scenario.judge(&policy).with_context(|| format!("{}: {}", args.list.display(), scenario.tried))?;
        let blank_line = if index == 0 { "" } else { "\n" };
        // Without the colours where standard output is not a terminal or NO_COLOR is set.
        anstream::println!("{blank_line}{}", Block { scenario, response: &response });
    }
    Ok(())
}

impl Scenario {
    fn judge(&self, policy: &Meter) -> anyhow::Result<AdmissionResponse> {
        let request = AdmissionRequest::read(&files::json(&self.request, "request")?)?;
        let settings: Value = files::yaml(&self.settings, "settings")?;
        let host: Arc<dyn HostCalls> = match &self.session {
            Some(session) => Arc::new(Recorded::from_file(session)?),
            None => Arc::new(NoHostCalls::default()),
        };
        let answer = policy.validate(Ok(self.nanoseconds()?), &request.payload(&settings), host)?.answer;
        let verdict = serde_json::from_slice(&answer).context("Cannot read the policy's answer")?;
        Ok(AdmissionResponse::from_verdict(request.uid, verdict))
    }

    /// The time of the request, in nanoseconds since 1970.
    fn nanoseconds(&self) -> anyhow::Result<u64> {
        let time = match self.at {
            Some(at) => at.to_zoned(TimeZone::UTC)?.timestamp(),
            None => jiff::Timestamp::now(),
        };
        u64::try_from(time.as_nanosecond()).context("The time is before 1970 or after 2554")
    }
}

/// A scenario with its answer. Nothing is wrapped: a message has the lines that the policy gave it, and a host name can
/// be copied.
struct Block<'a> {
    scenario: &'a Scenario,
    response: &'a AdmissionResponse,
}

impl fmt::Display for Block<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { scenario, response } = self;
        writeln!(f, "{TITLE}{}{TITLE:#}", scenario.tried)?;
        write!(f, "{} with settings {}", name(&scenario.request), name(&scenario.settings))?;
        if let Some(at) = scenario.at {
            write!(f, ", on {} at {} UTC", at.date(), at.time())?;
        }
        let (style, verdict) = if response.allowed { (ACCEPTED, "accepted") } else { (REFUSED, "refused") };
        write!(f, ": {style}{verdict}{style:#}")?;
        for warning in response.warnings.as_deref().unwrap_or_default() {
            write!(f, "\n{WARNING}Warning:{WARNING:#} {warning}")?;
        }
        if !response.allowed {
            let message = response.status.as_ref().and_then(|status| status.message.as_deref()).unwrap_or_default();
            let webhook = scenario.webhook.as_deref().unwrap_or(WEBHOOK);
            write!(f, "\nError from server: admission webhook \"{webhook}\" denied the request: {message}")?;
        }
        Ok(())
    }
}

/// The name of a file, without its folder and its ending.
fn name(path: &Path) -> String {
    path.file_stem().unwrap_or(path.as_os_str()).display().to_string()
}

#[cfg(test)]
mod tests {
    use engine::admission::Status;

    use super::*;

    fn scenario(at: Option<&str>) -> Scenario {
        Scenario {
            tried: "Option 3, for nobody: a pod from Docker Hub".to_owned(),
            request: "test_data/pod.json".into(),
            settings: "test_data/settings/option-3.yml".into(),
            session: None,
            at: at.map(|at| at.parse().unwrap()),
            webhook: None,
        }
    }

    fn plain(block: &Block<'_>) -> String {
        anstream::adapter::strip_str(&block.to_string()).to_string()
    }

    #[test]
    fn a_refusal_is_what_kubectl_prints() {
        let long = format!("not from an approved registry: {}.example\nask for an exception", "long-name".repeat(20));
        let status = Status { message: Some(long.clone()), code: Some(403) };
        let response = AdmissionResponse { status: Some(status), ..AdmissionResponse::default() };
        let expected = format!(
            "Option 3, for nobody: a pod from Docker Hub\n\
             pod with settings option-3: refused\n\
             Error from server: admission webhook \"clusterwide-registry-enforcer.kubewarden.admission\" denied the \
             request: {long}"
        );
        assert_eq!(plain(&Block { scenario: &scenario(None), response: &response }), expected);
        let other = Scenario { webhook: Some("other".to_owned()), ..scenario(None) };
        let expected = expected.replace("clusterwide-registry-enforcer.kubewarden.admission", "other");
        assert_eq!(plain(&Block { scenario: &other, response: &response }), expected);
    }

    #[test]
    fn warnings_are_what_kubectl_prints() {
        let warnings = Some(vec!["until 2026-12-31".to_owned(), "until 2027-01-31".to_owned()]);
        let response = AdmissionResponse { allowed: true, warnings, ..AdmissionResponse::default() };
        let expected = "Option 3, for nobody: a pod from Docker Hub\n\
                        pod with settings option-3, on 2026-12-19 at 12:00:00 UTC: accepted\n\
                        Warning: until 2026-12-31\n\
                        Warning: until 2027-01-31";
        let scenario = scenario(Some("2026-12-19 12:00:00"));
        assert_eq!(plain(&Block { scenario: &scenario, response: &response }), expected);
    }

    #[test]
    fn judges_at_the_time_that_is_given() {
        assert_eq!(scenario(Some("2026-09-18 12:00:00")).nanoseconds().unwrap(), 1_789_732_800_000_000_000);
        assert!(scenario(Some("1969-12-31 23:59:59")).nanoseconds().is_err());
    }
}
