//! Clocks that cannot be right.

use engine::meter::Clock;
use serde_json::{Value, json};

use crate::call::payload;
use crate::clock::validate_under;
use crate::host::Host;
use crate::objects::{every_setting, pod, with};

// WASI's numbers of errors: a time past 2554, and a host without a clock.
const OVERFLOW: u32 = 61;
const NOT_SUPPORTED: u32 = 58;

/// What is said of an image from outside under a clock.
fn line(clock: Clock, settings: &Value) -> String {
    validate_under(clock, &payload(&pod("quay.io/x/y:1"), settings), Host::silent()).0.line()
}

fn unknown(day: &str) -> String {
    format!("whether the exception for tool-mix has ended is unknown, because the policy server's clock says {day}")
}

#[test]
fn a_clock_that_cannot_be_right_ends_every_exception_with_an_end() {
    let ended = "the exception for tool-mix ended on 2026-12-31".to_owned();
    let second = |second: u64| Ok(second * 1_000_000_000);
    let cases = [
        (second(0), unknown("1970-01-01")),
        // The last second of 2023 and the first of 2024
        (second(1_704_067_199), unknown("2023-12-31")),
        (second(1_704_067_200), "accepted".to_owned()),
        // The last second that WASI's clock can say is in the year 2554.
        (second(u64::MAX / 1_000_000_000), ended.clone()),
        (Err(OVERFLOW), ended),
        (Err(NOT_SUPPORTED), unknown("1970-01-01")),
    ];
    let exception = with(json!({"allowed_namespaces": [{"name": "*", "sunset_date": "2026-12-31"}]}));
    let policy = with(json!({"allowed_namespaces": ["*"], "sunset_date": "2026-12-31"}));
    for (clock, told) in cases {
        for settings in [&exception, &policy] {
            let line = line(clock, settings);
            let refused = "containers[a]: quay.io/x/y:1 is not from an approved registry; ";
            assert_eq!(line.strip_prefix(refused).unwrap_or(&line), told, "{clock:?}");
        }
    }
}

/// Without a clock no image is young enough.
#[test]
fn the_age_of_an_image_is_unknown_without_a_clock() {
    let requirements = json!({"max_age_days": 180, "registries": ["quay.io"]});
    let settings = with(json!({"allowed_namespaces": ["*"], "byoc_requirements": requirements}));
    let image = Host::json(&json!({"config": {"created": "2026-09-01T00:00:00Z"}}));
    let (answer, _) = validate_under(Ok(0), &payload(&pod("quay.io/x/y:1"), &settings), image);
    let told = "its age is unknown, because the policy server's clock says 1970-01-01";
    assert!(answer.line().ends_with(told), "{answer}");
}

#[test]
fn what_has_no_end_needs_no_clock() {
    let never_ends = with(json!({"allowed_namespaces": ["*"]}));
    for clock in [Ok(0), Err(OVERFLOW), Err(NOT_SUPPORTED)] {
        assert_eq!(line(clock, &never_ends), "accepted", "{clock:?}");
        let approved = payload(&pod("reg.example/web:1"), &every_setting());
        assert_eq!(validate_under(clock, &approved, Host::silent()).0.to_string(), "accepted\n", "{clock:?}");
    }
}
