//! The mechanical half of the style of comments, docs and Markdown.

use super::code::has_word;
use super::finding::Finding;
use crate::workspace::Source;

/// The most columns of a line that holds a comment and nothing else, its indentation included.
const WIDEST: usize = 110;
/// A word without an actor. It stands in two pieces, so that this file passes its own check.
const NAMELESS: &str = concat!("who", "ever");
/// First words of docs that neither name a thing nor describe what a function does.
const BEGINNINGS: [&str; 6] = ["Is", "Has", "Does", "May", "Can", "True"];

pub(super) fn check(source: &Source) -> Vec<Finding> {
    let is_rust = source.path.ends_with(".rs");
    if !is_rust && !source.path.ends_with(".md") {
        return Vec::new();
    }
    let mut findings = Vec::new();
    let mut find = |line: usize, what: String| {
        findings.push(Finding { path: source.path.clone(), line: Some(line), what });
    };
    let (mut last_marker, mut last_word) = ("", "");
    for (number, line) in (1..).zip(source.text.lines()) {
        let (marker, prose) = if is_rust { comment(line) } else { ("", line) };
        if has_word(&line.to_lowercase(), NAMELESS) {
            find(number, format!("`{NAMELESS}` in prose; name the actor by its noun in the code"));
        }
        if let Some(verb) = denied_noun(last_word, prose) {
            find(number, format!("`{verb} no` and a noun; write `{verb} not a`, or has no"));
        }
        let begins_doc = ["///", "//!"].contains(&marker) && marker != last_marker;
        if let Some(word) = BEGINNINGS.iter().find(|word| begins_doc && begins_with(prose, word)) {
            find(
                number,
                format!(
                    "a doc that begins with `{word}`; begin with a verb, a predicate's with Returns whether"
                ),
            );
        }
        let columns = line.chars().count();
        if !marker.is_empty() && columns > WIDEST {
            find(number, format!("a comment of {columns} columns, and {WIDEST} are allowed; wrap it"));
        }
        last_marker = marker;
        last_word = prose.split_whitespace().next_back().unwrap_or_default();
    }
    findings
}

/// Returns the marker and the text of a line that holds a comment and nothing else. Any other line has no
/// marker, and is its own text.
pub(super) fn comment(line: &str) -> (&str, &str) {
    let line = line.trim_start();
    let marker = ["///", "//!", "//"].into_iter().find(|marker| line.starts_with(marker)).unwrap_or_default();
    (marker, &line[marker.len()..])
}

/// Returns the verb of a `prose` that denies by `no` and a word in lower case, where `is not a` is meant. The
/// verb may be `before`, the last word of the line above.
fn denied_noun<'a>(before: &'a str, prose: &'a str) -> Option<&'a str> {
    let words: Vec<&str> = [before].into_iter().chain(prose.split_whitespace()).collect();
    words.windows(3).find_map(|words| {
        let [verb, "no", noun] = words else { return None };
        let verb = verb.trim_start_matches(|first: char| !first.is_alphanumeric());
        let is_noun = noun.starts_with(|first: char| first.is_ascii_lowercase());
        (["is", "are"].contains(&verb) && is_noun).then_some(verb)
    })
}

/// Returns whether `word` is the first word of `prose`.
pub(super) fn begins_with(prose: &str, word: &str) -> bool {
    let after = prose.trim_start().strip_prefix(word);
    after.is_some_and(|after| !after.starts_with(|next: char| next.is_alphanumeric() || next == '_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(path: &str, text: &str) -> Vec<usize> {
        let found = check(&Source { path: path.into(), text: text.into() });
        found.into_iter().map(|finding| finding.line.unwrap_or_default()).collect()
    }

    #[test]
    fn the_actor_of_a_sentence_has_a_name() {
        assert_eq!(lines("xtask/src/a.rs", &format!("\n// For {NAMELESS} calls.\n")), [2]);
        assert_eq!(lines("README.md", &format!("W{} calls\n", &NAMELESS[1..])), [1]);
        assert!(lines("xtask/src/a.rs", "// For the caller.\n").is_empty());
    }

    #[test]
    fn nothing_is_denied_by_no_and_a_noun() {
        for verb in ["is", "are"] {
            assert_eq!(lines("README.md", &format!("This {verb} no text\n")), [1], "{verb}");
            assert_eq!(lines("xtask/src/a.rs", &format!("// This {verb}\n// no text\n")), [2], "{verb}");
            assert!(lines("README.md", &format!("This {verb} not a text\n")).is_empty(), "{verb}");
            assert!(lines("README.md", &format!("There {verb} no `std`\n")).is_empty(), "{verb}");
        }
        assert!(lines("README.md", "It has no text\n").is_empty());
    }

    #[test]
    fn docs_begin_with_a_noun_or_a_verb_that_does_something() {
        for word in BEGINNINGS {
            assert_eq!(lines("xtask/src/a.rs", &format!("/// {word} x.\nfn a() {{}}\n")), [1], "{word}");
            assert_eq!(lines("xtask/src/a.rs", &format!("//! {word} x.\n")), [1], "{word}");
            assert!(
                lines("xtask/src/a.rs", &format!("/// Returns x.\n/// {word} x.\n")).is_empty(),
                "{word}"
            );
            assert!(lines("xtask/src/a.rs", &format!("// {word} x.\n")).is_empty(), "{word}");
            assert!(lines("xtask/src/a.rs", &format!("/// {word}o x.\n")).is_empty(), "{word}");
        }
    }

    #[test]
    fn a_comment_has_at_most_110_columns() {
        let comment = |columns: usize| format!("    // {}\n", "é".repeat(columns - 7));
        assert!(lines("xtask/src/a.rs", &comment(WIDEST)).is_empty());
        assert_eq!(lines("xtask/src/a.rs", &comment(WIDEST + 1)), [1]);
        assert!(lines("README.md", &comment(WIDEST + 1)).is_empty());
        assert!(lines("xtask/src/a.rs", &format!("let a = \"{}\";\n", "x".repeat(WIDEST))).is_empty());
    }
}
