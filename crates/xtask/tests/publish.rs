//! The policy as an artifact in a registry: how it is pushed.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use engine::metadata::SECTION;
use serde_json::{Value, json};
use tempfile::TempDir;
use test_support::fault_server::{Fault, FaultServer};
use test_support::registry::{PASSWORD, TestRegistry, USER};
use wasm_encoder::{CustomSection, Module};

/// A folder with a policy in it, and a Docker config of its own.
struct Workplace {
    folder: TempDir,
}

impl Workplace {
    fn new() -> Self {
        let workplace = Self { folder: TempDir::new().unwrap() };
        workplace.write("policy.wasm", &annotated(&annotations()));
        workplace
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.path(name), bytes).unwrap();
    }

    /// What `docker login` leaves behind.
    fn log_in(&self, registry: &str, user: &str, password: &str) {
        let auth = base64(format!("{user}:{password}").as_bytes());
        self.write("config.json", json!({"auths": {registry: {"auth": auth}}}).to_string().as_bytes());
    }

    fn xtask(&self, arguments: &[&str]) -> Output {
        // Nothing listens there: no proxy is asked for what is on loopback, and nobody else for the rest.
        const NOBODY: &str = "http://127.0.0.1:1";
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        for name in ["http_proxy", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"] {
            command.env_remove(name);
        }
        command.env("HTTP_PROXY", NOBODY).env("HTTPS_PROXY", NOBODY).env("DOCKER_CONFIG", self.folder.path());
        command.args(arguments).current_dir(self.folder.path()).output().unwrap()
    }

    #[track_caller]
    fn succeeds(&self, arguments: &[&str], stdout: &str) {
        let output = self.xtask(arguments);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert_eq!((text(&output.stderr), text(&output.stdout)), (String::new(), stdout.to_owned()), "{arguments:?}");
        assert!(output.status.success(), "{arguments:?}");
    }

    #[track_caller]
    fn fails(&self, arguments: &[&str], stderr: &str) {
        let output = self.xtask(arguments);
        assert_eq!(String::from_utf8_lossy(&output.stderr), stderr, "{arguments:?}");
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
    }
}

/// The `base64` of coreutils: a test has no need for a library of it.
fn base64(bytes: &[u8]) -> String {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("bytes");
    std::fs::write(&file, bytes).unwrap();
    let output = Command::new("base64").arg("--wrap=0").arg(&file).output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

fn annotations() -> Value {
    json!({
        "io.kubewarden.kwctl": "1.36.0",
        "io.kubewarden.policy.author": "Somebody <somebody@tools.example>",
        "io.kubewarden.policy.description": "Which images may run",
        "io.kubewarden.policy.license": "Apache-2.0",
        "io.kubewarden.policy.ociUrl": "registry.tools.example/policy",
        "io.kubewarden.policy.source": "https://tools.example/policy.git",
        "io.kubewarden.policy.title": "policy",
        "io.kubewarden.policy.url": "https://tools.example/policy",
        "io.kubewarden.policy.usage": "# Policy\n\nHow to use it.\n",
        "io.kubewarden.policy.version": "1.2.3",
    })
}

/// The smallest wasm module that carries metadata.
fn annotated(annotations: &Value) -> Vec<u8> {
    let metadata = json!({
        "protocolVersion": "v1",
        "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"], "operations": ["CREATE"]}],
        "annotations": annotations,
        "mutating": false,
        "backgroundAudit": true,
        "executionMode": "kubewarden-wapc",
        "policyType": "kubernetes",
        "contextAwareResources": [],
    });
    let mut module = Module::new();
    module.section(&CustomSection { name: SECTION.into(), data: metadata.to_string().into_bytes().into() });
    module.finish()
}

/// What `sha256sum` says, in the form of a digest.
fn digest(file: &Path) -> String {
    let output = Command::new("sha256sum").arg(file).output().unwrap();
    assert!(output.status.success());
    let line = String::from_utf8(output.stdout).unwrap();
    format!("sha256:{}", line.split_whitespace().next().unwrap())
}

/// The manifest of `annotated(&annotations())`, byte by byte as `kwctl push` of Kubewarden 1.36 writes it.
fn manifest(wasm: &Path) -> String {
    let size = std::fs::metadata(wasm).unwrap().len();
    [
        r#"{"annotations":{"#,
        r#""io.kubewarden.kwctl":"1.36.0","#,
        r#""io.kubewarden.policy.author":"Somebody <somebody@tools.example>","#,
        r#""io.kubewarden.policy.description":"Which images may run","#,
        r#""io.kubewarden.policy.license":"Apache-2.0","#,
        r#""io.kubewarden.policy.ociUrl":"registry.tools.example/policy","#,
        r#""io.kubewarden.policy.source":"https://tools.example/policy.git","#,
        r#""io.kubewarden.policy.title":"policy","#,
        r#""io.kubewarden.policy.url":"https://tools.example/policy","#,
        r#""io.kubewarden.policy.version":"1.2.3","#,
        r#""org.opencontainers.image.source":"https://tools.example/policy.git""#,
        r#"},"config":{"#,
        r#""digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","#,
        r#""mediaType":"application/vnd.wasm.config.v1+json","size":2"#,
        r#"},"layers":[{"#,
        &format!(r#""digest":"{}","#, digest(wasm)),
        &format!(r#""mediaType":"application/vnd.wasm.content.layer.v1+wasm","size":{size}"#),
        r#"}],"schemaVersion":2}"#,
    ]
    .concat()
}

#[test]
fn a_pushed_policy_is_in_the_registry_byte_by_byte() {
    let registry = TestRegistry::start();
    let workplace = Workplace::new();
    let address = registry.address();
    let tagged = format!("{address}/policies/enforcer:v1.2.3");

    let written = workplace.path("manifest.json");
    std::fs::write(&written, manifest(&workplace.path("policy.wasm"))).unwrap();
    let immutable = format!("{address}/policies/enforcer@{}", digest(&written));
    workplace.succeeds(&["push", "policy.wasm", &tagged], &format!("Policy successfully pushed: {immutable}\n"));
    assert_eq!(registry.manifest("policies/enforcer:v1.2.3").0, manifest(&workplace.path("policy.wasm")));

    assert_eq!(registry.layers("policies/enforcer:v1.2.3"), [annotated(&annotations())]);

    let with_scheme = format!("registry://{tagged}");
    workplace.succeeds(&["push", "policy.wasm", &with_scheme], &format!("Policy successfully pushed: {immutable}\n"));
}

#[test]
fn a_registry_with_a_login_takes_the_one_in_the_docker_config() {
    let registry = TestRegistry::start_with_login();
    let workplace = Workplace::new();
    let address = registry.address();
    let uri = format!("{address}/enforcer:v1");
    let refuses = |who: &str| {
        format!(
            "Error: {address} refuses {who} (401): \
             run \"docker login {address}\" as a user who has access to enforcer\n"
        )
    };

    let nobody = "anonymous access; no login in the Docker config: Unable to read config";
    workplace.fails(&["push", "policy.wasm", &uri], &refuses(nobody));

    workplace.log_in("elsewhere.example", USER, PASSWORD);
    let nobody = "anonymous access; no login in the Docker config: User has no credential configured";
    workplace.fails(&["push", "policy.wasm", &uri], &refuses(nobody));

    workplace.log_in(address, USER, "open barley");
    workplace.fails(&["push", "policy.wasm", &uri], &refuses("the user ali-baba"));

    workplace.write("config.json", json!({"auths": {address: {"identitytoken": "a token"}}}).to_string().as_bytes());
    let token = "anonymous access; no login in the Docker config: \
                 the Docker config has an identity token, which cannot be used";
    workplace.fails(&["push", "policy.wasm", &uri], &refuses(token));

    workplace.log_in(address, USER, PASSWORD);
    assert!(workplace.xtask(&["push", "policy.wasm", &uri]).status.success());
}

#[test]
fn rejects_a_policy_that_cannot_be_published() {
    let workplace = Workplace::new();
    workplace.write("plain.wasm", &Module::new().finish());
    let mut incomplete = annotations();
    incomplete.as_object_mut().unwrap().remove("io.kubewarden.policy.source");
    incomplete["io.kubewarden.policy.description"] = json!("two\nlines");
    workplace.write("incomplete.wasm", &annotated(&incomplete));

    const CASES: &[(&[&str], &str)] = &[
        (
            &["none.wasm", "reg.example/p:v1"],
            "Cannot open the policy none.wasm: No such file or directory (os error 2)",
        ),
        (&["plain.wasm", "reg.example/p:v1"], "plain.wasm is not annotated: run \"cargo xtask annotate\" first"),
        (
            &["incomplete.wasm", "reg.example/p:v1"],
            "Cannot publish incomplete.wasm: its annotations are not complete:\n\
             io.kubewarden.policy.description has more than one line\n\
             io.kubewarden.policy.source is missing\n\
             write them in metadata.yml and annotate the policy again",
        ),
        (
            &["policy.wasm", "policy:v1"],
            "\"policy:v1\" names no registry: write registry/path:tag, for Docker Hub docker.io/library/policy:v1",
        ),
        (
            &["policy.wasm", "https://reg.example/p:v1"],
            "\"https://reg.example/p:v1\" is not a reference: invalid reference format: write registry/path:tag",
        ),
        (
            &["policy.wasm", "reg.example/p@sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"],
            "\"reg.example/p@sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a\" has a digest, \
             which follows from what is pushed: write registry/path:tag",
        ),
    ];
    for (arguments, text) in CASES {
        workplace.fails(&[&["push"], *arguments].concat(), &format!("Error: {text}\n"));
    }
}

#[test]
fn says_how_a_registry_fails_a_push() {
    let workplace = Workplace::new();
    let failing = [
        (
            Fault::Forbids,
            "refuses anonymous access; no login in the Docker config: Unable to read config (403): \
                          run \"docker login ADDRESS\" as a user who has access to p",
        ),
        (
            Fault::InternalError,
            ": Server error: url http://ADDRESS/v2/p/blobs/uploads/, code: 500, \
                                message: the disk is full",
        ),
        (
            Fault::HangsUp,
            ": error sending request for url (http://ADDRESS/v2/p/blobs/uploads/): \
                          connection closed before message completed",
        ),
    ];
    for (fault, text) in failing {
        let server = FaultServer::start(fault);
        let address = server.address();
        let separator = if text.starts_with(':') { "" } else { " " };
        workplace.fails(
            &["push", "policy.wasm", &format!("{address}/p:v1")],
            &format!("Error: {address}{separator}{}\n", text.replace("ADDRESS", &address)),
        );
    }
}

#[test]
fn says_that_a_registry_cannot_be_reached() {
    let workplace = Workplace::new();
    let address = FaultServer::start(Fault::HangsUp).address();
    workplace.fails(
        &["push", "policy.wasm", &format!("{address}/p:v1")],
        &format!("Error: {address} cannot be reached: Connection refused (os error 111)\n"),
    );
    // A name that never resolves: RFC 6761, section 6.4.
    let output = workplace.xtask(&["push", "policy.wasm", "registry.invalid/p:v1"]);
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(stderr.starts_with("Error: registry.invalid cannot be reached: "), "{stderr}");
    assert!(stderr.ends_with(" (a registry without TLS needs --plain-http)\n"), "{stderr}");
}
