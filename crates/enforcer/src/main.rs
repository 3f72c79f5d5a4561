//! `enforcer`: what the policy says of a cluster, of a manifest, of an image, and who may run images from elsewhere.
//!
//! The verdicts are the policy's own: this program is built on the same core as the policy's wasm.
//!
//! | module | capability |
//! | --- | --- |
//! | [`command`] | the commands, a file each |
//! | [`at`], [`policy`] | the time that is asked about, and the policy's core |
//! | [`input`] | what is read from files: settings, the allow list, objects |
//! | [`live`] | what is read from an API server, and written to it |
//! | [`cluster`] | the policy's verdicts on the workloads of a cluster |
//! | [`exceptions`] | the entries of the allow list, and how one is changed |
//! | [`explanation`] | why an image may run, or not |
//! | [`manifest`] | what is applied for a settings file, and whether a policy is that |
//! | [`registry`], [`login`] | what a registry says about an image, and to whom |
//! | [`output`] | what is written, a form each |

mod at;
mod cluster;
mod command;
mod exceptions;
mod explanation;
mod input;
mod live;
mod login;
mod manifest;
mod output;
mod policy;
mod registry;

use std::{path::Path, process::ExitCode};

use clap::{CommandFactory, FromArgMatches};

use crate::command::{Arguments, outcome::Status};

/// What was asked about is refused, or differs.
const REFUSED: u8 = 1;
/// There is no answer: clap's status for a wrong command line, too.
const NO_ANSWER: u8 = 2;
/// What kubectl looks for on the search path when somebody types `kubectl enforcer`.
const PLUGIN: &str = "kubectl-enforcer";

fn main() -> ExitCode {
    // What speaks TLS for the clients of registries and of the API server; nothing else has been chosen before.
    let _ = rustls::crypto::ring::default_provider().install_default();
    match arguments().run() {
        Ok(Status::Fine) => ExitCode::SUCCESS,
        Ok(Status::Refused) => ExitCode::from(REFUSED),
        Err(error) => {
            output::tell::tell(format!("error: {}", output::escape::lines(&format!("{error:#}"))));
            ExitCode::from(NO_ANSWER)
        }
    }
}

/// The command line, with the name that its user typed in each usage.
fn arguments() -> Arguments {
    let mut command = Arguments::command();
    if std::env::args_os().next().is_some_and(|path| Path::new(&path).file_stem() == Some(PLUGIN.as_ref())) {
        command = command.bin_name("kubectl enforcer");
    }
    Arguments::from_arg_matches(&command.get_matches()).unwrap_or_else(|error| error.exit())
}
