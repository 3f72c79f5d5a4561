//! `completions` and `man`: what shells and `man` read.

use std::io::{self, Write};

use clap::Args;
use clap_complete::Shell;
use clap_mangen::Man as Page;

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

/// Writes a manual page for the program, with sections for each command.
pub fn man(mut command: clap::Command) -> anyhow::Result<Status> {
    command.build();
    let mut page = Vec::new();
    Page::new(command.clone()).render(&mut page)?;
    write_commands(&command, &mut page)?;
    written(io::stdout().write_all(&page))?;
    Ok(Status::Fine)
}

/// Writes the sections for what is below a command.
fn write_commands(command: &clap::Command, out: &mut Vec<u8>) -> io::Result<()> {
    for below in command.get_subcommands().filter(|below| below.get_name() != "help") {
        let page = Page::new(below.clone());
        page.render_synopsis_section(out)?;
        page.render_description_section(out)?;
        page.render_options_section(out)?;
        write_commands(below, out)?;
    }
    Ok(())
}
