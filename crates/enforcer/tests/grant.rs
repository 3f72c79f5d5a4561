//! `allow-list grant --image` on a real registry.

mod common;

use common::{errors, run_with};
use test_support::{
    fault_server::{Fault, FaultServer},
    image::{Image, THIS_ARCHITECTURE},
    registry::{PASSWORD, TestRegistry, USER},
};

const LIST: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: byoc, namespace: re}\ndata: {}\n";

struct Sample {
    registry: TestRegistry,
    folder: tempfile::TempDir,
}

impl Sample {
    fn new() -> Self {
        Self::of(TestRegistry::start())
    }

    fn of(registry: TestRegistry) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("list.yaml"), LIST).expect("a file");
        let sample = Self { registry, folder };
        sample.require("open_source: true");
        sample
    }

    /// Writes settings with a requirement, in which `REGISTRY` stands for the registry's address.
    fn require(&self, requirement: &str) {
        let settings = format!(
            "registry_prefixes: [reg.example]\nallow_list_config_map: {{namespace: re, name: byoc}}\n\
             byoc_requirements: {{{requirement}, registries: [REGISTRY]}}\n"
        );
        let settings = settings.replace("REGISTRY", self.registry.address());
        std::fs::write(self.folder.path().join("settings.yaml"), settings).expect("a file");
    }

    /// Grants an exception for an image: standard output, standard error, the exit status and the list.
    fn grant(&self, image: &str) -> (String, String, Option<i32>, String) {
        let path = |name| self.folder.path().join(name).display().to_string();
        let image = format!("{}/{image}", self.registry.address());
        let (settings, list) = (path("settings.yaml"), path("list.yaml"));
        let output = run_with(
            &[
                "allow-list",
                "grant",
                "tool-a",
                "--until",
                "2999-12-31",
                "--image",
                &image,
                "--file",
                &list,
                "--settings",
                &settings,
            ],
            "",
            &[("DOCKER_CONFIG", self.folder.path())],
        );
        let stdout = String::from_utf8_lossy(&output.stdout).replace(self.registry.address(), "REGISTRY");
        let stderr = errors(&output).replace(self.registry.address(), "REGISTRY");
        let list = std::fs::read_to_string(list).expect("a file").replace(self.registry.address(), "REGISTRY");
        (stdout, stderr, output.status.code(), list)
    }
}

fn open_source() -> Image {
    Image::default()
        .label("org.opencontainers.image.licenses", "MIT")
        .label("org.opencontainers.image.source", "https://example.org/x")
}

#[test]
fn pins_what_was_looked_at() {
    let sample = Sample::new();
    let digest = sample.registry.push("team/web:1", &open_source().created("2026-01-01T00:00:00Z"));
    let (stdout, stderr, code, list) = sample.grant("team/web:1");
    assert_eq!((stderr.as_str(), code), ("", Some(0)), "{stdout}");
    assert!(stdout.starts_with(&format!("REGISTRY/team/web@{digest}\n  linux/")), "{stdout}");
    let says = "licence MIT, source https://example.org/x, created 2026-01-01T00:00:00Z, 1 layers";
    assert!(stdout.contains(says), "{stdout}");
    assert!(list.contains(&format!("\"registry_prefixes\":[\"REGISTRY/team/web@{digest}\"]")), "{list}");
}

#[test]
fn looks_at_every_platform_of_an_index() {
    let sample = Sample::new();
    let images = [open_source().architecture("amd64"), Image::default().architecture("arm64")];
    sample.registry.push_index("team/web:2", &images);
    let (stdout, stderr, code, list) = sample.grant("team/web:2");
    assert!(
        stdout.contains("  linux/amd64: licence MIT") && stdout.contains("  linux/arm64: licence not said"),
        "{stdout}"
    );
    assert!(stderr.starts_with("refused: linux/arm64: it has no label org.opencontainers.image.licenses"), "{stderr}");
    assert_eq!((code, list.as_str()), (Some(1), LIST));
}

/// An empty string says nothing, and one over 4 KiB is not read.
#[test]
fn reads_labels_as_the_policy_does() {
    let sample = Sample::new();
    let licensed = "org.opencontainers.image.licenses";
    let empty = Image::default().annotation(licensed, "").label("org.opencontainers.image.source", "https://x.example");
    let long = open_source().label(licensed, &"MIT ".repeat(1025));
    for (image, told) in [(empty, "it has no label"), (long, "its label")] {
        sample.registry.push("team/web:3", &image);
        let (_, stderr, code, list) = sample.grant("team/web:3");
        let line = format!("refused: linux/{THIS_ARCHITECTURE}: {told} {licensed}");
        assert!(stderr.starts_with(&line), "{stderr}");
        assert_eq!((code, list.as_str()), (Some(1), LIST));
    }
}

#[test]
fn holds_each_platform_against_the_base_of_its_own() {
    let sample = Sample::new();
    let images = |[amd64, arm64]: [&[&str]; 2]| {
        [("amd64", amd64), ("arm64", arm64)].map(|(name, layers)| Image::default().architecture(name).layers(layers))
    };
    sample.registry.push_index("base:1", &images([&["base of amd64"], &["base of arm64"]]));
    sample.registry.push_index("web:1", &images([&["base of amd64", "web"], &["base of arm64", "web"]]));
    sample.registry.push_index("web:2", &images([&["base of amd64", "web"], &["base of amd64", "web"]]));
    // Whether an image is built on a base that is not there, nobody can tell.
    sample.require("base_images: [REGISTRY/none:1]");
    let (_, stderr, code, _) = sample.grant("web:1");
    assert!(stderr.starts_with("error: REGISTRY/none:1 cannot be looked at: "), "{stderr}");
    assert_eq!(code, Some(2));
    sample.require("base_images: [REGISTRY/base:1]");
    let (_, stderr, code, _) = sample.grant("web:2");
    assert_eq!(
        (stderr.as_str(), code),
        ("refused: linux/arm64: it is not built on REGISTRY/base:1: build it FROM there\n", Some(1))
    );
    let (stdout, stderr, code, _) = sample.grant("web:1");
    assert_eq!((stderr.as_str(), code), ("", Some(0)), "{stdout}");
}

#[test]
fn writes_nothing_about_an_image_that_is_not_there() {
    let (stdout, stderr, code, list) = Sample::new().grant("team/none:1");
    assert_eq!(stderr, "error: REGISTRY/team/none:1 cannot be looked at: not found\n", "{stdout}");
    assert_eq!((code, list.as_str()), (Some(2), LIST));
}

/// What `docker login` writes. Nothing is in the registry, so that who may look finds nothing there.
#[test]
fn looks_as_who_is_logged_in() {
    let sample = Sample::of(TestRegistry::start_with_login());
    let error = || sample.grant("team/none:1").1;
    let anonymous = error();
    assert!(
        anonymous.contains("(you are not logged in: run \"docker login REGISTRY\" if it needs that)"),
        "{anonymous}"
    );
    let login = serde_json::json!({"auths": {sample.registry.address(): {"username": USER, "password": PASSWORD}}});
    std::fs::write(sample.folder.path().join("config.json"), login.to_string()).expect("a file");
    let known = error();
    assert_eq!(known, "error: REGISTRY/team/none:1 cannot be looked at: not found\n");
    // A login would not help.
    let failing = FaultServer::start(Fault::InternalError);
    let image = format!("{}/a:1", failing.address());
    let output = run_with(&["allow-list", "grant", "tool-a", "--image", &image, "--file", "allow-list.yaml"], "", &[]);
    assert!(!errors(&output).contains("logged in"), "{}", errors(&output));
    assert_eq!(output.status.code(), Some(2));
}
