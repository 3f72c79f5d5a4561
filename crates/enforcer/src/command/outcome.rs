//! How a command ends.

use std::io;

use anyhow::Context;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// All is well.
    Fine,
    /// What was asked about is refused, or differs.
    Refused,
}

/// The result of writing the output. A reader that closes the pipe early, for example `head`, is not a failure.
pub fn written(result: io::Result<()>) -> anyhow::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written.context("the output cannot be written"),
    }
}
