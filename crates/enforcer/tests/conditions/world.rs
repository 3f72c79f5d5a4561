//! Settings, images and requests that are near enough to each other for a careless comparison to be seen.

use fastrand::Rng;
use serde_json::{Value, json};

const HOSTS: &[&str] = &[
    "docker.io",
    "index.docker.io",
    "registry-1.docker.io",
    "docker.io:5000",
    "quay.io",
    "quay.io",
    "reg.example",
    "reg.example",
    "QUAY.io",
    "quay.io:443",
    "quay.io:0443",
    "quay.io.evil.example",
    "reg.my-corp.com",
    "my-corp.com",
    "a.b.my-corp.com",
    "reg.tool-mix.org",
    "localhost",
    "reg:5000",
    "REG",
    "10.0.0.5",
    "10.0.5",
    "[::1]:5000",
];
const HOST_PATTERNS: &[&str] = &["*.my-corp.com", "reg.{namespace}.org", "*.io"];
const COMPONENTS: &[&str] = &["library", "nginx", "a", "ab", "tool-mix", "tool-mix2", "x-tool-mix", "old", "x__y"];
const PATTERNS: &[&str] = &["*", "{namespace}", "x-{namespace}", "{namespace}2"];
const DIGEST: &str = "@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
/// The ends of images that are read, and of some that are not.
const ENDS: &[&str] = &[
    "",
    ":1",
    ":latest",
    ":1.2-rc1",
    ":5000",
    DIGEST,
    ":",
    "@",
    "@sha256:12",
    ":-1",
    ":1.2-rc1@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    ":1@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
];
/// What may stand before an image, and after its host or path.
const BEFORE: &[&str] = &["evil.example/", "x", " ", "docker://"];
const AFTER: &[&str] = &["b", ".evil.example", "-x", ":5000", "___y", "/x___y"];
const DATES: &[&str] = &["2020-01-01", "2027-01-20", "2099-12-31"];
const DENIED_TAGS: &[&str] = &["latest", "*-rc*", "1", "l*", "*"];
/// Characters with a meaning in a reference, in a pattern or in a string of CEL, and some that have none.
const CHARACTERS: &[u8] = b"aZ0/:@._-*{}[]'\"\\ \n$^|+";
/// Namespaces beside the usual one, names that none has, and none.
const NAMESPACES: &[Option<&str>] =
    &[Some("tool-mix2"), Some("kube-system"), Some("mix"), Some(""), Some("a.*"), Some("("), None];
/// Group and kind, the way to the pod spec.
const KINDS: &[(&str, &str, &[&str])] = &[
    ("", "Pod", &["spec"]),
    ("", "Pod", &["spec"]),
    ("", "PodTemplate", &["template", "spec"]),
    ("", "ReplicationController", &["spec", "template", "spec"]),
    ("apps", "Deployment", &["spec", "template", "spec"]),
    ("apps", "ReplicaSet", &["spec", "template", "spec"]),
    ("apps", "StatefulSet", &["spec", "template", "spec"]),
    ("apps", "DaemonSet", &["spec", "template", "spec"]),
    ("batch", "Job", &["spec", "template", "spec"]),
    ("batch", "CronJob", &["spec", "jobTemplate", "spec", "template", "spec"]),
    ("argoproj.io", "Rollout", &["spec", "template", "spec"]),
    ("kruise.io", "DaemonSet", &["spec", "template", "spec"]),
    ("other.io", "Pod", &["spec"]),
    ("", "Node", &["status"]),
    ("", "Binding", &["spec"]),
];

fn one<'t>(random: &mut Rng, texts: &[&'t str]) -> &'t str {
    random.choice(texts.iter().copied()).unwrap_or_default()
}

/// One time in `times`.
fn rarely(random: &mut Rng, times: u32) -> bool {
    random.u32(..times) == 0
}

/// Settings that are valid.
pub fn settings(random: &mut Rng) -> Value {
    loop {
        let prefixes: Vec<String> = (0..random.usize(1..6)).map(|_| prefix(random)).collect();
        let entries: Vec<Value> = prefixes.iter().map(|prefix| entry(random, prefix)).collect();
        let mut settings = json!({"registry_prefixes": entries, "allowed_namespaces": ["mix"]});
        if rarely(random, 3) {
            let denials = (0..random.usize(1..4)).map(|_| denial(random, &prefixes));
            settings["denied_images"] = denials.collect();
        }
        if rarely(random, 5) {
            settings["denied_tags"] = json!([one(random, DENIED_TAGS), one(random, DENIED_TAGS)]);
        }
        if rarely(random, 4) {
            settings["custom_kinds"] = json!([
                {"group": "argoproj.io", "kind": "Rollout", "pod_specs": ["/spec/template/spec"]},
                {"group": "", "kind": "Pod", "images": ["/metadata/image"]},
            ]);
        }
        if registry_enforcer::settings::validate(&settings.to_string()).is_ok() {
            return settings;
        }
    }
}

/// A denial, half of them of a registry that is approved.
fn denial(random: &mut Rng, approved: &[String]) -> Value {
    let registries: Vec<&str> = approved.iter().filter_map(|prefix| prefix.split('/').next()).collect();
    let registry = if random.bool() { one(random, &registries) } else { host(random) };
    let prefix = with_path(random, registry);
    entry(random, &prefix)
}

/// An entry for a prefix, some of which end: long ago, or soon after the time at which is judged.
fn entry(random: &mut Rng, prefix: &str) -> Value {
    match random.u8(..8) {
        0 => json!({"prefix": prefix, "sunset_date": one(random, DATES), "reason": "T1"}),
        1 => json!({"prefix": prefix, "reason": "T2"}),
        _ => json!(prefix),
    }
}

fn prefix(random: &mut Rng) -> String {
    let host = host(random);
    with_path(random, host)
}

fn host<'t>(random: &mut Rng) -> &'t str {
    let hosts = if rarely(random, 6) { HOST_PATTERNS } else { HOSTS };
    one(random, hosts)
}

fn with_path(random: &mut Rng, host: &str) -> String {
    let mut text = host.to_owned();
    for _ in 0..random.usize(..3) {
        text.push('/');
        let components = if rarely(random, 4) { PATTERNS } else { COMPONENTS };
        text.push_str(one(random, components));
    }
    let end = if rarely(random, 6) { one(random, ENDS) } else { "" };
    text + end
}

/// An image: most begin as a prefix of the settings does.
pub fn image<'s>(random: &mut Rng, settings: &'s Value) -> String {
    let list = if rarely(random, 10) { &settings["denied_images"] } else { &settings["registry_prefixes"] };
    let text_of = |entry: &'s Value| entry.as_str().or(entry["prefix"].as_str());
    let prefixes: Vec<&str> = list.as_array().into_iter().flatten().filter_map(text_of).collect();
    let mut text = if rarely(random, 20) { prefix(random) } else { one(random, &prefixes).to_owned() };
    let namespace = one(random, &["tool-mix", "tool-mix", "tool-mix2", "a"]);
    text = text.replace("{namespace}", namespace).replace('*', one(random, COMPONENTS));
    if rarely(random, 30) {
        text.insert_str(0, one(random, BEFORE));
    }
    if rarely(random, 10) {
        text.push_str(one(random, AFTER));
    }
    for _ in 0..random.usize(..3) {
        text.push('/');
        text.push_str(one(random, COMPONENTS));
    }
    if rarely(random, 40) {
        text.push_str(&"/long".repeat(random.usize(20..60)));
    }
    let ends = if rarely(random, 3) { ENDS } else { &[":1", DIGEST] };
    text.push_str(one(random, ends));
    if rarely(random, 10) { changed(random, &text) } else { text }
}

/// The text in lower case, or with a character more, less or in the place of another.
fn changed(random: &mut Rng, text: &str) -> String {
    if rarely(random, 6) {
        return text.to_ascii_lowercase();
    }
    if rarely(random, 6) {
        return text.replacen('.', "x", 1);
    }
    let mut bytes = text.as_bytes().to_vec();
    let at = random.usize(..=bytes.len());
    let byte = random.choice(CHARACTERS.iter().copied()).unwrap_or(b'x');
    match random.u8(..4) {
        0 => bytes.insert(at, byte),
        1 if at < bytes.len() => drop(bytes.remove(at)),
        2 if at < bytes.len() => bytes[at] = bytes[at].to_ascii_uppercase(),
        _ if at < bytes.len() => bytes[at] = byte,
        _ => bytes.push(byte),
    }
    String::from_utf8(bytes).unwrap_or_default()
}

/// A request, and how many images it has.
pub fn request(random: &mut Rng, settings: &Value) -> (Value, usize) {
    let (group, kind, path) = random.choice(KINDS.iter().copied()).unwrap_or_default();
    let (spec, images) = pod_spec(random, settings);
    let mut object = nested(path, spec);
    object["metadata"] = json!({"name": "web", "annotations": {"a": "b"}});
    if rarely(random, 16) {
        damage(random, &mut object);
    }
    let mut request = json!({
        "kind": {"group": group, "version": "v1", "kind": kind}, "name": "web", "operation": "CREATE", "object": object,
    });
    let is_usual = random.bool();
    let odd = random.choice(NAMESPACES.iter().copied()).flatten();
    if let Some(namespace) = if is_usual { Some("tool-mix") } else { odd } {
        request["namespace"] = json!(namespace);
    }
    match random.u8(..8) {
        0 => {
            request["operation"] = json!("UPDATE");
            request["oldObject"] = nested(path, pod_spec(random, settings).0);
        }
        1 if rarely(random, 4) => {
            request["operation"] = json!("DELETE");
            request["oldObject"] = request["object"].take();
        }
        _ => {}
    }
    (request, images)
}

/// Requests of each kind that has a pod spec, with an image in every place.
pub fn plain_requests(image: &str) -> Vec<Value> {
    let list = json!([{"name": "c", "image": image}, {"name": "d", "image": image}]);
    let volumes =
        json!([{"name": "v", "emptyDir": {}}, {"name": "i", "image": {"reference": image, "pullPolicy": "Always"}}]);
    let spec = json!({"containers": list, "initContainers": list, "ephemeralContainers": list, "volumes": volumes});
    let workloads = KINDS.iter().filter(|(group, kind, _)| {
        registry_enforcer::kind::workloads().any(|known| (known.0, known.1) == (*group, *kind))
    });
    let request = |(group, kind, path): &(&str, &str, &[&str])| {
        json!({
            "kind": {"group": group, "version": "v1", "kind": kind}, "namespace": "tool-mix", "operation": "CREATE",
            "object": nested(path, spec.clone()),
        })
    };
    workloads.map(request).collect()
}

fn nested(path: &[&str], spec: Value) -> Value {
    path.iter().rev().fold(spec, |inner, field| json!({*field: inner}))
}

fn pod_spec(random: &mut Rng, settings: &Value) -> (Value, usize) {
    let mut count = 0;
    let mut list = |random: &mut Rng, least: usize| -> Value {
        let length = random.usize(least..3);
        count += length;
        (0..length).map(|_| json!({"name": "c", "image": image(random, settings)})).collect()
    };
    let mut spec = json!({"containers": list(random, 1)});
    for field in ["initContainers", "ephemeralContainers"] {
        if rarely(random, 4) {
            spec[field] = list(random, 0);
        }
    }
    if rarely(random, 3) {
        let odd = [
            json!("x"),
            json!(null),
            json!({"image": {}}),
            json!({"image": null}),
            json!({"image": {"reference": 1}}),
            json!({"image": "reg.example/a:1"}),
        ];
        let volume = match random.u8(..4) {
            0 => random.choice(odd).unwrap_or_default(),
            1 => json!({"name": "v", "emptyDir": {}}),
            _ => json!({"name": "i", "image": {"reference": image(random, settings)}}),
        };
        count += 1;
        spec["volumes"] = json!([{"name": "v", "emptyDir": {}}, volume]);
    }
    (spec, count)
}

/// Puts something else in the place of one value of an object, or takes it out.
fn damage(random: &mut Rng, value: &mut Value) {
    let is_here = rarely(random, 4);
    match value {
        Value::Object(fields) if !is_here && !fields.is_empty() => {
            let at = random.usize(..fields.len());
            if let Some(inner) = fields.values_mut().nth(at) {
                damage(random, inner);
            }
        }
        Value::Array(elements) if !is_here && !elements.is_empty() => {
            let at = random.usize(..elements.len());
            damage(random, &mut elements[at]);
        }
        value => {
            let instead = [
                json!(null),
                json!({}),
                json!([]),
                json!("x"),
                json!(1),
                json!(true),
                json!([null]),
                json!({"image": null}),
            ];
            *value = random.choice(instead).unwrap_or_default();
        }
    }
}
