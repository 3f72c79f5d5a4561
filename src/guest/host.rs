//! The host as the source of facts: what it is asked, and how its answers are read.
//!
//! An answer is walked as unparsed JSON, because a registry writes most of it and chooses its size.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::RawValue;
use wapc_guest::prelude::host_call;

use super::{cause, clock};
use crate::{
    facts::{CLAIM_LENGTH_MAX, Claim, ConfigMap, DIGEST_LENGTH_MAX, Facts, ImageDescription, LAYERS_MAX, Unavailable},
    json,
    unmet::{CREATED, LICENSES, SOURCE},
};

/// The most bytes of JSON that a byte of a string takes: `\u0041`.
const ESCAPE_LENGTH: usize = 6;

/// The host.
pub(super) struct Host;

impl Facts for Host {
    fn now(&self) -> i64 {
        clock::now()
    }

    fn allow_list_entry(&self, config_map: &ConfigMap<'_>, namespace: &str) -> Result<Option<String>, Unavailable> {
        let request = GetConfigMap {
            api_version: "v1",
            kind: "ConfigMap",
            name: config_map.name,
            namespace: config_map.namespace,
            // The host keeps an answer for 5 seconds.
            disable_cache: false,
            field_masks: [&format!("data.{namespace}")],
        };
        let answer = ask("kubernetes", "get_resource", &request)?;
        let [data] = json::fields(&answer, ["data"]).map_err(|_| Unavailable::Unreadable)?;
        let entry =
            data.map(|data| json::at(data, &[namespace])).transpose().map_err(|_| Unavailable::Unreadable)?.flatten();
        entry.map(|entry| string(entry).ok_or(Unavailable::Unreadable)).transpose()
    }

    fn image(&self, reference: &str) -> Result<ImageDescription, Unavailable> {
        let answer = ask("oci", "v1/oci_manifest_config", reference)?;
        let [manifest, config, digest] =
            json::fields(&answer, ["manifest", "config", "digest"]).map_err(|_| Unavailable::Unreadable)?;
        let [annotations] = fields(manifest, ["annotations"]);
        let [created, config, rootfs] = fields(config, ["created", "config", "rootfs"]);
        let [labels] = fields(config, ["Labels"]);
        let [licenses, source] = fields(labels, [LICENSES, SOURCE]).map(claim);
        let [annotated_licenses, annotated_source, annotated_created] =
            fields(annotations, [LICENSES, SOURCE, CREATED]).map(claim);
        let [diff_ids] = fields(rootfs, ["diff_ids"]);
        Ok(ImageDescription {
            digest: digest.and_then(digest_of),
            licenses: licenses.or(annotated_licenses),
            source: source.or(annotated_source),
            created: claim(created),
            annotated_created,
            diff_ids: diff_ids.and_then(layers),
        })
    }
}

/// The named fields of a part of an answer. A part that is not an object has none: what is missing then is judged
/// where somebody needs it.
fn fields<'a, const N: usize>(part: Option<&'a RawValue>, names: [&str; N]) -> [Option<&'a RawValue>; N] {
    part.and_then(|part| json::fields(part.get().as_bytes(), names).ok()).unwrap_or([None; N])
}

/// The request of `kubernetes/get_resource`; the SDK's type needs memory for each of its strings.
#[derive(Serialize)]
struct GetConfigMap<'r> {
    api_version: &'r str,
    kind: &'r str,
    name: &'r str,
    namespace: &'r str,
    disable_cache: bool,
    field_masks: [&'r str; 1],
}

/// Calls a capability of the host.
fn ask<T: Serialize + ?Sized>(namespace: &str, operation: &str, request: &T) -> Result<Vec<u8>, Unavailable> {
    let request = serde_json::to_vec(request).map_err(|cause| Unavailable::Other(cause.to_string()))?;
    host_call("kubewarden", namespace, operation, &request).map_err(|error| cause::of(&error.to_string()))
}

fn string(json: &RawValue) -> Option<String> {
    json::string(json).map(Cow::into_owned)
}

/// What an image says of itself. An empty string says nothing.
fn claim(json: Option<&RawValue>) -> Claim {
    match json {
        None => Claim::Missing,
        // Too long however it is written, so it is not unescaped for that.
        Some(json) if json.get().len() > ESCAPE_LENGTH * CLAIM_LENGTH_MAX => Claim::Unreadable,
        Some(json) => string(json).map_or(Claim::Unreadable, Claim::of),
    }
}

fn digest_of(json: &RawValue) -> Option<String> {
    string(json).filter(|digest| digest.len() <= DIGEST_LENGTH_MAX)
}

/// The digests of an image's layers.
fn layers(list: &RawValue) -> Option<Vec<String>> {
    let mut layers = Vec::new();
    json::each_element(list, &mut |layer| {
        let digest = digest_of(layer).filter(|_| layers.len() < LAYERS_MAX);
        layers.push(digest.ok_or("expected a digest")?);
        Ok(())
    })
    .ok()?;
    Some(layers)
}
