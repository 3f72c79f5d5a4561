//! What `check` found, for people, for programs, for CI.

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use askama::Template;
use serde::Serialize;

use crate::{
    cluster::row::counted,
    output::escape::{lines, shown},
};

/// An object of a manifest, and what the cluster would say to it.
#[derive(Debug)]
pub struct Checked {
    pub file: String,
    pub line: usize,
    pub kind: String,
    pub namespace: Option<String>,
    pub name: String,
    pub outcome: Outcome,
}

/// What the cluster would say.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It may be created, with these warnings.
    Allowed(Vec<String>),
    /// It may not.
    Refused(String),
    /// The policy is not asked about it; what the reader should know of that, if anything.
    NotJudged(Option<String>),
    /// It is not an object of Kubernetes.
    Unreadable(String),
}

impl Checked {
    fn verdict(&self) -> &'static str {
        match self.outcome {
            Outcome::Allowed(_) => "allowed",
            Outcome::Refused(_) => "refused",
            Outcome::NotJudged(_) => "not judged",
            Outcome::Unreadable(_) => "unreadable",
        }
    }

    fn is_not_judged(&self) -> bool {
        matches!(self.outcome, Outcome::NotJudged(_))
    }

    fn place(&self) -> String {
        format!("{}:{}", shown(&self.file), self.line)
    }

    fn subject(&self) -> String {
        let namespace = self.namespace.as_deref().map(|namespace| format!("{}/", shown(namespace))).unwrap_or_default();
        let name = if self.name.is_empty() { "(without a name)".to_owned() } else { shown(&self.name) };
        if self.kind.is_empty() { "document".to_owned() } else { format!("{} {namespace}{name}", shown(&self.kind)) }
    }

    fn message(&self) -> Option<&str> {
        match &self.outcome {
            Outcome::Refused(message) | Outcome::Unreadable(message) => Some(message),
            Outcome::NotJudged(message) => message.as_deref(),
            Outcome::Allowed(_) => None,
        }
    }

    fn warnings(&self) -> &[String] {
        if let Outcome::Allowed(warnings) = &self.outcome { warnings } else { &[] }
    }
}

/// Writes what matters of each object, and a summary.
pub fn write_text(found: &[Checked], out: &mut impl Write) -> io::Result<()> {
    for checked in found {
        let (place, subject) = (checked.place(), checked.subject());
        if let Some(message) = checked.message() {
            writeln!(out, "{place}: {} {}", checked.verdict(), subject)?;
            lines(message).lines().try_for_each(|line| writeln!(out, "  {line}"))?;
        }
        checked
            .warnings()
            .iter()
            .try_for_each(|warning| writeln!(out, "{place}: warning {subject}\n  {}", shown(warning)))?;
    }
    writeln!(out, "{}", summary(found))?;
    if found.iter().any(|checked| matches!(checked.outcome, Outcome::Refused(_))) {
        writeln!(out, "for the ways out of a refusal: enforcer why IMAGE --namespace NAMESPACE")?;
    }
    Ok(())
}

fn summary(found: &[Checked]) -> String {
    let number = |verdict| found.iter().filter(|checked| checked.verdict() == verdict).count();
    let mut summary =
        format!("{}: {} allowed, {} refused", counted(found.len(), "object"), number("allowed"), number("refused"));
    if number("unreadable") > 0 {
        summary.push_str(&format!(", {} unreadable", number("unreadable")));
    }
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for checked in found.iter().filter(|checked| checked.is_not_judged()) {
        *kinds.entry(&checked.kind).or_default() += 1;
    }
    if !kinds.is_empty() {
        let kinds: Vec<String> = kinds.iter().map(|(kind, number)| format!("{number} {}", shown(kind))).collect();
        summary.push_str(&format!(", not judged: {}", kinds.join(", ")));
    }
    summary
}

#[derive(Serialize)]
struct Record<'c> {
    file: &'c str,
    line: usize,
    kind: &'c str,
    namespace: Option<&'c str>,
    name: &'c str,
    verdict: &'static str,
    message: Option<&'c str>,
    warnings: &'c [String],
}

/// Writes a list of objects.
pub fn write_json(found: &[Checked], out: &mut impl Write) -> io::Result<()> {
    let record = |checked: &'_ Checked| {
        serde_json::to_value(Record {
            file: &checked.file,
            line: checked.line,
            kind: &checked.kind,
            namespace: checked.namespace.as_deref(),
            name: &checked.name,
            verdict: checked.verdict(),
            message: checked.message(),
            warnings: checked.warnings(),
        })
    };
    let records = found.iter().map(record).collect::<Result<Vec<_>, _>>().map_err(io::Error::from)?;
    serde_json::to_writer_pretty(&mut *out, &records).map_err(io::Error::from)?;
    writeln!(out)
}

/// JUnit's XML, which GitLab, Jenkins and others show beside a change. askama escapes XML.
#[derive(Template)]
#[template(path = "checked.xml")]
struct Junit<'c> {
    cases: Vec<Case<'c>>,
    failures: usize,
    errors: usize,
}

struct Case<'c> {
    checked: &'c Checked,
    place: String,
    subject: String,
    /// A refusal, or a document that cannot be read.
    message: Option<String>,
    warnings: String,
}

impl Case<'_> {
    fn is_error(&self) -> bool {
        matches!(self.checked.outcome, Outcome::Unreadable(_))
    }
}

/// Writes a test case for each object that was judged.
pub fn write_junit(found: &[Checked], out: &mut impl Write) -> io::Result<()> {
    let judged = found.iter().filter(|checked| !checked.is_not_judged());
    let case = |checked| Case {
        checked,
        place: Checked::place(checked),
        subject: Checked::subject(checked),
        message: Checked::message(checked).map(lines),
        warnings: Checked::warnings(checked).iter().map(|warning| shown(warning)).collect::<Vec<_>>().join("\n"),
    };
    let cases: Vec<Case<'_>> = judged.map(case).collect();
    let errors = cases.iter().filter(|case| case.is_error()).count();
    let failures = cases.iter().filter(|case| case.message.is_some()).count() - errors;
    Junit { cases, failures, errors }.write_into(out)?;
    writeln!(out)
}
