//! The policy under a clock that a test sets.

use std::sync::{Arc, OnceLock};

use engine::host::HostCalls;
use engine::meter::{Clock, Meter};

use crate::call::{Answer, Expected, payload, wasm};
use crate::host::Host;

/// 2026-09-18 12:00:00 UTC
pub const NOW: u64 = 1_789_732_800;
pub const DAY: u64 = 86_400;

/// The policy on the engine that counts, compiled once for all tests.
pub fn meter() -> &'static Meter {
    static METER: OnceLock<Meter> = OnceLock::new();
    METER.get_or_init(|| Meter::load(&wasm()).unwrap())
}

/// The answer under a clock, and how often the guest read it.
#[track_caller]
pub fn validate_under(clock: Clock, payload: &str, host: Arc<dyn HostCalls>) -> (Answer, usize) {
    let metered = meter().validate(clock, payload.as_bytes(), host).expect("the guest neither traps nor fails");
    (Answer::read(&metered.answer), metered.clock_reads)
}

/// The answer at a time (seconds since 1970-01-01 00:00:00 UTC), and how often the guest read the clock.
#[track_caller]
pub fn validate_at(seconds: u64, payload: &str, host: Arc<dyn HostCalls>) -> (Answer, usize) {
    validate_under(Ok(seconds * 1_000_000_000), payload, host)
}

/// Compares the answer at a time to what is expected.
#[track_caller]
pub fn check_at(
    seconds: u64,
    request: &serde_json::Value,
    settings: &serde_json::Value,
    host: Arc<Host>,
    expected: impl Expected,
) {
    let (answer, _) = validate_at(seconds, &payload(request, settings), host.clone());
    expected.assert(&answer, &host);
}
