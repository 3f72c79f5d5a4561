//! Calls the policy's wasm, and writes what it answers as lines to compare.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use engine::host::HostCalls;
use engine::policy::Policy;
use expect_test::Expect;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::host::Host;

/// The wasm, with its metadata.
pub fn wasm() -> Vec<u8> {
    let built = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("annotated-policy.wasm");
    let path = std::env::var_os("POLICY_WASM").map_or_else(built, PathBuf::from);
    std::fs::read(&path)
        .unwrap_or_else(|cause| panic!("{}: {cause}: run `make annotated-policy.wasm` first", path.display()))
}

/// The policy, compiled once for all tests.
pub fn policy() -> &'static Policy {
    static POLICY: OnceLock<Policy> = OnceLock::new();
    POLICY.get_or_init(|| Policy::load(&wasm()).unwrap())
}

/// What the host sends to be judged.
pub fn payload(request: &Value, settings: &Value) -> String {
    json!({"request": request, "settings": settings}).to_string()
}

/// The guest's answer to a payload; a guest that traps fails the test.
#[track_caller]
pub fn validate(payload: &[u8], host: Arc<dyn HostCalls>) -> Answer {
    let answer = policy().call("validate", payload, host).expect("the guest does not fail");
    Answer::read(&answer)
}

/// What an answer is compared with: `expect![…]` has all of it and the host calls that it took, a string has the line
/// that counts ([`Answer::line`]). So a word that changes in every answer costs the tests a few lines.
pub trait Expected {
    /// Compares the answer.
    fn assert(self, answer: &Answer, host: &Host);
}

impl Expected for Expect {
    #[track_caller]
    fn assert(self, answer: &Answer, host: &Host) {
        self.assert_eq(&with_calls(answer, host));
    }
}

impl Expected for &String {
    #[track_caller]
    fn assert(self, answer: &Answer, host: &Host) {
        self.as_str().assert(answer, host);
    }
}

impl Expected for &str {
    #[track_caller]
    fn assert(self, answer: &Answer, _: &Host) {
        assert_eq!(answer.line(), self, "{answer}");
    }
}

/// Compares the answer to what is expected.
#[track_caller]
pub fn check(request: &Value, settings: &Value, host: Arc<Host>, expected: impl Expected) {
    check_payload(payload(request, settings).as_bytes(), host, expected);
}

/// As [`check`] does, for a payload that is not the JSON that a host would send.
#[track_caller]
pub fn check_payload(payload: &[u8], host: Arc<Host>, expected: impl Expected) {
    expected.assert(&validate(payload, host.clone()), &host);
}

/// The answer, and below it the host calls.
pub fn with_calls(answer: &Answer, host: &Host) -> String {
    let mut text = answer.to_string();
    for call in host.asked() {
        writeln!(text, "asked: {call}").unwrap();
    }
    text
}

/// What is said of `nginx` where `tool-mix` may not run it.
pub fn nginx_at(place: &str) -> String {
    format!(
        "{place}: nginx (docker.io/library/nginx:latest) is not from an approved registry; tool-mix has no exception"
    )
}

/// Accepted, without a word and without a host call.
#[track_caller]
pub fn accepts(request: &Value, settings: &Value) {
    let host = Host::silent();
    let answer = validate(payload(request, settings).as_bytes(), host.clone());
    assert_eq!(with_calls(&answer, &host), "accepted\n", "{request}");
}

/// The message about settings, `None` where they are valid.
#[track_caller]
pub fn settings_problems(settings: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Validity {
        valid: bool,
        #[serde(default)]
        message: Option<String>,
    }
    let answer = policy().call("validate_settings", settings, Host::silent()).expect("the guest does not fail");
    let validity: Validity = serde_json::from_slice(&answer).unwrap();
    assert_eq!(validity.valid, validity.message.is_none(), "valid settings have no message, others have one");
    validity.message
}

/// What a guest answers to `validate`, with nothing left out.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    accepted: bool,
    message: Option<String>,
    code: Option<u16>,
    #[serde(default)]
    warnings: Vec<String>,
    #[serde(default)]
    audit_annotations: BTreeMap<String, String>,
}

impl Answer {
    /// Reads the guest's JSON.
    #[track_caller]
    pub fn read(json: &[u8]) -> Self {
        serde_json::from_slice(json).expect("the answer is what a host reads")
    }

    /// The warnings.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// An audit annotation; empty where there is none.
    pub fn annotation(&self, key: &str) -> &str {
        self.audit_annotations.get(key).map_or("", String::as_str)
    }

    /// The line that counts: that of each image that is refused, else the first that says why; of an accepted request
    /// the warnings, or `accepted`.
    pub fn line(&self) -> String {
        let message = self.message.as_deref().unwrap_or("accepted");
        let mut lines: Vec<&str> = message.lines().filter_map(|line| line.strip_prefix("- ")).collect();
        lines.extend(self.warnings.iter().map(String::as_str));
        if lines.is_empty() {
            lines.extend(message.lines().find(|line| !line.ends_with(':')));
        }
        lines.join("\n")
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.accepted { "accepted" } else { "refused" })?;
        if let Some(code) = self.code {
            write!(f, " {code}")?;
        }
        f.write_char('\n')?;
        if let Some(message) = &self.message {
            writeln!(f, "{message}")?;
        }
        self.warnings.iter().try_for_each(|warning| writeln!(f, "warning: {warning}"))?;
        self.audit_annotations.iter().try_for_each(|(key, text)| writeln!(f, "{key}: {text}"))
    }
}
