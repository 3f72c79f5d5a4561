//! A real registry for tests: Debian's `docker-registry` on loopback, for as long as the test runs.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use engine::registry::Connection;
use oci_client::Reference;
use oci_client::manifest::{OCI_IMAGE_INDEX_MEDIA_TYPE, OCI_IMAGE_MEDIA_TYPE};
use tempfile::TempDir;

/// How long the registry may take to start, and to answer a test.
const TIMEOUT: Duration = Duration::from_secs(20);

/// Who may use a registry that needs a login.
pub const USER: &str = "ali-baba";
/// The password of [`USER`].
pub const PASSWORD: &str = "open sesame";

/// [`USER`] and [`PASSWORD`] as `htpasswd -B` writes them.
const PASSWORD_FILE: &str = "ali-baba:$2b$04$yTxvZbBGYNkVhSoElKnWBOGTwht3X5/e/7SG4sUlVx.nTtYLta7lW\n";

/// A running registry, empty at first. It ends, and its storage with it, when it is dropped.
#[derive(Debug)]
pub struct TestRegistry {
    server: Child,
    address: String,
    _storage: TempDir,
}

impl TestRegistry {
    /// Starts a registry that everybody may use.
    ///
    /// # Panics
    ///
    /// If the registry is not installed or does not start.
    pub fn start() -> Self {
        Self::serve("")
    }

    /// Starts a registry for [`USER`] with [`PASSWORD`] only.
    ///
    /// # Panics
    ///
    /// As [`Self::start`] does.
    pub fn start_with_login() -> Self {
        Self::serve("auth: {htpasswd: {realm: cave, path: passwords}}")
    }

    fn serve(auth: &str) -> Self {
        let storage = TempDir::new().expect("tests can write temporary files");
        write(&storage.path().join("passwords"), PASSWORD_FILE);
        let config = format!(
            "version: 0.1\n\
             log: {{formatter: json, accesslog: {{disabled: true}}}}\n\
             storage: {{filesystem: {{rootdirectory: images}}}}\n\
             http: {{addr: '127.0.0.1:0', secret: of no importance}}\n\
             {auth}\n"
        );
        write(&storage.path().join("config.yml"), &config);
        let mut serve = Command::new("docker-registry");
        serve.args(["serve", "config.yml"]).current_dir(storage.path());
        let server = serve.stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
        let mut server =
            server.unwrap_or_else(|error| panic!("docker-registry cannot be run: {error}: run `scripts/setup tests`"));
        let log = server.stderr.take().expect("stderr is piped");
        // In the struct before the wait, so that the server ends if it never gets ready.
        let mut registry = Self { server, address: String::new(), _storage: storage };
        registry.address = listening(log).recv_timeout(TIMEOUT).expect("docker-registry listens soon after its start");
        registry
    }

    /// `127.0.0.1:port`
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Connects to what `name` stands for: `path:tag` or `path@digest`, without the registry.
    ///
    /// # Panics
    ///
    /// If `name` is not a name.
    pub fn connect(&self, name: &str) -> Connection {
        let reference = Reference::try_from(format!("{}/{name}", self.address)).expect("the test names a valid path");
        Connection::open(reference, false).expect("a client for loopback needs nothing")
    }

    /// The JSON of the manifest, as the registry holds it, and its digest.
    ///
    /// # Panics
    ///
    /// If the registry does not have it.
    pub fn manifest(&self, name: &str) -> (String, String) {
        let connection = self.connect(name);
        let types = [OCI_IMAGE_MEDIA_TYPE, OCI_IMAGE_INDEX_MEDIA_TYPE];
        let call = connection.client().pull_manifest_raw(connection.reference(), connection.auth(), &types);
        let (json, digest) = Self::wait(&connection, call);
        (String::from_utf8(json.to_vec()).expect("a manifest is JSON"), digest)
    }

    /// The bytes of each layer.
    ///
    /// # Panics
    ///
    /// If the registry does not have it.
    pub fn layers(&self, name: &str) -> Vec<Vec<u8>> {
        let connection = self.connect(name);
        let (client, reference) = (connection.client(), connection.reference());
        let call = async {
            let (manifest, _) = client.pull_image_manifest(reference, connection.auth()).await?;
            let mut layers = Vec::new();
            for layer in &manifest.layers {
                let mut bytes = Vec::new();
                client.pull_blob(reference, layer, &mut bytes).await?;
                layers.push(bytes);
            }
            Ok(layers)
        };
        Self::wait(&connection, call)
    }

    /// Waits for a call to the registry, which a test expects to succeed.
    pub(crate) fn wait<T>(
        connection: &Connection,
        call: impl Future<Output = Result<T, oci_client::errors::OciDistributionError>>,
    ) -> T {
        connection.wait(TIMEOUT, call).expect("the registry does what a test asks")
    }
}

impl Drop for TestRegistry {
    fn drop(&mut self) {
        // Both fail only if the registry has ended by itself.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// The registry chooses a free port and says in its log which; the rest of the log is read, lest it blocks.
fn listening(log: ChildStderr) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(log).lines().map_while(Result::ok) {
            if let Some(address) = logged_address(&line) {
                // Nobody waits any longer if the test has given up.
                let _ = sender.send(address);
            }
        }
    });
    receiver
}

fn logged_address(line: &str) -> Option<String> {
    let entry: serde_json::Value = serde_json::from_str(line).ok()?;
    entry["msg"].as_str()?.strip_prefix("listening on ").map(str::to_owned)
}

fn write(path: &Path, text: &str) {
    std::fs::write(path, text).expect("tests can write temporary files");
}
