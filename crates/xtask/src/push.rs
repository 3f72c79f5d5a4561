//! `push`: publishes the policy as an OCI artifact, with the manifest that kwctl would write.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, bail};
use engine::metadata::{Metadata, annotation};
use engine::registry::{Connection, TRANSFER_TIMEOUT, parse_reference};
use oci_client::annotations::ORG_OPENCONTAINERS_IMAGE_SOURCE;
use oci_client::client::{Config, ImageLayer};
use oci_client::manifest::{OciImageManifest, WASM_CONFIG_MEDIA_TYPE, WASM_LAYER_MEDIA_TYPE};

use crate::files;

/// What tells a stranger in the registry what the artifact is, who made it and how it may be used.
const REQUIRED: [&str; 8] = [
    annotation::TITLE,
    annotation::VERSION,
    annotation::DESCRIPTION,
    annotation::AUTHOR,
    annotation::URL,
    annotation::OCI_URL,
    annotation::SOURCE,
    annotation::LICENSE,
];

/// Pushes an annotated policy to an OCI registry, with the login that `docker login` has left
#[derive(clap::Args)]
pub struct Args {
    /// Reach the registry over HTTP; a registry on loopback always is
    #[arg(long)]
    plain_http: bool,
    /// Path of the policy's wasm, annotated
    #[arg(value_name = "POLICY")]
    policy: PathBuf,
    /// Where to: registry/path:tag
    #[arg(value_name = "URI")]
    uri: String,
}

/// Runs the command.
pub fn push(args: &Args) -> anyhow::Result<()> {
    let wasm = files::bytes(&args.policy, "policy")?;
    let Some(metadata) = Metadata::from_wasm(&wasm)? else {
        bail!("{} is not annotated: run \"cargo xtask annotate\" first", args.policy.display());
    };
    let annotations = artifact_annotations(metadata.annotations)
        .with_context(|| format!("Cannot publish {}", args.policy.display()))?;
    let reference = parse_reference(&args.uri)?;
    if reference.digest().is_some() {
        bail!("{:?} has a digest, which follows from what is pushed: write registry/path:tag", args.uri);
    }

    let connection = Connection::open(reference, args.plain_http)?;
    let digest = publish(&connection, wasm, annotations)?;
    println!("Policy successfully pushed: {}", connection.immutable(&digest));
    Ok(())
}

/// The annotations of the manifest: those of a single line, as the OCI's rules for annotations have it.
fn artifact_annotations(of_policy: BTreeMap<String, String>) -> anyhow::Result<BTreeMap<String, String>> {
    let problems: Vec<String> = REQUIRED
        .into_iter()
        .filter_map(|name| annotation_problem(of_policy.get(name)).map(|problem| format!("{name} {problem}")))
        .collect();
    if !problems.is_empty() {
        bail!(
            "its annotations are not complete:\n{}\nwrite them in metadata.yml and annotate the policy again",
            problems.join("\n")
        );
    }

    let mut annotations: BTreeMap<String, String> = of_policy
        .into_iter()
        .filter(|(_, text)| is_single_line(text))
        .map(|(name, text)| (name, text.trim().to_owned()))
        .collect();
    if let Some(source) = annotations.get(annotation::SOURCE).cloned() {
        annotations.entry(ORG_OPENCONTAINERS_IMAGE_SOURCE.to_owned()).or_insert(source);
    }
    Ok(annotations)
}

fn annotation_problem(text: Option<&String>) -> Option<&'static str> {
    match text.map(String::as_str) {
        None => Some("is missing"),
        Some(text) if text.trim().is_empty() => Some("is empty"),
        Some(text) if !is_single_line(text) => Some("has more than one line"),
        Some(_) => None,
    }
}

fn is_single_line(text: &str) -> bool {
    text.lines().count() <= 1
}

/// Pushes the artifact and asks the registry for the digest that the tag now has.
fn publish(connection: &Connection, wasm: Vec<u8>, annotations: BTreeMap<String, String>) -> anyhow::Result<String> {
    let layers = [ImageLayer::new(wasm, WASM_LAYER_MEDIA_TYPE.to_owned(), None)];
    let config = Config::new(&b"{}"[..], WASM_CONFIG_MEDIA_TYPE.to_owned(), None);
    let manifest = OciImageManifest::build(&layers, &config, Some(annotations));

    let (client, reference, auth) = (connection.client(), connection.reference(), connection.auth());
    let pushed = async {
        client.push(reference, &layers, config, auth, Some(manifest)).await?;
        client.fetch_manifest_digest(reference, auth).await
    };
    connection.wait(TRANSFER_TIMEOUT, pushed).map_err(|failure| connection.explain(&failure))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complete() -> BTreeMap<String, String> {
        REQUIRED.iter().map(|name| ((*name).to_owned(), format!("the {name}"))).collect()
    }

    #[test]
    fn keeps_annotations_of_a_single_line() {
        let mut of_policy = complete();
        of_policy.insert(annotation::USAGE.to_owned(), "# Usage\n\nRead this.\n".to_owned());
        of_policy.insert(annotation::DESCRIPTION.to_owned(), " ends with a line end\n".to_owned());
        let mut expected = complete();
        expected.insert(annotation::DESCRIPTION.to_owned(), "ends with a line end".to_owned());
        expected.insert("org.opencontainers.image.source".to_owned(), "the io.kubewarden.policy.source".to_owned());
        assert_eq!(artifact_annotations(of_policy).unwrap(), expected);
    }

    #[test]
    fn keeps_the_source_that_is_given_for_the_artifact() {
        let mut of_policy = complete();
        of_policy.insert(ORG_OPENCONTAINERS_IMAGE_SOURCE.to_owned(), "https://a.example".to_owned());
        let annotations = artifact_annotations(of_policy).unwrap();
        assert_eq!(annotations[ORG_OPENCONTAINERS_IMAGE_SOURCE], "https://a.example");
    }

    #[test]
    fn rejects_every_annotation_that_would_be_missing() {
        let mut of_policy = complete();
        of_policy.remove(annotation::SOURCE);
        of_policy.insert(annotation::TITLE.to_owned(), " ".to_owned());
        of_policy.insert(annotation::DESCRIPTION.to_owned(), "two\nlines".to_owned());
        assert_eq!(
            artifact_annotations(of_policy).unwrap_err().to_string(),
            "its annotations are not complete:\n\
             io.kubewarden.policy.title is empty\n\
             io.kubewarden.policy.description has more than one line\n\
             io.kubewarden.policy.source is missing\n\
             write them in metadata.yml and annotate the policy again"
        );
    }
}
