//! What `report` and `diff` cost on a large cluster, read from a file: `cargo bench --package enforcer`.
//!
//! Every tenth pod runs an image that needs an exception. The memory is the largest that Linux counted for the process;
//! it is read every few milliseconds, so that the last moments may be missing.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

const PODS: usize = 50_000;
const NAMESPACES: usize = 4_000;
/// Each command is measured as often; the slowest counts.
const RUNS: usize = 5;
const PAUSE: Duration = Duration::from_millis(5);

const OLD: &str = "registry_prefixes: [docker-registry.tools.wmflabs.org]\nallowed_namespaces: [\"tool-*\"]\nsunset_date: 2999-12-31\n";
/// Half of the namespaces lose their exceptions.
const NEW: &str = "registry_prefixes: [docker-registry.tools.wmflabs.org]\nallowed_namespaces: [\"tool-1*\", \"tool-2*\"]\nsunset_date: 2998-12-31\n";

fn main() -> io::Result<()> {
    // `cargo test` runs benchmarks, too, and means another thing by that.
    if !std::env::args().any(|argument| argument == "--bench") {
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    fs::write(folder.path().join("old.yaml"), OLD)?;
    fs::write(folder.path().join("new.yaml"), NEW)?;
    let cluster = folder.path().join("cluster.json");
    write_cluster(&cluster)?;
    println!("{PODS} pods in {NAMESPACES} namespaces, {} MB", fs::metadata(&cluster)?.len() / 1_000_000);
    println!("| command | time, s | memory, MB |\n| --- | ---: | ---: |");
    for arguments in ["report --settings old.yaml cluster.json", "diff old.yaml new.yaml cluster.json"] {
        let mut worst = Measured { time: Duration::ZERO, memory: 0 };
        for _ in 0..RUNS {
            let Measured { time, memory } = measure(arguments, folder.path())?;
            worst = Measured { time: worst.time.max(time), memory: worst.memory.max(memory) };
        }
        println!("| `enforcer {arguments}` | {:.1} | {} |", worst.time.as_secs_f64(), worst.memory / 1_000_000);
    }
    Ok(())
}

struct Measured {
    time: Duration,
    /// In bytes.
    memory: usize,
}

fn measure(arguments: &str, folder: &Path) -> io::Result<Measured> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_enforcer"));
    command.args(arguments.split_whitespace()).current_dir(folder).stdout(Stdio::null()).stderr(Stdio::null());
    let start = Instant::now();
    let mut child = command.spawn()?;
    let mut memory = 0;
    let status = loop {
        memory = memory.max(largest_memory(child.id()).unwrap_or_default());
        match child.try_wait()? {
            Some(status) => break status,
            None => thread::sleep(PAUSE),
        }
    };
    let time = start.elapsed();
    // 1 is what diff says of workloads that are newly refused.
    if !matches!(status.code(), Some(0 | 1)) {
        return Err(io::Error::other(format!("enforcer {arguments} ends with {status}")));
    }
    Ok(Measured { time, memory })
}

/// The largest memory of a process so far (proc_pid_status(5), VmHWM).
fn largest_memory(process: u32) -> Option<usize> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let kibibytes = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.trim().strip_suffix(" kB")?;
    Some(kibibytes.trim().parse::<usize>().ok()? * 1024)
}

/// A file as `kubectl get pods --all-namespaces --output json` prints it.
fn write_cluster(path: &Path) -> io::Result<()> {
    let mut out = BufWriter::new(File::create(path)?);
    write!(out, "{{\n\"apiVersion\": \"v1\",\n\"items\": [")?;
    for index in 0..PODS {
        let comma = if index == 0 { "" } else { "," };
        write!(out, "{comma}\n{:#}", pod(index, index % NAMESPACES))?;
    }
    writeln!(out, "\n],\n\"kind\": \"List\"\n}}")?;
    out.flush()
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
