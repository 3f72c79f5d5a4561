//! `run`: judges one request and prints the answer, with kwctl's flags and output.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use clap::ArgAction;
use engine::admission::{AdmissionRequest, AdmissionResponse};
use engine::capabilities::Capabilities;
use engine::granted::Granted;
use engine::host::HostCalls;
use engine::live_registry::LiveRegistry;
use engine::metadata::{ContextAwareResource, Metadata};
use engine::policy::Policy;
use engine::recorded::Recorded;
use serde_json::Value;

use crate::files;

/// Runs a Kubewarden policy
#[derive(clap::Args)]
pub struct Args {
    /// File containing the Kubernetes admission request object in JSON format, or `-`
    #[arg(short, long, value_name = "PATH")]
    request_path: PathBuf,
    /// File containing the settings for this policy, in YAML or JSON
    #[arg(short, long, value_name = "PATH")]
    settings_path: Option<PathBuf>,
    /// JSON string containing the settings for this policy
    #[arg(long, value_name = "VALUE", conflicts_with = "settings_path")]
    settings_json: Option<String>,
    /// Answer the policy's calls to its host from a session that kwctl has recorded
    #[arg(long, value_name = "FILE")]
    replay_host_capabilities_interactions: Option<PathBuf>,
    /// Grant access to the Kubernetes resources named in the policy's metadata
    #[arg(long)]
    allow_context_aware: bool,
    /// Host capabilities that the policy may use: `*` for all, `oci/*` for all below, `net/v1/dns_lookup_host` for one
    #[arg(long, value_name = "PATTERN", num_args = 0.., default_value = "*", action = ArgAction::Set)]
    allowed_host_capabilities: Vec<String>,
    /// Path of the policy's wasm, or a file:// URI
    #[arg(value_name = "POLICY")]
    policy: String,
}

/// Runs the command.
pub fn run(args: &Args) -> anyhow::Result<()> {
    let response = judge(args)?;
    println!("{}", serde_json::to_string(&response)?);
    Ok(())
}

/// The answer to the request; an error if there is no request or no policy, or the settings are not valid.
fn judge(args: &Args) -> anyhow::Result<AdmissionResponse> {
    let settings = read_settings(args)?;
    let capabilities = Capabilities::from_patterns(&args.allowed_host_capabilities)?;
    let request = AdmissionRequest::read(&read_request(&args.request_path)?)?;
    let path = args.policy.strip_prefix("file://").unwrap_or(&args.policy);
    let wasm = files::bytes(path.as_ref(), "policy")?;
    let policy = Policy::load(&wasm)?;

    let validity = policy.validate_settings(&settings);
    if !validity.valid {
        bail!("Provided settings are not valid: {}", validity.message.unwrap_or_default());
    }
    let session = args.replay_host_capabilities_interactions.as_deref();
    let recorded = session.map(Recorded::from_file).transpose()?.map(Arc::new);
    let host = Granted::new(capabilities, granted_resources(args, &wasm)?, answering(recorded.clone()));
    let response = policy.validate(&request, &settings, Arc::new(host));
    if let Some(remaining) = recorded.map(|session| session.remaining()).filter(|count| *count > 0) {
        eprintln!("warning: {remaining} of the recorded exchanges have not been replayed");
    }
    Ok(response)
}

fn answering(recorded: Option<Arc<Recorded>>) -> Arc<dyn HostCalls> {
    match recorded {
        Some(session) => session,
        None => Arc::new(LiveRegistry::default()),
    }
}

/// What the metadata declares, if the caller allows it; nothing where the wasm is not annotated.
fn granted_resources(args: &Args, wasm: &[u8]) -> anyhow::Result<BTreeSet<ContextAwareResource>> {
    if !args.allow_context_aware {
        return Ok(BTreeSet::new());
    }
    let metadata = Metadata::from_wasm(wasm)?;
    Ok(metadata.map(|metadata| metadata.context_aware_resources).unwrap_or_default())
}

fn read_request(path: &Path) -> anyhow::Result<Value> {
    if path == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).context("Cannot read the request from stdin")?;
        return serde_json::from_str(&text).context("Cannot parse the request from stdin");
    }
    files::json(path, "request")
}

fn read_settings(args: &Args) -> anyhow::Result<Value> {
    let settings = match (&args.settings_path, &args.settings_json) {
        (Some(path), _) => files::yaml(path, "settings")?,
        (None, Some(json)) => serde_json::from_str(json).context("Cannot parse settings JSON")?,
        (None, None) => Value::Null,
    };
    match settings {
        Value::Null => Ok(Value::Object(serde_json::Map::new())),
        Value::Object(_) => Ok(settings),
        _ => bail!("Invalid settings, not an object"),
    }
}
