//! What CHANGELOG.md says.

/// The version of the first heading that has one: `## 1.2.3`, `## [1.2.3] - 2026-01-02`.
pub fn newest_version(changelog: &str) -> Option<&str> {
    changelog
        .lines()
        .filter_map(|line| line.strip_prefix("## "))
        .filter_map(|heading| heading.trim_start_matches('[').split([']', ' ']).next())
        .find(|version| !version.eq_ignore_ascii_case("unreleased"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_newest_version_of_a_changelog() {
        const CASES: &[(&str, Option<&str>)] = &[
            ("", None),
            ("# 1.0.0\n", None),
            ("## Unreleased\n", None),
            ("## [Unreleased]\n## [0.2.0] - 2026-01-01\n## [0.1.0]", Some("0.2.0")),
            ("## 0.1.0 (2026-01-01)\n", Some("0.1.0")),
        ];
        for (changelog, version) in CASES {
            assert_eq!(newest_version(changelog), *version, "{changelog:?}");
        }
    }
}
