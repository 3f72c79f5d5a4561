//! A connection to the registry of one artifact or image, with its login and its time limit.

use std::error::Error;
use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use docker_credential::DockerCredential;
use oci_client::client::{ClientConfig, ClientProtocol};
use oci_client::errors::{OciDistributionError, OciEnvelope, OciErrorCode};
use oci_client::secrets::RegistryAuth;
use oci_client::{Client, Reference};
use tokio::runtime::{Builder, Runtime};

/// How long a registry may take to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a push or a pull of a policy may take.
pub const TRANSFER_TIMEOUT: Duration = Duration::from_secs(300);

/// A client of the registry that holds one artifact or image.
pub struct Connection {
    reference: Reference,
    login: Login,
    protocol: ClientProtocol,
    client: Client,
    runtime: Runtime,
}

/// What the Docker config has for a registry.
struct Login {
    auth: RegistryAuth,
    /// Who the registry sees, for the message of a refusal.
    who: String,
}

/// Why there is no answer.
#[derive(Debug)]
pub enum Failure {
    /// The registry or the way to it failed.
    Registry(OciDistributionError),
    /// The time was up.
    TimedOut(Duration),
}

impl Connection {
    /// Prepares for the registry of `reference`: over HTTP if it is on loopback or `plain_http` asks for that.
    ///
    /// Nothing is sent yet.
    pub fn open(reference: Reference, plain_http: bool) -> anyhow::Result<Self> {
        // There is one for the process; a second call leaves it as it is.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let loopback = is_loopback(reference.registry());
        let protocol = if loopback || plain_http { ClientProtocol::Http } else { ClientProtocol::Https };
        let mut config = ClientConfig {
            protocol: protocol.clone(),
            connect_timeout: Some(CONNECT_TIMEOUT),
            ..ClientConfig::default()
        };
        if loopback {
            // Nothing on loopback is behind a proxy, whatever HTTP_PROXY says. The client has no switch for that:
            // a proxy that loopback does not use stands in for the one of the environment.
            config.http_proxy = Some("http://proxy.invalid".to_owned());
            config.no_proxy = Some("localhost,127.0.0.0/8".to_owned());
        }
        Ok(Self {
            login: Login::of(reference.registry()),
            client: Client::try_from(config).context("Cannot set up the client for registries")?,
            runtime: Builder::new_current_thread().enable_all().build()?,
            protocol,
            reference,
        })
    }

    /// What the connection is for.
    pub fn reference(&self) -> &Reference {
        &self.reference
    }

    /// The login that the Docker config has for the registry.
    pub fn auth(&self) -> &RegistryAuth {
        &self.login.auth
    }

    /// The client, whose calls are to be awaited with [`Self::wait`].
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The reference by digest, which names the same content for good.
    pub fn immutable(&self, digest: &str) -> String {
        format!("{}/{}@{digest}", self.reference.registry(), self.reference.repository())
    }

    /// Waits for `call`, but no longer than `limit`.
    pub fn wait<T>(
        &self,
        limit: Duration,
        call: impl Future<Output = Result<T, OciDistributionError>>,
    ) -> Result<T, Failure> {
        let answer = self.runtime.block_on(async { tokio::time::timeout(limit, call).await });
        answer.map_err(|_| Failure::TimedOut(limit))?.map_err(Failure::Registry)
    }

    /// Says what failed and what to do, to whoever pushes or pulls.
    pub fn explain(&self, failure: &Failure) -> anyhow::Error {
        let Self { reference, protocol, .. } = self;
        let registry = reference.registry();
        let error = match failure {
            Failure::TimedOut(_) => return anyhow!("{registry}: {failure}"),
            Failure::Registry(error) => error,
        };
        if let Some(status) = refusal(error) {
            return anyhow!(
                "{registry} refuses {} ({status}): run \"docker login {registry}\" as a user who has access to {}",
                self.login.who,
                reference.repository()
            );
        }
        match error {
            OciDistributionError::RequestError(request) if request.is_connect() => {
                let hint = match protocol {
                    ClientProtocol::Http => "",
                    _ => " (a registry without TLS needs --plain-http)",
                };
                anyhow!("{registry} cannot be reached: {}{hint}", root_cause(request))
            }
            OciDistributionError::RequestError(request) => anyhow!("{registry}: {request}: {}", root_cause(request)),
            OciDistributionError::RegistryError { envelope, .. } if has_code(envelope, is_unknown) => {
                anyhow!("{reference} is not in the registry")
            }
            error => anyhow!("{registry}: {error}"),
        }
    }
}

impl Login {
    fn of(registry: &str) -> Self {
        match docker_credential::get_credential(docker_config_key(registry)) {
            Ok(DockerCredential::UsernamePassword(user, password)) => {
                Self { who: format!("the user {user}"), auth: RegistryAuth::Basic(user, password) }
            }
            Ok(DockerCredential::IdentityToken(_)) => {
                Self::anonymous("the Docker config has an identity token, which cannot be used")
            }
            Err(error) => Self::anonymous(error.to_string().lines().next().unwrap_or_default()),
        }
    }

    /// As in PolicyServer: without a usable login the registry decides whether it needs one.
    fn anonymous(cause: &str) -> Self {
        Self { auth: RegistryAuth::Anonymous, who: format!("anonymous access; no login in the Docker config: {cause}") }
    }
}

/// Docker keeps the login of Docker Hub under the address of its first API.
fn docker_config_key(registry: &str) -> &str {
    match registry {
        "docker.io" => "https://index.docker.io/v1/",
        registry => registry,
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Registry(error) => error.source(),
            Self::TimedOut(_) => None,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Registry(error) => error.fmt(f),
            Self::TimedOut(limit) => write!(f, "operation timed out: no answer within {limit:?}"),
        }
    }
}

/// The HTTP status with which the registry refuses who asks, if this is what it does.
fn refusal(error: &OciDistributionError) -> Option<u16> {
    match error {
        OciDistributionError::UnauthorizedError { .. } => Some(401),
        OciDistributionError::ServerError { code: code @ (401 | 403), .. } => Some(*code),
        OciDistributionError::RegistryError { envelope, .. } => {
            has_code(envelope, |code| matches!(code, OciErrorCode::Unauthorized | OciErrorCode::Denied)).then_some(403)
        }
        _ => None,
    }
}

fn has_code(envelope: &OciEnvelope, is_wanted: fn(&OciErrorCode) -> bool) -> bool {
    envelope.errors.iter().any(|error| is_wanted(&error.code))
}

fn is_unknown(code: &OciErrorCode) -> bool {
    matches!(code, OciErrorCode::ManifestUnknown | OciErrorCode::NameUnknown | OciErrorCode::NotFound)
}

fn root_cause(error: &(dyn Error + 'static)) -> String {
    anyhow::Chain::new(error).last().map(ToString::to_string).unwrap_or_default()
}

/// Reads the reference of a policy as kwctl does, but never takes Docker Hub for granted.
pub fn parse_reference(text: &str) -> anyhow::Result<Reference> {
    let name = text.strip_prefix("registry://").unwrap_or(text);
    let reference = Reference::try_from(name)
        .map_err(|cause| anyhow!("{text:?} is not a reference: {cause}: write registry/path:tag"))?;
    let is_named = ["docker.io/", "index.docker.io/"].iter().any(|hub| name.starts_with(hub));
    if reference.registry() == "docker.io" && !is_named {
        bail!("{text:?} names no registry: write registry/path:tag, for Docker Hub {reference}");
    }
    Ok(reference)
}

fn is_loopback(registry: &str) -> bool {
    let host = registry.split_once(':').map_or(registry, |(host, _port)| host);
    host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_is_reached_over_http() {
        const CASES: &[(&str, bool)] = &[
            ("localhost", true),
            ("localhost:5000", true),
            ("127.0.0.1:5000", true),
            ("127.8.9.1", true),
            ("docker.io", false),
            ("localhost.example:5000", false),
            ("127.0.0.1.example", false),
            ("10.0.0.1:5000", false),
        ];
        for (registry, expected) in CASES {
            assert_eq!(is_loopback(registry), *expected, "{registry}");
        }
    }

    #[test]
    fn reads_a_reference_that_names_its_registry() {
        const CASES: &[(&str, &str)] = &[
            ("ghcr.io/a/policy:v1", "ghcr.io/a/policy:v1"),
            ("registry://ghcr.io/a/policy:v1", "ghcr.io/a/policy:v1"),
            ("localhost:5000/policy", "localhost:5000/policy:latest"),
            ("docker.io/a/policy:v1", "docker.io/a/policy:v1"),
            ("index.docker.io/a/policy:v1", "docker.io/a/policy:v1"),
        ];
        for (text, expected) in CASES {
            assert_eq!(parse_reference(text).unwrap().whole(), *expected, "{text}");
        }
    }

    #[test]
    fn rejects_what_is_no_reference_to_a_registry() {
        const CASES: &[(&str, &str)] = &[
            (
                "https://ghcr.io/a/policy:v1",
                "\"https://ghcr.io/a/policy:v1\" is not a reference: invalid reference format: write registry/path:tag",
            ),
            ("", "\"\" is not a reference: repository name must have at least one component: write registry/path:tag"),
            (
                "ghcr.io/A/policy:v1",
                "\"ghcr.io/A/policy:v1\" is not a reference: invalid reference format: write registry/path:tag",
            ),
            (
                "policy:v1",
                "\"policy:v1\" names no registry: write registry/path:tag, for Docker Hub docker.io/library/policy:v1",
            ),
        ];
        for (text, expected) in CASES {
            assert_eq!(parse_reference(text).unwrap_err().to_string(), *expected, "{text}");
        }
    }
}
