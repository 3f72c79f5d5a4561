//! `annotate`: writes the policy's metadata into its wasm.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use engine::metadata::{Metadata, SECTION, annotation};
use engine::policy::Policy;
use wasm_encoder::{CustomSection, Module, RawSection};
use wasmparser::{Parser, Payload};

/// Adds Kubewarden's metadata to a wasm module
#[derive(clap::Args)]
pub struct Args {
    /// File containing the metadata
    #[arg(short, long, value_name = "PATH")]
    metadata_path: PathBuf,
    /// File containing the usage information of the policy
    #[arg(short, long, value_name = "PATH")]
    usage_path: Option<PathBuf>,
    /// Output file
    #[arg(short, long, value_name = "PATH")]
    output_path: PathBuf,
    /// Path to the wasm module to be annotated
    wasm_path: PathBuf,
}

/// Runs the command.
pub fn annotate(args: &Args) -> anyhow::Result<()> {
    let wasm = std::fs::read(&args.wasm_path).with_context(|| format!("Cannot open {}", args.wasm_path.display()))?;
    let mut metadata = Metadata::from_file(&args.metadata_path)?;
    metadata.protocol_version = Some(Policy::load(&wasm)?.protocol_version()?);
    metadata.annotations.insert(annotation::KWCTL.to_owned(), tool());
    if let Some(path) = &args.usage_path {
        metadata.annotations.insert(annotation::USAGE.to_owned(), read_usage(path)?);
    }

    let problems = metadata.problems();
    if !problems.is_empty() {
        bail!("{} is invalid:\n{}", args.metadata_path.display(), problems.join("\n"));
    }

    std::fs::write(&args.output_path, with_metadata(&wasm, &metadata)?)
        .with_context(|| format!("Cannot write {}", args.output_path.display()))
}

/// kwctl leaves its version here; the annotation tells who has written the metadata.
fn tool() -> String {
    concat!("registry-enforcer-policy/", env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION")).to_owned()
}

fn read_usage(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("Cannot open {}", path.display()))
}

/// The module with the metadata in place of what it had, everything else byte by byte as it was.
pub fn with_metadata(wasm: &[u8], metadata: &Metadata) -> anyhow::Result<Vec<u8>> {
    let mut module = Module::new();
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload.context("Cannot parse the wasm")?;
        if matches!(&payload, Payload::CustomSection(section) if section.name() == SECTION) {
            continue;
        }
        if let Some((id, range)) = payload.as_section() {
            module.section(&RawSection { id, data: &wasm[range] });
        }
    }
    let data = serde_json::to_vec(metadata)?;
    module.section(&CustomSection { name: SECTION.into(), data: data.into() });
    Ok(module.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metadata(title: &str) -> Metadata {
        let yaml = format!("rules: []\nmutating: false\nannotations: {{{}: {title}}}", annotation::TITLE);
        yaml_serde::from_str(&yaml).unwrap()
    }

    fn custom_sections(wasm: &[u8]) -> Vec<(String, Vec<u8>)> {
        let sections = Parser::new(0).parse_all(wasm).filter_map(|payload| match payload.unwrap() {
            Payload::CustomSection(section) => Some((section.name().to_owned(), section.data().to_vec())),
            _ => None,
        });
        sections.collect()
    }

    #[test]
    fn replaces_the_section_and_keeps_the_others() {
        let mut module = Module::new();
        module.section(&CustomSection { name: "producers".into(), data: b"rustc".into() });
        let wasm = module.finish();

        let once = with_metadata(&wasm, &metadata("first")).unwrap();
        assert!(once.starts_with(&wasm));
        let twice = with_metadata(&once, &metadata("second")).unwrap();
        let json = r#"{"protocolVersion":null,"rules":[],"annotations":{"io.kubewarden.policy.title":"second"},"mutating":false,"backgroundAudit":true,"executionMode":"kubewarden-wapc","policyType":"kubernetes","contextAwareResources":[]}"#;
        assert_eq!(
            custom_sections(&twice),
            [("producers".to_owned(), b"rustc".to_vec()), (SECTION.to_owned(), json.as_bytes().to_vec())]
        );
        let read = Metadata::from_wasm(&twice).unwrap().unwrap();
        assert_eq!(read.annotations[annotation::TITLE], "second");
        assert!(Metadata::from_wasm(&wasm).unwrap().is_none());
    }
}
