//! Conditions with one guard less, each of which lets something past: were one not caught, the guard would be of no use
//! or the requests too tame.

use fastrand::Rng;
use serde_json::{Value, json};

use crate::{
    Outcome,
    interpreter::{Condition, expression},
    outcome, world,
};

/// How many requests a mutant has to be caught in.
const REQUESTS: usize = 60_000;

/// Settings with everything that a condition can be about.
fn settings() -> Value {
    json!({
        "registry_prefixes": ["reg.example", "quay.io/a", "quay.io/{namespace}2", "quay.io/x-{namespace}", "my-corp.com/*/a", {"prefix": "reg.example.org", "sunset_date": "2027-01-20"}, "docker.io/a", "index.docker.io/ab", "docker.io:5000", "REG/a", "*.my-corp.com"],
        "denied_images": ["reg.example/old", "docker.io:5000/library/nginx", "reg.example:443/*/nginx", {"prefix": "quay.io/a/tool-mix:1", "sunset_date": "2027-01-20"}],
        "denied_tags": ["*-rc*", "latest"],
    })
}

/// What is taken out, and what stands in its place.
const MUTANTS: &[(&str, &str)] = &[
    // The end of a component, of a host, of a namespace's name.
    ("'reg.example/'", "'reg.example'"),
    ("'quay.io/a/'", "'quay.io/a'"),
    ("request.namespace + '2/'", "request.namespace + '2'"),
    ("'^my-corp[.]com/[^/]+/a/'", "'^my-corp[.]com/[^/]+/a'"),
    ("'^my-corp[.]com/[^/]+/a/'", "'^my-corp[.]com/.*/a/'"),
    ("'^my-corp[.]com/", "'my-corp[.]com/"),
    ("'^my-corp[.]com/", "'^my-corp.com/"),
    // What Docker Hub's names, hosts without a dot and patterns of hosts would read as.
    ("'reg.example/',", "'reg.example/', 'docker.io/a/',"),
    ("'reg.example/',", "'reg.example/', 'index.docker.io/ab/',"),
    ("'reg.example/',", "'reg.example/', 'docker.io:5000/',"),
    ("'reg.example/',", "'reg.example/', 'reg/a/',"),
    ("|| name.matches(", "|| name.matches('^[^/]*[.]my-corp[.]com/') || name.matches("),
    // An approval that ends.
    ("'reg.example/',", "'reg.example/', 'reg.example.org/',"),
    // Every image of every list.
    (".all(element, !has(element.image)", ".exists(element, !has(element.image)"),
    ("spec.?initContainers.orValue([]) + ", ""),
    (" + spec.?ephemeralContainers.orValue([])", ""),
    (".all(containers, [spec.?volumes.orValue([])].all(volumes,", ".all(containers, [[]].all(volumes,"),
    ("containers.all(container, type(container.?image.orValue(null)) == string)", "true"),
    ("type(volume.image.?reference.orValue(null)) == string", "true"),
    ("type(element) == map", "true"),
    ("type(elements) == list", "true"),
    ("type(element.?name.orValue('')) == string", "true"),
    ("type(object.?metadata.orValue({})) == map", "true"),
    ("type(spec.orValue(null)) == map", "true"),
    // The kind, with its group.
    ("request.kind.group == 'apps' && request.kind.kind == 'DaemonSet'", "request.kind.kind == 'DaemonSet'"),
    ("request.kind.group == '' && request.kind.kind == 'Pod'", "request.kind.kind == 'Pod'"),
    ("type(object.?spec.orValue(null)) == map", "true"),
    (": optional.none()", ": object.?spec.?template.?spec"),
    ("has(request.namespace) && request.namespace.matches('^[a-z0-9-]{1,63}$')", "true"),
    // References.
    ("size(image) <= 255", "true"),
    ("image.matches('^[a-z0-9.:-]+", "image.matches('[a-z0-9.:-]+"),
    ("[0-9a-f]{128}))?$')", "[0-9a-f]{128}))?')"),
    ("(?:/[a-z0-9]+(?:", "(?:/[A-Za-z0-9]+(?:"),
    ("[.]|_|__|-+", "[.]|_+|-+"),
    ("(?::[A-Za-z0-9_]", "(?::[A-Za-z0-9_.-]"),
    ("sha256:[0-9a-f]{64}", "sha256:[0-9a-f]{2,64}"),
    // Denials.
    ("image.split('@')[0]", "image"),
    ("tagged.substring(0, tagged.lastIndexOf(':')) + '/'", "tagged + '/'"),
    ("'reg.example/old/'", "'reg.example/older/'"),
    ("!name.matches('^reg[.]example/[^/]+/nginx/')", "true"),
    ("'quay.io/a/tool-mix/'", "'quay.io/a/none/'"),
    ("!tagged.matches(", "!image.matches("),
    ("!tagged.matches(':(?:[A-Za-z0-9_.-]*-rc[A-Za-z0-9_.-]*|latest)$')", "true"),
    ("(tagged != image || tagged.lastIndexOf(':') > tagged.lastIndexOf('/'))", "true"),
];

/// Whether the requests show that a condition is wrong.
fn is_caught(expression: &str, settings: &Value) -> bool {
    let condition = Condition::new(expression);
    let mut random = Rng::with_seed(7);
    let is_wrong = |request| matches!(outcome(&condition, &request, settings), Outcome::Wrong(_));
    (0..REQUESTS).any(|_| is_wrong(world::request(&mut random, settings).0))
}

#[test]
fn every_guard_is_needed() {
    let settings = settings();
    let right = expression(&settings).expect("a condition");
    // Else everything would be caught.
    assert!(!is_caught(&right, &settings), "{right}");
    let mut survivors = Vec::new();
    for (guard, instead) in MUTANTS {
        let mutant = right.replace(guard, instead);
        assert_ne!(mutant, right, "there is no {guard}\n{right}");
        if !is_caught(&mutant, &settings) {
            survivors.push(format!("{guard} -> {instead}"));
        }
    }
    assert_eq!(survivors, [] as [String; 0]);
}

/// A condition that lags behind its settings is what `--check` is for.
#[test]
fn the_condition_of_other_settings_is_caught() {
    let settings = settings();
    let changed = |key: &str, value: Value| {
        let mut changed = settings.clone();
        changed[key] = value;
        changed
    };
    for stricter in [
        changed("registry_prefixes", json!(["quay.io/a"])),
        changed("denied_images", json!(["reg.example/a"])),
        changed("denied_tags", json!(["1"])),
        changed("custom_kinds", json!([{"group": "", "kind": "Pod", "images": ["/metadata/annotations/a"]}])),
    ] {
        assert!(is_caught(&expression(&settings).expect("a condition"), &stricter), "{stricter}");
    }
}
