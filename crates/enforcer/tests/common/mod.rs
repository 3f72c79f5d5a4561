//! Runs the program as its users do.

// Each test file is a program of its own, and needs its share.
#![allow(dead_code)]

pub mod manifest;

use std::{
    io::Write,
    path::Path,
    process::{Command, Output, Stdio},
};

/// Runs the program in the folder with the samples.
#[must_use]
pub fn run(arguments: &[&str], input: &str) -> Output {
    run_with(arguments, input, &[])
}

/// Runs the program with more in its environment.
#[must_use]
pub fn run_with(arguments: &[&str], input: &str, environment: &[(&str, &Path)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_enforcer"));
    command.args(arguments).current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data"));
    command.env_remove("RUST_BACKTRACE").env_remove("KUBECONFIG").env("HOME", "/nonexistent");
    command.env_remove("DOCKER_CONFIG").envs(environment.iter().copied());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    // It may stop at the first error without a look at the rest.
    let _ = child.stdin.take().expect("its input").write_all(input.as_bytes());
    child.wait_with_output().expect("the program ends")
}

/// Standard error.
#[must_use]
pub fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Runs the program and compares standard output and the exit status.
#[track_caller]
pub fn check(arguments: &str, input: &str, stdout: &str, status: i32) {
    let arguments: Vec<&str> = arguments.split_whitespace().collect();
    let output = run(&arguments, input);
    assert_eq!(String::from_utf8_lossy(&output.stdout), stdout, "{arguments:?} {}", errors(&output));
    assert_eq!(output.status.code(), Some(status), "{arguments:?} {}", errors(&output));
}

/// Runs the program, which has no answer, and compares what it says.
#[track_caller]
pub fn fails(arguments: &str, input: &str, stderr: &str) {
    let arguments: Vec<&str> = arguments.split_whitespace().collect();
    let output = run(&arguments, input);
    assert_eq!((errors(&output).as_str(), output.status.code()), (stderr, Some(2)), "{arguments:?}");
}
