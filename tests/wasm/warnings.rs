//! What whoever sends an accepted request is told.

use serde_json::{Value, json};

use crate::call::payload;
use crate::clock::{NOW, validate_at};
use crate::host::Host;
use crate::objects::{create, pod, set, update, with};

/// How many bytes of warnings the API server passes on, and how many characters of each.
const BYTES_MAX: usize = 4_096;
const LENGTH_MAX: usize = 256;

/// Every namespace may run anything until 12 days from now.
fn ending() -> Value {
    with(json!({"allowed_namespaces": [{"name": "*", "sunset_date": "2026-09-30"}]}))
}

/// The warnings of an answer.
fn warned(request: &Value, settings: &Value) -> Vec<String> {
    let (answer, _) = validate_at(NOW, &payload(request, settings), Host::silent());
    answer.warnings().to_vec()
}

fn with_images(images: &[String]) -> Value {
    json!({"spec": {"containers": images.iter().map(|image| json!({"image": image})).collect::<Vec<_>>()}})
}

#[test]
fn warnings_are_told_once_and_counted_after_twenty() {
    let image = "quay.io/x:1".to_owned();
    let twice = warned(&create("Pod", with_images(&[image.clone(), image])), &ending());
    assert_eq!(twice, ["tool-mix may run quay.io/x:1 until 2026-09-30, 12 days left"]);
    let images: Vec<String> = (0..25).map(|tag| format!("quay.io/x:{tag}")).collect();
    let many = warned(&create("Pod", with_images(&images)), &ending());
    assert_eq!((many.len(), many.last().map(String::as_str)), (21, Some("and 5 more warnings")));
}

/// What the API server would drop is counted, and the count is not among it.
#[test]
fn all_warnings_together_have_room() {
    let images: Vec<String> = (0..20).map(|tag| format!("quay.io/{tag}{}:1", "x".repeat(240))).collect();
    let object = with_images(&images);
    for request in [create("Pod", object.clone()), update("Pod", object.clone(), object.clone())] {
        let settings = if request["operation"] == "CREATE" { ending() } else { with(json!({})) };
        let warnings = warned(&request, &settings);
        assert!(warnings.iter().map(String::len).sum::<usize>() <= BYTES_MAX, "{warnings:?}");
        assert_eq!(warnings.last().unwrap(), &format!("and {} more warnings", 20 - (warnings.len() - 1)));
    }
}

#[test]
fn the_reason_comes_before_what_is_cut() {
    let image = format!("quay.io/{}:1", "x".repeat(250));
    let object = with_images(&[image]);
    let [warning] = &*warned(&update("Pod", object.clone(), object), &with(json!({}))) else { panic!("one warning") };
    assert!(warning.ends_with("x... is not from an approved registry; tool-mix has no exception"), "{warning}");
    assert_eq!(warning.chars().count(), LENGTH_MAX, "{warning}");

    let reason = "r".repeat(300);
    let settings = with(json!({"allowed_namespaces": [{"name": "*", "sunset_date": "2026-09-30", "reason": reason}]}));
    let expected = format!("tool-mix may run quay.io/x/y:1 until 2026-09-30, 12 days left ({}...)", "r".repeat(77));
    assert_eq!(warned(&pod("quay.io/x/y:1"), &settings), [expected]);
    let [warning] = &*warned(&pod(&format!("quay.io/{}:1", "x".repeat(250))), &settings) else { panic!("one warning") };
    assert!(warning.contains(" until 2026-09-30, 12 days left (rrr"), "{warning}");
    assert_eq!(warning.chars().count(), LENGTH_MAX, "{warning}");
}

#[test]
fn what_strangers_wrote_is_escaped() {
    let request = set(pod("quay.io/x:1"), &[("namespace", json!("tool-mix\nis approved\u{202e}"))]);
    assert_eq!(
        warned(&request, &ending()),
        ["tool-mix\\nis approved\\u{202e} may run quay.io/x:1 until 2026-09-30, 12 days left"]
    );
    let object = json!({"spec": {"containers": [{"name": "a\nb", "image": "nginx"}]}});
    let [warning] = &*warned(&update("Pod", object.clone(), object), &with(json!({}))) else { panic!("one warning") };
    assert!(warning.contains("containers[a\\nb]: nginx"), "{warning}");
}
