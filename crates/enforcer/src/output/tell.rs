//! What goes to standard error.

use std::{
    fmt::Display,
    io::{self, Write},
};

/// Writes a line to standard error. Where it cannot be written, because it is closed or a disk is full, the exit status
/// still says what was found.
pub fn tell(line: impl Display) {
    let _ = writeln!(io::stderr(), "{line}");
}
