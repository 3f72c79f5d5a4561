//! `make cluster-bench`: what admission costs on a real API server, as ratios to no admission.

use std::path::{Path, PathBuf};

use anyhow::Context;
use cluster_tests::{
    bench::{Measured, Way, measure},
    cluster::Cluster,
    policy::Policy,
    policy_server::Clock,
};

/// How many pods are created each way, one at a time, unless the first argument says otherwise.
const REQUESTS: usize = 300;

const APPROVED: &str = "tools-harbor.wmcloud.org/tool-mix/web:1";
const DATED: &str = "dated.example/tool-mix/web:1";
const FOREIGN: &str = "quay.io/mix/web:1";

/// The first is what the others are compared with.
const WAYS: &[Way] = &[
    Way { name: "no-admission", policy: None, image: APPROVED, is_refused: false },
    Way { name: "admission-policy", policy: Some("admission-policy"), image: APPROVED, is_refused: false },
    Way { name: "accept-all", policy: Some("accept-all"), image: APPROVED, is_refused: false },
    Way { name: "approved", policy: Some("policy"), image: APPROVED, is_refused: false },
    Way { name: "approved-with-conditions", policy: Some("toolforge"), image: APPROVED, is_refused: false },
    Way { name: "dated-approval", policy: Some("policy"), image: DATED, is_refused: false },
    Way { name: "exception-in-settings", policy: Some("policy"), image: FOREIGN, is_refused: false },
    Way { name: "exception-in-config-map", policy: Some("policy"), image: FOREIGN, is_refused: false },
    Way { name: "refused", policy: Some("policy"), image: FOREIGN, is_refused: true },
];

fn main() -> anyhow::Result<()> {
    let requests = std::env::args().nth(1).map_or(Ok(REQUESTS), |number| number.parse()).context("not a number")?;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let repository = folder.join("../..").canonicalize()?;
    let cluster = Cluster::start(&repository, policies(&folder.join("bench"), &repository)?, Clock::Real)?;
    cluster.register()?;
    for way in WAYS {
        cluster.namespace(way.name, way.policy)?;
    }
    let admission_policy = folder.join("bench/admission-policy.yml");
    cluster.kubectl(&["create", "--filename", &admission_policy.to_string_lossy()])?;
    let entry = r#"{"data": {"exception-in-config-map": "2199-12-31"}}"#;
    let patch = ["patch", "configmap", "byoc-allow-list", "--namespace=registry-enforcer", "--type=merge", "--patch"];
    cluster.kubectl(&[&patch[..], &[entry]].concat())?;

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    print(&runtime.block_on(measure(&cluster, WAYS, requests))?);
    Ok(())
}

/// The policies of the bench, each with its wasm.
fn policies(folder: &Path, repository: &Path) -> anyhow::Result<Vec<(Policy, PathBuf)>> {
    let mut policies = Vec::new();
    let deploy = repository.join("deploy");
    for (file, module) in [
        (folder.join("accept-all.yml"), "annotated-accept-all.wasm"),
        (folder.join("policy.yml"), "annotated-policy.wasm"),
        // Its condition is generated.
        (deploy.join("toolforge.yml"), "annotated-policy.wasm"),
    ] {
        policies.extend(Policy::read(&file)?.into_iter().map(|policy| (policy, repository.join(module))));
    }
    Ok(policies)
}

fn print(measured: &[Measured]) {
    let Some(nothing) = measured.first() else { return };
    println!("| way | p50 | p95 | throughput | added to p50, ms |");
    println!("| --- | ---: | ---: | ---: | ---: |");
    for way in measured {
        let ratio = |share| way.quantile(share).as_secs_f64() / nothing.quantile(share).as_secs_f64();
        let throughput = nothing.busy().as_secs_f64() / way.busy().as_secs_f64();
        let added = 1e3 * (way.quantile(0.5).as_secs_f64() - nothing.quantile(0.5).as_secs_f64());
        println!("| {} | {:.2} | {:.2} | {throughput:.2} | {added:.2} |", way.way.name, ratio(0.5), ratio(0.95));
    }
    println!("\nno-admission: p50 {:.2} ms", 1e3 * nothing.quantile(0.5).as_secs_f64());
}
