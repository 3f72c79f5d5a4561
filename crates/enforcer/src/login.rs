//! The login that `docker login` or `podman login` has kept for a registry.

use docker_credential::{CredentialRetrievalError, DockerCredential};
use oci_client::secrets::RegistryAuth;

use crate::output::escape::shown;

/// What identifies the user to a registry.
pub struct Login {
    pub auth: RegistryAuth,
    /// Why there is no login, for the error of a registry that wants one.
    pub missing: Option<String>,
}

/// The login for a registry. Without one that can be used, the registry decides whether it needs one.
pub fn of(registry: &str) -> Login {
    let missing = |cause: &str| Login { auth: RegistryAuth::Anonymous, missing: Some(shown(cause)) };
    match docker_credential::get_credential(config_key(registry)) {
        Ok(DockerCredential::UsernamePassword(user, password)) => {
            Login { auth: RegistryAuth::Basic(user, password), missing: None }
        }
        Ok(DockerCredential::IdentityToken(_)) => {
            missing("the Docker config has an identity token, which cannot be used: log in with a password")
        }
        Err(CredentialRetrievalError::NoCredentialConfigured | CredentialRetrievalError::ConfigReadError) => {
            missing(&format!("you are not logged in: run \"docker login {registry}\" if it needs that"))
        }
        Err(cause) => missing(&format!("the Docker config's login cannot be had: {cause}")),
    }
}

/// Docker keeps the login of Docker Hub under the address of its first API.
fn config_key(registry: &str) -> &str {
    if registry == "docker.io" { "https://index.docker.io/v1/" } else { registry }
}
