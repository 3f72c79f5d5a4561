//! A real control plane for tests: etcd, kube-apiserver and kube-controller-manager, with Kubewarden's PolicyServer
//! beside them, all on the loopback interface and in one temporary folder.
//!
//! There is no kubelet, so pods stay `Pending`, and no Kubewarden controller: `policy` writes what it would write.

#[cfg(feature = "needs-cluster")]
pub mod bench;
#[cfg(feature = "needs-cluster")]
pub mod certificates;
#[cfg(feature = "needs-cluster")]
pub mod cluster;
#[cfg(feature = "needs-cluster")]
pub mod control_plane;
#[cfg(feature = "needs-cluster")]
pub mod policy;
#[cfg(feature = "needs-cluster")]
pub mod policy_server;
#[cfg(feature = "needs-cluster")]
pub mod process;
#[cfg(feature = "needs-cluster")]
pub mod programs;
#[cfg(feature = "needs-cluster")]
pub mod replay;
pub mod transcript;
