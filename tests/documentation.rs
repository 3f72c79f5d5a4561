//! The documentation is true: its YAML blocks are loaded, and what it shows of the policy's answers is compared with
//! what the policy answers. What it shows of `enforcer` is compared in that crate's tests.

#![cfg(not(target_family = "wasm"))]

use registry_enforcer::{
    answer::Answer,
    facts::{ConfigMap, Facts, ImageDescription, Unavailable},
    request::payload::Payload,
    review::review,
};
use serde_json::{Value, json};

const README: (&str, &str) = ("README.md", include_str!("../README.md"));
const SETTINGS: (&str, &str) = ("docs/settings.md", include_str!("../docs/settings.md"));
const MIGRATION: (&str, &str) = ("docs/migration.md", include_str!("../docs/migration.md"));
const OPERATIONS: (&str, &str) = ("docs/operations.md", include_str!("../docs/operations.md"));
const SUNSET: (&str, &str) = ("docs/sunset.md", include_str!("../docs/sunset.md"));

/// The names that Kubewarden's controller gives the webhooks of the policies in `deploy/`.
const WEBHOOK: &str = "clusterwide-registry-enforcer.kubewarden.admission";
const LIST_WEBHOOK: &str = "namespaced-registry-enforcer-byoc-allow-list.kubewarden.admission";

/// The fenced blocks of a language, without the indentation that a list gives them.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let indentation = line.len() - line.trim_start().len();
        if line.trim_start() == format!("```{language}") {
            let block = lines.by_ref().take_while(|line| line.trim_start() != "```");
            blocks.push(block.map(|line| format!("{}\n", line.get(indentation..).unwrap_or_default())).collect());
        }
    }
    blocks
}

fn yaml(text: &str) -> Value {
    yaml_serde::from_str(text).unwrap_or_else(|cause| panic!("{cause}\n{text}"))
}

#[test]
fn every_yaml_block_holds_valid_settings() {
    for (document, text) in [README, SETTINGS, MIGRATION, OPERATIONS, SUNSET] {
        let blocks = blocks(text, "yaml");
        assert!(!blocks.is_empty(), "{document} has no YAML block");
        for block in blocks {
            let yaml = yaml(&block);
            let settings = yaml.pointer("/spec/settings").unwrap_or(&yaml);
            let problems = registry_enforcer::settings::validate(&settings.to_string());
            assert_eq!(problems.map_err(|problems| problems.to_string()), Ok(()), "{document}:\n{block}");
        }
    }
}

#[test]
fn the_settings_reference_has_every_setting() {
    let reference = blocks(SETTINGS.1, "yaml").remove(0);
    let keys = reference
        .lines()
        .filter_map(|line| line.split_once(':').map(|(key, _)| key))
        .filter(|key| !key.starts_with(' '));
    let mut documented: Vec<&str> = keys.collect();
    let mut known = registry_enforcer::settings::key::Key::NAMES.to_vec();
    documented.sort_unstable();
    known.sort_unstable();
    assert_eq!(documented, known);
}

#[test]
fn the_containerfile_has_the_labels_that_open_source_asks_for() {
    let containerfile = blocks(SETTINGS.1, "Dockerfile").remove(0);
    let labels: Vec<&str> = containerfile.lines().filter_map(|line| line.strip_prefix("LABEL ")).collect();
    assert_eq!(
        labels,
        [
            "org.opencontainers.image.licenses=\"Apache-2.0\"",
            "org.opencontainers.image.source=\"https://gitlab.wikimedia.org/toolforge-repos/mix\"",
        ]
    );
}

/// A cluster at a time, with one entry in the allow list.
struct Cluster {
    now: i64,
    entry: Option<&'static str>,
}

impl Facts for Cluster {
    fn now(&self) -> i64 {
        self.now
    }

    fn allow_list_entry(&self, _: &ConfigMap<'_>, _: &str) -> Result<Option<String>, Unavailable> {
        Ok(self.entry.map(str::to_owned))
    }

    fn image(&self, reference: &str) -> Result<ImageDescription, Unavailable> {
        panic!("nothing here asks a registry: {reference}")
    }
}

fn answer(request: &Value, settings: &Value, cluster: &Cluster) -> Answer {
    let payload = json!({"request": request, "settings": settings}).to_string();
    let Payload { request, settings } = Payload::parse(payload.as_bytes()).expect("a payload");
    review(request, &settings, cluster)
}

/// What kwctl prints in a document, with the request and the settings that its command names.
fn printed(text: &str) -> Vec<(Value, Value, Value)> {
    let named = |command: &str, flag: &str| {
        let path = command.split_once(flag).and_then(|(_, rest)| rest.split_whitespace().next()).expect(flag);
        let path = format!("{}/{path}", env!("CARGO_MANIFEST_DIR"));
        yaml(&std::fs::read_to_string(&path).unwrap_or_else(|cause| panic!("{path}: {cause}")))
    };
    let commands = blocks(text, "console");
    let commands = commands.iter().filter_map(|block| block.split_once("\n{"));
    let read = |(command, output): (&str, &str)| {
        (named(command, "--request-path"), named(command, "--settings-path"), yaml(&format!("{{{output}")))
    };
    commands.map(read).collect()
}

/// Compares what kwctl printed with what the policy answers.
#[track_caller]
fn check_printed((document, text): (&str, &str), cluster: &Cluster) {
    let printed = printed(text);
    assert_eq!(printed.len(), 1, "{document}");
    for (request, settings, printed) in printed {
        let Answer { accepted, message, warnings, annotations } = answer(&request, &settings, cluster);
        let status = message.map(|message| json!({"message": message, "code": 403}));
        let annotations: serde_json::Map<String, Value> =
            annotations.into_iter().map(|(key, value)| (key.to_owned(), json!(value))).collect();
        let mut expected = json!({
            "uid": request["uid"], "allowed": accepted, "auditAnnotations": annotations,
            "warnings": (!warnings.is_empty()).then_some(warnings),
        });
        if let Some(status) = status {
            expected["status"] = status;
        }
        assert_eq!(printed, expected, "{document}");
    }
}

#[test]
fn what_kwctl_prints_is_what_the_policy_answers() {
    // 2026-12-19 at noon, UTC.
    let cluster = Cluster { now: 1_797_681_600, entry: None };
    check_printed(SETTINGS, &cluster);
    check_printed(SUNSET, &cluster);
}

/// A request that creates an object with one container.
fn create(group: &str, kind: &str, namespace: &str, name: &str, container: &str, image: &str) -> Value {
    let pod = json!({"containers": [{"name": container, "image": image}]});
    let spec = if kind == "Pod" { pod } else { json!({"template": {"spec": pod}}) };
    json!({
        "kind": {"group": group, "version": "v1", "kind": kind},
        "name": name, "namespace": namespace, "operation": "CREATE", "object": {"spec": spec},
    })
}

/// A request that puts an object in the place of another.
fn update(new: &Value, old: &Value) -> Value {
    let mut request = new.clone();
    request["operation"] = json!("UPDATE");
    request["oldObject"] = old["object"].clone();
    request
}

/// What kubectl shows of an answer: the API server's words before a refusal, kubectl's before a warning.
fn shown(answer: &Answer, webhook: &str) -> String {
    match &answer.message {
        Some(message) => format!("admission webhook \"{webhook}\" denied the request: {message}\n"),
        None => answer.warnings.iter().map(|warning| format!("Warning: {warning}\n")).collect(),
    }
}

/// Everything of the kind in a document's blocks.
fn shown_in(text: &str) -> Vec<String> {
    let blocks = [blocks(text, "console"), blocks(text, "text")].concat();
    let mut shown = Vec::new();
    for block in blocks {
        let refusal = block.find("admission webhook").map(|start| block[start..].to_owned());
        let warnings = block.lines().filter(|line| line.starts_with("Warning: ")).map(|line| format!("{line}\n"));
        shown.extend(warnings.chain(refusal));
    }
    shown
}

/// Compares what a document shows with answers of the pods' policy, and of the one that judges the allow list.
#[track_caller]
fn check((document, text): (&str, &str), answers: &[(Answer, &str)]) {
    let answered: Vec<String> = answers.iter().map(|(answer, webhook)| shown(answer, webhook)).collect();
    assert_eq!(shown_in(text), answered, "{document}");
}

#[test]
fn what_kubectl_shows_while_an_exception_ends_is_what_the_policy_answers() {
    let settings = yaml(&blocks(SUNSET.1, "yaml")[0]);
    // 2026-12-15 and 2027-01-13, at midnight, UTC.
    let [before, after] = [1_797_292_800, 1_799_798_400].map(|now| Cluster { now, entry: None });
    let pod = |name| create("", "Pod", "tool-mix", name, "web", "nginx:1.27");
    let deployment = |image| create("apps", "Deployment", "tool-mix", "web", "web", image);
    let ending = [
        answer(&pod("web"), &settings, &before),
        answer(&pod("web"), &settings, &after),
        answer(&update(&deployment("nginx:1.28"), &deployment("nginx:1.27")), &settings, &after),
        answer(&update(&deployment("nginx:1.27"), &deployment("nginx:1.27")), &settings, &after),
    ];
    // An event is text, which comes after what a console shows.
    let event = answer(&pod("web-7c9d6b5f48-2xkqp"), &settings, &after);
    let answers = ending.into_iter().chain(retired()).chain([event]);
    check(SUNSET, &answers.map(|answer| (answer, WEBHOOK)).collect::<Vec<_>>());
}

/// The answers of the chapter about retirement.
fn retired() -> [Answer; 4] {
    let settings = yaml(&blocks(SUNSET.1, "yaml")[1]);
    // 2027-01-19 at noon, 2027-02-01 and 2027-03-02, UTC.
    let [before, host, image] = [1_800_360_000, 1_801_440_000, 1_803_945_600].map(|now| Cluster { now, entry: None });
    let old_host = "docker-registry.tools.wmflabs.org/toolforge-python311-sssd-web:latest";
    let node12 = "docker-registry.svc.toolforge.org/toolforge-node12-sssd-base:latest";
    let pod = |image| create("", "Pod", "tool-mix", "web", "web", image);
    let job = create("batch", "Job", "tool-mix", "dumps", "dumps", node12);
    [
        answer(&pod(old_host), &settings, &before),
        answer(&pod(old_host), &settings, &host),
        answer(&job, &settings, &image),
        answer(&pod("nginx:1.27"), &settings, &image),
    ]
}

#[test]
fn what_kubectl_shows_on_the_way_to_this_policy_is_what_it_answers() {
    let settings = yaml(&blocks(MIGRATION.1, "yaml")[0]);
    let option_4 = yaml(include_str!("../deploy/option-4-allow-list-config-map.yml"));
    let option_4 = &option_4["spec"]["settings"];
    // 2026-12-19 at noon, UTC.
    let entry = r#"{"sunset_date": "2026-12-31", "reason": "T302863", "owner": "maintainers of try"}"#;
    let [without, with] = [None, Some(entry)].map(|entry| Cluster { now: 1_797_681_600, entry });
    let pod = create("", "Pod", "tool-try", "try", "try", "nginx:1.27");
    let edit = |entry| answer(&edit_of_the_list(entry), option_4, &without);
    check(
        MIGRATION,
        &[
            (answer(&create("batch", "Job", "tool-mix", "try", "try", "nginx:1.27"), &settings, &without), WEBHOOK),
            (answer(&pod, option_4, &without), WEBHOOK),
            (edit("31/12/2026"), LIST_WEBHOOK),
            (edit(entry), LIST_WEBHOOK),
            (answer(&pod, option_4, &with), WEBHOOK),
        ],
    );
    let patches = MIGRATION.1.lines().filter_map(|line| line.split_once("--patch '")?.1.strip_suffix('\''));
    let written: Vec<Value> = patches.map(|patch| yaml(patch)["data"]["tool-try"].clone()).collect();
    assert_eq!(written, [json!("31/12/2026"), json!(entry), Value::Null]);
}

/// A request that adds an entry to the empty allow list.
fn edit_of_the_list(entry: &str) -> Value {
    json!({
        "kind": {"group": "", "version": "v1", "kind": "ConfigMap"},
        "name": "byoc-allow-list", "namespace": "registry-enforcer", "operation": "UPDATE",
        "object": {"data": {"tool-try": entry}}, "oldObject": {"data": {}},
    })
}

#[test]
fn the_policy_reads_images_as_the_table_beside_registry_enforcer_says() {
    const CASES: &[(&str, &str, Option<bool>)] = &[
        ("docker.io", "nginx", Some(true)),
        ("reg.org", "REG.org/a", Some(true)),
        ("reg.org", "reg.org/A", Some(false)),
        ("reg.org", "reg.org//a", Some(false)),
        ("mirror", "mirror/a", None),
        ("docker.io/mirror", "mirror/a", Some(true)),
        ("reg:5000", "reg:5000/a", None),
        ("reg:5000/", "reg:5000/a", Some(true)),
        ("reg.org/", "reg.org/a", Some(true)),
        ("reg.org/a", "reg.org/a:1", Some(true)),
        ("reg.org/a:1", "reg.org/a:1", Some(true)),
        (" b.org", "b.org/x", None),
    ];
    for &(entry, image, accepted) in CASES {
        let settings = json!({"registry_prefixes": [entry]});
        let valid = registry_enforcer::settings::validate(&settings.to_string()).is_ok();
        let request = create("", "Pod", "tool-mix", "web", "web", image);
        let cluster = Cluster { now: 1_797_681_600, entry: None };
        let found = valid.then(|| answer(&request, &settings, &cluster).accepted);
        assert_eq!(found, accepted, "{entry} {image}");
    }
}
