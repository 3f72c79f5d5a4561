//! The allow list in the cluster, read and changed with optimistic locking.

use anyhow::{anyhow, bail};
use kube::{api::PostParams, core::request::Request};
use serde_json::{Value, json};

use crate::{
    input::allow_list::AllowList,
    live::cluster::{Cluster, Failure},
    policy::ConfigMap,
};

/// A ConfigMap with the version that was read.
pub struct LiveList {
    object: Value,
    name: String,
    namespace: String,
}

impl LiveList {
    /// Reads the ConfigMap.
    pub fn read(cluster: &Cluster, wanted: &ConfigMap<'_>) -> anyhow::Result<Self> {
        let doing = format!("read {wanted}");
        let json = match cluster.get(&doing, &path(wanted.namespace), wanted.name) {
            Ok(json) => json,
            Err(Failure::NotFound) => {
                bail!("cannot {doing}: it is not there: create it, as deploy/allow-list.yml does")
            }
            Err(failure) => return Err(failure.into_error(&doing)),
        };
        let object = serde_json::from_slice(&json).map_err(|cause| anyhow!("cannot {doing}: {cause}"))?;
        Ok(Self { object, name: wanted.name.to_owned(), namespace: wanted.namespace.to_owned() })
    }

    /// The entries.
    pub fn list(&self) -> anyhow::Result<AllowList> {
        AllowList::parse(&self.object.to_string(), &self.config_map())
    }

    fn config_map(&self) -> ConfigMap<'_> {
        ConfigMap { namespace: &self.namespace, name: &self.name }
    }

    /// Writes one entry, or takes it out for `None`. The object keeps the version that was read, so the API server
    /// refuses the change if somebody else was faster.
    pub fn write(mut self, cluster: &Cluster, key: &str, entry: Option<&str>, dry_run: bool) -> anyhow::Result<()> {
        let doing = format!("change {}", self.config_map());
        if !self.object["data"].is_object() {
            self.object["data"] = json!({});
        }
        if let Some(data) = self.object["data"].as_object_mut() {
            match entry {
                Some(entry) => drop(data.insert(key.to_owned(), json!(entry))),
                None => drop(data.remove(key)),
            }
        }
        let parameters = PostParams { dry_run, field_manager: Some("enforcer".to_owned()) };
        let body = self.object.to_string().into_bytes();
        let request = Request::new(path(&self.namespace)).replace(&self.name, &parameters, body);
        cluster.send(&doing, request).map(drop).map_err(|failure| failure.into_error(&doing))
    }
}

fn path(namespace: &str) -> String {
    format!("/api/v1/namespaces/{namespace}/configmaps")
}
