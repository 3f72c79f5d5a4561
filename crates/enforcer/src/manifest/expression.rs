//! The expression of CEL that is true where the policy has to be asked.
//!
//! The API server asks where it is true. It is the negation of "every image certainly is approved", so whatever is not
//! as expected is asked about. It must never fail to evaluate, since `failurePolicy: Fail` would refuse then: each
//! value is looked at only after its type, and CEL drops an error beside a false in `&&`.

use crate::{
    manifest::{
        certainty::Certainty,
        start::{Start, quoted},
    },
    policy::{Path, Workload},
};

/// What comes after a host, as a reference is written: the policy reads anything else in its own way, or not at all.
const REFERENCE: &str = "^[a-z0-9.:-]+(?:/[a-z0-9]+(?:(?:[.]|_|__|-+)[a-z0-9]+)*)+(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?\
    (?:@(?:sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128}))?$";
/// How many characters an image has at most: a longer one is asked about, so that its path cannot be too long, and the
/// cost has a bound.
pub const IMAGE_LENGTH_MAX: usize = 255;
/// The characters of a namespace's name, none of which means anything in a pattern.
const NAMESPACE: &str = "^[a-z0-9-]{1,63}$";

/// The expression, for objects of at most this many images.
pub fn expression(certainty: &Certainty<'_>, images_max: usize) -> String {
    let kinds = kinds(&certainty.workloads);
    let image = conditions_of_image(certainty).join("\n              && ");
    let namespace = namespace(certainty);
    format!(
        "// True: the policy is asked. False: every image certainly is approved, and nobody needs to be asked.
!(
  (request.operation == 'CREATE' || request.operation == 'UPDATE') && type(object) == map{namespace}
  && type(object.?metadata.orValue({{}})) == map && type(object.?metadata.?generateName.orValue('')) == string
  && [
    // Where an object of each kind has its pod spec.
    {kinds}
    : optional.none()
  ].all(spec, type(spec.orValue(null)) == map
    && [
      spec.?containers.orValue([]), spec.?initContainers.orValue([]),
      spec.?ephemeralContainers.orValue([]), spec.?volumes.orValue([])
    ].all(elements, type(elements) == list)
    && [
      spec.?containers.orValue([]) + spec.?initContainers.orValue([]) + spec.?ephemeralContainers.orValue([])
    ].all(containers, [spec.?volumes.orValue([])].all(volumes,
      size(containers) + size(volumes) <= {images_max}
      && (containers + volumes).all(element, type(element) == map && type(element.?name.orValue('')) == string)
      && containers.all(container, type(container.?image.orValue(null)) == string)
      && volumes.all(volume, !has(volume.image)
        || type(volume.image) == map && type(volume.image.?reference.orValue(null)) == string)
      && (containers + volumes).all(element, !has(element.image)
        || [type(element.image) == string ? element.image : element.image.reference].all(image,
          size(image) <= {IMAGE_LENGTH_MAX}
          && image.matches({reference})
          // The image without its digest, then its name: without its tag, and with a / after it.
          && [image.split('@')[0]].all(tagged, [
            tagged.lastIndexOf(':') > tagged.lastIndexOf('/')
              ? tagged.substring(0, tagged.lastIndexOf(':')) + '/' : tagged + '/'
          ].all(name,
              {image}
          ))
        ))
    ))
  )
)",
        reference = quoted(REFERENCE),
    )
}

/// The condition that the namespace's name may stand in a pattern, where one needs it.
fn namespace(certainty: &Certainty<'_>) -> String {
    let condition = || format!("\n  && has(request.namespace) && request.namespace.matches({})", quoted(NAMESPACE));
    certainty.needs_namespace().then(condition).unwrap_or_default()
}

/// The pod spec of an object of any of the kinds, as optional values: the kinds with the same way to it, then the way,
/// each step of which is an object.
fn kinds(workloads: &[Workload]) -> String {
    let mut paths: Vec<Path> = workloads.iter().map(|(.., path)| *path).collect();
    paths.sort_unstable();
    paths.dedup();
    let of_path = |path: Path| {
        let kinds: Vec<String> = workloads.iter().filter(|(.., own)| *own == path).map(is_of_kind).collect();
        let (steps, object) = steps(path);
        format!("({}){steps}\n      ? {object}", kinds.join("\n      || "))
    };
    paths.into_iter().map(of_path).collect::<Vec<String>>().join("\n    : ")
}

fn is_of_kind((group, kind, _): &Workload) -> String {
    format!("request.kind.group == {} && request.kind.kind == {}", quoted(group), quoted(kind))
}

/// The conditions that each step of a way is an object, and the value at its end.
fn steps(path: Path) -> (String, String) {
    let (mut steps, mut object) = (String::new(), "object".to_owned());
    for (index, field) in path.iter().enumerate() {
        if index + 1 == path.len() {
            return (steps, format!("{object}.?{field}"));
        }
        steps.push_str(&format!("\n      && type({object}.?{field}.orValue(null)) == map"));
        object = format!("{object}.{field}");
    }
    (steps, object)
}

/// What has to be true of an image for its approval to be certain.
fn conditions_of_image(certainty: &Certainty<'_>) -> Vec<String> {
    let approved = format!("({})", begins_with_any(&certainty.approved).join(" || "));
    let mut conditions = vec![approved];
    conditions.extend(begins_with_any(&certainty.denied).into_iter().map(|denied| format!("!{denied}")));
    if let Some(tags) = certainty.denied_tags_pattern() {
        conditions.push(format!("!tagged.matches({})", quoted(&tags)));
    }
    if certainty.denies_default_tag {
        conditions.push("(tagged != image || tagged.lastIndexOf(':') > tagged.lastIndexOf('/'))".to_owned());
    }
    conditions
}

/// The conditions of which one is true where a name has one of the starts.
fn begins_with_any(starts: &[Start]) -> Vec<String> {
    let (patterns, strings): (Vec<&Start>, Vec<&Start>) = starts.iter().partition(|start| start.has_any());
    let mut conditions = Vec::new();
    if !strings.is_empty() {
        let strings: Vec<String> =
            strings.iter().map(|start| format!("\n                {}", start.string())).collect();
        conditions.push(format!("[{}\n              ].exists(start, name.startsWith(start))", strings.join(",")));
    }
    conditions.extend(patterns.iter().map(|start| format!("name.matches({})", start.pattern())));
    conditions
}
