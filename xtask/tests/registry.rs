//! The policy as an artifact in a registry, and the images that the policy asks a registry about.
//!
//! The registry is Debian's `docker-registry`, on loopback; without it these tests say that they are skipped.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use wasm_encoder::{CustomSection, Module};
use xtask::fault_server::{Fault, FaultServer};
use xtask::host::HostCalls;
use xtask::live_registry::LiveRegistry;
use xtask::metadata::SECTION;
use xtask::test_image::{Image, THIS_ARCHITECTURE};
use xtask::test_registry::{PASSWORD, TestRegistry, USER};

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
        Command::new(env!("CARGO_BIN_EXE_xtask"))
            .args(arguments)
            .current_dir(self.folder.path())
            .env("DOCKER_CONFIG", self.folder.path())
            // Nothing listens there: it must not be asked for what is on loopback.
            .env("HTTP_PROXY", "http://127.0.0.1:1")
            .output()
            .unwrap()
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
fn a_pushed_policy_is_pulled_as_the_same_bytes() {
    let Some(registry) = TestRegistry::start() else { return };
    let workplace = Workplace::new();
    let address = registry.address();
    let tagged = format!("{address}/policies/enforcer:v1.2.3");

    let written = workplace.path("manifest.json");
    std::fs::write(&written, manifest(&workplace.path("policy.wasm"))).unwrap();
    let immutable = format!("{address}/policies/enforcer@{}", digest(&written));
    workplace.succeeds(&["push", "policy.wasm", &tagged], &format!("Policy successfully pushed: {immutable}\n"));
    assert_eq!(registry.manifest("policies/enforcer:v1.2.3").0, manifest(&workplace.path("policy.wasm")));

    for uri in [&tagged, &immutable, &format!("registry://{tagged}")] {
        workplace.succeeds(&["pull", uri, "-o", "pulled.wasm"], &format!("Policy successfully pulled: {immutable}\n"));
        let pulled = std::fs::read(workplace.path("pulled.wasm")).unwrap();
        assert_eq!(pulled, annotated(&annotations()), "{uri}");
        std::fs::remove_file(workplace.path("pulled.wasm")).unwrap();
    }
}

#[test]
fn a_registry_with_a_login_takes_the_one_in_the_docker_config() {
    let Some(registry) = TestRegistry::start_with_login() else { return };
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
    workplace.fails(&["pull", &uri, "-o", "pulled.wasm"], &refuses(nobody));

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
    assert!(workplace.xtask(&["pull", &uri, "-o", "pulled.wasm"]).status.success());
    assert_eq!(std::fs::read(workplace.path("pulled.wasm")).unwrap(), annotated(&annotations()));
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
    for arguments in [["push", "policy.wasm", ""], ["pull", "-opulled.wasm", ""]] {
        let uri = format!("{address}/p:v1");
        let arguments = arguments.map(|argument| if argument.is_empty() { &uri } else { argument });
        workplace
            .fails(&arguments, &format!("Error: {address} cannot be reached: Connection refused (os error 111)\n"));
    }
    // A name that never resolves: RFC 6761, section 6.4.
    let output = workplace.xtask(&["push", "policy.wasm", "registry.invalid/p:v1"]);
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(stderr.starts_with("Error: registry.invalid cannot be reached: "), "{stderr}");
    assert!(stderr.ends_with(" (a registry without TLS needs --plain-http)\n"), "{stderr}");
}

#[test]
fn rejects_a_pull_of_what_is_not_a_policy() {
    let Some(registry) = TestRegistry::start() else { return };
    let workplace = Workplace::new();
    let address = registry.address();
    registry.push("tool:1", &Image::default());
    registry.push("tool:2", &Image::default().layers(&["base", "tool"]));

    let wasm = "application/vnd.wasm.content.layer.v1+wasm";
    let tar = "application/vnd.oci.image.layer.v1.tar";
    let cases = [
        ("tool:0", format!("{address}/tool:0 is not in the registry")),
        ("tool:1", format!("{address}/tool:1 is not a policy: its layer is of type {tar}, not {wasm}")),
        ("tool:2", format!("{address}/tool:2 is not a policy: it has 2 layers, not one")),
    ];
    for (name, text) in cases {
        workplace.fails(&["pull", &format!("{address}/{name}"), "-o", "out"], &format!("Error: {text}\n"));
        assert!(!workplace.path("out").exists(), "{name}");
    }
}

/// Asks as a guest does.
fn ask(host: &LiveRegistry, image: &str) -> Result<Value, String> {
    let payload = serde_json::to_vec(image).unwrap();
    let answer = host.call("kubewarden", "oci", "v1/oci_manifest_config", &payload)?;
    Ok(serde_json::from_slice(&answer).unwrap())
}

#[track_caller]
fn assert_unanswered(host: &LiveRegistry, image: &str, first_line: &str) {
    let text = ask(host, image).unwrap_err();
    assert_eq!(text.lines().next(), Some(first_line), "{text}");
}

fn licensed(licence: &str) -> Image {
    Image::default()
        .created("2026-05-06T07:08:09Z")
        .label("org.opencontainers.image.licenses", licence)
        .annotation("org.opencontainers.image.source", "https://tools.example/tool.git")
        .layers(&["base", "tool"])
}

#[test]
fn the_live_registry_answers_with_manifest_digest_and_config() {
    let Some(registry) = TestRegistry::start() else { return };
    let image = licensed("MIT");
    let digest = registry.push("tool-mix/web:1", &image);
    let manifest: Value = serde_json::from_str(&registry.manifest("tool-mix/web:1").0).unwrap();
    assert_eq!(manifest["annotations"], json!({"org.opencontainers.image.source": "https://tools.example/tool.git"}));
    let config = image.config();
    assert_eq!(config["created"], "2026-05-06T07:08:09Z");
    assert_eq!(config["rootfs"]["diff_ids"][1], manifest["layers"][1]["digest"]);

    let expected = json!({"manifest": manifest, "digest": digest, "config": config});
    for name in ["tool-mix/web:1".to_owned(), format!("tool-mix/web@{digest}"), format!("tool-mix/web:1@{digest}")] {
        let answer = ask(&LiveRegistry::default(), &format!("{}/{name}", registry.address()));
        assert_eq!(answer, Ok(expected.clone()), "{name}");
    }
}

#[test]
fn the_live_registry_chooses_the_platform_of_this_machine() {
    let Some(registry) = TestRegistry::start() else { return };
    let here = licensed("MIT");
    let elsewhere = licensed("GPL-3.0-only").architecture("s390x");
    registry.push_index("web:1", &[elsewhere.clone(), here.clone()]);
    registry.push_index("web:2", &[elsewhere]);

    let (manifest, digest) = registry.manifest(&format!("web:1-{THIS_ARCHITECTURE}"));
    let manifest: Value = serde_json::from_str(&manifest).unwrap();
    let host = LiveRegistry::default();
    assert_eq!(
        ask(&host, &format!("{}/web:1", registry.address())),
        Ok(json!({"manifest": manifest, "digest": digest, "config": here.config()}))
    );
    assert_unanswered(
        &host,
        &format!("{}/web:2", registry.address()),
        "Callback evaluation failure: Fail to interact with OCI registry: Image manifest not found: \
         no entry found in image index manifest matching client's default platform",
    );
}

#[test]
fn the_live_registry_passes_on_why_there_is_no_answer() {
    let Some(registry) = TestRegistry::start() else { return };
    registry.push("tool:1", &Image::default());
    let address = registry.address();
    let host = LiveRegistry::default();
    assert_unanswered(
        &host,
        &format!("{address}/tool:2"),
        &format!(
            "Callback evaluation failure: Fail to interact with OCI registry: Registry error: \
             url http://{address}/v2/tool/manifests/2, envelope: OCI API errors: [OCI API error: manifest unknown]"
        ),
    );
    assert_unanswered(&host, "Tool", "Callback evaluation failure: invalid reference format");

    let Some(registry) = TestRegistry::start_with_login() else { return };
    let address = registry.address();
    assert_unanswered(
        &host,
        &format!("{address}/tool:1"),
        &format!(
            "Callback evaluation failure: Fail to interact with OCI registry: \
             Not authorized: url http://{address}/v2/tool/manifests/1"
        ),
    );
}

#[test]
fn the_live_registry_passes_on_how_a_registry_fails() {
    let host = LiveRegistry::with_timeout(Duration::from_millis(500));
    let failing = [
        (Fault::InternalError, "Server error: url URL, code: 500, message: the disk is full"),
        (Fault::NeedsLogin, "Not authorized: url URL"),
        (Fault::Forbids, "Server error: url URL, code: 403, message: not for you"),
        (Fault::HangsUp, "error sending request for url (URL)"),
        (Fault::StaysSilent, "no answer within 500ms"),
    ];
    for (fault, text) in failing {
        let server = FaultServer::start(fault);
        let text = text.replace("URL", &format!("http://{}/v2/tool/manifests/1", server.address()));
        assert_unanswered(
            &host,
            &format!("{}/tool:1", server.address()),
            &format!("Callback evaluation failure: Fail to interact with OCI registry: {text}"),
        );
    }
}

#[test]
fn the_live_registry_knows_no_cluster() {
    let payload = br#"{"api_version":"v1","kind":"ConfigMap","name":"a","namespace":"b","disable_cache":false}"#;
    assert_eq!(
        LiveRegistry::default().call("kubewarden", "kubernetes", "get_resource", payload),
        Err("xtask cannot answer kubernetes/get_resource: give it a recorded session with \
             --replay-host-capabilities-interactions, or use kwctl"
            .to_owned())
    );
}
