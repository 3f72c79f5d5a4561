//! The keys of the settings, each once.

/// Defines the enum of keys with what can be derived from one list: every key's name, and all of them in order.
macro_rules! keys {
    ($($(#[$doc:meta])* $key:ident = $name:literal,)*) => {
        /// A key of the settings. Their order here is the order in which problems are reported.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Key {
            $($(#[$doc])* $key,)*
        }

        impl Key {
            /// Every key.
            pub const ALL: &[Self] = &[$(Self::$key),*];
            /// Their names, in the same order.
            pub const NAMES: &[&str] = &[$($name),*];
        }
    };
}

keys! {
    /// The approved registries.
    RegistryPrefixes = "registry_prefixes",
    /// The namespaces that are never judged.
    ExemptNamespaces = "exempt_namespaces",
    /// The exceptions.
    AllowedNamespaces = "allowed_namespaces",
    /// The end of every exception.
    SunsetDate = "sunset_date",
    /// How many days before an end kubectl warns.
    WarnBeforeDays = "warn_before_days",
    /// The ConfigMap with further exceptions.
    AllowListConfigMap = "allow_list_config_map",
    /// The images that may not run, wherever they come from.
    DeniedImages = "denied_images",
    /// The tags that no image may have.
    DeniedTags = "denied_tags",
    /// What an image that an exception lets in must bring.
    ByocRequirements = "byoc_requirements",
    /// The kinds that the operator describes.
    CustomKinds = "custom_kinds",
    /// The names of sandbox (pause) images.
    SandboxRepositories = "sandbox_repositories",
    /// The last line of every refusal.
    Help = "help",
}

impl Key {
    /// The key as the operator writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }

    /// The key that the operator wrote.
    pub(crate) fn of(name: &str) -> Option<Self> {
        Self::NAMES.iter().position(|known| *known == name).map(|index| Self::ALL[index])
    }
}
