//! Replays a session between a policy and its host that `kwctl run` has recorded.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use anyhow::Context;
use serde::Deserialize;

use crate::host::{HostCalls, HostRequest};

/// The exchanges of a session, which are answered in their order, each once.
#[derive(Debug)]
pub struct Recorded {
    exchanges: Mutex<VecDeque<Exchange>>,
}

#[derive(Debug)]
struct Exchange {
    request: HostRequest,
    response: Response,
}

/// An exchange as the file has it: the request is YAML inside of a YAML string.
#[derive(Deserialize)]
struct RawExchange {
    request: String,
    response: Response,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type")]
enum Response {
    Success { payload: String },
    Error { message: String },
}

impl Recorded {
    /// Reads the session from a file.
    pub fn from_file(path: &Path) -> anyhow::Result<Self> {
        let yaml = std::fs::read_to_string(path)
            .with_context(|| format!("Cannot open the recorded session {}", path.display()))?;
        Self::from_yaml(&yaml).with_context(|| format!("Cannot read the recorded session {}", path.display()))
    }

    /// Reads the session from YAML text.
    pub fn from_yaml(yaml: &str) -> anyhow::Result<Self> {
        let raw: Vec<RawExchange> = yaml_serde::from_str(yaml)?;
        let exchanges = raw.into_iter().enumerate().map(decode).collect::<Result<_, _>>()?;
        Ok(Self { exchanges: Mutex::new(exchanges) })
    }

    /// How many exchanges nobody has asked for yet.
    pub fn remaining(&self) -> usize {
        self.exchanges.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    fn next(&self) -> Option<Exchange> {
        self.exchanges.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }
}

fn decode((index, raw): (usize, RawExchange)) -> anyhow::Result<Exchange> {
    let request = yaml_serde::from_str(&raw.request).with_context(|| format!("[{index}].request"))?;
    Ok(Exchange { request, response: raw.response })
}

impl HostCalls for Recorded {
    fn call(&self, binding: &str, namespace: &str, operation: &str, payload: &[u8]) -> Result<Vec<u8>, String> {
        let request = HostRequest::decode(binding, namespace, operation, payload)?;
        answer(self.next(), &request).map_err(|cause| format!("Callback evaluation failure: {cause}"))
    }
}

/// The recorded answer, if this is the request that was recorded next; the wording is kwctl's.
fn answer(exchange: Option<Exchange>, request: &HostRequest) -> Result<Vec<u8>, String> {
    let exchange = exchange.ok_or("the list of recorded responses is empty")?;
    if exchange.request != *request {
        return Err(format!(
            "Replay error: unexpected request. Was expecting {:?}, got {request:?} instead",
            exchange.request
        ));
    }
    match exchange.response {
        Response::Success { payload } => Ok(payload.into_bytes()),
        Response::Error { message } => Err(message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SESSION: &str = r#"
- type: Exchange
  request: |
    !KubernetesGetResource
    api_version: v1
    kind: ConfigMap
    name: byoc-allow-list
    namespace: registry-enforcer
    disable_cache: false
    field_masks:
    - data.tool-a
  response:
    type: Success
    payload: '{"data":{"tool-a":""}}'
- type: Exchange
  request: |
    !OciManifestAndConfig
    image: docker.io/library/nginx:1.27
  response:
    type: Error
    message: manifest unknown
"#;

    fn get_config_map(session: &Recorded, namespace: &str) -> Result<Vec<u8>, String> {
        let payload = format!(
            r#"{{"api_version":"v1","kind":"ConfigMap","name":"byoc-allow-list",
                "namespace":"{namespace}","disable_cache":false,"field_masks":["data.tool-a"]}}"#
        );
        session.call("kubewarden", "kubernetes", "get_resource", payload.as_bytes())
    }

    fn get_manifest(session: &Recorded, image: &str) -> Result<Vec<u8>, String> {
        let payload = serde_json::to_vec(image).unwrap();
        session.call("kubewarden", "oci", "v1/oci_manifest_config", &payload)
    }

    #[test]
    fn answers_in_order_until_the_session_ends() {
        let session = Recorded::from_yaml(SESSION).unwrap();
        assert_eq!(session.remaining(), 2);
        assert_eq!(get_config_map(&session, "registry-enforcer"), Ok(br#"{"data":{"tool-a":""}}"#.to_vec()));
        assert_eq!(
            get_manifest(&session, "docker.io/library/nginx:1.27"),
            Err("Callback evaluation failure: manifest unknown".to_owned())
        );
        assert_eq!(session.remaining(), 0);
        assert_eq!(
            get_manifest(&session, "docker.io/library/nginx:1.27"),
            Err("Callback evaluation failure: the list of recorded responses is empty".to_owned())
        );
    }

    #[test]
    fn rejects_a_request_that_was_not_recorded() {
        let session = Recorded::from_yaml(SESSION).unwrap();
        assert_eq!(
            get_config_map(&session, "elsewhere"),
            Err("Callback evaluation failure: Replay error: unexpected request. Was expecting \
                 KubernetesGetResource { api_version: \"v1\", kind: \"ConfigMap\", \
                 name: \"byoc-allow-list\", namespace: Some(\"registry-enforcer\"), \
                 disable_cache: false, field_masks: Some({\"data.tool-a\"}) }, got \
                 KubernetesGetResource { api_version: \"v1\", kind: \"ConfigMap\", \
                 name: \"byoc-allow-list\", namespace: Some(\"elsewhere\"), \
                 disable_cache: false, field_masks: Some({\"data.tool-a\"}) } instead"
                .to_owned())
        );
        assert_eq!(session.remaining(), 1, "kwctl uses up the exchange that did not fit");
    }

    #[test]
    fn rejects_a_request_of_an_unknown_type() {
        let yaml = "- request: \"!DNSLookupHost\\nhost: a.example\\n\"\n  response: {type: Success, payload: ''}\n";
        let error = Recorded::from_yaml(yaml).unwrap_err();
        assert_eq!(
            format!("{error:#}"),
            "[0].request: unknown variant `DNSLookupHost`, \
             expected `KubernetesGetResource` or `OciManifestAndConfig`"
        );
    }
}
