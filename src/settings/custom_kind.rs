//! `custom_kinds`: where the images of other kinds are, as the operator describes it.

use std::borrow::Cow;

use super::reader::Setting;
use crate::kind;

const EXAMPLE: &str = "{group: argoproj.io, kind: Rollout, pod_specs: [/spec/template/spec]}";
const POINTERS_EXAMPLE: &str = "[/spec/template/spec]";
/// Stands for every element of a list and every value of an object.
pub(crate) const EVERY: &str = "*";

/// An entry of `custom_kinds`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomKind<'a> {
    group: Cow<'a, str>,
    kind: Cow<'a, str>,
    /// Where pod specs are.
    pub(crate) pod_specs: Vec<Pointer<'a>>,
    /// Where images are.
    pub(crate) images: Vec<Pointer<'a>>,
}

impl<'a> CustomKind<'a> {
    /// Reads an entry.
    pub(crate) fn read(setting: Setting<'a, '_>) -> Option<Self> {
        let mut fields = setting.fields(EXAMPLE)?;
        let group = fields.required("group", "argoproj.io", |setting| setting.parsed("argoproj.io", parse_group));
        let kind = fields.required("kind", "Rollout", |setting| setting.parsed("Rollout", parse_kind));
        let mut pointers = |key| fields.optional(key, |setting| setting.list(POINTERS_EXAMPLE, Pointer::read));
        let (pod_specs, images) = (pointers("pod_specs"), pointers("images"));
        let (pod_specs, images) = (pod_specs.unwrap_or_default(), images.unwrap_or_default());
        if pod_specs.is_empty() && images.is_empty() {
            fields.wrong(
                "does not say where the images are: add pod_specs or images, for example pod_specs: [/spec/template/spec]",
            );
        }
        if let (Some(group), Some(kind)) = (&group, &kind)
            && (kind::is_without_images(group, kind) || kind::is_node(group, kind))
        {
            fields.wrong(format_args!("{kind} is never read by this entry: take the entry out"));
        }
        fields.finish();
        Some(Self { group: group?, kind: kind?, pod_specs, images })
    }

    /// The group and the kind of the objects that it describes.
    #[must_use]
    pub fn group_and_kind(&self) -> (&str, &str) {
        (&self.group, &self.kind)
    }

    /// Whether the entry describes objects of this group and kind.
    #[must_use]
    pub fn is(&self, group: &str, kind: &str) -> bool {
        self.group == group && self.kind == kind
    }

    /// All its pointers.
    pub(crate) fn pointers(&self) -> impl Iterator<Item = &Pointer<'a>> {
        self.pod_specs.iter().chain(&self.images)
    }
}

fn parse_group(text: Cow<'_, str>) -> Result<Cow<'_, str>, &'static str> {
    if text.contains(['/', '*']) {
        Err("is not an API group: leave out the version, for example argoproj.io")
    } else {
        Ok(text)
    }
}

fn parse_kind(text: Cow<'_, str>) -> Result<Cow<'_, str>, &'static str> {
    let is_kind = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if is_kind { Ok(text) } else { Err("is not a kind: write one, for example Rollout") }
}

/// A JSON pointer (RFC 6901) in which `*` is every element of a list or every value of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pointer<'a>(Cow<'a, str>);

impl<'a> Pointer<'a> {
    fn read(setting: Setting<'a, '_>) -> Option<Self> {
        setting.parsed("/spec/template/spec", |text| {
            let is_pointer = text.strip_prefix('/').is_some_and(|tokens| tokens.split('/').all(is_token));
            if is_pointer {
                Ok(Self(text))
            } else {
                Err("is not a JSON pointer: write for example /spec/template/spec")
            }
        })
    }

    /// The pointer as the operator wrote it.
    pub(crate) fn text(&self) -> &str {
        &self.0
    }

    /// The names of the fields on its way, still escaped.
    pub(crate) fn tokens(&self) -> impl Iterator<Item = &str> {
        self.0.split('/').skip(1)
    }
}

/// Whether `text` may be a token of a pointer here: no field of a Kubernetes object is empty or has a space or a
/// bracket, and RFC 6901 has no other escapes than `~0` and `~1`.
fn is_token(text: &str) -> bool {
    let is_escape = |rest: &str| rest.starts_with(['0', '1']);
    !text.is_empty()
        && !text.contains(|character: char| character.is_whitespace() || matches!(character, '[' | ']'))
        && text.split('~').skip(1).all(is_escape)
}
