//! Which host capabilities a wasm seems to use, judged by the names in its data.

use std::collections::BTreeSet;

use anyhow::Context;
use wasmparser::{Parser, Payload};

/// Every operation that PolicyServer offers, by namespace.
const KNOWN: &[(&str, &[&str])] = &[
    ("crypto", &["v1/is_certificate_trusted"]),
    ("kubernetes", &["can_i", "get_resource", "list_resources_all", "list_resources_by_namespace"]),
    ("net", &["v1/dns_lookup_host"]),
    ("oci", &["v1/manifest_digest", "v1/oci_manifest", "v1/oci_manifest_config", "v1/verify", "v2/verify"]),
];

/// The capabilities whose namespace and operation both stand in the data of the wasm, as `namespace/operation`.
///
/// A guess, as kwctl's is: the compiler may split a name, and any text may hold one.
pub fn used_by(wasm: &[u8]) -> anyhow::Result<BTreeSet<String>> {
    let data = data_segments(wasm)?;
    let mut used = BTreeSet::new();
    for (namespace, operations) in KNOWN {
        if find(&data, namespace).next().is_none() {
            continue;
        }
        let present = operations.iter().filter(|operation| stands_alone(&data, operation, operations));
        used.extend(present.map(|operation| format!("{namespace}/{operation}")));
    }
    Ok(used)
}

fn data_segments(wasm: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut data = Vec::new();
    for payload in Parser::new(0).parse_all(wasm) {
        let Payload::DataSection(segments) = payload.context("Cannot parse the wasm")? else { continue };
        for segment in segments {
            data.extend_from_slice(segment.context("Cannot parse the wasm's data")?.data);
            // No name has this byte, so that none is found across two segments.
            data.push(0xFF);
        }
    }
    Ok(data)
}

/// Whether the operation occurs other than as the start of a longer one: the compiler puts texts side by side
/// without a separator, and `v1/oci_manifest_config` begins with `v1/oci_manifest`.
fn stands_alone(data: &[u8], operation: &str, siblings: &[&str]) -> bool {
    let longer = |rest: &[u8]| {
        siblings.iter().any(|sibling| {
            sibling.len() > operation.len() && sibling.starts_with(operation) && rest.starts_with(sibling.as_bytes())
        })
    };
    find(data, operation).any(|rest| !longer(rest))
}

/// The rests of the data that begin with `text`.
fn find<'a>(data: &'a [u8], text: &'a str) -> impl Iterator<Item = &'a [u8]> {
    (0..data.len()).map(|start| &data[start..]).filter(|rest| rest.starts_with(text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use wasm_encoder::{ConstExpr, DataSection, MemorySection, MemoryType, Module};

    use super::*;

    fn wasm_with(segments: &[&str]) -> Vec<u8> {
        let mut memories = MemorySection::new();
        memories.memory(MemoryType { minimum: 1, maximum: None, memory64: false, shared: false, page_size_log2: None });
        let mut data = DataSection::new();
        for segment in segments {
            data.active(0, &ConstExpr::i32_const(0), segment.bytes());
        }
        let mut module = Module::new();
        module.section(&memories).section(&data);
        module.finish()
    }

    #[test]
    fn finds_the_operations_of_the_namespaces_that_are_named() {
        const CASES: &[(&[&str], &[&str])] = &[
            (&["hello"], &[]),
            (&["kubewarden"], &[]),
            (&["can_i"], &[]),
            (&["kubernetescan_i"], &["kubernetes/can_i"]),
            (&["kubernetes", "get_", "resource"], &[]),
            (&["ociv1/oci_manifest_config"], &["oci/v1/oci_manifest_config"]),
            (&["ociv1/oci_manifest"], &["oci/v1/oci_manifest"]),
            (&["oci", "v1/oci_manifest_configv1/oci_manifest"], &["oci/v1/oci_manifest", "oci/v1/oci_manifest_config"]),
        ];
        for (segments, expected) in CASES {
            let used = used_by(&wasm_with(segments)).unwrap();
            assert!(used.iter().eq(expected.iter()), "{segments:?}: {used:?}");
        }
    }

    #[test]
    fn rejects_what_is_no_wasm() {
        let error = used_by(b"not a wasm").unwrap_err();
        assert_eq!(error.to_string(), "Cannot parse the wasm");
    }
}
