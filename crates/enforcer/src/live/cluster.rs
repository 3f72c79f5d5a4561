//! The connection to an API server, and what to do where it refuses.

use std::{env, error::Error, fmt, path::PathBuf};

use anyhow::{Chain, Context, anyhow};
use clap::Args;
use kube::{
    Client, Config,
    client::{AuthError, Body},
    config::{KubeConfigOptions, Kubeconfig},
    core::{
        Status,
        request::{self, Request},
    },
};
use tokio::runtime::{Builder, Runtime};

use crate::policy::{Shown, escaped};

/// How much of an API server's words an error repeats.
const CAUSE_LENGTH_MAX: usize = 500;
/// How many lines of a webhook's refusal, which is what the policy says to a wrong entry.
const LINES_MAX: usize = 50;
/// How the API server begins what a webhook refused (`k8s.io/apiserver`, `ToStatusErr`).
const WEBHOOK: &str = "admission webhook ";

/// The flags that say which cluster, named as kubectl names them.
#[derive(Clone, Debug, Default, Args)]
pub struct Flags {
    /// The kubeconfig to use, instead of $KUBECONFIG or ~/.kube/config
    #[arg(long, value_name = "FILE", help_heading = "Live cluster", global = true)]
    pub kubeconfig: Option<PathBuf>,
    /// The kubeconfig's context to use
    #[arg(long, value_name = "NAME", help_heading = "Live cluster", global = true)]
    pub context: Option<String>,
    /// The ClusterAdmissionPolicy that is asked about, if more than one runs this policy
    #[arg(long, value_name = "NAME", help_heading = "Live cluster", global = true)]
    pub policy: Option<String>,
}

/// A connection to an API server.
pub struct Cluster {
    runtime: Runtime,
    client: Client,
}

/// An error of who may not do something, which callers can do without.
#[derive(Debug)]
pub struct MissingRight(String);

impl Error for MissingRight {}

impl fmt::Display for MissingRight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why the API server did not do what it was asked to do.
#[derive(Debug)]
pub enum Failure {
    /// There is no such object.
    NotFound,
    /// Somebody else changed the object in between.
    Conflict,
    /// Anything else.
    Other(anyhow::Error),
}

impl Cluster {
    /// Connects as kubectl would, or as a pod in the cluster where there is no kubeconfig.
    pub fn connect(flags: &Flags) -> anyhow::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build().context("the network cannot be used")?;
        let client = runtime.block_on(async {
            let config = config(flags).await?;
            let command = config.auth_info.exec.as_ref().and_then(|exec| exec.command.clone());
            Client::try_from(config).map_err(|cause| match not_logged_in(&cause) {
                Some(problem) => anyhow!("the kubeconfig's command {} {problem}", Shown(&command.unwrap_or_default())),
                None => anyhow::Error::new(cause).context("no client can be made of the kubeconfig"),
            })
        })?;
        Ok(Self { runtime, client })
    }

    /// The namespace of the kubeconfig's context, or of the pod.
    pub fn default_namespace(&self) -> &str {
        self.client.default_namespace()
    }

    /// Sends a request; `doing` says what for, for an error: `list pods in all namespaces`.
    pub fn send(
        &self,
        doing: &str,
        request: Result<http::Request<Vec<u8>>, request::Error>,
    ) -> Result<Vec<u8>, Failure> {
        let send = async {
            let request = request.map_err(|cause| Failure::Other(anyhow!("cannot {doing}: {cause}")))?;
            let failed = |cause: kube::Error| failure(doing, &cause);
            let response = self.client.send(request.map(Body::from)).await.map_err(failed)?;
            let status = response.status();
            let bytes = response.into_body().collect_bytes().await;
            let bytes = bytes.map_err(failed)?.to_vec();
            if status.is_success() { Ok(bytes) } else { Err(refusal(doing, status.as_u16(), &bytes)) }
        };
        self.runtime.block_on(send)
    }

    /// Gets what is at a path.
    pub fn get(&self, doing: &str, path: &str, name: &str) -> Result<Vec<u8>, Failure> {
        self.send(doing, Request::new(path).get(name, &kube::api::GetParams::default()))
    }
}

async fn config(flags: &Flags) -> anyhow::Result<Config> {
    let options = KubeConfigOptions { context: flags.context.clone(), ..KubeConfigOptions::default() };
    if let Some(path) = &flags.kubeconfig {
        let kubeconfig = Kubeconfig::read_from(path).with_context(|| path.display().to_string())?;
        return Config::from_custom_kubeconfig(kubeconfig, &options).await.with_context(|| path.display().to_string());
    }
    match listed().context("$KUBECONFIG cannot be used")? {
        Some(kubeconfig) => {
            Config::from_custom_kubeconfig(kubeconfig, &options).await.context("$KUBECONFIG cannot be used")
        }
        None if flags.context.is_some() => {
            Config::from_kubeconfig(&options).await.context("the kubeconfig cannot be used")
        }
        None => Config::infer().await.map_err(|error| no_cluster(&error)),
    }
}

/// The files of $KUBECONFIG as one. As with kubectl, those that are not there are left out.
fn listed() -> anyhow::Result<Option<Kubeconfig>> {
    let paths = env::var_os("KUBECONFIG").unwrap_or_default();
    let mut there = env::split_paths(&paths).filter(|path| path.exists());
    let Some(first) = there.next() else { return Ok(None) };
    let merged =
        there.try_fold(Kubeconfig::read_from(first)?, |merged, path| merged.merge(Kubeconfig::read_from(path)?));
    Ok(Some(merged?))
}

/// What the command that the kubeconfig logs in with did wrong. What it printed is left out: that may be a token.
fn not_logged_in(cause: &(dyn Error + 'static)) -> Option<String> {
    match Chain::new(cause).find_map(|cause| cause.downcast_ref())? {
        AuthError::AuthExecRun { status, .. } => Some(format!("failed with {status}")),
        AuthError::AuthExecParse(_) => Some("did not print credentials that can be read".to_owned()),
        _ => None,
    }
}

/// There is neither a kubeconfig nor a pod's service account. Whoever is not in a pod wants to hear of the kubeconfig.
fn no_cluster(error: &dyn Error) -> anyhow::Error {
    let cause = error.source().unwrap_or(error).to_string();
    anyhow!("there is no cluster to ask ({cause}): give --settings and files, or a kubeconfig with --kubeconfig")
}

/// A request that got no answer.
fn failure(doing: &str, cause: &kube::Error) -> Failure {
    if let Some(problem) = not_logged_in(cause) {
        return Failure::Other(anyhow!("cannot {doing}: the command that the kubeconfig logs in with {problem}"));
    }
    let last = Chain::new(cause).last();
    let cause = escaped(&last.map_or_else(|| "no cause was given".to_owned(), ToString::to_string), CAUSE_LENGTH_MAX);
    Failure::Other(anyhow!("cannot {doing}: {cause}: is the cluster of your kubeconfig reachable?"))
}

/// An answer that is not what was asked for.
fn refusal(doing: &str, code: u16, body: &[u8]) -> Failure {
    let status: Option<Status> = serde_json::from_slice(body).ok();
    let message = status.map(|status| status.message).filter(|message| !message.is_empty());
    if let Some(message) = message.as_deref().filter(|message| message.starts_with(WEBHOOK)) {
        let lines: Vec<String> = message.lines().take(LINES_MAX).map(|line| escaped(line, CAUSE_LENGTH_MAX)).collect();
        return Failure::Other(anyhow!("cannot {doing}: {}", lines.join("\n")));
    }
    let message = escaped(&message.unwrap_or_else(|| "no cause was given".to_owned()), CAUSE_LENGTH_MAX);
    match code {
        404 => Failure::NotFound,
        409 => Failure::Conflict,
        401 => Failure::Other(anyhow!("cannot {doing}: the API server does not know you ({message}): log in again")),
        403 => {
            let problem = format!("cannot {doing}: the right is missing ({message}): ask an admin for it");
            Failure::Other(MissingRight(problem).into())
        }
        code => Failure::Other(anyhow!("cannot {doing}: the API server answered {code} ({message})")),
    }
}

impl Failure {
    /// The error, for callers that do not handle a missing or a changed object themselves.
    pub fn into_error(self, doing: &str) -> anyhow::Error {
        match self {
            Self::NotFound => anyhow!("cannot {doing}: it is not there"),
            Self::Conflict => anyhow!("cannot {doing}: somebody else changed it in between: try again"),
            Self::Other(error) => error,
        }
    }
}
