//! A real control plane for tests: etcd, kube-apiserver and kube-controller-manager, with Kubewarden's PolicyServer
//! beside them, all on the loopback interface and in one temporary folder.
//!
//! There is no kubelet, so pods stay `Pending`, and no Kubewarden controller: [`policy`] writes what it would write.

#![cfg(feature = "needs-cluster")]

pub mod bench;
pub mod certificates;
pub mod cluster;
pub mod control_plane;
pub mod policy;
pub mod policy_server;
pub mod process;
pub mod programs;
pub mod transcript;
