//! `allow-list` on a file.

mod common;

use common::{check, errors, fails, run};

#[test]
fn allow_list_shows_and_checks_entries() {
    check("allow-list list --file allow-list.yaml --at 2026-11-01", "", include_str!("data/allow-list.txt"), 0);
    check(
        "allow-list check --file allow-list.yaml --at 2026-11-01",
        "",
        "ended: tool-feeds 2026-10-31T12:00:00Z, it can be revoked\n\
         wrong: tool-typo: \"31/12/2026\" is not a date: write 2026-12-31\n3 entries, 1 wrong\n",
        1,
    );
}

#[test]
fn allow_list_counts_the_workloads_that_use_an_entry() {
    // Ended or wrong, an entry counts for who would need it. Nothing runs in tool-gone.
    let list = include_str!("data/allow-list.yaml").to_owned() + "  tool-gone: 2027-01-31\n";
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("list.yaml");
    std::fs::write(&path, list).expect("a file");
    let list = format!("allow-list list --file {} --at 2026-11-01", path.display());
    check(
        &format!("{list} --settings settings.yaml cluster.json"),
        "",
        "ENDS                  USED  NAMESPACE\n\
         wrong                    1  tool-typo: \"31/12/2026\" is not a date: write 2026-12-31\n\
         2026-10-31T12:00:00Z     1  tool-feeds: has ended; every registry; T400001; owner: feeds\n\
         2026-11-15               1  tool-wikidata-query: 14 days left; every registry\n\
         2026-12-31               0  tool-gone: 60 days left; every registry; ends with the policy\n",
        0,
    );
    fails(
        &format!("{list} cluster.json"),
        "",
        "error: who uses the list depends on the policy's settings: give them with --settings\n",
    );
}

#[test]
fn allow_list_changes_of_an_entry_what_is_given() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("list.yaml");
    let list = "kind: ConfigMap\ndata:\n  tool-a: '{\"registry_prefixes\":[\"quay.io/a\"],\"reason\":\"T1\"}'\n";
    std::fs::write(&path, list).expect("a file");
    check(
        &format!(
            "allow-list renew tool-a --registry quay.io/a --registry ghcr.io/a --owner me --file {}",
            path.display()
        ),
        "",
        "- tool-a: {\"registry_prefixes\":[\"quay.io/a\"],\"reason\":\"T1\"}\n\
         + tool-a: {\"registry_prefixes\":[\"quay.io/a\",\"ghcr.io/a\"],\"reason\":\"T1\",\"owner\":\"me\"}\n",
        0,
    );
}

#[test]
fn allow_list_changes_one_line_of_a_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("list.yaml");
    let before = include_str!("data/allow-list.yaml");
    std::fs::write(&path, before).expect("a file");
    let file = format!("--file {} --at 2026-11-01", path.display());
    let text = || std::fs::read_to_string(&path).expect("a file");
    let grant = "allow-list grant tool-new --until 2027-01-31 --registry quay.io/x --reason T1";
    let plus = "+ tool-new: {\"sunset_date\":\"2027-01-31\",\"registry_prefixes\":[\"quay.io/x\"],\"reason\":\"T1\"}\n";
    check(&format!("{grant} --dry-run {file}"), "", &format!("{plus}nothing was written (--dry-run)\n"), 0);
    assert_eq!(text(), before);
    check(&format!("{grant} {file}"), "", plus, 0);
    let value = plus.trim_start_matches("+ tool-new: ").trim_end();
    assert_eq!(text(), format!("{before}  tool-new: '{value}'\n"));
    check(
        &format!("allow-list renew tool-wikidata-query --until 2027-06-30 {file}"),
        "",
        "- tool-wikidata-query: 2026-11-15\n+ tool-wikidata-query: 2027-06-30\n",
        0,
    );
    let revoked = run(&format!("allow-list revoke tool-new {file}").split_whitespace().collect::<Vec<_>>(), "");
    assert_eq!(revoked.status.code(), Some(0), "{revoked:?}");
    assert_eq!(text(), before.replace("2026-11-15", "2027-06-30"));
}

/// An empty value is most often a variable that is not set.
#[test]
fn allow_list_wants_a_date_of_an_end() {
    for (change, until) in [("grant", ""), ("grant", "  "), ("renew", ""), ("renew", "31/12/2026")] {
        let output = run(&["allow-list", change, "tool-feeds", "--until", until, "--file", "allow-list.yaml"], "");
        let told = format!("{until:?} is not a date: write 2026-12-31");
        assert!(errors(&output).contains(&told), "{until:?} {}", errors(&output));
        assert_eq!(output.status.code(), Some(2), "{until:?}");
    }
}

#[test]
fn allow_list_names_the_key_whose_value_is_not_a_string() {
    let list = |value| format!("kind: ConfigMap\nmetadata: {{name: byoc-allow-list}}\ndata: {{tool-nul: {value}}}\n");
    const PROBLEM: &str = "error: standard input: tool-nul: is not a string: write \"\" or a date in quotes\n";
    for value in ["", "5", "[2027-01-31]"] {
        fails("allow-list list --file -", &list(value), PROBLEM);
        fails("report --settings settings.yaml --allow-list - cluster.json", &list(value), PROBLEM);
    }
}

#[test]
fn allow_list_cannot_change_standard_input() {
    for change in ["grant tool-new --until 2999-01-31", "renew tool-feeds --until 2999-01-31", "revoke tool-feeds"] {
        fails(
            &format!("allow-list {change} --file -"),
            include_str!("data/allow-list.yaml"),
            "error: give --file the name of a file: standard input cannot be changed\n",
        );
    }
}

#[test]
fn allow_list_writes_nothing_that_the_policy_would_not_take() {
    let cases = [
        (
            "grant tool-feeds --until 2027-01-31",
            "tool-feeds has an entry already ({\"sunset_date\": \"2026-10-31T12:00:00Z\", \"reason\": \"T400001\", \"owner\": \"feeds\"}): renew it, with --registry for more registries, or revoke it first",
        ),
        ("grant tool-new --until 2026-01-31", "2026-01-31 has passed: give a later end with --until"),
        (
            "grant Tool --until 2027-01-31",
            "Tool is not a namespace: use up to 63 of a-z, 0-9 and \"-\", for example tool-mix",
        ),
        (
            "renew tool-wikidata-query --registry quay.io/x",
            "the entry is for every registry already: leave out --registry, or revoke it and grant a narrower one",
        ),
        ("renew tool-new --until 2027-01-31", "tool-new has no entry: see enforcer allow-list list"),
        ("revoke tool-new", "tool-new has no entry: see enforcer allow-list list"),
    ];
    for (arguments, error) in cases {
        fails(
            &format!("allow-list {arguments} --file allow-list.yaml --at 2026-11-01"),
            "",
            &format!("error: {error}\n"),
        );
    }
}
