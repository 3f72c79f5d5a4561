//! Which host capabilities a policy may use, as kwctl's `--allowed-host-capabilities` and PolicyServer's
//! `hostCapabilities` name them.

use anyhow::bail;

/// Every capability that PolicyServer offers, as `namespace/operation`.
const KNOWN: &[&str] = &[
    "crypto/v1/is_certificate_trusted",
    "kubernetes/can_i",
    "kubernetes/get_resource",
    "kubernetes/list_resources_all",
    "kubernetes/list_resources_by_namespace",
    "net/v1/dns_lookup_host",
    "oci/v1/manifest_digest",
    "oci/v1/oci_manifest",
    "oci/v1/oci_manifest_config",
    "oci/v1/verify",
    "oci/v2/verify",
];

/// The capabilities that a policy may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capabilities {
    allowed: Vec<&'static str>,
}

impl Capabilities {
    /// Reads patterns: `*` for all, `oci/*` or `oci/v1/*` for all below, `oci/v1/verify` for one. No pattern allows
    /// nothing.
    ///
    /// A pattern that fits no capability is an error, because it would deny what its writer meant to allow.
    pub fn from_patterns<P: AsRef<str>>(patterns: &[P]) -> anyhow::Result<Self> {
        let mut allowed = Vec::new();
        for pattern in patterns {
            let pattern = pattern.as_ref().trim();
            // `oci*` and `oci/v1/oci_*` would be prefixes too: a star stands for whole segments only.
            let folder = pattern.strip_suffix('*').filter(|folder| folder.is_empty() || folder.ends_with('/'));
            let fits =
                |capability: &&str| folder.map_or(*capability == pattern, |folder| capability.starts_with(folder));
            let fitting: Vec<&'static str> = KNOWN.iter().copied().filter(fits).collect();
            if fitting.is_empty() {
                bail!(
                    "Invalid host capabilities pattern: {pattern:?}: expected *, or one of these, or a part of one \
                     with /* after it: {}",
                    KNOWN.join(", ")
                );
            }
            allowed.extend(fitting);
        }
        Ok(Self { allowed })
    }

    /// Whether the policy may use `namespace/operation`.
    pub fn allow(&self, capability: &str) -> bool {
        self.allowed.contains(&capability)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn allows_what_a_pattern_fits() {
        const CASES: &[(&[&str], &str, bool)] = &[
            (&["*"], "kubernetes/get_resource", true),
            (&[" * "], "oci/v2/verify", true),
            (&["oci/*"], "oci/v1/oci_manifest_config", true),
            (&["oci/*"], "kubernetes/get_resource", false),
            (&["oci/v1/*"], "oci/v1/verify", true),
            (&["oci/v1/*"], "oci/v2/verify", false),
            (&["oci/v1/oci_manifest"], "oci/v1/oci_manifest", true),
            (&["oci/v1/oci_manifest"], "oci/v1/oci_manifest_config", false),
            (&["net/*", "kubernetes/get_resource"], "kubernetes/get_resource", true),
            (&[], "kubernetes/get_resource", false),
        ];
        for (patterns, capability, expected) in CASES {
            let capabilities = Capabilities::from_patterns(patterns).unwrap();
            assert_eq!(capabilities.allow(capability), *expected, "{patterns:?} {capability}");
        }
    }

    /// Each was tried with kwctl 1.36, which refuses it too.
    #[test]
    fn rejects_a_pattern_that_fits_nothing() {
        for pattern in ["", "oci", "oci*", "oci/v1/oci_*", "*/oci", "oci/v3/*", "kubernetes/get", "oci/v1/verify/*"] {
            let error = Capabilities::from_patterns(&["*", pattern]).unwrap_err().to_string();
            let start = format!("Invalid host capabilities pattern: {pattern:?}: expected *, or one of these, ");
            assert!(error.starts_with(&start), "{error}");
        }
    }
}
