//! A control plane with a PolicyServer and the policies that it serves.

use std::{
    env,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use serde_json::json;

use crate::{
    certificates::Authority,
    control_plane::{self, ControlPlane},
    policy::{LABEL, Policy},
    policy_server::{Clock, PolicyServer},
    process::Folder,
    programs::Programs,
};

/// How long the API server may take to know of a webhook.
const REGISTRATION: Duration = Duration::from_secs(30);

/// How long the service account's token counts.
const TOKEN: &str = "--duration=24h";

/// Everything. What it started ends when it is dropped.
pub struct Cluster {
    /// The PolicyServer.
    pub policy_server: PolicyServer,
    /// The control plane.
    pub control_plane: ControlPlane,
    /// Where the programs are.
    pub programs: Programs,
    /// What its parts share.
    pub folder: Folder,
    authority: Authority,
    policies: Vec<Policy>,
}

impl Cluster {
    /// Starts a control plane and a PolicyServer with these policies, each with its module's path. Nothing asks the
    /// PolicyServer until [`Self::register`].
    ///
    /// # Errors
    ///
    /// If a program is missing, or a part of the cluster does not start.
    pub fn start(repository: &Path, policies: Vec<(Policy, PathBuf)>, clock: Clock) -> anyhow::Result<Self> {
        let programs = Programs::find()?;
        for (_, module) in &policies {
            ensure!(module.is_file(), "{} is missing: run `make {0}`", module.display());
        }
        let folder = Folder::new()?;
        let authority = Authority::new(&folder)?;
        let control_plane = ControlPlane::start(&folder, &programs, &authority)?;
        let kubeconfig = prepare(&folder, &programs, &control_plane, &authority, repository)?;
        let mut policy_server = PolicyServer::new(&folder, &programs, &authority, kubeconfig, &policies, clock)?;
        policy_server.start(&folder)?;
        link_programs(&folder, &programs)?;
        let policies = policies.into_iter().map(|(policy, _)| policy).collect();
        Ok(Self { policy_server, control_plane, programs, folder, authority, policies })
    }

    /// Runs kubectl as the admin, and returns what it prints.
    ///
    /// # Errors
    ///
    /// If it fails, with what it says.
    pub fn kubectl(&self, arguments: &[&str]) -> anyhow::Result<String> {
        control_plane::kubectl(&self.programs, &self.control_plane.kubeconfig, arguments)
    }

    /// The search path with the cluster's programs first.
    ///
    /// # Errors
    ///
    /// If a folder's name has a colon.
    pub fn search_path(&self) -> anyhow::Result<std::ffi::OsString> {
        let path = env::var_os("PATH").unwrap_or_default();
        Ok(env::join_paths([self.folder.path().join("bin")].into_iter().chain(env::split_paths(&path)))?)
    }

    /// Makes the API server ask PolicyServer, and waits until it does.
    ///
    /// # Errors
    ///
    /// If the API server does not take a webhook, or never asks.
    pub fn register(&self) -> anyhow::Result<()> {
        let items: Vec<_> = self
            .policies
            .iter()
            .map(|policy| policy.webhook(&self.policy_server.address(), &base64(&self.authority.pem())))
            .collect();
        let list = json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string();
        let file = self.folder.write("webhooks.json", &list)?;
        self.kubectl(&["apply", "--server-side", "--filename", &file.to_string_lossy()])?;
        self.wait_until_asked()
    }

    /// The API server learns of webhooks in the order in which they were made.
    fn wait_until_asked(&self) -> anyhow::Result<()> {
        let last = self.policies.iter().rfind(|policy| policy.manifest["kind"] == "ClusterAdmissionPolicy");
        let last = last.context("there is no policy")?;
        self.namespace("probe", Some(&last.name))?;
        let start = Instant::now();
        let try_image = ["run", "probe", "--namespace=probe", "--image=quay.io/UPPER", "--dry-run=server"];
        while self.kubectl(&try_image).is_ok() {
            ensure!(start.elapsed() < REGISTRATION, "the API server does not ask PolicyServer");
            thread::sleep(Duration::from_millis(100));
        }
        Ok(())
    }

    /// Makes the policy of this name be asked about a namespace, which is created if it is not there, and waits until
    /// pods can be created in it.
    ///
    /// # Errors
    ///
    /// If the API server refuses that.
    pub fn namespace(&self, name: &str, policy: Option<&str>) -> anyhow::Result<()> {
        if self.kubectl(&["get", "namespace", name]).is_err() {
            self.kubectl(&["create", "namespace", name])?;
        }
        let label = policy.map_or_else(|| format!("{LABEL}-"), |policy| format!("{LABEL}={policy}"));
        self.kubectl(&["label", "namespace", name, &label, "--overwrite"])?;
        let wait = ["wait", "--for=create", "serviceaccount/default", "--namespace", name, "--timeout=30s"];
        self.kubectl(&wait).map(drop)
    }
}

/// What is there before the policies: Kubewarden's types, its namespace, the allow list and the right to read it. Returns
/// the kubeconfig of PolicyServer's service account, which has no other right.
fn prepare(
    folder: &Folder,
    programs: &Programs,
    control_plane: &ControlPlane,
    authority: &Authority,
    repository: &Path,
) -> anyhow::Result<PathBuf> {
    let kubectl = |arguments: &[&str]| control_plane::kubectl(programs, &control_plane.kubeconfig, arguments);
    let types = repository.join("crates/cluster-tests/types.yml");
    kubectl(&["create", "--filename", &types.to_string_lossy()])?;
    kubectl(&["create", "namespace", "kubewarden"])?;
    kubectl(&["create", "serviceaccount", "registry-enforcer", "--namespace=kubewarden"])?;
    for file in ["deploy/allow-list-access.yml", "deploy/allow-list.yml"] {
        kubectl(&["create", "--filename", &repository.join(file).to_string_lossy()])?;
    }
    let token = kubectl(&["create", "token", "registry-enforcer", "--namespace=kubewarden", TOKEN])?;
    let credentials = json!({"token": token.trim()});
    folder.write(
        "policy-server.kubeconfig",
        &control_plane::kubeconfig(&control_plane.address, &authority.file, &credentials),
    )
}

/// A folder with the programs under their names; `enforcer` also as a plugin of kubectl.
fn link_programs(folder: &Folder, programs: &Programs) -> anyhow::Result<()> {
    let links = folder.path().join("bin");
    std::fs::create_dir(&links)?;
    for (name, path) in programs.iter() {
        symlink(std::fs::canonicalize(path)?, links.join(name))?;
    }
    symlink(links.join("enforcer"), links.join("kubectl-enforcer"))?;
    Ok(())
}

fn base64(text: &str) -> String {
    serde_json::to_value(k8s_openapi::ByteString(text.as_bytes().to_vec()))
        .ok()
        .and_then(|value| value.as_str().map(str::to_owned))
        .unwrap_or_default()
}
