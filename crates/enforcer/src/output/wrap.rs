//! Lines that end where a name may: after a blank, or after the `/` or `@` of an image.

/// The characters after which a line may end.
const BREAKS: &[char] = &[' ', '/', '@'];

/// A text in lines of at most `width` characters. A name is broken only where it is longer than a line.
pub fn wrap(text: &str, width: usize) -> String {
    let width = width.max(1);
    let mut lines = vec![String::new()];
    for part in text.split_inclusive(BREAKS) {
        let mut part = part;
        while !part.is_empty() {
            let line_length = lines.last().map_or(0, |line| line.chars().count());
            let length = part.trim_end().chars().count();
            if line_length + length <= width {
                push(&mut lines, part);
                break;
            }
            if line_length > 0 && length <= width {
                lines.push(String::new());
                continue;
            }
            // Longer than any line: as much as there is room for.
            let end = part.char_indices().nth(width.saturating_sub(line_length)).map_or(part.len(), |(end, _)| end);
            let (piece, rest) = part.split_at(end);
            push(&mut lines, piece);
            lines.push(String::new());
            part = rest;
        }
    }
    lines.iter().map(|line| line.trim_end()).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

fn push(lines: &mut [String], text: &str) {
    if let Some(line) = lines.last_mut() {
        line.push_str(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn breaks_names_only_where_it_must() {
        const CASES: &[(&str, &str)] = &[
            ("", ""),
            ("short", "short"),
            ("tool-mix Deployment/web", "tool-mix\nDeployment/\nweb"),
            ("a b c", "a b c"),
            ("quay.io/team/image", "quay.io/\nteam/image"),
            ("0123456789abcdefghij", "0123456789ab\ncdefghij"),
            ("a@0123456789abcdefghij", "a@0123456789\nabcdefghij"),
            ("exactly12345 x", "exactly12345\nx"),
        ];
        for &(text, expected) in CASES {
            assert_eq!(wrap(text, 12), expected, "{text}");
        }
    }
}
