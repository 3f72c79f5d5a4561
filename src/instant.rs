//! Instants: seconds since 1970-01-01 00:00:00 UTC, as clocks count them and as RFC 3339 writes them.

use std::fmt;

use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// The length of a day in seconds; UTC as computers keep it has no leap seconds.
pub const SECONDS_A_DAY: i64 = 86_400;
/// 2024-01-01: a clock that says less was never set.
pub const CLOCK_MIN: i64 = 1_704_067_200;

/// Reads a time as RFC 3339 writes it; `None` for any other string.
///
/// ```
/// # use registry_enforcer::instant;
/// assert_eq!(instant::parse("1970-01-02T00:00:00Z"), Some(86_400));
/// assert_eq!(instant::parse("1970-01-02"), None);
/// ```
#[must_use]
pub fn parse(text: &str) -> Option<i64> {
    OffsetDateTime::parse(text, &Rfc3339).map(OffsetDateTime::unix_timestamp).ok()
}

/// The day of an instant, in UTC. `Display` writes it as `2026-12-31`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day(pub i64);

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match OffsetDateTime::from_unix_timestamp(self.0) {
            Ok(time) => write!(f, "{:04}-{:02}-{:02}", time.year(), u8::from(time.month()), time.day()),
            Err(_) => write!(f, "{} seconds after 1970-01-01", self.0),
        }
    }
}
