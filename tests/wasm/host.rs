//! A host that answers what a test tells it to, and remembers what it was asked.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use engine::host::HostCalls;
use serde_json::{Value, json};

/// Answers each call with the next of its answers, and fails where there is none left.
pub struct Host {
    answers: Mutex<VecDeque<Result<Vec<u8>, String>>>,
    asked: Mutex<Vec<String>>,
}

impl Host {
    /// Answers the first calls with these, in their order.
    pub fn answering(answers: impl IntoIterator<Item = Result<Vec<u8>, String>>) -> Arc<Self> {
        Arc::new(Self { answers: Mutex::new(answers.into_iter().collect()), asked: Mutex::default() })
    }

    /// Fails every call.
    pub fn silent() -> Arc<Self> {
        Self::answering([])
    }

    /// Answers one call, with JSON.
    pub fn json(answer: &Value) -> Arc<Self> {
        Self::answering([Ok(answer.to_string().into_bytes())])
    }

    /// Answers one call, with an error.
    pub fn failing(cause: &str) -> Arc<Self> {
        Self::answering([Err(cause.to_owned())])
    }

    /// Answers one call, with the ConfigMap as far as the field mask lets it through.
    pub fn config_map(namespace: &str, entry: &str) -> Arc<Self> {
        Self::json(&json!({"data": {namespace: entry}}))
    }

    /// The calls so far, a line each.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

impl HostCalls for Host {
    fn call(&self, binding: &str, namespace: &str, operation: &str, payload: &[u8]) -> Result<Vec<u8>, String> {
        let payload = String::from_utf8_lossy(payload);
        self.asked.lock().unwrap().push(format!("{binding} {namespace}/{operation} {payload}"));
        let answer = self.answers.lock().unwrap().pop_front();
        answer.unwrap_or_else(|| Err("this test has no answer".to_owned()))
    }
}
