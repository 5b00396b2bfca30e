//! The docs of functions, which begin with a verb.

use super::finding::Finding;
use super::words::{begins_with, comment};
use crate::attributes::Attributes;
use crate::workspace::Source;

/// First words that name a thing or ask a question, where a verb of the third person is due.
const NOUN_FIRST: [&str; 13] =
    ["A", "An", "Both", "How", "One", "The", "What", "When", "Where", "Whether", "Which", "Who", "Why"];

pub(super) fn check(source: &Source) -> Vec<Finding> {
    let findings = first_lines(&source.text).into_iter().filter_map(|(line, prose)| {
        let word = NOUN_FIRST.iter().find(|word| begins_with(prose, word))?;
        let what = format!(
            "a function's doc that begins with `{word}`; begin with a verb, a predicate's with Returns whether"
        );
        Some(Finding { path: source.path.clone(), line: Some(line), what })
    });
    findings.collect()
}

/// Returns the first line of every function's doc, with its number, counted from 1. The doc of a test is left
/// out: it is a sentence about behaviour.
fn first_lines(text: &str) -> Vec<(usize, &str)> {
    let mut first_lines = Vec::new();
    let mut first_line = None;
    let mut attributes = Attributes::default();
    for (number, line) in (1..).zip(text.lines().map(str::trim)) {
        match comment(line) {
            ("///", prose) => {
                first_line.get_or_insert((number, prose));
                continue;
            }
            ("//", _) => continue,
            _ if attributes.take(line) => continue,
            _ => {}
        }
        let first_line = first_line.take();
        if is_function(line) && !attributes.make_a_test() {
            first_lines.extend(first_line);
        }
        attributes.clear();
    }
    first_lines
}

/// Returns whether `line` begins a function.
fn is_function(line: &str) -> bool {
    let Some((before, _)) = line.split_once("fn ") else { return false };
    let before = match before.split_once(')') {
        Some((visibility, after)) if visibility.starts_with("pub(") => after,
        Some(_) => return false,
        None => before,
    };
    before
        .split_whitespace()
        .all(|word| ["pub", "const", "async", "unsafe", "extern", "\"C\""].contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(path: &str, text: &str) -> Vec<usize> {
        let found = check(&Source { path: path.into(), text: text.into() });
        found.into_iter().map(|finding| finding.line.unwrap_or_default()).collect()
    }

    #[test]
    fn the_doc_of_a_function_begins_with_a_verb() {
        for word in NOUN_FIRST {
            for item in ["fn a() {}", "pub(in crate::b) const fn a()", "    pub async fn a();"] {
                assert_eq!(
                    lines("x/src/a.rs", &format!("\n/// {word} x.\n/// More.\n{item}\n")),
                    [2],
                    "{item}"
                );
            }
            assert!(lines("x/src/a.rs", &format!("/// Returns x.\n/// {word} x.\nfn a() {{}}\n")).is_empty());
            assert!(lines("x/src/a.rs", &format!("/// {word}s x.\nfn a() {{}}\n")).is_empty(), "{word}");
        }
    }

    #[test]
    fn attributes_and_comments_may_stand_between_a_doc_and_its_function() {
        let between = "#[must_use]\n// Why.\n#[allow(\n    x,\n)]\n";
        assert_eq!(lines("x/src/a.rs", &format!("/// The x.\n{between}fn a() {{}}\n")), [1]);
    }

    #[test]
    fn docs_of_types_and_of_tests_begin_as_they_like() {
        for item in ["struct A;", "a: fn (A) -> B,", "#[test]\nfn a() {}", "#[tokio::test]\nasync fn a() {}"]
        {
            assert!(lines("x/src/a.rs", &format!("/// The x.\n{item}\n")).is_empty(), "{item}");
        }
        assert!(lines("x/src/a.rs", "/// The x.\nstruct A;\nfn a() {}\n").is_empty());
    }

    #[test]
    fn some_crates_are_not_checked_yet() {}
}
