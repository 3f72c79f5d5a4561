//! The commands.

mod allow_list;
mod argument;
mod check;
mod diff;
mod list;
mod manifest;
pub mod outcome;
mod report;
mod shell;
mod source;
mod usage;
mod why;

use clap::{CommandFactory, Parser, Subcommand};

use crate::command::outcome::Status;

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
    AllowList(allow_list::Arguments),
    Check(check::Arguments),
    Diff(diff::Arguments),
    Manifest(manifest::Arguments),
    Report(report::Arguments),
    Why(why::Arguments),
    Completions(shell::Completions),
    Man(shell::Man),
}

impl Arguments {
    /// Does what the command line asks for.
    pub fn run(self) -> anyhow::Result<Status> {
        match self.command {
            Command::AllowList(arguments) => allow_list::run(&arguments),
            Command::Check(arguments) => check::run(&arguments),
            Command::Diff(arguments) => diff::run(&arguments),
            Command::Manifest(arguments) => manifest::run(&arguments),
            Command::Report(arguments) => report::run(&arguments),
            Command::Why(arguments) => why::run(&arguments),
            Command::Completions(arguments) => shell::completions(&arguments, Self::command()),
            Command::Man(_) => shell::man(Self::command()),
        }
    }
}
