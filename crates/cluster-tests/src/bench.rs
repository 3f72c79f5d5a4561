//! What admission adds to the creation of a pod: every way of it in turn, in one run, so that all meet the same machine.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use k8s_openapi::api::core::v1::Pod;
use kube::{Api, Client, Config, Error, api::PostParams, config::Kubeconfig};
use serde_json::json;
use tokio::task::JoinSet;

use crate::cluster::Cluster;

/// Pods that are created before anything is measured, each way.
const WARM_UP: usize = 20;
/// Requests that are on their way at once when the throughput is measured.
const AT_ONCE: usize = 4;
/// In how many turns the throughput is measured.
const TURNS: usize = 4;
/// What makes the Pod one of about 2 KB.
const PADDING: usize = 1_200;

/// A way in which pods are admitted.
#[derive(Clone, Copy, Debug)]
pub struct Way {
    /// Its name, and that of its namespace.
    pub name: &'static str,
    /// The policy that is asked about the namespace.
    pub policy: Option<&'static str>,
    /// The image of the pods.
    pub image: &'static str,
    /// Whether they are refused.
    pub is_refused: bool,
}

/// What was measured of a way.
#[derive(Debug)]
pub struct Measured {
    /// Which.
    pub way: Way,
    times: Vec<Duration>,
    busy: Duration,
}

impl Measured {
    /// The time that this share of the requests did not exceed.
    #[must_use]
    pub fn quantile(&self, share: f64) -> Duration {
        let index = (self.times.len() as f64 * share) as usize;
        self.times.get(index).copied().unwrap_or_default()
    }

    /// How long the requests took that were sent several at once.
    #[must_use]
    pub fn busy(&self) -> Duration {
        self.busy
    }
}

/// Measures every way with this many requests, one at a time, and then as many, several at once.
///
/// # Errors
///
/// If a request is answered otherwise than expected.
pub async fn measure(cluster: &Cluster, ways: &[Way], requests: usize) -> anyhow::Result<Vec<Measured>> {
    // kube asks for the one that the process has chosen; there is none yet.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let kubeconfig = Kubeconfig::read_from(&cluster.control_plane.kubeconfig)?;
    let client = Client::try_from(Config::from_custom_kubeconfig(kubeconfig, &Default::default()).await?)?;
    let mut pods = Pods { client, count: 0 };
    let mut measured: Vec<Measured> =
        ways.iter().map(|way| Measured { way: *way, times: Vec::new(), busy: Duration::ZERO }).collect();
    for round in 0..WARM_UP + requests {
        // Nobody always follows the same one.
        let first = round % ways.len();
        for index in (first..ways.len()).chain(0..first) {
            let time = pods.create(&ways[index]).await?;
            if round >= WARM_UP {
                measured[index].times.push(time);
            }
        }
    }
    for _ in 0..TURNS {
        for way in &mut measured {
            way.busy += pods.create_at_once(&way.way, requests / TURNS).await?;
        }
    }
    measured.iter_mut().for_each(|way| way.times.sort_unstable());
    Ok(measured)
}

/// Creates pods, each of another name.
struct Pods {
    client: Client,
    count: usize,
}

impl Pods {
    async fn create(&mut self, way: &Way) -> anyhow::Result<Duration> {
        let (api, pod) = self.next(way)?;
        let start = Instant::now();
        let answer = api.create(&PostParams::default(), &pod).await;
        let time = start.elapsed();
        expect(way, answer)?;
        Ok(time)
    }

    async fn create_at_once(&mut self, way: &Way, requests: usize) -> anyhow::Result<Duration> {
        let mut left: Vec<(Api<Pod>, Pod)> = (0..requests).map(|_| self.next(way)).collect::<Result<_, _>>()?;
        let mut running = JoinSet::new();
        let start = Instant::now();
        while !left.is_empty() || !running.is_empty() {
            while let Some((api, pod)) = left.pop_if(|_| running.len() < AT_ONCE) {
                running.spawn(async move { api.create(&PostParams::default(), &pod).await });
            }
            if let Some(answer) = running.join_next().await {
                expect(way, answer?)?;
            }
        }
        Ok(start.elapsed())
    }

    fn next(&mut self, way: &Way) -> anyhow::Result<(Api<Pod>, Pod)> {
        self.count += 1;
        let pod = serde_json::from_value(json!({
            "metadata": {"name": format!("pod-{}", self.count), "annotations": {"padding": "x".repeat(PADDING)}},
            "spec": {
                "automountServiceAccountToken": false,
                "containers": [{"name": "web", "image": way.image, "env": [{"name": "A", "value": "b"}]}],
            },
        }))
        .context("the pod is one")?;
        Ok((Api::namespaced(self.client.clone(), way.name), pod))
    }
}

fn expect(way: &Way, answer: Result<Pod, Error>) -> anyhow::Result<()> {
    match answer {
        Err(Error::Api(status)) if way.is_refused && status.code == 403 => Ok(()),
        Err(cause) => Err(cause).context(way.name),
        Ok(_) => {
            ensure!(!way.is_refused, "{}: let in", way.name);
            Ok(())
        }
    }
}
