//! Kubewarden's PolicyServer, with a clock that a test can set.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Context;
use serde_json::{Map, Value};

use crate::{
    certificates::{Authority, Pair},
    policy::Policy,
    process::{Folder, Process, free_ports, listens},
    programs::Programs,
};

/// What the file with the clock's time holds while the clock is right.
const NOW: &str = "+0";

/// The clock that a PolicyServer goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// The machine's.
    Real,
    /// One that a test can set, which costs time.
    Settable,
}

/// A PolicyServer, running or stopped.
pub struct PolicyServer {
    program: PathBuf,
    clock_library: Option<String>,
    folder: PathBuf,
    serving: Pair,
    kubeconfig: PathBuf,
    ports: [u16; 2],
    process: Option<Process>,
}

impl PolicyServer {
    /// Prepares one for these policies, each with the path of its module.
    ///
    /// # Errors
    ///
    /// If the folder cannot be written.
    pub fn new(
        folder: &Folder,
        programs: &Programs,
        authority: &Authority,
        kubeconfig: PathBuf,
        policies: &[(Policy, PathBuf)],
        clock: Clock,
    ) -> anyhow::Result<Self> {
        let entries: Map<String, Value> =
            policies.iter().map(|(policy, module)| (policy.id(), policy.entry(module))).collect();
        folder.write("policies.yml", &Value::Object(entries).to_string())?;
        folder.write("clock", NOW)?;
        let clock_library = match clock {
            Clock::Real => None,
            Clock::Settable => Some(clock_library(programs.path("faketime"))?),
        };
        Ok(Self {
            program: programs.path("policy-server").clone(),
            clock_library,
            folder: folder.path().to_owned(),
            serving: authority.server(folder, "policy-server")?,
            kubeconfig,
            ports: free_ports()?,
            process: None,
        })
    }

    /// Where it answers.
    #[must_use]
    pub fn address(&self) -> String {
        format!("https://127.0.0.1:{}", self.port())
    }

    /// The port at which it answers.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.ports[0]
    }

    /// Starts it, and waits until it answers.
    ///
    /// # Errors
    ///
    /// If it does not start.
    pub fn start(&mut self, folder: &Folder) -> anyhow::Result<()> {
        let mut process = folder.start("policy-server", self.command())?;
        let port = self.port();
        process.wait_until(|| listens(port))?;
        self.process = Some(process);
        Ok(())
    }

    /// Ends it at once, as a node that fails does.
    pub fn stop(&mut self) {
        self.process = None;
    }

    /// Sets its clock to a moment at which it then stands, `2027-01-31 12:00:00` in UTC, or to `now`.
    ///
    /// # Errors
    ///
    /// If the folder cannot be written.
    pub fn set_clock(&self, moment: &str) -> anyhow::Result<()> {
        let moment = if moment == "now" { NOW } else { moment };
        std::fs::write(self.folder.join("clock"), moment).context("cannot set the clock")
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        let [port, readiness_port] = self.ports;
        command.args(["--addr", "127.0.0.1", "--policies", "policies.yml", "--policies-download-dir", "policies"]);
        command.args(["--port", &port.to_string(), "--readiness-probe-port", &readiness_port.to_string()]);
        command.arg("--cert-file").arg(&self.serving.certificate).arg("--key-file").arg(&self.serving.key);
        command.env("KUBECONFIG", &self.kubeconfig).env("NO_COLOR", "true").env("TZ", "UTC");
        if let Some(library) = &self.clock_library {
            command.env("LD_PRELOAD", library).env("FAKETIME_TIMESTAMP_FILE", self.folder.join("clock"));
            command.env("FAKETIME_NO_CACHE", "1").env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        }
        command
    }
}

/// The library with which `faketime` moves the clock of a program.
fn clock_library(faketime: &Path) -> anyhow::Result<String> {
    let mut command = Command::new(faketime);
    let output = command.args(["-m", "-f", NOW, "printenv", "LD_PRELOAD"]).output().context("cannot run faketime")?;
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}
