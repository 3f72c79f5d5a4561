//! What a request may cost, whoever wrote it: memory, instructions, the size of the answer.
//!
//! The API server takes objects of up to 3 MB, and one replica of PolicyServer judges all of them.

use std::sync::Arc;

use engine::host::HostCalls;
use engine::meter::Metered;
use serde_json::{Value, json};

use crate::call::{payload, settings_problems};
use crate::clock::{NOW, meter};
use crate::host::Host;
use crate::objects::{approved_only, create, set, update, with, with_config_map};

const MIB: usize = 1 << 20;
/// The most that an object may have, in bytes.
pub const OBJECT_MAX: usize = 3_000_000;
/// The most that an answer may have, in bytes.
const ANSWER_MAX: usize = 8_192;
/// The most that a value of a ConfigMap may have, in bytes: etcd takes objects of up to 1 MiB.
const ENTRY_MAX: usize = 960_000;

/// Judges a payload at noon of a day; a guest that traps fails the test.
#[track_caller]
pub fn measure(payload: &str, host: Arc<dyn HostCalls>) -> Metered {
    meter().validate(Ok(NOW * 1_000_000_000), payload.as_bytes(), host).expect("the guest neither traps nor fails")
}

/// Checks that a payload costs no more memory than it may, and that the answer is short.
#[track_caller]
pub fn check_costs(name: &str, payload: &str, host: Arc<dyn HostCalls>) {
    let Metered { answer, memory, .. } = measure(payload, host);
    let shown = String::from_utf8_lossy(&answer[..answer.len().min(400)]).into_owned();
    assert!(answer.len() <= ANSWER_MAX, "{name}: an answer of {} bytes: {shown}", answer.len());
    let allowed = 4 * payload.len() + 8 * MIB;
    assert!(
        memory < allowed,
        "{name}: {} KiB for {} bytes, at most {} KiB: {shown}",
        memory >> 10,
        payload.len(),
        allowed >> 10
    );
}

/// As many copies as fit into the size, joined by commas.
pub fn filled(element: &str, bytes: usize) -> String {
    vec![element; bytes / (element.len() + 1)].join(",")
}

/// A payload for a Pod whose spec is this JSON.
fn pod_payload(spec: &str, settings: &Value) -> String {
    object_payload("Pod", &format!("{{\"spec\":{spec}}}"), settings)
}

fn object_payload(kind: &str, object: &str, settings: &Value) -> String {
    payload(&create(kind, json!("OBJECT")), settings).replace("\"OBJECT\"", object)
}

/// Objects that are as large as the API server lets them be.
#[test]
fn a_large_object_takes_no_more_memory_than_it_may() {
    let containers = |element: &str| format!("{{\"containers\":[{}]}}", filled(element, OBJECT_MAX));
    let volumes = |element: &str| format!("{{\"containers\":[],\"volumes\":[{}]}}", filled(element, OBJECT_MAX));
    let image = |text: &str| format!("{{\"containers\":[{{\"image\":\"{}\"}}]}}", text.repeat(OBJECT_MAX / text.len()));
    let cases = [
        ("containers that are empty", containers("{}")),
        ("containers that are null", containers("null")),
        ("containers with an image", containers(r#"{"image":"nginx"}"#)),
        (
            "containers with a long name",
            containers(&format!("{{\"image\":\"nginx\",\"name\":\"{}\"}}", "n".repeat(270))),
        ),
        ("containers whose image is escaped", containers(&format!("{{\"image\":\"{}\"}}", r"\u0041".repeat(50)))),
        ("volumes that are empty", volumes("{}")),
        ("volumes with an image that is empty", volumes(r#"{"image":{}}"#)),
        ("volumes with an image", volumes(r#"{"image":{"reference":"x"}}"#)),
        ("one image", image("x")),
        ("one image of escapes", image(r"\n")),
        ("one image of line breaks", image(r"\u000a")),
        ("one image of quotes", image(r#"\""#)),
        ("one image of components", image("a/")),
        ("lists in lists", format!("{{\"containers\":{}", "[".repeat(OBJECT_MAX))),
        ("a pod spec that is a string", format!("\"{}\"", r"\n".repeat(OBJECT_MAX / 2))),
        ("containers that are a string", format!("{{\"containers\":\"{}\"}}", "é".repeat(OBJECT_MAX / 2))),
        ("fields that nobody knows", format!("{{{},\"containers\":[]}}", filled("\"a\":{\"b\":[]}", OBJECT_MAX))),
    ];
    for (name, spec) in cases {
        check_costs(name, &pod_payload(&spec, &approved_only()), Host::silent());
        let open = with(
            json!({"allowed_namespaces": [{"name": "*", "sunset_date": "2026-09-30", "reason": "r".repeat(500)}]}),
        );
        check_costs(name, &pod_payload(&spec, &open), Host::silent());
    }
}

/// An update has two objects, whose images are compared.
#[test]
fn a_large_update_takes_no_more_memory_than_it_may() {
    let elements: &[&str] = &["{}", "null", r#"{"image":"nginx"}"#, r#"{"name":"a"}"#, r#"{"image":"\u0041"}"#];
    for element in elements {
        let object = format!("{{\"spec\":{{\"containers\":[{}]}}}}", filled(element, OBJECT_MAX / 2));
        let request = update("Pod", json!("OBJECT"), json!("OBJECT"));
        let payload = payload(&request, &approved_only()).replace("\"OBJECT\"", &object);
        check_costs(element, &payload, Host::silent());
    }
}

#[test]
fn large_metadata_takes_no_more_memory_than_it_may() {
    let labels: String = (0..OBJECT_MAX / 30).map(|index| format!("\"label-{index:08}\":\"value\",")).collect();
    let cases = [
        ("labels", format!("{{\"metadata\":{{\"labels\":{{{labels}\"z\":\"\"}}}},\"spec\":{{\"containers\":[]}}}}")),
        (
            "a name",
            format!(
                "{{\"metadata\":{{\"generateName\":\"{}\"}},\"spec\":{{\"containers\":[{{}}]}}}}",
                "n".repeat(OBJECT_MAX)
            ),
        ),
        ("metadata as a string", format!("{{\"metadata\":\"{}\"}}", r"\n".repeat(OBJECT_MAX / 2))),
    ];
    for (name, object) in &cases {
        check_costs(name, &object_payload("Pod", object, &approved_only()), Host::silent());
    }
    let long = json!("\n".repeat(OBJECT_MAX / 2));
    let request = create("Pod", json!({"spec": {"containers": [{}]}}));
    for field in ["name", "namespace", "operation", "kind", "uid", "object", "oldObject"] {
        check_costs(field, &payload(&set(request.clone(), &[(field, long.clone())]), &approved_only()), Host::silent());
    }
    let kind = json!({"group": long, "kind": "\n".repeat(1000)});
    check_costs("group", &payload(&set(request, &[("kind", kind)]), &approved_only()), Host::silent());
}

fn custom_kind(images: &[&str], pod_specs: &[&str]) -> Value {
    with(json!({"custom_kinds": [{"group": "a.example", "kind": "Custom", "images": images, "pod_specs": pod_specs}]}))
}

/// `*` leads to as many values as somebody writes.
#[test]
fn a_large_object_of_a_custom_kind_takes_no_more_memory_than_it_may() {
    // Each way and each size of the two objects of an update.
    let half = OBJECT_MAX / 4;
    let nested = |depth: usize| format!("{}\"x\"{}", "[".repeat(depth), "]".repeat(depth));
    let strings = |text: &str| format!("[{}]", filled(&format!("\"{text}\""), half));
    let fields: String = (0..half / 20).map(|index| format!("\"key-{index}\":{{\"image\":5}},")).collect();
    let cases = [
        ("images", strings("nginx")),
        ("strings that are empty", strings("")),
        ("strings of quotes", strings(&r#"\""#.repeat(100))),
        ("numbers", format!("[{}]", filled("5", half))),
        ("lists that are empty", format!("[{}]", filled("[]", half))),
        ("objects that are empty", format!("[{}]", filled("{}", half))),
        ("fields", format!("{{{fields}\"z\":5}}")),
        ("long keys", format!("{{\"{}\":{{\"{0}\":5}}}}", "k".repeat(half / 2))),
        ("keys of line breaks", format!("{{\"{}\":5}}", r"\n".repeat(half / 2))),
        ("nested lists", format!("[{}]", filled(&nested(100), half))),
    ];
    let pointers = [
        custom_kind(&["/spec/*"], &[]),
        custom_kind(&["/spec/*/image"], &[]),
        custom_kind(&["/spec/*/*/*/*/*/*/*/*/*/*", "/spec/*/*", "/spec"], &[]),
        custom_kind(&[], &["/spec/*", "/spec/*/*"]),
    ];
    for (name, spec) in &cases {
        for settings in &pointers {
            let object = format!("{{\"spec\":{spec}}}");
            check_costs(name, &object_payload("a.example/Custom", &object, settings), Host::silent());
            let request = update("a.example/Custom", json!("OBJECT"), json!("OBJECT"));
            let payload = payload(&request, settings).replace("\"OBJECT\"", &object);
            check_costs(name, &payload, Host::silent());
        }
    }
}

#[test]
fn a_large_node_takes_no_more_memory_than_it_may() {
    let names = |name: &str| format!("[{{\"names\":[{}]}}]", filled(&format!("\"{name}\""), OBJECT_MAX));
    let images = |image: &str| format!("[{}]", filled(image, OBJECT_MAX));
    let cases = [
        ("names", names("k8s.gcr.io/pause:1")),
        ("other names", names("nginx")),
        ("images", images(r#"{"names":["k8s.gcr.io/pause:1"]}"#)),
        ("other images", images("{}")),
        ("one name", names(&"x".repeat(OBJECT_MAX - 10))),
    ];
    for (name, list) in &cases {
        let object = format!("{{\"status\":{{\"images\":{list}}}}}");
        check_costs(name, &object_payload("Node", &object, &approved_only()), Host::silent());
    }
}

/// Elements for each list of the settings, most of which nobody should write.
const ELEMENTS: &[&str] = &[
    "0",
    "null",
    "\"\"",
    "\"a\"",
    "\"quay.io\"",
    "\"*\"",
    "{}",
    "[]",
    "{\"name\":\"a\"}",
    "{\"a\":0,\"a\":0}",
    r#"{"name":"tool-mix","registry_prefixes":["quay.io"]}"#,
    r#"{"group":"a.example","kind":"Custom","images":["/a"]}"#,
    r#"{"prefix":"a.example","sunset_date":"2027-01-01","replaced_by":"reg.example"}"#,
];
const LISTS: &[&str] = &[
    "registry_prefixes",
    "exempt_namespaces",
    "allowed_namespaces",
    "denied_images",
    "denied_tags",
    "mirrors",
    "custom_kinds",
    "sandbox_repositories",
];

/// Settings are the operator's, but come with every request.
#[test]
fn large_settings_take_no_more_memory_than_they_may() {
    for list in LISTS {
        for element in ELEMENTS {
            for bytes in [200_000, 1_000_000] {
                let settings = set(approved_only(), &[(list, json!("LIST"))]).to_string();
                let settings = settings.replace("\"LIST\"", &format!("[{}]", filled(element, bytes)));
                let request = create("Pod", json!({"spec": {"containers": [{"image": "quay.io/x:1"}]}})).to_string();
                let name = format!("{list} of {element}, {bytes} bytes");
                check_costs(&name, &format!("{{\"request\":{request},\"settings\":{settings}}}"), Host::silent());
                check_validation(&name, &settings);
            }
        }
    }
}

#[track_caller]
fn check_validation(name: &str, settings: &str) {
    let called = meter().call("validate_settings", Ok(0), settings.as_bytes(), Host::silent());
    let Metered { answer, memory, .. } = called.unwrap_or_else(|cause| panic!("{name}: {cause:?}"));
    assert!(answer.len() <= ANSWER_MAX, "{name}: an answer of {} bytes", answer.len());
    let allowed = 4 * settings.len() + 8 * MIB;
    assert!(
        memory < allowed,
        "{name}: {} KiB for {} bytes, at most {} KiB",
        memory >> 10,
        settings.len(),
        allowed >> 10
    );
}

#[test]
fn settings_with_a_wrong_name_in_every_place_are_answered_in_8_kib() {
    let names: String = (0..200_000).map(|index| format!("\"wrong-{index}\":0,")).collect();
    check_validation("names", &format!("{{{names}\"registry_prefixes\":[\"quay.io\"]}}"));
    check_validation("fields", &format!("{{\"allow_list_config_map\":{{{names}\"name\":\"a\"}}}}"));
    let prefixes = vec!["\"nginx\""; 39_000].join(",");
    check_validation("prefixes", &format!("{{\"registry_prefixes\":[{prefixes}]}}"));
    let problems = settings_problems(format!("{{{names}\"help\":\"\"}}").as_bytes()).expect("nothing of it is right");
    assert!(problems.ends_with("and 199981 more"), "{problems}");
}

/// The value of one key of the ConfigMap, for twenty images.
#[test]
fn a_large_entry_of_the_config_map_takes_no_more_memory_than_it_may() {
    let images: Vec<String> = (0..20).map(|index| format!("{{\"image\":\"quay.io/x:{index}\"}}")).collect();
    let payload = pod_payload(&format!("{{\"containers\":[{}]}}", images.join(",")), &with_config_map());
    let cases = [
        format!("{{{}}}", filled("\"a\":0", ENTRY_MAX)),
        format!("{{\"registry_prefixes\":[{}]}}", filled("0", ENTRY_MAX)),
        format!("2026-12-31T12:00:00.{}Z", "0".repeat(ENTRY_MAX)),
        "\n".repeat(ENTRY_MAX),
        "[".repeat(ENTRY_MAX),
    ];
    for entry in &cases {
        check_costs(&format!("{entry:.40}"), &payload, Host::config_map("tool-mix", entry));
    }
}

/// So many containers, each with an image of its own.
fn containers(image: &str, count: usize) -> Value {
    let containers: Vec<Value> = (0..count).map(|index| json!({"image": format!("{image}:{index}")})).collect();
    json!({"spec": {"containers": containers}})
}

/// Twice as much of anything costs twice as much, not four times.
#[test]
fn time_is_linear() {
    let judge = |request: &Value, settings: &Value| measure(&payload(request, settings), Host::silent()).instructions;
    let names = |start: &str, count: usize| (0..count).map(|index| format!("{start}{index}")).collect::<Vec<_>>();
    let created = |count: usize| judge(&create("Pod", containers("nginx", count)), &approved_only());
    let updated = |count: usize| {
        let request = update("Pod", containers("nginx", count), containers("redis", count));
        judge(&request, &approved_only())
    };
    let exceptions = |count: usize| {
        let settings = with(json!({"allowed_namespaces": names("tool-", count)}));
        judge(&create("Pod", containers("nginx", count)), &settings)
    };
    let warned = |count: usize| {
        let object = containers("nginx", count);
        judge(&update("Pod", object.clone(), object), &approved_only())
    };
    let custom = |count: usize| {
        let object = json!({"spec": vec![""; count]});
        judge(&create("a.example/Custom", object), &custom_kind(&["/spec/*"], &[]))
    };
    let nodes = |count: usize| {
        let images: Vec<Value> =
            names("a.example/", count).iter().map(|name| json!({"names": [format!("{name}/pause")]})).collect();
        judge(&create("Node", json!({"status": {"images": images}})), &approved_only())
    };
    let cases: &[(&str, &dyn Fn(usize) -> u64)] = &[
        ("created", &created),
        ("updated", &updated),
        ("exceptions", &exceptions),
        ("warned", &warned),
        ("values", &custom),
        ("nodes", &nodes),
    ];
    for (name, cost) in cases {
        let [once, twice] = [4_000, 8_000].map(cost);
        // What is quadratic takes four times as much. A setting of more than 200 KB is counted before it is read.
        assert!(twice < once * 5 / 2, "{name}: {once} instructions, and {twice} for twice as much");
    }
}

/// Every part of an answer is as long as it may be, in an alphabet of more than one byte a letter.
#[test]
fn the_longest_answer_has_room() {
    // Each date is as long as one may be, and another one.
    let end = |index: usize| format!("2026-08-{:02}T00:00:00.{}Z", index + 1, "0".repeat(43));
    let text = |index: usize, letter: &str| format!("{index}{}", letter.repeat(40));
    let path = |index: usize| format!("{index}/{}", "p".repeat(30));
    let denial = |index: usize| json!({"prefix": format!("quay.io/{}", path(index)), "sunset_date": end(index), "reason": text(index, "r")});
    let exception = |index: usize| {
        json!({
            "name": "tool-mix", "sunset_date": end(index), "registry_prefixes": [format!("ghcr.io/{index}")],
            "reason": text(index, "r"), "owner": text(index, "o"),
        })
    };
    let image = |index: usize| {
        let host = if index < 10 { "quay.io" } else { "ghcr.io" };
        json!({"image": format!("{host}/{}:1", path(index))})
    };
    let prefixes: Vec<String> = (0..30).map(|index| format!("reg.example/{index}/{}", "a".repeat(30))).collect();
    let settings = json!({
        "registry_prefixes": prefixes,
        "denied_images": (0..10).map(denial).collect::<Vec<_>>(),
        "allowed_namespaces": (10..20).map(exception).collect::<Vec<_>>(),
        "help": "\u{6c34}".repeat(500),
    });
    let images: Vec<Value> = (0..40).map(image).collect();
    let request = create("Pod", json!({"spec": {"containers": images}}));
    let payload = payload(&set(request, &[("name", json!("n".repeat(253)))]), &settings);
    check_costs("the longest", &payload, Host::silent());
    let length = measure(&payload, Host::silent()).answer.len();
    assert!(length > ANSWER_MAX * 8 / 10, "{length} bytes: hardly any part is as long as it may be");
}

/// Settings that are as long as an operator's may get, and an object with as many images as one may have.
#[test]
fn ten_thousand_containers_and_long_settings_are_judged() {
    let names: Vec<String> = (0..10_000).map(|index| format!("tool-{index}")).collect();
    let addresses: Vec<String> = (0..1_000).map(|index| format!("10.0.{}.{}/x", index / 250, index % 250)).collect();
    let cases = [
        // The exceptions of a namespace are found once a request, not once an image.
        ("exceptions", with(json!({"allowed_namespaces": names}))),
        ("denials", with(json!({"denied_images": addresses}))),
    ];
    let object = json!({"spec": {"containers": vec![json!({"image": "nginx"}); 10_000]}});
    for (name, settings) in cases {
        for request in [create("Pod", object.clone()), update("Pod", object.clone(), object.clone())] {
            let Metered { answer, instructions, .. } = measure(&payload(&request, &settings), Host::silent());
            assert!(answer.len() <= ANSWER_MAX, "{name}: {} bytes", answer.len());
            assert!(instructions < 4_000_000_000, "{name}: {instructions} instructions");
        }
    }
}
