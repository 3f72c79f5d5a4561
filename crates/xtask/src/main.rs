//! `cargo xtask`: what a developer of the policy needs where kwctl is not at hand.

use std::process::ExitCode;

use clap::Parser;
use xtask::{annotate, bench, check, demo, instructions, pull, push, run};

/// Runs, annotates and checks the policy, with kwctl's own flags
#[derive(Parser)]
#[command(name = "xtask", bin_name = "cargo xtask")]
enum Command {
    Run(run::Args),
    Annotate(annotate::Args),
    Bench(bench::Args),
    Check(check::Args),
    Demo(demo::Args),
    Instructions(instructions::Args),
    Push(push::Args),
    Pull(pull::Args),
}

fn main() -> ExitCode {
    let result = match Command::parse() {
        Command::Run(args) => run::run(&args),
        Command::Annotate(args) => annotate::annotate(&args),
        Command::Bench(args) => bench::bench(&args),
        Command::Check(args) => check::check(&args),
        Command::Demo(args) => demo::demo(&args),
        Command::Instructions(args) => instructions::instructions(&args),
        Command::Push(args) => push::push(&args),
        Command::Pull(args) => pull::pull(&args),
    };
    if let Err(error) = result {
        // On one line, and never with a backtrace: the reader is told what to change, not where this tool noticed it.
        eprintln!("Error: {error:#}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
