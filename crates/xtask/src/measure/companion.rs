//! `companion`: what `enforcer report` and `enforcer diff` cost on a large cluster, read from a file.
//!
//! Every tenth pod runs an image that needs an exception. The largest memory and the processor time are what Linux
//! counts for the process; they are read every few milliseconds, so the last moments may be missing. On a machine that
//! does other things, too, the processor time says more than the time that passed.

use std::{
    fs::{self, File},
    io::{BufWriter, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use comfy_table::{CellAlignment, Table, presets};
use serde_json::{Value, json};

const PODS: usize = 50_000;
const NAMESPACES: usize = 4_000;
/// Each command is measured as often; the slowest counts.
const RUNS: usize = 5;
const PAUSE: Duration = Duration::from_millis(5);
const MEGABYTE: u64 = 1_000_000;

const OLD: &str = "registry_prefixes: [docker-registry.tools.wmflabs.org]\nallowed_namespaces: [\"tool-*\"]\nsunset_date: 2999-12-31\n";
/// Other namespaces lose their exceptions, and the exceptions end earlier.
const NEW: &str = "registry_prefixes: [docker-registry.tools.wmflabs.org]\nallowed_namespaces: [\"tool-1*\", \"tool-2*\"]\nsunset_date: 2998-12-31\n";
const COMMANDS: [&str; 2] = ["report --settings old.yaml cluster.json", "diff old.yaml new.yaml cluster.json"];

/// Measures the companion on a cluster of 50,000 pods in 4,000 namespaces
#[derive(clap::Args)]
pub struct Args {
    /// Path of the companion, as `cargo build --release` makes it
    #[arg(value_name = "ENFORCER")]
    enforcer: PathBuf,
    /// The folder for the files
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
}

/// Runs the command.
pub fn companion(args: &Args) -> anyhow::Result<()> {
    let Args { enforcer, folder } = args;
    let enforcer = enforcer.canonicalize().with_context(|| format!("Cannot find {}", enforcer.display()))?;
    fs::create_dir_all(folder).with_context(|| format!("Cannot make the folder {}", folder.display()))?;
    fs::write(folder.join("old.yaml"), OLD)?;
    fs::write(folder.join("new.yaml"), NEW)?;
    let cluster = folder.join("cluster.json");
    write_cluster(&cluster)?;
    println!("{PODS} pods in {NAMESPACES} namespaces, {} MB\n", fs::metadata(&cluster)?.len() / MEGABYTE);
    let mut table = Table::new();
    table.load_preset(presets::ASCII_MARKDOWN).set_header(["command", "time, s", "processor, s", "memory, MB"]);
    for arguments in COMMANDS {
        let mut worst = Measured::default();
        for _ in 0..RUNS {
            worst = worst.max(measure(&enforcer, arguments, folder)?);
        }
        let seconds = |time: Duration| format!("{:.1}", time.as_secs_f64());
        let [time, processor] = [worst.time, worst.processor].map(seconds);
        table.add_row([format!("enforcer {arguments}"), time, processor, (worst.memory / MEGABYTE).to_string()]);
    }
    table.column_iter_mut().skip(1).for_each(|column| column.set_cell_alignment(CellAlignment::Right));
    println!("{table}");
    Ok(())
}

#[derive(Default)]
struct Measured {
    time: Duration,
    processor: Duration,
    /// In bytes.
    memory: u64,
}

impl Measured {
    fn max(self, other: Self) -> Self {
        Self {
            time: self.time.max(other.time),
            processor: self.processor.max(other.processor),
            memory: self.memory.max(other.memory),
        }
    }
}

fn measure(enforcer: &Path, arguments: &str, folder: &Path) -> anyhow::Result<Measured> {
    let mut command = Command::new(enforcer);
    command.args(arguments.split_whitespace()).current_dir(folder).stdout(Stdio::null()).stderr(Stdio::null());
    let start = Instant::now();
    let mut child = command.spawn()?;
    let mut measured = Measured::default();
    let status = loop {
        let memory = largest_memory(child.id()).unwrap_or_default();
        let processor = processor_time(child.id()).unwrap_or_default();
        measured = measured.max(Measured { time: start.elapsed(), processor, memory });
        match child.try_wait()? {
            Some(status) => break status,
            None => thread::sleep(PAUSE),
        }
    };
    // 1 is what diff says of workloads that are newly refused.
    if !matches!(status.code(), Some(0 | 1)) {
        bail!("enforcer {arguments} ends with {status}");
    }
    Ok(measured)
}

/// The processor time of a process so far, its own and the kernel's for it: the fields 14 and 15 of proc_pid_stat(5),
/// in hundredths of a second.
fn processor_time(process: u32) -> Option<Duration> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The second field is the program's name in parentheses, in which anything may stand.
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace().skip(11);
    let [own, kernel] = [fields.next()?, fields.next()?].map(|ticks| ticks.parse::<u64>().unwrap_or_default());
    Some(Duration::from_millis((own + kernel) * 10))
}

/// The largest memory of a process so far (proc_pid_status(5), VmHWM).
fn largest_memory(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let kibibytes = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.trim().strip_suffix(" kB")?;
    Some(kibibytes.trim().parse::<u64>().ok()? * 1024)
}

/// A file as `kubectl get pods --all-namespaces --output json` prints it.
fn write_cluster(path: &Path) -> anyhow::Result<()> {
    let mut out = BufWriter::new(File::create(path)?);
    write!(out, "{{\n\"apiVersion\": \"v1\",\n\"items\": [")?;
    for index in 0..PODS {
        let comma = if index == 0 { "" } else { "," };
        write!(out, "{comma}\n{:#}", pod(index, index % NAMESPACES))?;
    }
    writeln!(out, "\n],\n\"kind\": \"List\"\n}}")?;
    Ok(out.flush()?)
}

/// A pod with about as much in it as one in a cluster. A namespace has about twelve, of four Deployments.
fn pod(index: usize, namespace: usize) -> Value {
    let registry = if (index / 3).is_multiple_of(10) { "quay.io" } else { "docker-registry.tools.wmflabs.org" };
    let deployment = format!("web-{}", index / NAMESPACES % 4);
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
