//! etcd, kube-apiserver and kube-controller-manager on free ports of the loopback interface.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Context;
use serde_json::json;

use crate::{
    certificates::{self, Authority, Pair},
    process::{Folder, Process, free_ports, listens},
    programs::Programs,
};

/// What the audit log keeps: what PolicyServer asks for, and what its answers say about pods and the kinds that make them.
const AUDIT_POLICY: &str = r#"
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
  - level: Metadata
    users: ["system:serviceaccount:kubewarden:registry-enforcer"]
  - level: Metadata
    verbs: [create, update, patch]
    resources:
      - group: ""
        resources: [pods, pods/ephemeralcontainers]
  - level: None
"#;

/// The controllers that act on what a policy judges. The others would only take time.
const CONTROLLERS: &str = "namespace-controller,serviceaccount-controller,garbage-collector-controller,\
    deployment-controller,replicaset-controller,statefulset-controller,daemonset-controller,job-controller,\
    cronjob-controller,replicationcontroller-controller,root-ca-certificate-publisher-controller,\
    clusterrole-aggregation-controller";

/// A running control plane.
pub struct ControlPlane {
    // The order is that in which they end.
    _controllers: Process,
    _api_server: Process,
    _etcd: Process,
    /// Where the API server is.
    pub address: String,
    /// The kubeconfig of its admin.
    pub kubeconfig: PathBuf,
    /// Its audit log.
    pub audit_log: PathBuf,
}

impl ControlPlane {
    /// Starts one and waits until it answers.
    ///
    /// # Errors
    ///
    /// If a part of it does not start.
    pub fn start(folder: &Folder, programs: &Programs, authority: &Authority) -> anyhow::Result<Self> {
        let [etcd_port, peers_port, port] = free_ports()?;
        let mut etcd = folder.start("etcd", etcd_command(programs, etcd_port, peers_port))?;
        etcd.wait_until(|| listens(etcd_port))?;

        let (signing_key, checking_key) = certificates::token_keys(folder)?;
        let address = format!("https://127.0.0.1:{port}");
        let admin = authority.client(folder, "admin", "system:masters")?;
        let kubeconfig = folder.write("admin.kubeconfig", &with_certificate(&address, authority, &admin))?;
        let audit_log = folder.path().join("audit.log");

        let mut command = api_server_command(folder, programs, authority, port)?;
        command.arg(format!("--etcd-servers=http://127.0.0.1:{etcd_port}"));
        command.arg(flag("--service-account-signing-key-file", &signing_key));
        command.arg(flag("--service-account-key-file", &checking_key));
        command.arg(flag("--audit-log-path", &audit_log));
        let mut api_server = folder.start("kube-apiserver", command)?;
        let is_ready = || answers(programs, &kubeconfig, "/readyz");
        api_server.wait_until(is_ready)?;

        let command = controllers_command(folder, programs, authority, &address, &signing_key)?;
        let controllers = folder.start("kube-controller-manager", command)?;
        Ok(Self { _controllers: controllers, _api_server: api_server, _etcd: etcd, address, kubeconfig, audit_log })
    }
}

fn etcd_command(programs: &Programs, port: u16, peers_port: u16) -> Command {
    let mut command = Command::new(programs.path("etcd"));
    let (clients, peers) = (format!("http://127.0.0.1:{port}"), format!("http://127.0.0.1:{peers_port}"));
    command.args(["--data-dir=etcd", "--name=test", "--unsafe-no-fsync=true"]);
    command.args([format!("--listen-client-urls={clients}"), format!("--advertise-client-urls={clients}")]);
    command.args([format!("--listen-peer-urls={peers}"), format!("--initial-advertise-peer-urls={peers}")]);
    command.arg(format!("--initial-cluster=test={peers}"));
    command
}

fn api_server_command(
    folder: &Folder,
    programs: &Programs,
    authority: &Authority,
    port: u16,
) -> anyhow::Result<Command> {
    let serving = authority.server(folder, "kube-apiserver")?;
    let audit_policy = folder.write("audit-policy.yml", AUDIT_POLICY)?;
    let mut command = Command::new(programs.path("kube-apiserver"));
    command.args(["--bind-address=127.0.0.1", "--advertise-address=127.0.0.1", "--endpoint-reconciler-type=none"]);
    command.args(["--service-cluster-ip-range=10.0.0.0/24", "--service-account-issuer=https://kubernetes.default.svc"]);
    command.args(["--authorization-mode=RBAC", "--allow-privileged=true", "--cert-dir=kube-apiserver"]);
    command.arg(format!("--secure-port={port}"));
    command.arg(flag("--client-ca-file", &authority.file));
    command.arg(flag("--tls-cert-file", &serving.certificate));
    command.arg(flag("--tls-private-key-file", &serving.key));
    command.arg(flag("--audit-policy-file", &audit_policy)).arg("--audit-log-mode=blocking-strict");
    Ok(command)
}

fn controllers_command(
    folder: &Folder,
    programs: &Programs,
    authority: &Authority,
    address: &str,
    signing_key: &Path,
) -> anyhow::Result<Command> {
    let client = authority.client(folder, "system:kube-controller-manager", "system:masters")?;
    let kubeconfig = folder.write("controllers.kubeconfig", &with_certificate(address, authority, &client))?;
    let mut command = Command::new(programs.path("kube-controller-manager"));
    command.args(["--leader-elect=false", "--secure-port=0", "--kube-api-qps=200", "--kube-api-burst=400"]);
    command.arg(format!("--controllers={CONTROLLERS}"));
    command.arg(flag("--kubeconfig", &kubeconfig));
    command.arg(flag("--root-ca-file", &authority.file));
    command.arg(flag("--service-account-private-key-file", signing_key));
    Ok(command)
}

fn flag(name: &str, path: &Path) -> String {
    format!("{name}={}", path.display())
}

/// Whether the API server answers a path with success.
fn answers(programs: &Programs, kubeconfig: &Path, path: &str) -> bool {
    let mut kubectl = Command::new(programs.path("kubectl"));
    kubectl.arg(flag("--kubeconfig", kubeconfig)).args(["get", "--raw", path]);
    kubectl.output().is_ok_and(|output| output.status.success())
}

fn with_certificate(address: &str, authority: &Authority, pair: &Pair) -> String {
    kubeconfig(address, &authority.file, &json!({"client-certificate": pair.certificate, "client-key": pair.key}))
}

/// A kubeconfig for a user with these credentials.
#[must_use]
pub fn kubeconfig(address: &str, authority: &Path, credentials: &serde_json::Value) -> String {
    json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "test",
        "clusters": [{"name": "test", "cluster": {"server": address, "certificate-authority": authority}}],
        "users": [{"name": "test", "user": credentials}],
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
    })
    .to_string()
}

/// Runs kubectl as the admin, and returns what it prints.
///
/// # Errors
///
/// If it fails, with what it says.
pub fn kubectl(programs: &Programs, kubeconfig: &Path, arguments: &[&str]) -> anyhow::Result<String> {
    let mut command = Command::new(programs.path("kubectl"));
    let output =
        command.arg(flag("--kubeconfig", kubeconfig)).args(arguments).output().context("cannot run kubectl")?;
    let said = String::from_utf8_lossy(&output.stderr);
    anyhow::ensure!(output.status.success(), "kubectl {}: {said}", arguments.join(" "));
    Ok(String::from_utf8(output.stdout)?)
}
