//! What `docs/` shows of kubectl is what the scenarios show, which a real API server said.
//! `UPDATE_EXPECT=1` writes it into `docs/`.

use std::path::Path;

use cluster_tests::transcript::{rewrite, steps};
use expect_test::ExpectFile;

/// The documents, each of which has a scenario of the same name.
const DOCUMENTS: &[&str] = &["migration.md", "sunset.md"];

fn repository() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|cause| panic!("{}: {cause}", path.display()))
}

/// The command without what it says to the test.
fn as_shown(command: &str) -> &str {
    command.split(" # within ").next().unwrap_or(command)
}

#[test]
fn documents_show_what_a_real_api_server_said() {
    for name in DOCUMENTS {
        let scenario = steps(&read(&repository().join("crates/cluster-tests/scenarios").join(name)));
        let mut said = scenario.iter();
        let path = repository().join("docs").join(name);
        let rewritten = rewrite(&read(&path), |command, output| {
            if !command.starts_with("kubectl ") || output.is_empty() {
                return Ok(output.to_owned());
            }
            // In the same order: a command may stand there twice.
            let found = said.find(|(other, _)| as_shown(other) == command);
            found.map(|(_, output)| output.clone()).ok_or_else(|| format!("{name}: no scenario has: {command}"))
        });
        ExpectFile { path, position: file!() }.assert_eq(&rewritten.unwrap_or_else(|problem| panic!("{problem}")));
    }
}
