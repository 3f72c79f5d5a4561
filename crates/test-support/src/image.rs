//! Images that tests make, and push to their registry.

use std::collections::BTreeMap;

use oci_client::client::{Config, ImageLayer};
use oci_client::manifest::{OCI_IMAGE_INDEX_MEDIA_TYPE, OCI_IMAGE_MEDIA_TYPE, OciImageIndex, OciImageManifest};
use serde_json::{Value, json};

use crate::registry::TestRegistry;

/// What PolicyServer takes of an image for several platforms: the architecture that it runs on.
pub const THIS_ARCHITECTURE: &str = match std::env::consts::ARCH.as_bytes() {
    b"aarch64" => "arm64",
    _ => "amd64",
};

/// An image, before it is pushed.
#[derive(Clone, Debug)]
pub struct Image {
    architecture: String,
    created: Option<String>,
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
    layers: Vec<String>,
}

impl Default for Image {
    fn default() -> Self {
        Self {
            architecture: THIS_ARCHITECTURE.to_owned(),
            created: None,
            labels: BTreeMap::new(),
            annotations: BTreeMap::new(),
            layers: vec!["a layer".to_owned()],
        }
    }
}

impl Image {
    /// For this architecture, spelt as in Go.
    pub fn architecture(self, architecture: &str) -> Self {
        Self { architecture: architecture.to_owned(), ..self }
    }

    /// Made at this time; a string, so that a test can push one that is not a time.
    pub fn created(self, time: &str) -> Self {
        Self { created: Some(time.to_owned()), ..self }
    }

    /// With a label in its config.
    pub fn label(mut self, name: &str, text: &str) -> Self {
        self.labels.insert(name.to_owned(), text.to_owned());
        self
    }

    /// With an annotation in its manifest.
    pub fn annotation(mut self, name: &str, text: &str) -> Self {
        self.annotations.insert(name.to_owned(), text.to_owned());
        self
    }

    /// With these layers, the lowest first: images whose first layers have the same content share a base.
    pub fn layers(self, layers: &[&str]) -> Self {
        Self { layers: layers.iter().map(|content| (*content).to_owned()).collect(), ..self }
    }

    /// The config's JSON.
    pub fn config(&self) -> Value {
        // A layer that is not compressed has the same digest in the manifest and in the config.
        let diff_ids: Vec<String> = self.oci_layers().iter().map(ImageLayer::sha256_digest).collect();
        let mut config = json!({
            "architecture": self.architecture,
            "os": "linux",
            "config": {"Labels": self.labels},
            "rootfs": {"type": "layers", "diff_ids": diff_ids},
        });
        if let Some(created) = &self.created {
            config["created"] = json!(created);
        }
        config
    }

    fn oci_layers(&self) -> Vec<ImageLayer> {
        self.layers.iter().map(|content| ImageLayer::oci_v1(content.clone().into_bytes(), None)).collect()
    }

    fn annotations(&self) -> Option<BTreeMap<String, String>> {
        (!self.annotations.is_empty()).then(|| self.annotations.clone())
    }
}

impl TestRegistry {
    /// Pushes the image to `name`, which is `path:tag`; answers its digest.
    ///
    /// # Panics
    ///
    /// If the registry does not take it.
    pub fn push(&self, name: &str, image: &Image) -> String {
        let layers = image.oci_layers();
        let config = Config::oci_v1(image.config().to_string().into_bytes(), None);
        let mut manifest = OciImageManifest::build(&layers, &config, image.annotations());
        manifest.media_type = Some(OCI_IMAGE_MEDIA_TYPE.to_owned());

        let connection = self.connect(name);
        let (client, reference, auth) = (connection.client(), connection.reference(), connection.auth());
        let pushed = async {
            client.push(reference, &layers, config, auth, Some(manifest)).await?;
            client.fetch_manifest_digest(reference, auth).await
        };
        Self::wait(&connection, pushed)
    }

    /// Pushes one image for several platforms to `name`, which is `path:tag`; answers the digest of the index.
    ///
    /// The image of each platform can also be pulled by itself, as `path:tag-architecture`.
    ///
    /// # Panics
    ///
    /// If the registry does not take it.
    pub fn push_index(&self, name: &str, images: &[Image]) -> String {
        let entries: Vec<Value> = images.iter().map(|image| self.index_entry(name, image)).collect();
        let index = json!({"schemaVersion": 2, "mediaType": OCI_IMAGE_INDEX_MEDIA_TYPE, "manifests": entries});
        let index: OciImageIndex = serde_json::from_value(index).expect("the JSON above is an index");

        let connection = self.connect(name);
        let (client, reference, auth) = (connection.client(), connection.reference(), connection.auth());
        let pushed = async {
            client.push_manifest_list(reference, auth, index).await?;
            client.fetch_manifest_digest(reference, auth).await
        };
        Self::wait(&connection, pushed)
    }

    fn index_entry(&self, name: &str, image: &Image) -> Value {
        let name = format!("{name}-{}", image.architecture);
        self.push(&name, image);
        let (manifest, digest) = self.manifest(&name);
        json!({
            "mediaType": OCI_IMAGE_MEDIA_TYPE,
            "digest": digest,
            "size": manifest.len(),
            "platform": {"architecture": image.architecture, "os": "linux"},
        })
    }
}
