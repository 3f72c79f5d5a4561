//! `pull`: reads a published policy back.

use std::path::PathBuf;

use anyhow::{Context, bail};
use oci_client::manifest::{OciDescriptor, WASM_LAYER_MEDIA_TYPE};

use crate::registry::{Connection, TRANSFER_TIMEOUT, parse_reference};

/// Pulls a policy from an OCI registry and verifies its digest
#[derive(clap::Args)]
pub struct Args {
    /// Reach the registry over HTTP; a registry on loopback always is
    #[arg(long)]
    plain_http: bool,
    /// Output file
    #[arg(short, long, value_name = "PATH")]
    output_path: PathBuf,
    /// Where from: registry/path:tag or registry/path@digest
    #[arg(value_name = "URI")]
    uri: String,
}

/// Runs the command.
pub fn pull(args: &Args) -> anyhow::Result<()> {
    let connection = Connection::open(parse_reference(&args.uri)?, args.plain_http)?;
    let (wasm, digest) = fetch(&connection)?;
    std::fs::write(&args.output_path, wasm).with_context(|| format!("Cannot write {}", args.output_path.display()))?;
    println!("Policy successfully pulled: {}", connection.immutable(&digest));
    Ok(())
}

/// The wasm and the manifest's digest; the client verifies what it gets against both digests.
fn fetch(connection: &Connection) -> anyhow::Result<(Vec<u8>, String)> {
    let (client, reference) = (connection.client(), connection.reference());
    let (manifest, digest) = connection
        .wait(TRANSFER_TIMEOUT, client.pull_image_manifest(reference, connection.auth()))
        .map_err(|failure| connection.explain(&failure))?;

    let layer = policy_layer(&manifest.layers).with_context(|| format!("{reference} is not a policy"))?;
    let mut wasm = Vec::new();
    connection
        .wait(TRANSFER_TIMEOUT, client.pull_blob(reference, layer, &mut wasm))
        .map_err(|failure| connection.explain(&failure))?;
    Ok((wasm, digest))
}

fn policy_layer(layers: &[OciDescriptor]) -> anyhow::Result<&OciDescriptor> {
    match layers {
        [layer] if layer.media_type == WASM_LAYER_MEDIA_TYPE => Ok(layer),
        [layer] => bail!("its layer is of type {}, not {WASM_LAYER_MEDIA_TYPE}", layer.media_type),
        _ => bail!("it has {} layers, not one", layers.len()),
    }
}
