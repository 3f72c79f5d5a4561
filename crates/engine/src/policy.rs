//! A policy's wasm, run as PolicyServer runs it.

use std::sync::Arc;

use anyhow::Context;
use kubewarden_policy_sdk::metadata::ProtocolVersion;
use kubewarden_policy_sdk::response::ValidationResponse;
use kubewarden_policy_sdk::settings::SettingsValidationResponse;
use serde_json::Value;
use wapc::WapcHost;
use wasmtime_provider::{WasmtimeEngineProviderBuilder, WasmtimeEngineProviderPre};

use crate::admission::{AdmissionRequest, AdmissionResponse};
use crate::host::{HostCalls, NoHostCalls};

/// A compiled policy.
///
/// Every call gets a new instance, as every request does in PolicyServer: nothing that a guest keeps in memory
/// survives its call.
#[derive(Clone)]
pub struct Policy {
    compiled: WasmtimeEngineProviderPre,
}

impl Policy {
    /// Compiles the module.
    pub fn load(wasm: &[u8]) -> anyhow::Result<Self> {
        let compiled = WasmtimeEngineProviderBuilder::new()
            .module_bytes(wasm)
            // The user's own cache, which kwctl uses too: a module is compiled once for each program that runs it.
            .enable_cache(None)
            .build_pre()
            .context("Cannot load the policy as a WebAssembly module")?;
        Ok(Self { compiled })
    }

    /// Calls a waPC function of a new instance.
    pub fn call(
        &self,
        function: &str,
        payload: &[u8],
        host: Arc<dyn HostCalls>,
    ) -> Result<Vec<u8>, wapc::errors::Error> {
        let answer = move |_id: u64, binding: &str, namespace: &str, operation: &str, payload: &[u8]| {
            Ok(host.call(binding, namespace, operation, payload)?)
        };
        let instance =
            self.compiled.rehydrate(None).map_err(|error| wapc::errors::Error::InitFailed(error.to_string()))?;
        WapcHost::new(Box::new(instance), Some(Box::new(answer)))?.call(function, payload)
    }

    /// Judges a request; a guest that fails is an internal error, which refuses.
    pub fn validate(
        &self,
        request: &AdmissionRequest,
        settings: &Value,
        host: Arc<dyn HostCalls>,
    ) -> AdmissionResponse {
        match self.verdict(request, settings, host) {
            Ok(verdict) => AdmissionResponse::from_verdict(request.uid.clone(), verdict),
            Err(cause) => AdmissionResponse::internal_error(request.uid.clone(), &cause),
        }
    }

    fn verdict(
        &self,
        request: &AdmissionRequest,
        settings: &Value,
        host: Arc<dyn HostCalls>,
    ) -> anyhow::Result<ValidationResponse> {
        let answer = self.call("validate", &request.payload(settings), host)?;
        serde_json::from_slice(&answer).map_err(|error| anyhow::anyhow!("invalid response from policy: {error}"))
    }

    /// Asks the policy whether the settings are valid; a guest that fails says that they are not.
    pub fn validate_settings(&self, settings: &Value) -> SettingsValidationResponse {
        let settings = settings.to_string();
        let answer = match self.call("validate_settings", settings.as_bytes(), no_host_calls()) {
            Ok(answer) => serde_json::from_slice(&answer).map_err(|error| format!("error: {error}")),
            Err(error) => Err(format!("Error invoking settings validation callback: {error:?}")),
        };
        answer.unwrap_or_else(|message| SettingsValidationResponse { valid: false, message: Some(message) })
    }

    /// Asks the policy for the protocol that it speaks.
    pub fn protocol_version(&self) -> anyhow::Result<ProtocolVersion> {
        let answer = self.call("protocol_version", &[], no_host_calls())?;
        Ok(ProtocolVersion::try_from(answer)?)
    }
}

fn no_host_calls() -> Arc<dyn HostCalls> {
    Arc::new(NoHostCalls::default())
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use serde_json::json;

    use super::*;

    /// A waPC guest that hands its payload to `kubewarden`/`test`/`echo` and answers what the host answers.
    /// It traps in the function `trap`, and whenever it is called a second time.
    const GUEST: &str = r#"
(module
  (import "wapc" "__guest_request" (func $guest_request (param i32 i32)))
  (import "wapc" "__guest_response" (func $guest_response (param i32 i32)))
  (import "wapc" "__guest_error" (func $guest_error (param i32 i32)))
  (import "wapc" "__host_call" (func $host_call (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wapc" "__host_response_len" (func $host_response_len (result i32)))
  (import "wapc" "__host_response" (func $host_response (param i32)))
  (import "wapc" "__host_error_len" (func $host_error_len (result i32)))
  (import "wapc" "__host_error" (func $host_error (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "kubewardentestechotrap")
  (global $called (mut i32) (i32.const 0))
  (func (export "__guest_call") (param $function_len i32) (param $payload_len i32) (result i32)
    (if (global.get $called) (then unreachable))
    (global.set $called (i32.const 1))
    (call $guest_request (i32.const 64) (i32.const 128))
    (if (i32.and
          (i32.eq (local.get $function_len) (i32.const 4))
          (i32.eq (i32.load (i32.const 64)) (i32.load (i32.const 18))))
      (then unreachable))
    (if (result i32) (call $host_call
          (i32.const 0) (i32.const 10) (i32.const 10) (i32.const 4) (i32.const 14) (i32.const 4)
          (i32.const 128) (local.get $payload_len))
      (then
        (call $host_response (i32.const 128))
        (call $guest_response (i32.const 128) (call $host_response_len))
        (i32.const 1))
      (else
        (call $host_error (i32.const 128))
        (call $guest_error (i32.const 128) (call $host_error_len))
        (i32.const 0)))))
"#;

    /// Gives the same answer to every call, and remembers what it was asked.
    struct Canned {
        answer: Result<&'static str, &'static str>,
        asked: Mutex<Vec<String>>,
    }

    impl Canned {
        fn new(answer: Result<&'static str, &'static str>) -> Arc<Self> {
            Arc::new(Self { answer, asked: Mutex::default() })
        }
    }

    impl HostCalls for Canned {
        fn call(&self, binding: &str, namespace: &str, operation: &str, payload: &[u8]) -> Result<Vec<u8>, String> {
            let payload = String::from_utf8_lossy(payload);
            self.asked.lock().unwrap().push(format!("{binding} {namespace} {operation} {payload}"));
            self.answer.map(|answer| answer.as_bytes().to_vec()).map_err(str::to_owned)
        }
    }

    fn guest() -> Policy {
        Policy::load(GUEST.as_bytes()).unwrap()
    }

    fn request() -> AdmissionRequest {
        AdmissionRequest::read(&json!({
            "uid": "u",
            "kind": {"group": "", "version": "v1", "kind": "Pod"},
            "resource": {"group": "", "version": "v1", "resource": "pods"},
            "operation": "DELETE",
            "userInfo": {}
        }))
        .unwrap()
    }

    #[test]
    fn judges_each_request_with_a_new_instance() {
        let policy = guest();
        let host = Canned::new(Ok(r#"{"accepted":true,"warnings":["soon"]}"#));
        let settings = json!({"z": 1, "a": {"y": [], "b": null}});
        for _ in 0..2 {
            let response = policy.validate(&request(), &settings, host.clone());
            assert_eq!(
                serde_json::to_string(&response).unwrap(),
                r#"{"uid":"u","allowed":true,"auditAnnotations":null,"warnings":["soon"]}"#
            );
        }
        let payload = r#"{"request":{"kind":{"group":"","kind":"Pod","version":"v1"},"operation":"DELETE","resource":{"group":"","resource":"pods","version":"v1"},"uid":"u","userInfo":{}},"settings":{"a":{"b":null,"y":[]},"z":1}}"#;
        assert_eq!(*host.asked.lock().unwrap(), vec![format!("kubewarden test echo {payload}"); 2]);
    }

    #[test]
    fn refuses_where_the_guest_fails() {
        const CASES: &[(Result<&str, &str>, &str)] = &[
            (Err("no"), "internal server error: Guest call failure: no"),
            (
                Ok("{}"),
                "internal server error: invalid response from policy: missing field `accepted` at line 1 column 2",
            ),
        ];
        for (answer, message) in CASES {
            let response = guest().validate(&request(), &json!({}), Canned::new(*answer));
            let status = response.status.unwrap();
            assert!(!response.allowed, "{answer:?}");
            assert_eq!((status.message.as_deref(), status.code), (Some(*message), Some(500)), "{answer:?}");
        }
    }

    #[test]
    fn reports_a_trap() {
        let error = guest().call("trap", b"", no_host_calls()).unwrap_err().to_string();
        assert!(error.starts_with("Guest call failure: error while executing at wasm backtrace:"), "{error}");
    }

    #[test]
    fn settings_are_not_valid_where_the_guest_fails() {
        let validity = guest().validate_settings(&json!({}));
        assert!(!validity.valid);
        assert_eq!(
            validity.message.as_deref(),
            Some(
                "Error invoking settings validation callback: GuestCallFailure(\"Policy has not been granted \
                 access to the 'test/echo' host capability. The violation has been reported.\")"
            )
        );
    }

    #[test]
    fn rejects_what_is_no_wasm() {
        let error = Policy::load(b"no wasm").err().unwrap();
        assert_eq!(error.to_string(), "Cannot load the policy as a WebAssembly module");
    }
}
