//! Kubewarden's PolicyServer, with a clock that a test can set.

use std::{path::PathBuf, process::Command};

use anyhow::{Context, ensure};
use jiff::{civil::DateTime, tz::TimeZone};
use serde_json::{Map, Value};

use crate::{
    certificates::{Authority, Pair},
    policy::Policy,
    process::{Folder, Process, free_ports, listens},
    programs::Programs,
};

/// The clock that can be set. faketime cannot start a program with an allocator of its own, such as PolicyServer.
const CLOCK: &str = include_str!("clock.c");

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
    clock_library: Option<PathBuf>,
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
        folder.write("clock", "")?;
        let clock_library = match clock {
            Clock::Real => None,
            Clock::Settable => Some(clock_library(folder)?),
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
    /// If that is no moment, or the folder cannot be written.
    pub fn set_clock(&self, moment: &str) -> anyhow::Result<()> {
        let seconds = if moment == "now" { String::new() } else { seconds(moment)?.to_string() };
        std::fs::write(self.folder.join("clock"), seconds).context("cannot set the clock")
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        let [port, readiness_port] = self.ports;
        command.args(["--addr", "127.0.0.1", "--policies", "policies.yml", "--policies-download-dir", "policies"]);
        command.args(["--port", &port.to_string(), "--readiness-probe-port", &readiness_port.to_string()]);
        command.arg("--cert-file").arg(&self.serving.certificate).arg("--key-file").arg(&self.serving.key);
        command.env("KUBECONFIG", &self.kubeconfig).env("NO_COLOR", "true").env("TZ", "UTC");
        if let Some(library) = &self.clock_library {
            command.env("LD_PRELOAD", library).env("CLUSTER_TESTS_CLOCK", self.folder.join("clock"));
        }
        command
    }
}

/// A moment in seconds since 1970.
fn seconds(moment: &str) -> anyhow::Result<i64> {
    let moment: DateTime = moment.parse().with_context(|| format!("{moment} is not like 2027-01-31 12:00:00"))?;
    Ok(moment.to_zoned(TimeZone::UTC)?.timestamp().as_second())
}

/// Builds the library with the clock, by the C compiler that Rust needs for its linker.
fn clock_library(folder: &Folder) -> anyhow::Result<PathBuf> {
    let (source, library) = (folder.write("clock.c", CLOCK)?, folder.path().join("clock.so"));
    let mut compiler = Command::new("cc");
    let status = compiler.args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(source).status();
    ensure!(status.context("cannot run cc")?.success(), "cc cannot build the clock");
    Ok(library)
}
