//! Images of the kinds that `custom_kinds` describes, found by JSON pointers.
//!
//! Whoever writes the object chooses its size, so it is walked as unparsed JSON: each step of a pointer reads one
//! level and keeps nothing of it.

use std::borrow::Cow;

use serde::Deserializer;
use serde_json::value::RawValue;

use super::{
    pod_spec::PodSpec,
    workload::{IMAGES_MAX, Image, ImagePlace, Written},
};
use crate::{
    json::{self, Shape},
    settings::custom_kind::{CustomKind, EVERY, Pointer},
    shown::cut,
};

/// The longest way to an image that a message shows; a key on it may be a stranger's.
const PLACE_MAX: usize = 200;
/// How images are written for tools that take them from elsewhere than a registry too.
const SCHEMES: &[&str] = &["docker://", "oci://"];

/// Adds the images that an object has by one entry of `custom_kinds`; answers whether any pointer led to something.
pub(crate) fn add_images<'a>(kind: &CustomKind<'_>, object: &'a RawValue, images: &mut Vec<Image<'a>>) -> bool {
    let mut walk = Walk { images, has_found: false, is_full: false };
    for pointer in &kind.pod_specs {
        walk.follow(pointer, object, Walk::add_pod_spec);
    }
    for pointer in &kind.images {
        walk.follow(pointer, object, Walk::add_image);
    }
    walk.has_found
}

/// What the pointers of an entry have found so far.
struct Walk<'w, 'a> {
    images: &'w mut Vec<Image<'a>>,
    has_found: bool,
    /// Whether there are more than [`IMAGES_MAX`] images, and that is noted.
    is_full: bool,
}

/// What is left of a pointer, and what to do with a value that it leads to and the way to it.
#[derive(Clone, Copy)]
struct Way<'p, 'w, 'a> {
    tokens: &'p [&'p str],
    found: fn(&mut Walk<'w, 'a>, &str, &'a RawValue),
}

impl<'w, 'a> Walk<'w, 'a> {
    fn follow(&mut self, pointer: &Pointer<'_>, object: &'a RawValue, found: fn(&mut Self, &str, &'a RawValue)) {
        let tokens: Vec<&str> = pointer.tokens().collect();
        self.visit(object, "", Way { tokens: &tokens, found });
    }

    fn visit(&mut self, value: &'a RawValue, at: &str, way: Way<'_, 'w, 'a>) {
        let shape = Shape::of(value);
        // A way that ends early leads to nothing: most fields of an object are optional.
        if shape == Shape::Null || self.is_full {
            return;
        }
        if self.images.len() >= IMAGES_MAX {
            self.is_full = true;
            return self.unreadable(at, value, format!("is not read: the object has more than {IMAGES_MAX} images"));
        }
        let Some((token, rest)) = way.tokens.split_first() else {
            self.has_found = true;
            return (way.found)(self, at, value);
        };
        let rest = Way { tokens: rest, ..way };
        // The document was parsed before: what is left to fail is written twice.
        let read = match shape {
            Shape::List if *token == EVERY || token.parse::<usize>().is_ok() => self.elements(value, at, token, rest),
            Shape::List => return self.unreadable(at, value, format!("is a list, where the pointer in custom_kinds goes on with {token}: an admin has to write \"*\" there, for every element")),
            Shape::Object => self.fields(value, at, token, rest),
            _ => return self.unreadable(at, value, format!("is not an object with {token}, where custom_kinds says that there is one")),
        };
        if read.is_err() {
            self.unreadable(at, value, format!("has the field {token} twice: keep one of them"));
        }
    }

    fn elements(&mut self, list: &'a RawValue, at: &str, token: &str, rest: Way<'_, 'w, 'a>) -> serde_json::Result<()> {
        let mut index = 0;
        json::each_element(list, &mut |element| {
            let number = index.to_string();
            if token == EVERY || token == number {
                self.visit(element, &step(at, &number), rest);
            }
            index += 1;
            Ok(())
        })
    }

    fn fields(&mut self, object: &'a RawValue, at: &str, token: &str, rest: Way<'_, 'w, 'a>) -> serde_json::Result<()> {
        let wanted = token.replace("~1", "/").replace("~0", "~");
        let mut has_seen = false;
        json::each_field(object.get().as_bytes(), &mut |key, field| {
            let is_wanted = key == wanted;
            if is_wanted && std::mem::replace(&mut has_seen, true) {
                return Err("written twice");
            }
            if is_wanted || token == EVERY {
                self.visit(field, &step(at, &key), rest);
            }
            Ok(())
        })
    }

    fn add_pod_spec(&mut self, at: &str, value: &'a RawValue) {
        let spec = serde_json::Deserializer::from_slice(value.get().as_bytes()).deserialize_option(PodSpec);
        match spec {
            Ok(spec) if spec.has_containers => {
                let place = |image: &Image<'_>| ImagePlace::Pointer(step(at, &image.place.to_string()));
                self.images.extend(spec.images.into_iter().map(|image| Image { place: place(&image), ..image }));
            }
            // Every pod has a container: what has none is something else, and its images would be missed.
            Ok(_) => self.unreadable(at, value, "has no containers, though custom_kinds says that it is a pod spec"),
            Err(cause) => self.unreadable(at, value, format!("cannot be read as a pod spec: {cause}")),
        }
    }

    fn add_image(&mut self, at: &str, value: &'a RawValue) {
        match json::string(value) {
            // Like null: nothing is there.
            Some(text) if text.is_empty() => {}
            Some(text) => {
                let place = ImagePlace::Pointer(at.to_owned());
                self.images.push(Image { place, written: Written::Image(without_scheme(text)) });
            }
            None => self.unreadable(at, value, "is not an image: write it as a string, registry/repository:tag"),
        }
    }

    fn unreadable(&mut self, at: &str, value: &'a RawValue, cause: impl Into<Cow<'static, str>>) {
        self.has_found = true;
        let place = ImagePlace::Pointer(at.to_owned());
        self.images.push(Image { place, written: Written::Unreadable { cause: cause.into(), json: value.get() } });
    }
}

/// The way to a field or an element.
fn step(at: &str, token: &str) -> String {
    cut(&format!("{at}/{}", cut(token, PLACE_MAX)), PLACE_MAX).into_owned()
}

fn without_scheme(image: Cow<'_, str>) -> Cow<'_, str> {
    let scheme = SCHEMES.iter().find(|scheme| image.starts_with(**scheme));
    match (image, scheme) {
        (image, None) => image,
        (Cow::Borrowed(image), Some(scheme)) => Cow::Borrowed(&image[scheme.len()..]),
        (Cow::Owned(image), Some(scheme)) => Cow::Owned(image[scheme.len()..].to_owned()),
    }
}
