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

/// What a condition makes of a request.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The policy is asked.
    Asked,
    /// It is not asked, and would have accepted silently.
    Skipped,
    /// The condition is wrong, for this cause.
    Wrong(String),
}

/// What a condition makes of a request.
pub fn outcome(condition: &Condition, request: &Value, settings: &Value) -> Outcome {
    match condition.asks(request) {
        Ok(true) => Outcome::Asked,
        Ok(false) if accepts_silently(request, settings) => Outcome::Skipped,
        Ok(false) => Outcome::Wrong("the policy has something to say".to_owned()),
        Err(cause) => Outcome::Wrong(cause),
    }
}

/// What was tried.
#[derive(Debug, Default)]
struct Tried {
    images: usize,
    settings: usize,
    requests: usize,
    skipped: usize,
}

/// Tries requests with so many images in all, new settings for each thousand of them.
fn try_images(images: usize, random: &mut Rng) -> Tried {
    let mut tried = Tried::default();
    while tried.images < images {
        let settings = world::settings(random);
        let Some(expression) = expression(&settings) else { continue };
        let condition = Condition::new(&expression);
        let end = tried.images + 1_000;
        tried.settings += 1;
        while tried.images < end {
            let (request, images) = world::request(random, &settings);
            match outcome(&condition, &request, &settings) {
                Outcome::Asked => {}
                Outcome::Skipped => tried.skipped += 1,
                Outcome::Wrong(cause) => panic!("{cause}\n{request}\n{settings}\n{expression}"),
            }
            tried.images += images;
            tried.requests += 1;
        }
    }
    tried
}

#[test]
fn what_is_not_asked_about_is_accepted_silently() {
    let tried = try_images(20_000, &mut Rng::with_seed(1));
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

/// Half an hour on two processors: `cargo test --release --test conditions ten_million -- --ignored --nocapture`.
#[test]
#[ignore = "tries ten million images"]
fn ten_million_images() {
    const THREADS: usize = 2;
    let try_part = || {
        let mut random = Rng::new();
        eprintln!("seed {}", random.get_seed());
        eprintln!("{:?}", try_images(10_000_000 / THREADS, &mut random));
    };
    std::thread::scope(|scope| (0..THREADS).for_each(|_| drop(scope.spawn(try_part))));
}
