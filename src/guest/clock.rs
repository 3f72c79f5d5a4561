//! The edge: the host's clock.

/// The seconds since 1970-01-01 00:00:00 UTC. A host that has no clock is one whose clock was never set; one whose
/// time is past what WASI can say, in 2554, is later than every end.
#[cfg(target_os = "wasi")]
#[expect(unsafe_code, reason = "WASI's functions are unsafe by nature, and std panics where this one has an error")]
pub(crate) fn now() -> i64 {
    const PRECISION: u64 = 1_000_000_000;
    // SAFETY: asks for nothing but a number.
    match unsafe { wasip1::clock_time_get(wasip1::CLOCKID_REALTIME, PRECISION) } {
        Ok(nanoseconds) => i64::try_from(nanoseconds / PRECISION).unwrap_or(i64::MAX),
        Err(wasip1::ERRNO_OVERFLOW) => i64::MAX,
        Err(_) => 0,
    }
}

/// The same of the machine that runs the tests.
#[cfg(not(target_os = "wasi"))]
pub(crate) fn now() -> i64 {
    let since = std::time::UNIX_EPOCH.elapsed().unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
