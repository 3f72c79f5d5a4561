//! `instructions`: compares how many instructions each scenario takes with the committed numbers.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, bail};
use engine::meter::Meter;

use crate::files;
use crate::measure::count::count;
use crate::measure::scenario;

/// The most that a count may be over the committed one, in hundredths of it.
const TOLERANCE: u64 = 5;
const HEAD: &str = "\
# The instructions that the wasm takes for each scenario of `cargo xtask bench`, by the tools that built it.
# `make instructions` renews the numbers of this machine's tools.
";

/// Compares the instructions that the policy takes with the committed numbers
#[derive(clap::Args)]
pub struct Args {
    /// Write the numbers instead
    #[arg(long)]
    write: bool,
    /// The committed numbers
    #[arg(long, value_name = "PATH", default_value = "crates/xtask/data/instructions.yml")]
    counts: PathBuf,
    /// A file that names the tools that built the wasm
    #[arg(long, value_name = "PATH")]
    tools: PathBuf,
    /// Path of the policy's wasm
    #[arg(value_name = "POLICY")]
    policy: PathBuf,
}

/// The counts of the scenarios by their names.
type Counts = BTreeMap<String, u64>;

/// Runs the command.
pub fn instructions(args: &Args) -> anyhow::Result<()> {
    let counted = count_all(args)?;
    let tools = read(&args.tools)?.trim().to_owned();
    let yaml = read(&args.counts)?;
    let committed: Option<BTreeMap<String, Counts>> =
        yaml_serde::from_str(&yaml).with_context(|| format!("Cannot read {}", args.counts.display()))?;
    let mut committed = committed.unwrap_or_default();
    if args.write {
        committed.insert(tools, counted);
        let yaml = format!("{HEAD}{}", yaml_serde::to_string(&committed)?);
        return std::fs::write(&args.counts, yaml).with_context(|| format!("Cannot write {}", args.counts.display()));
    }
    match committed.get(&tools) {
        Some(committed) => {
            compare(&counted, committed)?;
            println!("{} scenarios, none over {TOLERANCE}% above its number for {tools}", counted.len());
            Ok(())
        }
        None => {
            println!("NOT COMPARED: there are no counts for {tools}, only for {}", known(&committed));
            Ok(())
        }
    }
}

fn known(committed: &BTreeMap<String, Counts>) -> String {
    committed.keys().map(String::as_str).collect::<Vec<_>>().join("; ")
}

fn read(path: &PathBuf) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("Cannot open {}", path.display()))
}

fn count_all(args: &Args) -> anyhow::Result<Counts> {
    let meter = Meter::load(&files::bytes(&args.policy, "policy")?)?;
    let scenarios = scenario::all()?;
    let counts = scenarios.iter().map(|scenario| {
        let metered = count(&meter, scenario)?;
        Ok((scenario.name.to_owned(), metered.instructions))
    });
    counts.collect()
}

/// An error that names every scenario that takes too many instructions or has no committed number.
fn compare(counted: &Counts, committed: &Counts) -> anyhow::Result<()> {
    let problem = |(name, count): (&String, &u64)| match committed.get(name) {
        None => Some(format!("{name}: {count} instructions, and no number to compare them with")),
        Some(before) if count * 100 > before * (100 + TOLERANCE) => {
            let percent = (*count as f64 / *before as f64 - 1.0) * 100.0;
            Some(format!("{name}: {count} instructions, {percent:.1}% more than {before}"))
        }
        Some(_) => None,
    };
    let problems: Vec<String> = counted.iter().filter_map(problem).collect();
    if problems.is_empty() {
        return Ok(());
    }
    bail!("the policy takes more instructions than it did (make instructions accepts that):\n{}", problems.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(counts: &[(&str, u64)]) -> Counts {
        counts.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()
    }

    /// A scenario without a number is an error, but only to those who have these tools.
    #[test]
    fn every_block_has_a_number_for_each_scenario() {
        let committed: BTreeMap<String, Counts> =
            yaml_serde::from_str(include_str!("../../data/instructions.yml")).unwrap();
        let mut names: Vec<&str> = scenario::all().unwrap().iter().map(|scenario| scenario.name).collect();
        names.sort_unstable();
        for (tools, counts) in &committed {
            assert!(counts.keys().eq(&names), "{tools}: {:?}, not {names:?}", counts.keys());
        }
    }

    #[test]
    fn takes_up_to_a_twentieth_more() {
        let committed = counts(&[("a", 1000), ("b", 200)]);
        assert!(compare(&counts(&[("a", 1050), ("b", 1)]), &committed).is_ok());
    }

    #[test]
    fn names_each_scenario_that_takes_more() {
        let committed = counts(&[("a", 1000), ("b", 200)]);
        let error = compare(&counts(&[("a", 1051), ("b", 210), ("c", 5)]), &committed).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the policy takes more instructions than it did (make instructions accepts that):\n\
             a: 1051 instructions, 5.1% more than 1000\n\
             c: 5 instructions, and no number to compare them with"
        );
    }
}
