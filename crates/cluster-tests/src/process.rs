//! Processes that end with whoever started them, however that ends.

use std::{
    fs::{self, File},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use tempfile::TempDir;

/// How long a process may take until it listens.
const START: Duration = Duration::from_secs(60);
/// How often a process is asked whether it listens.
const INTERVAL: Duration = Duration::from_millis(50);
/// How many lines of its log an error shows.
const LOG_LINES: usize = 20;

/// Waits for the end of its input, which is that of the process that holds the other end; then ends every process that is
/// still listed, and removes the folder. Signals of a terminal are for the others.
const WATCHMAN: &str = "trap '' INT TERM HUP; cat >/dev/null; cd \"$1/pids\" 2>/dev/null || exit 0; \
                        for pid in *; do kill -KILL \"$pid\" 2>/dev/null; done; cd /; rm -rf \"$1\"";

/// A temporary folder with the processes that work in it.
#[derive(Debug)]
pub struct Folder {
    // Its input closes after the folder is gone; then there is nothing left to do.
    directory: TempDir,
    watchman: Child,
}

impl Folder {
    /// Makes the folder.
    ///
    /// # Errors
    ///
    /// If the system's folder for temporary files cannot be written.
    pub fn new() -> anyhow::Result<Self> {
        let directory = TempDir::with_prefix("cluster-tests-").context("cannot make a temporary folder")?;
        fs::create_dir(directory.path().join("pids"))?;
        let mut watchman = Command::new("sh");
        watchman.args(["-c", WATCHMAN, "watchman"]).arg(directory.path()).stdin(Stdio::piped());
        let watchman = watchman.spawn().context("cannot run sh")?;
        Ok(Self { directory, watchman })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Writes a file into it.
    ///
    /// # Errors
    ///
    /// If that fails.
    pub fn write(&self, name: &str, contents: &str) -> anyhow::Result<PathBuf> {
        let path = self.path().join(name);
        fs::write(&path, contents).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(path)
    }

    /// Starts a program in it, whose output goes to a file with the program's name.
    ///
    /// # Errors
    ///
    /// If the program cannot be run.
    pub fn start(&self, name: &str, mut command: Command) -> anyhow::Result<Process> {
        let log = self.path().join(format!("{name}.log"));
        let output = File::create(&log)?;
        command.current_dir(self.path()).stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
        let child = command.spawn().with_context(|| format!("cannot run {:?}", command.get_program()))?;
        let listed = self.path().join("pids").join(child.id().to_string());
        let process = Process { name: name.to_owned(), child, log, listed };
        File::create(&process.listed)?;
        Ok(process)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // The watchman does what is left, and waits for nothing else.
        drop(self.watchman.stdin.take());
        let _ = self.watchman.wait();
    }
}

/// A process, which is killed when it is dropped.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    log: PathBuf,
    listed: PathBuf,
}

impl Process {
    /// Waits until something answers.
    ///
    /// # Errors
    ///
    /// If the process ends, or takes too long; the error has the end of its log.
    pub fn wait_until(&mut self, mut answers: impl FnMut() -> bool) -> anyhow::Result<()> {
        let start = Instant::now();
        while !answers() {
            if let Some(status) = self.child.try_wait()? {
                bail!("{} ended with {status}:\n{}", self.name, self.end_of_log());
            }
            if start.elapsed() > START {
                bail!("{} does not answer after {} s:\n{}", self.name, START.as_secs(), self.end_of_log());
            }
            thread::sleep(INTERVAL);
        }
        Ok(())
    }

    fn end_of_log(&self) -> String {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(LOG_LINES)..].join("\n")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // All of these fail only where the process has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_file(&self.listed);
    }
}

/// Free ports of the loopback interface.
///
/// # Errors
///
/// If there is none.
pub fn free_ports<const N: usize>() -> anyhow::Result<[u16; N]> {
    // Held until all are known, so that they differ.
    let listeners: Vec<TcpListener> = (0..N).map(|_| TcpListener::bind("127.0.0.1:0")).collect::<Result<_, _>>()?;
    let mut ports = [0; N];
    for (port, listener) in ports.iter_mut().zip(&listeners) {
        *port = listener.local_addr()?.port();
    }
    Ok(ports)
}

/// Whether something listens at a port of the loopback interface.
#[must_use]
pub fn listens(port: u16) -> bool {
    TcpStream::connect(("127.0.0.1", port)).is_ok()
}
