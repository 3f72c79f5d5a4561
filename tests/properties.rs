//! Properties of references, prefixes and decisions, on generated cases.

#![cfg(not(target_family = "wasm"))]

use std::cell::Cell;

use proptest::{collection::vec, option, prelude::*, sample::select};
use registry_enforcer::{
    answer::Answer,
    facts::{Claim, ConfigMap, Facts, ImageDescription, Unavailable},
    image::{prefix::Prefix, reference::Reference},
    request::payload::Payload,
    review::review,
    settings,
};
use serde_json::{Value, json};

mod oracle;

/// Few enough names that a prefix and an image often meet, near enough that a careless match is seen.
const HOSTS: &[&str] = &[
    "docker.io",
    "index.docker.io",
    "quay.io",
    "QUAY.io",
    "quay.io:443",
    "quay.io.evil.example",
    "reg.my-corp.com",
    "my-corp.com",
    "reg.tool-mix.org",
    "reg.tool-mix2.org",
    "localhost",
    "reg:5000",
    "[::1]:5000",
    "[0:0::1]:5000",
];
const PREFIX_HOSTS: &[&str] = &["*.my-corp.com", "reg.{namespace}.org", "*.io", "reg.*.org"];
const COMPONENTS: &[&str] = &["library", "nginx", "a", "ab", "tool-mix", "tool-mix2", "x-tool-mix"];
const PREFIX_COMPONENTS: &[&str] = &["*", "{namespace}", "x-{namespace}", "{namespace}2"];
const ENDS: &[&str] = &[
    "",
    ":1",
    ":latest",
    "@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    ":1@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    "@sha256:0000000000000000000000000000000000000000000000000000000000000000",
];

fn joined(
    hosts: Vec<&'static str>,
    components: Vec<&'static str>,
    least: usize,
    end: impl Strategy<Value = &'static str>,
) -> impl Strategy<Value = String> {
    let path = vec(select(components), least..4);
    (select(hosts), path, end).prop_map(|(host, path, end)| format!("{host}/{}{end}", path.join("/")))
}

fn image() -> impl Strategy<Value = String> {
    let full = joined(HOSTS.to_vec(), COMPONENTS.to_vec(), 1, select(ENDS));
    let short = (select(COMPONENTS), select(ENDS)).prop_map(|(name, end)| format!("{name}{end}"));
    prop_oneof![4 => full, 1 => short]
}

fn prefix() -> impl Strategy<Value = String> {
    let end = prop_oneof![3 => Just(""), 1 => select(ENDS)];
    joined([HOSTS, PREFIX_HOSTS].concat(), [COMPONENTS, PREFIX_COMPONENTS].concat(), 0, end)
}

fn namespace() -> impl Strategy<Value = Option<&'static str>> {
    option::weighted(0.9, select(&["tool-mix", "tool-mix2", "a"]))
}

/// Strings that are near to a reference, and strings that are not.
fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[a-zA-Z0-9._:/@\\[\\]-]{0,40}",
        "([a-zA-Z0-9.:-]{1,9}/)?[a-z0-9._/-]{1,20}(:[\\w.-]{1,9})?"
    ]
}

fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(cases(4096))]

    #[test]
    fn reading_never_panics(text in any_text()) {
        let _ = Reference::parse(&text);
        let _ = Prefix::parse(text.as_str().into());
        let _ = settings::validate(&text);
        let _ = Payload::parse(text.as_bytes());
    }

    /// What is printed reads as the same reference, and the full form prints as itself.
    #[test]
    fn full_form_is_a_fixed_point(text in prop_oneof![any_text(), image()]) {
        if let Ok(reference) = Reference::parse(&text) {
            let full_form = reference.to_string();
            let again = Reference::parse(&full_form).expect(&full_form);
            prop_assert_eq!(again.domain(), reference.domain());
            prop_assert!(again.components().eq(reference.components()));
            prop_assert_eq!((again.tag(), again.digest()), (reference.tag(), reference.digest()));
            prop_assert_eq!(again.to_string(), full_form);
        }
    }

    /// The policy and the oracle, which know nothing of each other, approve the same images.
    #[test]
    fn approves_as_the_oracle_does(prefix in prefix(), image in image(), namespace in namespace()) {
        let reference = Reference::parse(&image).expect(&image);
        if let Ok(parsed) = Prefix::parse(prefix.as_str().into()) {
            let approved = parsed.approves(&reference, namespace);
            prop_assert_eq!(approved, oracle::approves(&prefix, &reference.to_string(), namespace));
            prop_assert!(!approved || parsed.denies(&reference, namespace), "approved, but a denial misses it");
        }
    }

    /// An image that is built of a prefix's own components is approved by it: the oracle is not asked to
    /// agree on refusals only.
    #[test]
    fn approves_what_is_below_a_prefix(host in select(HOSTS), path in vec(select(COMPONENTS), 2..4), below in "[a-z]{1,9}") {
        let prefix = format!("{host}/{}", path.join("/"));
        let image = format!("{prefix}/{below}:1");
        let reference = Reference::parse(&image).expect(&image);
        prop_assert!(Prefix::parse(prefix.as_str().into()).expect(&prefix).approves(&reference, None));
    }
}

fn date() -> impl Strategy<Value = &'static str> {
    select(&["2026-05-01", "2026-06-01", "2026-12-31"])
}

fn exception() -> impl Strategy<Value = Value> {
    let name = select(&["tool-mix", "tool-*", "*", "other"]);
    (name, option::of(date()), option::of(prefix())).prop_map(|(name, end, prefix)| {
        let prefixes = prefix.filter(|prefix| Prefix::parse(prefix.into()).is_ok()).map(|prefix| vec![prefix]);
        let mut exception = json!({ "name": name, "sunset_date": end, "registry_prefixes": prefixes });
        exception.as_object_mut().expect("an object").retain(|_, value| !value.is_null());
        exception
    })
}

fn denial() -> impl Strategy<Value = String> {
    prefix().prop_filter("a prefix", |prefix| Prefix::parse(prefix.into()).is_ok())
}

/// Where images go: an approved host, parts of which are denied.
fn replacement() -> impl Strategy<Value = &'static str> {
    select(&["new.example", "new.example/a", "new.example/{namespace}", "new.example/library"])
}

/// Registries that many images come from.
fn retired() -> impl Strategy<Value = String> {
    select(&["docker.io", "quay.io"]).prop_map(str::to_owned)
}

/// An approval or a denial with an end and a replacement.
fn dated() -> impl Strategy<Value = Value> {
    let successor = prop_oneof![replacement(), Just("new.example/a/nginx")].prop_map(str::to_owned);
    let prefix = prop_oneof![denial(), retired(), successor];
    (prefix, option::of(date()), option::weighted(0.8, replacement())).prop_map(|(prefix, end, replaced_by)| {
        let mut entry = json!({"prefix": prefix, "sunset_date": end, "replaced_by": replaced_by});
        entry.as_object_mut().expect("an object").retain(|_, value| !value.is_null());
        entry
    })
}

fn mirror() -> impl Strategy<Value = Value> {
    (prop_oneof![denial(), retired()], replacement())
        .prop_map(|(prefix, replaced_by)| json!({"prefix": prefix, "replaced_by": replaced_by}))
}

/// Valid settings that retire registries and images.
fn retiring() -> impl Strategy<Value = Value> {
    let tags = vec(select(&["latest", "1"]), 0..2);
    let settings = (vec(dated(), 0..3), vec(dated(), 0..3), vec(mirror(), 0..2), tags);
    settings.prop_filter_map("not valid", |(dated, denied, mirrors, denied_tags)| {
        let approved: Vec<Value> = [json!("new.example")].into_iter().chain(dated).collect();
        let settings = json!({
            "registry_prefixes": approved,
            "denied_images": denied,
            "denied_tags": denied_tags,
            "mirrors": mirrors,
        });
        settings::validate(&settings.to_string()).is_ok().then_some(settings)
    })
}

/// What an answer recommends, a reference each.
fn recommended(answer: &Answer) -> Vec<String> {
    let lines =
        answer.message.iter().flat_map(|message| message.lines()).chain(answer.warnings.iter().map(String::as_str));
    let uses =
        lines.filter_map(|line| line.split_once("; use ").map(|(_, rest)| rest.split(' ').next().unwrap_or_default()));
    uses.map(str::to_owned).collect()
}

fn settings() -> impl Strategy<Value = Value> {
    let config_map = json!({"namespace": "registry-enforcer", "name": "byoc-allow-list"});
    let requirements = json!({"max_age_days": 30, "registries": ["quay.io", "docker.io"]});
    (
        vec(denial(), 1..3),
        vec(exception(), 0..3),
        vec(denial(), 0..2),
        option::of(date()),
        option::of(Just(config_map)),
        option::weighted(0.3, Just(requirements)),
    )
        .prop_map(|(approved, exceptions, denied, sunset, config_map, requirements)| {
            json!({
                "registry_prefixes": approved,
                "allowed_namespaces": exceptions,
                "denied_images": denied,
                "sunset_date": sunset,
                "allow_list_config_map": config_map,
                "byoc_requirements": requirements,
            })
        })
}

/// It is 2026-06-01 noon; half of the registries answer; the ConfigMap's entry ends in half a year.
struct World;

impl Facts for World {
    fn now(&self) -> i64 {
        1_780_315_200
    }

    fn allow_list_entry(&self, _: &ConfigMap<'_>, namespace: &str) -> Result<Option<String>, Unavailable> {
        Ok((namespace == "tool-mix")
            .then(|| "{\"sunset_date\": \"2026-12-31\", \"registry_prefixes\": [\"quay.io\"]}".to_owned()))
    }

    fn image(&self, reference: &str) -> Result<ImageDescription, Unavailable> {
        let created = Claim::Text("2026-05-20T00:00:00Z".to_owned());
        let described = ImageDescription { created, ..ImageDescription::default() };
        if reference.starts_with("quay.io") { Ok(described) } else { Err(Unavailable::NoAnswer) }
    }
}

fn answer(settings: &Value, image: &str) -> Answer {
    let payload = json!({
        "request": {
            "kind": {"group": "", "kind": "Pod"},
            "namespace": "tool-mix",
            "name": "web",
            "operation": "CREATE",
            "object": {"spec": {"containers": [{"name": "web", "image": image}]}},
        },
        "settings": settings,
    })
    .to_string();
    let Payload { request, settings } = Payload::parse(payload.as_bytes()).expect("a payload");
    let answer = review(request, &settings, &World);
    assert!(!answer.message.as_ref().is_some_and(|message| message.contains("are not valid")), "{answer:?}");
    answer
}

fn with(mut settings: Value, key: &str, element: Value) -> Value {
    settings[key].as_array_mut().expect("a list").push(element);
    settings
}

proptest! {
    #![proptest_config(cases(2048))]

    #[test]
    fn a_further_exception_never_refuses_more(settings in settings(), exception in exception(), image in image()) {
        if answer(&settings, &image).accepted {
            prop_assert!(answer(&with(settings, "allowed_namespaces", exception), &image).accepted);
        }
    }

    #[test]
    fn a_further_denial_never_accepts_more(settings in settings(), denial in denial(), image in image()) {
        if !answer(&settings, &image).accepted {
            prop_assert!(!answer(&with(settings, "denied_images", json!(denial)), &image).accepted);
        }
    }

    /// The answer to two images is the answer to each of them: an accepted image hides no other.
    #[test]
    fn every_image_counts(settings in settings(), one in image(), other in image()) {
        let both = json!({"containers": [{"name": "a", "image": one}, {"name": "b", "image": other}]});
        let payload = json!({
            "request": {
                "kind": {"group": "", "kind": "Pod"},
                "namespace": "tool-mix",
                "operation": "CREATE",
                "object": {"spec": both},
            },
            "settings": settings,
        })
        .to_string();
        let payload = Payload::parse(payload.as_bytes()).expect("a payload");
        let accepted = review(payload.request, &payload.settings, &World).accepted;
        prop_assert_eq!(accepted, answer(&settings, &one).accepted && answer(&settings, &other).accepted);
    }

    /// A later end never refuses more.
    #[test]
    fn a_later_end_never_refuses_more(settings in retiring(), image in image()) {
        let mut later = settings.clone();
        let lists = ["registry_prefixes", "denied_images"].map(|key| later[key].take());
        for (key, list) in ["registry_prefixes", "denied_images"].into_iter().zip(lists) {
            let entries = list.as_array().expect("a list").iter().map(|entry| {
                let mut entry = entry.clone();
                if entry.get("sunset_date").is_some() {
                    entry["sunset_date"] = json!("2027-12-31");
                }
                entry
            });
            later[key] = entries.collect();
        }
        if answer(&settings, &image).accepted {
            prop_assert!(answer(&later, &image).accepted);
        }
    }
}

/// What a refusal or a warning tells to use instead may be used.
#[test]
fn what_is_recommended_is_approved() {
    let recommendations = Cell::new(0);
    proptest!(cases(2048), |(settings in retiring(), image in image())| {
        for recommended in recommended(&answer(&settings, &image)) {
            recommendations.set(recommendations.get() + 1);
            let answer = answer(&settings, &recommended);
            prop_assert!(answer.accepted, "{recommended} is recommended, but {:?}", answer.message);
        }
    });
    assert!(recommendations.get() > 100, "only {} recommendations", recommendations.get());
}
