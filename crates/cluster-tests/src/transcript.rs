//! Markdown with commands and what they print, in blocks that begin with a line "```console": each command after `$ `,
//! on several lines where a line ends in `\`, followed by its whole output.

/// How a block of commands begins.
const BEGIN: &str = "```console";
/// How it ends.
const END: &str = "```";

/// A part of a transcript.
#[derive(Debug, PartialEq, Eq)]
enum Part<'t> {
    /// A line that is not run.
    Line(&'t str),
    /// A command, what it is said to print, and how far both are indented.
    Step { command: String, output: String, indent: &'t str },
}

/// The transcript with other outputs: what `output` makes of each command and of the output that is there.
///
/// # Errors
///
/// Those of `output`.
pub fn rewrite<E>(transcript: &str, mut output: impl FnMut(&str, &str) -> Result<String, E>) -> Result<String, E> {
    let mut rewritten = String::new();
    for part in parts(transcript) {
        match part {
            Part::Line(line) => rewritten.push_str(&format!("{line}\n")),
            Part::Step { command, output: old, indent } => {
                let new = output(&command, &old)?;
                format!("$ {command}\n{new}").lines().for_each(|line| {
                    let indent = if line.is_empty() { "" } else { indent };
                    rewritten.push_str(&format!("{indent}{line}\n"));
                });
            }
        }
    }
    Ok(rewritten)
}

/// Each command with what it is said to print.
#[must_use]
pub fn steps(transcript: &str) -> Vec<(String, String)> {
    let step = |part| match part {
        Part::Line(_) => None,
        Part::Step { command, output, .. } => Some((command, output)),
    };
    parts(transcript).into_iter().filter_map(step).collect()
}

fn parts(transcript: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut block: Option<&str> = None;
    for line in transcript.lines() {
        let Some(indent) = block else {
            let code = line.trim_start();
            block = (code == BEGIN).then(|| &line[..line.len() - code.len()]);
            parts.push(Part::Line(line));
            continue;
        };
        let code = line.strip_prefix(indent).unwrap_or(line);
        if code == END {
            block = None;
            parts.push(Part::Line(line));
        } else {
            add(&mut parts, line, code, indent);
        }
    }
    parts
}

/// Adds a line of a block of commands, of which `code` is what is indented.
fn add<'t>(parts: &mut Vec<Part<'t>>, line: &'t str, code: &str, indent: &'t str) {
    let continues = |command: &str, output: &str| output.is_empty() && command.ends_with('\\');
    match (code.strip_prefix("$ "), parts.last_mut()) {
        (_, Some(Part::Step { command, output, .. })) if continues(command, output) => {
            command.push_str(&format!("\n{code}"));
        }
        (Some(command), _) => parts.push(Part::Step { command: command.to_owned(), output: String::new(), indent }),
        (None, Some(Part::Step { output, .. })) => output.push_str(&format!("{code}\n")),
        (None, _) => parts.push(Part::Line(line)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRANSCRIPT: &str = "# A title\n\n```console\n$ one \\\n  two\nsaid\n\nmore\n$ three\n```\n\n1. In a list:\n\n   ```console\n   $ four\n   old\n   ```\n\n```text\n$ five\n```\n";

    #[test]
    fn a_transcript_has_commands_with_their_outputs() {
        let steps = steps(TRANSCRIPT);
        let expected = [("one \\\n  two", "said\n\nmore\n"), ("three", ""), ("four", "old\n")];
        let expected = expected.map(|(command, output)| (command.to_owned(), output.to_owned()));
        assert_eq!(steps, expected);
    }

    #[test]
    fn rewriting_keeps_what_does_not_change() {
        let same = rewrite(TRANSCRIPT, |_, output| Ok::<_, ()>(output.to_owned()));
        assert_eq!(same.as_deref(), Ok(TRANSCRIPT));
        let other = rewrite(TRANSCRIPT, |command, output| {
            Ok::<_, ()>(if command == "four" { "new\n\nlines\n".to_owned() } else { output.to_owned() })
        });
        assert_eq!(other, Ok(TRANSCRIPT.replace("   old\n", "   new\n\n   lines\n")));
    }
}
