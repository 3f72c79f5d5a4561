//! The page in a browser.

use std::process::Command;

/// The names that Chromium goes by; scripts/setup knows the same.
const BROWSERS: &[&str] = &["chromium", "google-chrome", "chromium-browser"];

/// What a key press on a focused button does, twice.
const PRESS: &str = r#"<script>
const button = [...document.querySelectorAll("thead button")].find(button => button.textContent === "Days left");
button.focus(); button.click(); button.click();
document.title = document.activeElement.textContent;
</script>"#;

/// The first that runs.
fn browser() -> &'static str {
    let runs = |name: &&str| Command::new(name).arg("--version").output().is_ok_and(|output| output.status.success());
    BROWSERS
        .iter()
        .copied()
        .find(runs)
        .unwrap_or_else(|| panic!("none of {BROWSERS:?} runs: run `scripts/setup tests`"))
}

#[test]
fn sorts_by_a_button() {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_enforcer"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["report", "--settings", "tests/data/settings.yaml", "--allow-list", "tests/data/allow-list.yaml"])
        .args(["--at", "2026-09-15", "--output", "html", "tests/data/cluster.json"])
        .output()
        .unwrap();
    let page = folder.path().join("page.html");
    let html = String::from_utf8(output.stdout).unwrap();
    std::fs::write(&page, html.replace("</body>", &format!("{PRESS}</body>"))).unwrap();
    let dumped = Command::new(browser())
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync", "--dump-dom"])
        // A container has little of it.
        .arg("--disable-dev-shm-usage")
        .arg(format!("--user-data-dir={}", folder.path().join("profile").display()))
        .arg(format!("file://{}", page.display()))
        .output()
        .unwrap();
    let dom = String::from_utf8(dumped.stdout).unwrap();
    assert!(
        dom.contains(r#"<th scope="col" aria-sort="descending"><button type="button">Days left</button></th>"#),
        "{dom}"
    );
    assert!(dom.contains(r#"role="status">Sorted by Days left, descending</p>"#), "{dom}");
    assert!(dom.contains("<title>Days left</title>"), "{dom}");
    let days: Vec<&str> =
        dom.split(r#"<td class="number" data-key=""#).skip(1).filter_map(|cell| cell.split('"').next()).collect();
    let mut sorted = days.clone();
    sorted.sort_by_key(|days| std::cmp::Reverse(days.parse::<i64>().unwrap()));
    assert_eq!((days.len(), &days), (10, &sorted));
}
