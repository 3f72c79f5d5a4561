//! Prints a cluster of any size as `kubectl get pods -A -o json` would, to measure with:
//! `generate PODS NAMESPACES`. Every tenth pod runs an image that needs an exception.

use std::io::{self, BufWriter, Write};

use serde_json::{Value, json};

fn main() -> io::Result<()> {
    let mut numbers = std::env::args().skip(1).map(|text| text.parse::<usize>());
    let (Some(Ok(pods)), Some(Ok(namespaces))) = (numbers.next(), numbers.next()) else {
        return Err(io::Error::other("write two numbers: generate PODS NAMESPACES"));
    };
    let mut out = BufWriter::new(io::stdout().lock());
    write!(out, "{{\n\"apiVersion\": \"v1\",\n\"items\": [")?;
    for index in 0..pods {
        let comma = if index == 0 { "" } else { "," };
        write!(out, "{comma}\n{:#}", pod(index, index % namespaces.max(1)))?;
    }
    writeln!(out, "\n],\n\"kind\": \"List\"\n}}")
}

/// A pod with about as much in it as one in a cluster, a quarter of them of the same Deployment each.
fn pod(index: usize, namespace: usize) -> Value {
    let registry = if index.is_multiple_of(10) { "quay.io" } else { "docker-registry.tools.wmflabs.org" };
    let deployment = format!("web-{}", index % 4);
    let environment: Vec<Value> = (0..12)
        .map(|number| json!({"name": format!("VARIABLE_{number}"), "value": format!("value {number}")}))
        .collect();
    let conditions = ["Initialized", "Ready", "ContainersReady", "PodScheduled"].map(|name| {
        json!({"type": name, "status": "True", "lastTransitionTime": "2026-09-01T08:00:00Z", "lastProbeTime": null})
    });
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": format!("{deployment}-7c9d6b5f48-{index:06}"),
            "namespace": format!("tool-{namespace}"),
            "labels": {"app": deployment, "pod-template-hash": "7c9d6b5f48"},
            "ownerReferences": [{
                "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": format!("{deployment}-7c9d6b5f48"),
                "controller": true, "uid": "00000000-0000-0000-0000-000000000000"
            }],
        },
        "spec": {
            "containers": [
                {"name": "web", "image": format!("{registry}/tool-{namespace}/web:{}", index % 7), "env": environment},
                {"name": "log", "image": "docker-registry.tools.wmflabs.org/fluentd:1"},
            ],
            "tolerations": [{"effect": "NoExecute", "key": "node.kubernetes.io/not-ready", "operator": "Exists"}],
        },
        "status": {"phase": "Running", "conditions": conditions, "podIP": "192.168.0.1"},
    })
}
