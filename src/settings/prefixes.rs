//! Lists of registry prefixes, as several settings have them.

use super::reader::Setting;
use crate::image::prefix::Prefix;

/// Reads a prefix.
pub(crate) fn read_prefix<'a>(setting: Setting<'a, '_>) -> Option<Prefix<'a>> {
    setting.parsed("quay.io/team", Prefix::parse)
}

/// Reads a list of prefixes that must name at least one.
pub(crate) fn read_prefixes<'a>(setting: Setting<'a, '_>) -> Vec<Prefix<'a>> {
    setting.non_empty_list("[quay.io/team]", read_prefix)
}
