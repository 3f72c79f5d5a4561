//! The time that a decision is asked about.

use std::{fmt, str::FromStr};

use jiff::Timestamp;

use crate::policy::{CLOCK_MIN, End};

/// The time that is asked about. `Display` writes it for a sentence: `on 2026-12-31`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct At {
    /// Since 1970-01-01 00:00:00 UTC.
    pub seconds: i64,
    text: String,
}

impl Default for At {
    fn default() -> Self {
        let now = Timestamp::now();
        Self { seconds: now.as_second(), text: format!("at {}", now.strftime("%Y-%m-%dT%H:%M:%SZ")) }
    }
}

impl FromStr for At {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // clap prints the default and reads it again.
        let text = text.strip_prefix("at ").unwrap_or(text);
        let end = End::parse(text.into()).map_err(|error| error.to_string())?;
        // A day as its last second: what ends at noon of that day is refused on that day.
        let (seconds, preposition) = if end.is_day() { (end.seconds() - 1, "on") } else { (end.seconds(), "at") };
        if seconds < CLOCK_MIN {
            return Err("is before 2024, which the policy takes for a clock that is not set".to_owned());
        }
        Ok(Self { seconds, text: format!("{preposition} {text}") })
    }
}

/// A date of the command line that is written as it is. A blank one, most often a variable that is not set, would be no
/// end at all.
pub fn date(text: &str) -> Result<String, String> {
    End::parse(text.into()).map(|_| text.to_owned()).map_err(|error| format!("{text:?} {error}"))
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_day_as_its_last_second_and_a_time_as_it_is() {
        const CASES: &[(&str, i64, &str)] = &[
            ("2026-09-30", 1_790_812_799, "on 2026-09-30"),
            ("2026-09-30T12:00:00Z", 1_790_769_600, "at 2026-09-30T12:00:00Z"),
            ("2026-09-30T14:00:00+02:00", 1_790_769_600, "at 2026-09-30T14:00:00+02:00"),
        ];
        for &(text, seconds, shown) in CASES {
            let at: At = text.parse().expect(text);
            assert_eq!((at.seconds, at.to_string().as_str()), (seconds, shown), "{text}");
        }
    }

    #[test]
    fn rejects_what_is_not_a_time_and_what_the_policy_calls_a_wrong_clock() {
        const CASES: &[(&str, &str)] = &[
            ("31/12/2026", "is not a date: write 2026-12-31"),
            ("2023-12-30", "is before 2024, which the policy takes for a clock that is not set"),
        ];
        for &(text, error) in CASES {
            assert_eq!(text.parse::<At>(), Err(error.to_owned()), "{text}");
        }
    }

    #[test]
    fn reads_the_default_that_it_prints() {
        let now = At::default();
        assert_eq!(now.to_string().parse(), Ok(now));
    }
}
