//! How a string that somebody else wrote is shown: on one line, in printable ASCII, and never without an end.
//!
//! Everything that reaches a message, a warning or an annotation goes through this module, so that no image
//! name can pass for a line of the policy's own, and no answer grows with its input.

use std::{
    borrow::Cow,
    fmt::{self, Display, Write},
};

/// The longest that a string of a stranger is shown, in bytes, without the dots that say that it was cut.
pub const SHOWN_MAX: usize = 300;
/// The most items that any list names; the others are counted.
pub const ITEMS_MAX: usize = 20;

const DOTS: &str = "...";

/// A string that a stranger wrote, in printable ASCII and at most [`SHOWN_MAX`] bytes.
///
/// ```
/// # use registry_enforcer::shown::Shown;
/// assert_eq!(Shown("quay.io/x:1").to_string(), "quay.io/x:1");
/// // A letter that only looks like an "a", and a line break that would forge a line of the message.
/// assert_eq!(Shown("qu\u{430}y.io\n- x").to_string(), "qu\\u{430}y.io\\n- x");
/// ```
pub struct Shown<'a>(pub &'a str);

impl Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_escaped(self.0, |character| character.is_ascii_graphic() || character == ' ', f)
    }
}

/// The same in double quotes, with a quote or a backslash inside it escaped.
///
/// ```
/// # use registry_enforcer::shown::Quoted;
/// assert_eq!(Quoted("x\" is approved: \"").to_string(), r#""x\" is approved: \"""#);
/// ```
pub struct Quoted<'a>(pub &'a str);

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_plain =
            |character: char| (character.is_ascii_graphic() || character == ' ') && !matches!(character, '"' | '\\');
        f.write_char('"')?;
        write_escaped(self.0, is_plain, f)?;
        f.write_char('"')
    }
}

/// Writes the plain characters as they are and the others as Rust's escapes, up to [`SHOWN_MAX`] bytes.
fn write_escaped(text: &str, is_plain: fn(char) -> bool, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if text.len() <= SHOWN_MAX && text.chars().all(is_plain) {
        return f.write_str(text);
    }
    let mut left = SHOWN_MAX;
    for character in text.chars() {
        let length = if is_plain(character) { 1 } else { character.escape_default().len() };
        if length > left {
            return f.write_str(DOTS);
        }
        left -= length;
        if is_plain(character) { f.write_char(character)? } else { write!(f, "{}", character.escape_default())? }
    }
    Ok(())
}

/// The first `length` characters; where there are more, the last of them are dots.
///
/// ```
/// # use registry_enforcer::shown::cut;
/// assert_eq!(cut("registry", 8), "registry");
/// assert_eq!(cut("registry", 6), "reg...");
/// ```
#[must_use]
pub fn cut(text: &str, length: usize) -> Cow<'_, str> {
    if text.len() <= length || text.chars().nth(length).is_none() {
        return Cow::Borrowed(text);
    }
    let kept: String = text.chars().take(length.saturating_sub(DOTS.len())).collect();
    Cow::Owned(kept + DOTS)
}

/// The first line that says something: the rest of an error can be a whole stack trace.
///
/// ```
/// # use registry_enforcer::shown::first_line;
/// assert_eq!(first_line("\nconnection refused\n   at 0x1234"), "connection refused");
/// ```
#[must_use]
pub fn first_line(text: &str) -> &str {
    text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("no cause was given")
}

/// A list that is written item by item and stays short: at most [`ITEMS_MAX`] items and a number of bytes; the
/// items beyond are counted, not formatted.
///
/// ```
/// # use registry_enforcer::shown::List;
/// let mut list = List::new(", ", 12);
/// ["one", "two", "three", "four"].iter().for_each(|item| list.add(item));
/// assert_eq!(list.to_string(), "one, two and 2 more");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List {
    text: String,
    separator: &'static str,
    bytes_left: usize,
    items: usize,
    items_max: usize,
    more: usize,
}

impl List {
    /// An empty list, whose items will be joined by `separator` and take at most `bytes_max` bytes of JSON.
    #[must_use]
    pub fn new(separator: &'static str, bytes_max: usize) -> Self {
        Self { text: String::new(), separator, bytes_left: bytes_max, items: 0, items_max: ITEMS_MAX, more: 0 }
    }

    /// The same list, with room for fewer items.
    #[must_use]
    pub fn of_at_most(self, items_max: usize) -> Self {
        Self { items_max, ..self }
    }

    /// Adds an item. The first is cut where it alone is too long; a later one that has no room is counted, and so
    /// is everything after it.
    pub fn add(&mut self, item: impl Display) {
        if self.more > 0 || self.items == self.items_max {
            self.more += 1;
            return;
        }
        let item = item.to_string();
        let item = if self.items == 0 { cut_to_json(&item, self.bytes_left) } else { Cow::Borrowed(&*item) };
        let length = json_length(&item) + if self.items == 0 { 0 } else { json_length(self.separator) };
        if length > self.bytes_left {
            self.more += 1;
            return;
        }
        self.bytes_left -= length;
        if self.items > 0 {
            self.text.push_str(self.separator);
        }
        self.text.push_str(&item);
        self.items += 1;
    }

    /// Adds the items of another list.
    pub fn append(&mut self, other: &Self) {
        other.text.split(other.separator).take(other.items).for_each(|item| self.add(item));
        self.more += other.more;
    }

    /// Whether nothing was added.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items == 0 && self.more == 0
    }
}

impl<T: Display> Extend<T> for List {
    fn extend<I: IntoIterator<Item = T>>(&mut self, items: I) {
        items.into_iter().for_each(|item| self.add(item));
    }
}

impl Display for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)?;
        let before = if self.separator.starts_with('\n') { '\n' } else { ' ' };
        match self.more {
            0 => Ok(()),
            more => write!(f, "{before}and {more} more"),
        }
    }
}

/// How many bytes a string takes in the JSON of an answer, without its quotes (RFC 8259, section 7).
fn json_length(text: &str) -> usize {
    text.bytes().map(|byte| if matches!(byte, b'"' | b'\\') || byte.is_ascii_control() { 2 } else { 1 }).sum()
}

/// The text, or what of it takes no more bytes of JSON than that, with dots at its end.
pub(crate) fn cut_to_json(text: &str, bytes_max: usize) -> Cow<'_, str> {
    if json_length(text) <= bytes_max {
        return Cow::Borrowed(text);
    }
    let mut length = DOTS.len();
    let is_beyond = |(index, character): &(usize, char)| {
        length += json_length(&text[*index..*index + character.len_utf8()]);
        length > bytes_max
    };
    let end = text.char_indices().find(is_beyond).map_or(text.len(), |(index, _)| index);
    Cow::Owned(text[..end].to_owned() + DOTS)
}
