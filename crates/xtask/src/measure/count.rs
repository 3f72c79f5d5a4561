//! Counts the instructions and the memory that a scenario takes.

use anyhow::{Context, ensure};
use engine::meter::{Meter, Metered};
use serde::Deserialize;

use crate::measure::scenario::Scenario;

/// 2026-09-18 12:00:00 UTC, in nanoseconds: counts are taken at one time, since a date has to be read.
const NOW: u64 = 1_789_732_800_000_000_000;

/// Counts what a scenario takes; an error where the verdict is not the one that the scenario is about.
pub fn count(meter: &Meter, scenario: &Scenario) -> anyhow::Result<Metered> {
    let metered = meter.validate(Ok(NOW), &scenario.payload, scenario.host()).with_context(|| scenario.name)?;
    ensure_verdict(scenario, &metered.answer)?;
    Ok(metered)
}

/// An error where the policy's answer is not the verdict that the scenario is about.
pub fn ensure_verdict(scenario: &Scenario, answer: &[u8]) -> anyhow::Result<()> {
    #[derive(Deserialize)]
    struct Verdict {
        accepted: bool,
    }
    let answered = String::from_utf8_lossy(answer);
    let verdict: Verdict = serde_json::from_slice(answer).with_context(|| scenario.name)?;
    ensure!(verdict.accepted == scenario.accepted, "{}: the policy answers {answered}", scenario.name);
    Ok(())
}
