//! What an object asks for: its images, each with its place.

use std::{borrow::Cow, fmt};

/// The most images that are read of one object. The API server takes objects of up to 3 MB, which could name a
/// million; no workload names a hundredth of this.
pub const IMAGES_MAX: usize = 10_000;

/// The longest way to an image of a kind in `custom_kinds` that is kept; a key on it may be a stranger's.
pub(crate) const PLACE_MAX: usize = 200;

/// What the policy needs of an object: what it is called and which images it asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Workload<'a> {
    /// `metadata.generateName`, the start of a name that the API server has yet to make.
    pub generate_name: Option<Cow<'a, str>>,
    /// The images, those of a pod spec in the order of its lists: containers first, volumes last.
    pub images: Vec<Image<'a>>,
    /// Whether `custom_kinds` describes the kind, but none of its pointers leads to anything in this object.
    pub leads_nowhere: bool,
}

impl<'a> From<Vec<Image<'a>>> for Workload<'a> {
    fn from(images: Vec<Image<'a>>) -> Self {
        Self { images, ..Self::default() }
    }
}

/// An image that an object asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image<'a> {
    /// Where in the object it is.
    pub place: ImagePlace<'a>,
    /// What stands there.
    pub written: Written<'a>,
}

impl Image<'_> {
    /// The image as written, `None` where there is none that can be read.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match &self.written {
            Written::Image(text) => Some(text),
            Written::Nothing | Written::Unreadable { .. } => None,
        }
    }
}

/// What stands in the place of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Written<'a> {
    /// A string that is not empty.
    Image(Cow<'a, str>),
    /// A container or an image volume without an image.
    Nothing,
    /// Something else than an image.
    Unreadable {
        /// Why it cannot be read, and what to write instead.
        cause: Cow<'static, str>,
        /// The JSON that stands there.
        json: &'a str,
    },
}

impl<'a> Written<'a> {
    /// A string of an object; an empty one counts as a missing one.
    pub(crate) fn of(text: Option<Cow<'a, str>>) -> Self {
        text.filter(|text| !text.is_empty()).map_or(Self::Nothing, Self::Image)
    }
}

/// Where in an object an image is. `Display` writes it for a message: `containers[web]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImagePlace<'a> {
    /// An element of a list of the pod spec: the list's field, the element's name and its index.
    Element(&'static str, Option<Cow<'a, str>>, usize),
    /// A JSON pointer.
    Pointer(String),
}

impl fmt::Display for ImagePlace<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Element(list, Some(name), _) => write!(f, "{list}[{name}]"),
            Self::Element(list, None, index) => write!(f, "{list}[{index}]"),
            Self::Pointer(pointer) => f.write_str(pointer),
        }
    }
}
