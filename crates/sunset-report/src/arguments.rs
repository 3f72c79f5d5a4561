//! The command line.

use std::{fmt, path::PathBuf, str::FromStr};

use clap::{Parser, ValueEnum};
use jiff::Timestamp;
use registry_enforcer::{end::End, verdict::CLOCK_MIN};

/// Shows which workloads rest on exceptions, until when, and what is refused
///
/// The exit status is 0 when there is a report, 1 with --fail-if-refused when it has a refused image,
/// and 2 when there is no report.
#[derive(Debug, Parser)]
#[command(version)]
pub struct Arguments {
    /// What `kubectl get pods,deployments,replicasets,… -A -o json` printed; - is standard input
    #[arg(value_name = "FILE", default_value = "-")]
    pub files: Vec<PathBuf>,
    /// The policy's settings, as YAML or JSON
    #[arg(long, value_name = "FILE")]
    pub settings: PathBuf,
    /// The ConfigMap that the settings name as allow_list_config_map, as YAML or JSON
    #[arg(long, value_name = "FILE")]
    pub allow_list: Option<PathBuf>,
    /// The day (its last second, UTC) or the RFC 3339 time to report on, instead of now
    #[arg(long, value_name = "DATE", default_value_t, hide_default_value = true)]
    pub at: At,
    /// How to print the report
    #[arg(long, value_enum, default_value_t = Output::Table)]
    pub output: Output,
    /// List the images from approved registries, too
    #[arg(long)]
    pub all: bool,
    /// Exit with 1 if an image is refused
    #[arg(long)]
    pub fail_if_refused: bool,
}

/// The form of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// For a terminal
    Table,
    /// A list of objects
    Json,
    /// With a header
    Csv,
    /// A page of its own, with a picture
    Html,
}

/// The time that is reported on. `Display` writes it for a sentence: `on 2026-12-31`.
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
    fn rejects_what_is_no_time_and_what_the_policy_calls_a_wrong_clock() {
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
