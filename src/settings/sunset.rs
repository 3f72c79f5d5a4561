//! `sunset_date`: a day or an instant until which something may happen, and how long that still is.

use std::{borrow::Cow, fmt};

use super::reader::Setting;
use crate::instant::{self, SECONDS_A_DAY};

/// `YYYY-MM-DD`, in bytes.
const DATE_LENGTH: usize = 10;

/// The longest way to write a date, in bytes.
const LENGTH_MAX: usize = 64;

/// When an exception ends. `Display` writes it as the operator did.
///
/// ```
/// # use registry_enforcer::settings::sunset::End;
/// let end = End::parse("1970-01-01".into()).expect("a date");
/// assert!(!end.has_passed(86_399), "the last second of the day");
/// assert!(end.has_passed(86_400));
/// assert_eq!(End::parse("1/1/1970".into()).unwrap_err().to_string(), "is not a date: write 2026-12-31");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End<'a> {
    text: Cow<'a, str>,
    /// The first second after the exception, since 1970-01-01 00:00:00 UTC.
    seconds: i64,
}

/// Whether so many days before an end are few enough for a warning; 0 of `warn_before_days` is never.
///
/// ```
/// # use registry_enforcer::settings::sunset::is_soon;
/// assert!(is_soon(30, 30) && !is_soon(31, 30) && !is_soon(0, 0));
/// ```
#[must_use]
pub fn is_soon(days_left: i64, warn_before_days: u32) -> bool {
    warn_before_days > 0 && days_left <= i64::from(warn_before_days)
}

impl fmt::Display for End<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl<'a> End<'a> {
    /// Reads `YYYY-MM-DD`, through the end of that day in UTC, or an RFC 3339 time, until that instant.
    ///
    /// # Errors
    ///
    /// Any other string, for example `31/12/2026`, `2026-02-30`, `2026-12-31 12:00`, or one over 64 bytes.
    pub fn parse(text: Cow<'a, str>) -> Result<Self, EndError> {
        // A fraction of a second may have any number of digits.
        if text.len() > LENGTH_MAX {
            return Err(EndError::TooLong);
        }
        // RFC 3339 allows another character than T between day and time if all sides agree on it; here nobody has.
        if text.as_bytes().get(DATE_LENGTH).is_some_and(|separator| !matches!(separator, b'T' | b't')) {
            return Err(EndError::of(&text));
        }
        let seconds = if text.len() == DATE_LENGTH {
            // One parser for both: that of calendar dates alone would also take 2026-W40-3, and make the wasm larger.
            instant::parse(&format!("{text}T00:00:00Z")).ok_or(EndError::Date)? + SECONDS_A_DAY
        } else {
            instant::parse(&text).ok_or_else(|| EndError::of(&text))?
        };
        Ok(Self { text, seconds })
    }

    /// Reads a `sunset_date`.
    pub(crate) fn read(setting: Setting<'a, '_>) -> Option<Self> {
        setting.parsed("2026-12-31", Self::parse)
    }

    /// Whether the exception has ended at `now` (seconds since 1970-01-01 00:00:00 UTC).
    #[must_use]
    pub fn has_passed(&self, now: i64) -> bool {
        now >= self.seconds
    }

    /// The whole days from `now` to the end; 0 on the last day and at the end itself, negative after it.
    #[must_use]
    pub fn days_left(&self, now: i64) -> i64 {
        self.seconds.saturating_sub(now).div_euclid(SECONDS_A_DAY)
    }

    /// The first second after the exception, since 1970-01-01 00:00:00 UTC: to find the earlier of two.
    #[must_use]
    pub fn seconds(&self) -> i64 {
        self.seconds
    }

    /// The same end, in memory of its own.
    #[must_use]
    pub fn into_owned(self) -> End<'static> {
        End { text: Cow::Owned(self.text.into_owned()), seconds: self.seconds }
    }

    /// When it is, in a sentence: `on 2026-12-31`, `at 2026-12-31T12:00:00Z`.
    pub(crate) fn when(&self) -> impl fmt::Display {
        format!("{} {self}", if self.is_day() { "on" } else { "at" })
    }

    /// Whether the operator wrote a day rather than an instant.
    #[must_use]
    pub fn is_day(&self) -> bool {
        self.text.len() == DATE_LENGTH
    }
}

/// A string that is neither a date nor a time. `Display` says what to write instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndError {
    /// It looks like a date, or like nothing.
    Date,
    /// It looks like a time.
    Time,
    /// It is longer than any date.
    TooLong,
}

impl EndError {
    fn of(text: &str) -> Self {
        if text.contains(':') { Self::Time } else { Self::Date }
    }
}

impl fmt::Display for EndError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Date => "is not a date: write 2026-12-31",
            Self::Time => "is not a time: write 2026-12-31T12:00:00Z",
            Self::TooLong => "is longer than 64 characters: write 2026-12-31 or 2026-12-31T12:00:00Z",
        })
    }
}

impl std::error::Error for EndError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_after_the_day_or_at_the_instant() {
        const CASES: &[(&str, i64)] = &[
            ("1970-01-01", 86_400),
            ("2026-09-30", 1_790_812_800),
            ("2024-02-29", 1_709_251_200),
            ("9999-12-31", 253_402_300_800),
            ("2026-09-30T12:00:00Z", 1_790_769_600),
            ("2026-09-30T14:00:00+02:00", 1_790_769_600),
        ];
        for &(text, seconds) in CASES {
            let end = End::parse(text.into()).expect(text);
            assert_eq!(end.seconds(), seconds, "{text}");
            assert!(!end.has_passed(seconds - 1), "{text}");
            assert!(end.has_passed(seconds), "{text}");
        }
    }

    #[test]
    fn rejects_a_time_without_an_end() {
        let digits = format!("2026-12-31T12:00:00.{}Z", "0".repeat(900_000));
        assert_eq!(End::parse(digits.into()), Err(EndError::TooLong));
    }

    #[test]
    fn counts_whole_days() {
        let end = End::parse("2026-09-30".into()).expect("a date");
        const CASES: &[(i64, i64)] = &[(-1, -1), (0, 0), (1, 0), (86_400, 1), (86_399, 0), (12 * 86_400 + 40_000, 12)];
        for &(before, days) in CASES {
            assert_eq!(end.days_left(end.seconds() - before), days, "{before} seconds before the end");
        }
    }

    #[test]
    fn rejects_what_is_neither_a_date_nor_a_time() {
        let cases = [
            (EndError::Time, "2026-09-30T12:00:00 2026-09-30T12:00Z 2026-09-30T12:00:00+0200 2026-09-30_12:00:00Z"),
            (EndError::Time, "2026-12-31T24:00:00Z"),
            (EndError::Date, "31/12/2026 2026-02-30 2026-13-01 2026-W40-3 20260930 2026-9-30 tomorrow 2026-09-3١"),
            (EndError::Date, "0000000000"),
        ];
        let alone = cases.iter().flat_map(|(error, texts)| texts.split(' ').map(move |text| (*error, text)));
        let with_spaces = [
            (EndError::Date, ""),
            (EndError::Date, "2026-09-30 "),
            (EndError::Time, "2026-09-30 12:00"),
            (EndError::Time, "2026-09-30 12:00:00Z"),
        ];
        for (error, text) in alone.chain(with_spaces) {
            assert_eq!(End::parse(text.into()), Err(error), "{text}");
        }
    }
}
