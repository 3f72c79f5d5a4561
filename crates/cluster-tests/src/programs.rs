//! The programs that a cluster is made of, and how people usually get them.

use std::{env, path::PathBuf};

use anyhow::bail;

/// The variable with the folder of the control plane's programs, as Kubernetes' own test tools name it.
const ASSETS: &str = "KUBEBUILDER_ASSETS";

const ENVTEST: &str = "`setup-envtest use 1.36 --print path` (sigs.k8s.io/controller-runtime) downloads it; name its folder \
                       in KUBEBUILDER_ASSETS";
const RELEASE: &str = "it is in Kubernetes' server binaries (https://dl.k8s.io/v1.36.3/bin/linux/amd64/kube-controller-manager); \
                       put it into the folder that KUBEBUILDER_ASSETS names";
const KUBEWARDEN: &str = "`cargo build --release --locked --bin kwctl --bin policy-server` in a clone of \
                          https://github.com/kubewarden/kubewarden-controller builds it; put it on PATH";
const ENFORCER: &str = "`cargo build --bin enforcer` builds it, as `make cluster-tests` does; put it on PATH";

/// Every program, each with how people usually get it.
const SOURCES: &[(&str, &str)] = &[
    ("etcd", ENVTEST),
    ("kube-apiserver", ENVTEST),
    ("kubectl", ENVTEST),
    ("kube-controller-manager", RELEASE),
    ("kwctl", KUBEWARDEN),
    ("policy-server", KUBEWARDEN),
    ("enforcer", ENFORCER),
];

/// Where the programs are.
#[derive(Debug)]
pub struct Programs(Vec<(&'static str, PathBuf)>);

impl Programs {
    /// Looks for every program in the folder that `KUBEBUILDER_ASSETS` names, then on `PATH`.
    ///
    /// # Errors
    ///
    /// Names each program that is missing, and how to get it.
    pub fn find() -> anyhow::Result<Self> {
        Self::find_in(&folders())
    }

    /// Looks for every program in these folders, in this order.
    ///
    /// # Errors
    ///
    /// As [`Self::find`].
    pub fn find_in(folders: &[PathBuf]) -> anyhow::Result<Self> {
        let (mut found, mut missing) = (Vec::new(), String::new());
        for (name, source) in SOURCES {
            match folders.iter().map(|folder| folder.join(name)).find(|path| path.is_file()) {
                Some(path) => found.push((*name, path)),
                None => missing.push_str(&format!("\n- {name}: {source}")),
            }
        }
        if missing.is_empty() { Ok(Self(found)) } else { bail!("programs are missing:{missing}") }
    }

    /// The path of a program.
    ///
    /// # Panics
    ///
    /// If the list above does not have it.
    #[must_use]
    pub fn path(&self, name: &str) -> &PathBuf {
        let found = self.0.iter().find(|(other, _)| *other == name);
        &found.unwrap_or_else(|| panic!("{name} is not in the list of programs")).1
    }

    /// Each program's name and path.
    pub fn iter(&self) -> impl Iterator<Item = &(&'static str, PathBuf)> {
        self.0.iter()
    }
}

fn folders() -> Vec<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let assets = env::var_os(ASSETS).map(PathBuf::from);
    assets.into_iter().chain(env::split_paths(&path)).collect()
}
