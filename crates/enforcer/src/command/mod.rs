//! The commands.

mod report;
mod source;

use clap::{Parser, Subcommand};

/// What the policy says of a cluster, of a manifest, of an image
///
/// The exit status is 0 if all is well, 1 if what was asked about is refused or differs, and 2 if there is no
/// answer.
#[derive(Debug, Parser)]
#[command(name = "enforcer", version)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Report(report::Arguments),
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// All is well.
    Fine,
    /// What was asked about is refused, or differs.
    Refused,
}

impl Arguments {
    /// Does what the command line asks for.
    pub fn run(self) -> anyhow::Result<Status> {
        match self.command {
            Command::Report(arguments) => report::run(&arguments),
        }
    }
}
