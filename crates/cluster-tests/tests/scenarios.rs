//! Every transcript in `scenarios/`, on one cluster. `UPDATE_EXPECT=1` writes what the commands print now.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use cluster_tests::{cluster::Cluster, policy::Policy, policy_server::Clock, programs::Programs, replay};
use expect_test::ExpectFile;
use libtest_mimic::{Arguments, Failed, Trial};

fn crate_folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The root of the repository.
fn repository() -> PathBuf {
    let root = crate_folder().join("../..");
    root.canonicalize().unwrap_or(root)
}

/// The files of a folder with this ending, by name.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|cause| panic!("{}: {cause}", folder.display()));
    let paths = entries.map(|entry| entry.expect("a readable folder").path());
    let mut files: Vec<PathBuf> = paths.filter(|path| path.extension().is_some_and(|it| it == ending)).collect();
    files.sort();
    files
}

/// The policies of `deploy/` and those of the scenarios, each with the wasm that runs it.
fn policies() -> anyhow::Result<Vec<(Policy, PathBuf)>> {
    let module = repository().join("annotated-policy.wasm");
    let mut policies = Vec::new();
    for folder in [repository().join("deploy"), crate_folder().join("scenarios/policies")] {
        for file in files(&folder, "yml") {
            policies.extend(Policy::read(&file)?.into_iter().map(|policy| (policy, module.clone())));
        }
    }
    Ok(policies)
}

fn start() -> anyhow::Result<Cluster> {
    let cluster = Cluster::start(&repository(), policies()?, Clock::Settable)?;
    cluster.register()?;
    Ok(cluster)
}

/// The cluster that all share: none before the first needs it, or why it did not start.
type Shared = Arc<Mutex<Option<Result<Cluster, String>>>>;

fn try_scenario(shared: &Shared, file: &Path) -> Result<(), Failed> {
    // A scenario that panicked says so itself; the others go on.
    let mut cluster = shared.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let cluster = cluster.get_or_insert_with(|| start().map_err(|cause| format!("{cause:#}")));
    let cluster = cluster.as_mut().map_err(|cause| Failed::from(cause.clone()))?;
    let expected = std::fs::read_to_string(file)?;
    let folder = crate_folder().join("scenarios");
    let actual = replay::replay(cluster, &expected, &folder).map_err(|cause| format!("{cause:#}"))?;
    ExpectFile { path: file.to_owned(), position: file!() }.assert_eq(&actual);
    Ok(())
}

/// Each program that is missing is named, with the way to get it.
fn says_what_is_missing() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    for name in ["etcd", "kubectl", "policy-server"] {
        std::fs::write(folder.path().join(name), "")?;
    }
    let found = Programs::find_in(&[folder.path().to_owned()]);
    let problem = found.err().map(|cause| cause.to_string()).unwrap_or_default();
    let told: Vec<&str> = problem.lines().filter_map(|line| line.strip_prefix("- ")?.split(':').next()).collect();
    assert_eq!(told, ["kube-apiserver", "kube-controller-manager", "kwctl", "enforcer"], "{problem}");
    assert!(problem.contains("\n- kube-controller-manager: it is in Kubernetes' server binaries"), "{problem}");
    Ok(())
}

fn main() {
    let mut arguments = Arguments::from_args();
    // They share a cluster.
    arguments.test_threads = Some(1);
    let shared = Shared::default();
    let trial = |file: PathBuf| {
        let shared = shared.clone();
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Trial::test(name, move || try_scenario(&shared, &file))
    };
    let mut trials: Vec<Trial> = files(&crate_folder().join("scenarios"), "md").into_iter().map(trial).collect();
    trials.push(Trial::test("missing-programs", says_what_is_missing));
    let conclusion = libtest_mimic::run(&arguments, trials);
    drop(shared);
    conclusion.exit();
}
