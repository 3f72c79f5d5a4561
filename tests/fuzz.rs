//! What the fuzz targets start from: a dictionary that knows every setting, and seeds that get as far as the judge.

#![cfg(not(target_family = "wasm"))]

use registry_enforcer::settings::{key::Key, validate};

#[test]
fn the_dictionary_has_every_setting() {
    let words: Vec<&str> = include_str!("../fuzz/dictionaries/requests.dict").lines().collect();
    for name in Key::NAMES {
        assert!(words.contains(&&*format!(r#""\"{name}\":""#)), "{name}");
    }
}

#[test]
fn every_seed_has_valid_settings() {
    for (target, line) in [("settings", 0), ("request", 1)] {
        let folder = format!("{}/fuzz/seeds/{target}", env!("CARGO_MANIFEST_DIR"));
        for seed in std::fs::read_dir(folder).unwrap() {
            let path = seed.unwrap().path();
            let text = std::fs::read_to_string(&path).unwrap();
            let problems = validate(text.lines().nth(line).unwrap()).map_err(|problems| problems.to_string());
            assert_eq!(problems, Ok(()), "{}", path.display());
        }
    }
}
