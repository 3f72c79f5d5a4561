//! The condition under which the API server asks the policy, held against the policy's own core: what is not asked
//! about is accepted without a word, whatever the settings and the request.

mod interpreter;
mod mutants;
mod world;

use std::cell::Cell;

use fastrand::Rng;
use interpreter::{Condition, expression};
use registry_enforcer::{
    facts::{ConfigMap, Facts, ImageDescription, Unavailable},
    request::payload::Payload,
    review::review,
};
use serde_json::{Value, json};

/// Notes whether anything is asked.
#[derive(Default)]
pub struct Asked(Cell<bool>);

impl Facts for Asked {
    fn now(&self) -> i64 {
        self.0.set(true);
        1_800_000_000
    }

    fn allow_list_entry(&self, _: &ConfigMap<'_>, _: &str) -> Result<Option<String>, Unavailable> {
        self.0.set(true);
        Err(Unavailable::NoAnswer)
    }

    fn image(&self, _: &str) -> Result<ImageDescription, Unavailable> {
        self.0.set(true);
        Err(Unavailable::NoAnswer)
    }
}

/// Whether the policy accepts a request without a warning, an annotation or a question.
pub fn accepts_silently(request: &Value, settings: &Value) -> bool {
    let payload = json!({"request": request, "settings": settings}).to_string();
    let Ok(Payload { request, settings }) = Payload::parse(payload.as_bytes()) else { return false };
    let facts = Asked::default();
    let answer = review(request, &settings, &facts);
    answer.accepted && answer.warnings.is_empty() && answer.annotations.is_empty() && !facts.0.get()
}

/// Why a condition is wrong about a request; `None` where it is right, or asks.
pub fn wrong(condition: &Condition, request: &Value, settings: &Value) -> Option<String> {
    match condition.asks(request) {
        Ok(true) => None,
        Ok(false) if accepts_silently(request, settings) => None,
        Ok(false) => Some("is not asked about".to_owned()),
        Err(cause) => Some(cause),
    }
}

/// What was tried.
#[derive(Debug, Default)]
struct Tried {
    images: usize,
    requests: usize,
    skipped: usize,
    without_condition: usize,
}

/// Tries requests with so many images in all, new settings for each thousand of them.
fn try_images(images: usize, random: &mut Rng) -> Tried {
    let mut tried = Tried::default();
    while tried.images < images {
        let settings = world::settings(random);
        let Some(expression) = expression(&settings) else {
            tried.without_condition += 1;
            continue;
        };
        let condition = Condition::new(&expression);
        let end = tried.images + 1_000;
        while tried.images < end {
            let (request, images) = world::request(random, &settings);
            if let Some(cause) = wrong(&condition, &request, &settings) {
                panic!("{cause}\n{request}\n{settings}\n{expression}");
            }
            tried.images += images;
            tried.requests += 1;
            tried.skipped += usize::from(condition.asks(&request) == Ok(false));
        }
    }
    tried
}

#[test]
fn what_is_not_asked_about_is_accepted_silently() {
    let start = std::time::Instant::now();
    let tried = try_images(20_000, &mut Rng::with_seed(1));
    eprintln!("{tried:?} {:?}", start.elapsed());
    // Else hardly anything would have been tried.
    assert!(tried.skipped * 20 > tried.requests, "{tried:?}");
}

/// Objects as most are: every image from an approved registry, nothing of it denied.
#[test]
fn plain_objects_are_not_asked_about() {
    let settings = json!({
        "registry_prefixes": [
            "reg.example", "quay.io/team", "quay.io/{namespace}", "reg:5000/", "mirror.example/*/cache-{namespace}", "docker.io/library",
        ],
        "denied_images": ["quay.io/team/old", "reg.example:443/x/*/bad:1"],
        "denied_tags": ["*-rc*", "latest"],
    });
    let condition = Condition::new(&expression(&settings).expect("a condition"));
    let digest = "@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    for image in [
        "reg.example/a:1",
        "reg.example/a/b.c_d__e--f:V1.2_x-3",
        "quay.io/team:1",
        "quay.io/team/older/x:1",
        "quay.io/tool-mix/x:1",
        "reg:5000/a:1",
        "mirror.example/a/cache-tool-mix/x:1",
    ] {
        for image in [image.to_owned(), format!("{image}{digest}")] {
            for request in world::plain_requests(&image) {
                assert!(accepts_silently(&request, &settings), "{request}");
                assert_eq!(condition.asks(&request), Ok(false), "{request}");
            }
        }
    }
}

/// Takes half an hour: `cargo test --release --package enforcer --test conditions -- --ignored`.
#[test]
#[ignore = "tries ten million images"]
fn ten_million_images() {
    let tried = try_images(10_000_000, &mut Rng::new());
    eprintln!("{tried:?}");
}
