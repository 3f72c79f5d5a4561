//! YAML's merge keys: what stands under `<<` gives its keys to the mapping around it.
//!
//! kubectl's parser takes keys in the order in which they are written, and the last one counts; by YAML's own rule, what
//! stands beside `<<` counts. Where the two differ, nothing is judged.

use anyhow::bail;
use yaml_serde::{Mapping, Value};

const MERGE: &str = "<<";

/// The value without merge keys. It is no larger: the parser has put a copy in the place of each alias, and limits them.
pub fn merged(value: Value) -> anyhow::Result<Value> {
    Ok(match value {
        Value::Mapping(mapping) => Value::Mapping(merged_mapping(mapping)?),
        Value::Sequence(elements) => Value::Sequence(elements.into_iter().map(merged).collect::<Result<_, _>>()?),
        Value::Tagged(mut tagged) => {
            tagged.value = merged(std::mem::take(&mut tagged.value))?;
            Value::Tagged(tagged)
        }
        scalar => scalar,
    })
}

fn merged_mapping(mapping: Mapping) -> anyhow::Result<Mapping> {
    let mut result = Mapping::new();
    for (key, value) in mapping {
        let value = merged(value)?;
        if key.as_str() == Some(MERGE) {
            give(&mut result, value)?;
        } else {
            result.insert(key, value);
        }
    }
    Ok(result)
}

/// Adds what a merge key gives.
fn give(result: &mut Mapping, value: Value) -> anyhow::Result<()> {
    for (key, value) in given(value)? {
        match result.get(&key) {
            None => drop(result.insert(key, value)),
            Some(found) if *found == value => {}
            Some(_) => bail!("has a merge key (<<) behind a key that it has, too: write << first"),
        }
    }
    Ok(())
}

fn given(value: Value) -> anyhow::Result<Mapping> {
    let sources = match value {
        Value::Sequence(sources) => sources,
        source => vec![source],
    };
    let mut all = Mapping::new();
    for source in sources {
        let Value::Mapping(source) = source else {
            bail!("has a merge key (<<) whose value is neither a mapping nor a list of mappings");
        };
        // Of several, the first counts.
        for (key, value) in source {
            all.entry(key).or_insert(value);
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(yaml: &str) -> String {
        let value = yaml_serde::from_str(yaml).expect(yaml);
        merged(value).map_or_else(|cause| cause.to_string(), |value| serde_json::to_string(&value).expect(yaml))
    }

    #[test]
    fn merges_as_kubectl_does() {
        const CASES: &[(&str, &str)] = &[
            ("{<<: {a: 1}, b: 2}", r#"{"a":1,"b":2}"#),
            ("{b: 2, <<: {a: 1}}", r#"{"b":2,"a":1}"#),
            ("{<<: {a: 1}, a: 2}", r#"{"a":2}"#),
            ("{<<: [{a: 1}, {a: 2, b: 2}]}", r#"{"a":1,"b":2}"#),
            ("[&c {a: 1}, {<<: *c}]", r#"[{"a":1},{"a":1}]"#),
            ("[&c {a: 1}, &d {<<: *c, b: 2}, {<<: *d}]", r#"[{"a":1},{"a":1,"b":2},{"a":1,"b":2}]"#),
            ("{x: [{<<: {a: [{<<: {b: 1}}]}}]}", r#"{"x":[{"a":[{"b":1}]}]}"#),
            // In quotes it is no merge key; what stands beside it counts either way.
            ("{\"<<\": {a: 1}, a: 2}", r#"{"a":2}"#),
        ];
        for &(yaml, expected) in CASES {
            assert_eq!(json(yaml), expected, "{yaml}");
        }
    }

    #[test]
    fn rejects_what_parsers_read_in_different_ways() {
        const VALUE: &str = "has a merge key (<<) whose value is neither a mapping nor a list of mappings";
        let cases = [
            ("{a: 1, <<: {a: 2}}", "has a merge key (<<) behind a key that it has, too: write << first"),
            ("{<<: 1}", VALUE),
            ("{<<: [[{a: 1}]]}", VALUE),
            ("{<<: !x {a: 1}}", VALUE),
        ];
        for (yaml, error) in cases {
            assert_eq!(json(yaml), error, "{yaml}");
        }
    }
}
