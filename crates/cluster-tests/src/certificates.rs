//! The certificates of a cluster, of an authority that lasts as long as the test.

use std::path::PathBuf;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose,
};

use crate::process::Folder;

/// A certificate and its key, as files.
#[derive(Debug)]
pub struct Pair {
    /// The certificate.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
}

/// The authority that all parts of the cluster trust.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    /// Its certificate.
    pub file: PathBuf,
}

impl Authority {
    /// Makes one.
    ///
    /// # Errors
    ///
    /// If the folder cannot be written.
    pub fn new(folder: &Folder) -> anyhow::Result<Self> {
        let mut parameters = CertificateParams::default();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
        parameters.distinguished_name.push(DnType::CommonName, "cluster-tests");
        let issuer = CertifiedIssuer::self_signed(parameters, KeyPair::generate()?)?;
        let file = folder.write("ca.crt", &issuer.pem())?;
        Ok(Self { issuer, file })
    }

    /// Its certificate.
    #[must_use]
    pub fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// A certificate for a server on the loopback interface.
    ///
    /// # Errors
    ///
    /// If the folder cannot be written.
    pub fn server(&self, folder: &Folder, name: &str) -> anyhow::Result<Pair> {
        let mut parameters = CertificateParams::new(vec!["localhost".to_owned(), "127.0.0.1".to_owned()])?;
        parameters.distinguished_name.push(DnType::CommonName, name);
        parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        self.sign(folder, name, &parameters)
    }

    /// A certificate with which a user of some group is known to the API server.
    ///
    /// # Errors
    ///
    /// If the folder cannot be written.
    pub fn client(&self, folder: &Folder, user: &str, group: &str) -> anyhow::Result<Pair> {
        let mut parameters = CertificateParams::default();
        parameters.distinguished_name.push(DnType::CommonName, user);
        parameters.distinguished_name.push(DnType::OrganizationName, group);
        parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        self.sign(folder, user, &parameters)
    }

    fn sign(&self, folder: &Folder, name: &str, parameters: &CertificateParams) -> anyhow::Result<Pair> {
        let name = name.replace(':', "-");
        let key = KeyPair::generate()?;
        let certificate = parameters.signed_by(&key, &self.issuer)?;
        Ok(Pair {
            certificate: folder.write(&format!("{name}.crt"), &certificate.pem())?,
            key: folder.write(&format!("{name}.key"), &key.serialize_pem())?,
        })
    }
}

/// The key with which the tokens of service accounts are signed, and the one with which they are checked.
///
/// # Errors
///
/// If the folder cannot be written.
pub fn token_keys(folder: &Folder) -> anyhow::Result<(PathBuf, PathBuf)> {
    let key = KeyPair::generate()?;
    let private = folder.write("service-accounts.key", &key.serialize_pem())?;
    Ok((private, folder.write("service-accounts.pub", &key.public_key_pem())?))
}
