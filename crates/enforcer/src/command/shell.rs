//! `completions` and `man`: what shells and `man` read.

use std::io::{self, Write};

use clap::Args;
use clap_complete::Shell;

use crate::command::outcome::{Status, written};

/// Print completions for a shell
#[derive(Debug, Args)]
#[command(after_help = "Example: enforcer completions bash > /etc/bash_completion.d/enforcer")]
pub struct Completions {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

/// Print the manual page
#[derive(Debug, Args)]
#[command(after_help = "Example: enforcer man > /usr/local/share/man/man1/enforcer.1")]
pub struct Man {}

/// Writes completions.
pub fn completions(arguments: &Completions, mut command: clap::Command) -> anyhow::Result<Status> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut command, "enforcer", &mut script);
    written(io::stdout().write_all(&script))?;
    Ok(Status::Fine)
}

/// Writes a manual page for the program, and below it one for each command.
pub fn man(mut command: clap::Command) -> anyhow::Result<Status> {
    command.build();
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone()).render(&mut page)?;
    for sub in command.get_subcommands().filter(|sub| sub.get_name() != "help") {
        clap_mangen::Man::new(sub.clone()).render_synopsis_section(&mut page)?;
        clap_mangen::Man::new(sub.clone()).render_description_section(&mut page)?;
        clap_mangen::Man::new(sub.clone()).render_options_section(&mut page)?;
    }
    written(io::stdout().write_all(&page))?;
    Ok(Status::Fine)
}
