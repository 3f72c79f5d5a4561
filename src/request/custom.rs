//! Images of the kinds that `custom_kinds` describes, found by JSON pointers.
//!
//! Whoever writes the object chooses its size, so it is walked as unparsed JSON: each step of a pointer reads one
//! level and keeps nothing of it.

use std::{borrow::Cow, fmt};

use serde::Deserializer;
use serde_json::value::RawValue;

use super::{
    pod_spec::PodSpec,
    unjudged::Unjudged,
    workload::{IMAGES_MAX, Image, ImagePlace, PLACE_MAX, Written},
};
use crate::{
    json::{self, Shape},
    settings::custom_kind::{CustomKind, EVERY, Pointer},
    shown::cut,
};

/// How images are written for tools that take them from elsewhere than a registry too.
const SCHEMES: &[&str] = &["docker://", "oci://"];

/// Adds the images that an object has by one entry of `custom_kinds`; answers whether any pointer led to something.
///
/// # Errors
///
/// More than [`IMAGES_MAX`] of them: those beyond would be let in unseen.
pub(crate) fn add_images<'a>(
    kind: &CustomKind<'_>,
    object: &'a RawValue,
    images: &mut Vec<Image<'a>>,
) -> Result<bool, Unjudged> {
    let mut walk = Walk { images, has_found: false };
    for pointer in &kind.pod_specs {
        walk.follow(pointer, object, Walk::add_pod_spec);
    }
    for pointer in &kind.images {
        walk.follow(pointer, object, Walk::add_image);
    }
    if walk.is_full() {
        return Err(Unjudged::Object(format!("it has more than {IMAGES_MAX} images")));
    }
    Ok(walk.has_found)
}

/// What the pointers of an entry have found so far.
struct Walk<'w, 'a> {
    images: &'w mut Vec<Image<'a>>,
    has_found: bool,
}

/// The way from an object to a value in it. It is written out only for what is found: a list may have a million elements.
#[derive(Clone, Copy)]
enum At<'w> {
    Top,
    Field(&'w At<'w>, &'w str),
    Element(&'w At<'w>, usize),
}

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Top => Ok(()),
            Self::Field(above, key) => write!(f, "{above}/{}", cut(key, PLACE_MAX)),
            Self::Element(above, index) => write!(f, "{above}/{index}"),
        }
    }
}

impl At<'_> {
    fn place(self) -> ImagePlace<'static> {
        ImagePlace::Pointer(cut(&self.to_string(), PLACE_MAX).into_owned())
    }
}

/// What is left of a pointer, and what to do with a value that it leads to and the way to it.
#[derive(Clone, Copy)]
struct Way<'p, 'w, 'a> {
    tokens: &'p [&'p str],
    found: fn(&mut Walk<'w, 'a>, At<'_>, &'a RawValue),
}

/// The next token of a pointer, and the way from there.
type Step<'p, 'w, 'a> = (&'p str, Way<'p, 'w, 'a>);

impl<'w, 'a> Walk<'w, 'a> {
    fn is_full(&self) -> bool {
        self.images.len() > IMAGES_MAX
    }

    fn follow(&mut self, pointer: &Pointer<'_>, object: &'a RawValue, found: fn(&mut Self, At<'_>, &'a RawValue)) {
        let tokens: Vec<&str> = pointer.tokens().collect();
        self.visit(object, At::Top, Way { tokens: &tokens, found });
    }

    fn visit(&mut self, value: &'a RawValue, at: At<'_>, way: Way<'_, 'w, 'a>) {
        let shape = Shape::of(value);
        // A way that ends early leads to nothing: most fields of an object are optional.
        if shape == Shape::Null || self.is_full() {
            return;
        }
        let Some((token, rest)) = way.tokens.split_first() else {
            self.has_found = true;
            return (way.found)(self, at, value);
        };
        let rest = Way { tokens: rest, ..way };
        // The document was parsed before: what is left to fail is written twice.
        let read = match shape {
            Shape::List if *token == EVERY || token.parse::<usize>().is_ok() => self.elements(value, at, (token, rest)),
            Shape::List => return self.unreadable(at, value, format!("is a list, where the pointer in custom_kinds goes on with {token}: an admin has to write \"*\" there, for every element")),
            Shape::Object => self.fields(value, at, (token, rest)),
            _ => return self.unreadable(at, value, format!("is not an object with {token}, where custom_kinds says that there is one")),
        };
        if read.is_err() {
            self.unreadable(at, value, format!("has the field {token} twice: keep one of them"));
        }
    }

    fn elements(&mut self, list: &'a RawValue, at: At<'_>, (token, rest): Step<'_, 'w, 'a>) -> serde_json::Result<()> {
        // Every element, where the token is not a number.
        let wanted = token.parse::<usize>().ok();
        let mut index = 0;
        json::each_element(list, &mut |element| {
            if wanted.is_none_or(|wanted| wanted == index) {
                self.visit(element, At::Element(&at, index), rest);
            }
            index += 1;
            Ok(())
        })
    }

    fn fields(&mut self, object: &'a RawValue, at: At<'_>, (token, rest): Step<'_, 'w, 'a>) -> serde_json::Result<()> {
        let wanted = unescaped(token);
        let mut has_seen = false;
        json::each_field(object.get().as_bytes(), &mut |key, field| {
            let is_wanted = key == wanted;
            if is_wanted && std::mem::replace(&mut has_seen, true) {
                return Err("written twice");
            }
            if is_wanted || token == EVERY {
                self.visit(field, At::Field(&at, &key), rest);
            }
            Ok(())
        })
    }

    fn add_pod_spec(&mut self, at: At<'_>, value: &'a RawValue) {
        let spec = serde_json::Deserializer::from_slice(value.get().as_bytes()).deserialize_option(PodSpec);
        match spec {
            Ok(spec) if spec.has_containers => {
                let place = |image: &Image<'_>| At::Field(&at, &image.place.to_string()).place();
                self.images.extend(spec.images.into_iter().map(|image| Image { place: place(&image), ..image }));
            }
            // Every pod has a container: what has none is something else, and its images would be missed.
            Ok(_) => self.unreadable(at, value, "has no containers, though custom_kinds says that it is a pod spec"),
            Err(cause) => self.unreadable(at, value, format!("cannot be read as a pod spec: {cause}")),
        }
    }

    fn add_image(&mut self, at: At<'_>, value: &'a RawValue) {
        match json::string(value) {
            // Like null: nothing is there.
            Some(text) if text.is_empty() => {}
            Some(text) => {
                self.images.push(Image { place: at.place(), written: Written::Image(without_scheme(text)) });
            }
            None => self.unreadable(at, value, "is not an image: write it as a string, registry/repository:tag"),
        }
    }

    fn unreadable(&mut self, at: At<'_>, value: &'a RawValue, cause: impl Into<Cow<'static, str>>) {
        self.has_found = true;
        self.images
            .push(Image { place: at.place(), written: Written::Unreadable { cause: cause.into(), json: value.get() } });
    }
}

/// A token of a pointer as the key that it stands for (RFC 6901, section 4).
fn unescaped(token: &str) -> Cow<'_, str> {
    if token.contains('~') { Cow::Owned(token.replace("~1", "/").replace("~0", "~")) } else { Cow::Borrowed(token) }
}

fn without_scheme(image: Cow<'_, str>) -> Cow<'_, str> {
    let scheme = SCHEMES.iter().find(|scheme| image.starts_with(**scheme));
    match (image, scheme) {
        (image, None) => image,
        (Cow::Borrowed(image), Some(scheme)) => Cow::Borrowed(&image[scheme.len()..]),
        (Cow::Owned(image), Some(scheme)) => Cow::Owned(image[scheme.len()..].to_owned()),
    }
}
