//! `bench`: what a request costs, beside what it costs with a policy that accepts everything.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use comfy_table::{CellAlignment, Table, presets};
use engine::meter::{Meter, Metered};
use engine::policy::Policy;

use crate::files;
use crate::measure::count::{count, ensure_verdict};
use crate::measure::scenario::{self, Scenario};

/// Calls that are not timed, of each policy.
const WARM_UP: usize = 20;
/// Timed calls of each policy, if they do not take longer than [`LONGEST`].
const CALLS: usize = 400;
const CALLS_MIN: usize = 20;
const LONGEST: Duration = Duration::from_secs(4);

/// Measures the policy on requests, beside a policy that accepts everything
#[derive(clap::Args)]
pub struct Args {
    /// Path of the policy's wasm
    #[arg(value_name = "POLICY")]
    policy: PathBuf,
    /// Path of the wasm of the policy that accepts everything
    #[arg(value_name = "ACCEPT_ALL")]
    accept_all: PathBuf,
}

/// Runs the command.
pub fn bench(args: &Args) -> anyhow::Result<()> {
    let (policy, accept_all) = (files::bytes(&args.policy, "policy")?, files::bytes(&args.accept_all, "policy")?);
    let meter = Meter::load(&policy)?;
    let (policy, accept_all) = (Policy::load(&policy)?, Policy::load(&accept_all)?);
    let mut table = Table::new();
    table.load_preset(presets::ASCII_MARKDOWN).set_header([
        "scenario",
        "payload, bytes",
        "instructions",
        "a byte",
        "memory, KiB",
        "time, us",
        "accept-all, us",
        "ratio",
    ]);
    for scenario in scenario::all()? {
        let metered = count(&meter, &scenario)?;
        let (time, accepting) = times(&policy, &accept_all, &scenario)?;
        table.add_row(row(&scenario, &metered, time, accepting));
    }
    table.column_iter_mut().skip(1).for_each(|column| column.set_cell_alignment(CellAlignment::Right));
    println!("{table}");
    Ok(())
}

/// The median time of a call of each policy, called in turn, so that both meet the same machine.
fn times(policy: &Policy, accept_all: &Policy, scenario: &Scenario) -> anyhow::Result<(Duration, Duration)> {
    let answer = policy.call("validate", &scenario.payload, scenario.host())?;
    ensure_verdict(scenario, &answer)?;
    for _ in 0..WARM_UP {
        time(policy, scenario)?;
        time(accept_all, scenario)?;
    }
    let (mut times, mut accepting) = (Vec::with_capacity(CALLS), Vec::with_capacity(CALLS));
    let start = Instant::now();
    while times.len() < CALLS && (times.len() < CALLS_MIN || start.elapsed() < LONGEST) {
        times.push(time(policy, scenario)?);
        accepting.push(time(accept_all, scenario)?);
    }
    Ok((median(times), median(accepting)))
}

fn time(policy: &Policy, scenario: &Scenario) -> anyhow::Result<Duration> {
    let host = scenario.host();
    let start = Instant::now();
    policy.call("validate", &scenario.payload, host)?;
    Ok(start.elapsed())
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn row(scenario: &Scenario, metered: &Metered, time: Duration, accepting: Duration) -> [String; 8] {
    let microseconds = |time: Duration| format!("{:.0}", time.as_secs_f64() * 1e6);
    [
        scenario.name.to_owned(),
        scenario.payload.len().to_string(),
        metered.instructions.to_string(),
        format!("{:.1}", metered.instructions as f64 / scenario.payload.len() as f64),
        (metered.memory / 1024).to_string(),
        microseconds(time),
        microseconds(accepting),
        format!("{:.2}", time.as_secs_f64() / accepting.as_secs_f64()),
    ]
}
