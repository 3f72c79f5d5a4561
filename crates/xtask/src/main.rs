//! `cargo xtask`: what a developer of the policy needs where kwctl is not at hand.

mod annotate;
mod check;
mod demo;
mod files;
mod measure;
mod push;
mod run;

use std::process::ExitCode;

use clap::Parser;

use crate::measure::{bench, companion, instructions};

/// Runs, annotates, checks and measures the policy, with kwctl's own flags where kwctl has the command
#[derive(Parser)]
#[command(name = "xtask", bin_name = "cargo xtask")]
enum Command {
    Run(run::Args),
    Annotate(annotate::Args),
    Push(push::Args),
    Check(check::Args),
    Demo(demo::Args),
    Bench(bench::Args),
    Companion(companion::Args),
    Instructions(instructions::Args),
}

fn main() -> ExitCode {
    let result = match Command::parse() {
        Command::Run(args) => run::run(&args),
        Command::Annotate(args) => annotate::annotate(&args),
        Command::Push(args) => push::push(&args),
        Command::Check(args) => check::check(&args),
        Command::Demo(args) => demo::demo(&args),
        Command::Bench(args) => bench::bench(&args),
        Command::Companion(args) => companion::companion(&args),
        Command::Instructions(args) => instructions::instructions(&args),
    };
    if let Err(error) = result {
        // On one line, and never with a backtrace: the reader is told what to change, not where this tool noticed it.
        eprintln!("Error: {error:#}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
