//! The keys of the settings, each once.

/// Defines the enum of keys with what can be derived from one list: every key's name, and all of them in order.
macro_rules! keys {
    ($($key:ident = $name:literal,)*) => {
        /// A key of the settings. Their order here is the order in which problems are reported.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Key {
            $(#[doc = concat!("`", $name, "`")] $key,)*
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
    RegistryPrefixes = "registry_prefixes",
    ExemptNamespaces = "exempt_namespaces",
    AllowedNamespaces = "allowed_namespaces",
    SunsetDate = "sunset_date",
    WarnBeforeDays = "warn_before_days",
    AllowListConfigMap = "allow_list_config_map",
    DeniedImages = "denied_images",
    DeniedTags = "denied_tags",
    Mirrors = "mirrors",
    ByocRequirements = "byoc_requirements",
    CustomKinds = "custom_kinds",
    SandboxRepositories = "sandbox_repositories",
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
