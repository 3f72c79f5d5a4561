//! What a registry says about an image: looked at once, by the reviewer, so that nobody has to ask at admission.

use std::{net::IpAddr, time::Duration};

use anyhow::{Context, anyhow, bail};
use oci_client::{
    Client, Reference,
    client::{ClientConfig, ClientProtocol},
    errors::{OciDistributionError, OciEnvelope, OciErrorCode},
    manifest::OciManifest,
};
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};

use crate::{
    login::{self, Login},
    policy::{CREATED, Claim, DIGEST_LENGTH_MAX, ImageDescription, LAYERS_MAX, LICENSES, SOURCE, Shown},
};

/// A registry that does not answer holds nobody up for longer.
const TIMEOUT: Duration = Duration::from_secs(60);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// More than any image is built for.
const PLATFORMS_MAX: usize = 50;

/// A client for registries.
pub struct Registries {
    runtime: Runtime,
}

/// An image of one platform.
#[derive(Debug)]
pub struct Platform {
    /// `linux/amd64`; empty where the registry does not say.
    pub name: String,
    /// What the registry says about it.
    pub description: ImageDescription,
}

/// An image as it is in its registry now.
#[derive(Debug)]
pub struct Looked {
    /// `quay.io/team/web`.
    pub repository: String,
    /// The digest of what the reference names: an image, or an index of images.
    pub digest: String,
    /// The image of each platform.
    pub platforms: Vec<Platform>,
}

impl Registries {
    /// A client that asks nobody yet.
    pub fn new() -> anyhow::Result<Self> {
        Ok(Self { runtime: Builder::new_current_thread().enable_all().build().context("the network cannot be used")? })
    }

    /// Looks at an image, or at every image of an index.
    pub fn look(&self, image: &str) -> anyhow::Result<Looked> {
        let reference: Reference =
            image.parse().map_err(|cause| anyhow!("{} is not an image: {cause}", Shown(image)))?;
        let look = tokio_timeout(TIMEOUT, look(&reference));
        self.runtime.block_on(look).with_context(|| format!("{} cannot be looked at", Shown(image)))
    }
}

async fn tokio_timeout<T>(limit: Duration, call: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::time::timeout(limit, call).await.unwrap_or_else(|_| bail!("its registry did not answer in time"))
}

async fn look(reference: &Reference) -> anyhow::Result<Looked> {
    let login = login::of(reference.registry());
    look_as(&login, reference).await.map_err(|cause| match (problem(&cause), login.missing) {
        (Problem::NotFound, _) => anyhow!("not found"),
        (Problem::NotAllowed, Some(missing)) => anyhow!("{cause:#} ({missing})"),
        _ => cause,
    })
}

/// What an error of a registry is about.
enum Problem {
    NotFound,
    NotAllowed,
    Other,
}

fn problem(cause: &anyhow::Error) -> Problem {
    use OciErrorCode::{Denied, ManifestUnknown, NameUnknown, NotFound, Unauthorized};
    let has = |envelope: &OciEnvelope, codes: &[OciErrorCode]| {
        envelope.errors.iter().any(|error| codes.contains(&error.code))
    };
    match cause.downcast_ref() {
        Some(OciDistributionError::RegistryError { envelope, .. }) => {
            if has(envelope, &[ManifestUnknown, NameUnknown, NotFound]) {
                Problem::NotFound
            } else if has(envelope, &[Unauthorized, Denied]) {
                Problem::NotAllowed
            } else {
                Problem::Other
            }
        }
        Some(
            OciDistributionError::ImageManifestNotFoundError(_) | OciDistributionError::ServerError { code: 404, .. },
        ) => Problem::NotFound,
        Some(
            OciDistributionError::UnauthorizedError { .. }
            | OciDistributionError::AuthenticationFailure(_)
            | OciDistributionError::ServerError { code: 401 | 403, .. },
        ) => Problem::NotAllowed,
        _ => Problem::Other,
    }
}

async fn look_as(login: &Login, reference: &Reference) -> anyhow::Result<Looked> {
    let client = client(reference.resolve_registry());
    let (manifest, digest) = client.pull_manifest(reference, &login.auth).await?;
    let repository = format!("{}/{}", reference.registry(), reference.repository());
    let of = |digest: &str| {
        Reference::with_digest(reference.registry().into(), reference.repository().into(), digest.into())
    };
    let index = match manifest {
        OciManifest::Image(_) => {
            let platforms = vec![platform(&client, login, &of(&digest)).await?];
            return Ok(Looked { repository, digest, platforms });
        }
        OciManifest::ImageIndex(index) => index,
    };
    // Builders add an "image" of platform unknown/unknown to an index, which holds attestations and cannot run.
    let runs = index
        .manifests
        .iter()
        .filter(|entry| entry.platform.as_ref().is_none_or(|platform| platform.os.to_string() != "unknown"));
    let entries: Vec<_> = runs.collect();
    if entries.is_empty() || entries.len() > PLATFORMS_MAX {
        bail!("its index has {} images: name one of them by its digest", entries.len());
    }
    let mut platforms = Vec::new();
    for entry in entries {
        let missing = |cause| match problem(&cause) {
            Problem::NotFound => anyhow!("its index names {}, which is not there", entry.digest),
            _ => cause,
        };
        platforms.push(platform(&client, login, &of(&entry.digest)).await.map_err(missing)?);
    }
    Ok(Looked { repository, digest, platforms })
}

async fn platform(client: &Client, login: &Login, reference: &Reference) -> anyhow::Result<Platform> {
    let (manifest, digest, config) = client.pull_manifest_and_config(reference, &login.auth).await?;
    let config: Value = serde_json::from_str(&config).context("its configuration is not JSON")?;
    let annotation = |name: &str| {
        let annotation = manifest.annotations.as_ref().and_then(|annotations| annotations.get(name));
        annotation.map_or(Claim::Missing, Claim::of)
    };
    let label = |name: &str| claim(&config["config"]["Labels"][name]).or(annotation(name));
    let layers = config["rootfs"]["diff_ids"].as_array().filter(|layers| layers.len() <= LAYERS_MAX);
    let digest_of = |layer: &Value| layer.as_str().filter(|it| it.len() <= DIGEST_LENGTH_MAX).map(str::to_owned);
    let layers = layers.and_then(|layers| layers.iter().map(digest_of).collect());
    let name = [&config["os"], &config["architecture"]].map(|part| part.as_str().unwrap_or_default()).join("/");
    let description = ImageDescription {
        digest: Some(digest),
        licenses: label(LICENSES),
        source: label(SOURCE),
        created: claim(&config["created"]),
        annotated_created: annotation(CREATED),
        diff_ids: layers,
    };
    Ok(Platform { name, description })
}

fn claim(value: &Value) -> Claim {
    match value {
        Value::Null => Claim::Missing,
        Value::String(text) => Claim::of(text),
        _ => Claim::Unreadable,
    }
}

/// A client that speaks TLS, but with a registry on the loopback interface, as Docker does.
fn client(registry: &str) -> Client {
    let host = registry.rsplit_once(':').map_or(registry, |(host, _)| host);
    let is_loopback = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    let protocol = if is_loopback { ClientProtocol::Http } else { ClientProtocol::Https };
    let timeouts = (Some(TIMEOUT), Some(CONNECT_TIMEOUT));
    Client::new(ClientConfig {
        protocol,
        read_timeout: timeouts.0,
        connect_timeout: timeouts.1,
        ..ClientConfig::default()
    })
}
