//! Rust source without comments and strings, and the parts of it that only some builds have.

/// Rust source in which comments and the contents of strings are blanks; every line keeps its number.
pub(super) struct Code {
    text: String,
    /// For each line, whether it belongs to an item under `#[cfg(test)]`.
    test: Vec<bool>,
    /// For each line, whether it belongs to an item under `#[cfg(unix)]`.
    unix: Vec<bool>,
}

impl Code {
    pub(super) fn new(source: &str) -> Self {
        let text = blank(source);
        let test = under_cfg(&text, "test");
        let unix = under_cfg(&text, "unix");
        Self { text, test, unix }
    }

    /// Returns the lines with their numbers, counted from 1.
    pub(super) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        (1..).zip(self.text.lines())
    }

    /// Returns the whole text.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn line_of(&self, at: usize) -> usize {
        self.text[..at].matches('\n').count() + 1
    }

    pub(super) fn is_test(&self, line: usize) -> bool {
        self.test.get(line - 1).copied().unwrap_or_default()
    }

    pub(super) fn is_unix(&self, line: usize) -> bool {
        self.unix.get(line - 1).copied().unwrap_or_default()
    }
}

/// Returns whether `word` stands in `line` as a word of its own; it may have punctuation at its ends.
pub(super) fn has_word(line: &str, word: &str) -> bool {
    let joins = |character: char| character.is_alphanumeric() || character == '_';
    line.match_indices(word).any(|(at, _)| {
        let (before, after) = (&line[..at], &line[at + word.len()..]);
        let goes_on = word.ends_with(joins) && after.starts_with(joins);
        let began_before = word.starts_with(joins) && before.ends_with(joins);
        !began_before && !goes_on
    })
}

/// Blanks comments, and the contents of strings and characters.
fn blank(source: &str) -> String {
    let mut rest = source;
    let mut text = String::with_capacity(source.len());
    while let Some(first) = rest.chars().next() {
        let inside_word = text.ends_with(|last: char| last.is_alphanumeric() || last == '_');
        let (kept, blanked) = match first {
            '/' if rest.starts_with("//") => (0, rest.find('\n').unwrap_or(rest.len())),
            '/' if rest.starts_with("/*") => (0, block_comment(rest)),
            '"' => (1, string(rest) - 1),
            'r' | 'b' | 'c' if !inside_word => match raw_string(rest) {
                Some(length) => (1, length - 1),
                None => (1, 0),
            },
            '\'' => (1, character(rest).map_or(0, |length| length - 1)),
            other => (other.len_utf8(), 0),
        };
        let (keep, after) = rest.split_at(kept);
        let (gone, after) = after.split_at(blanked);
        text.push_str(keep);
        text.extend(gone.chars().map(|gone| if gone == '\n' { '\n' } else { ' ' }));
        rest = after;
    }
    text
}

/// Returns the length of the block comment that `rest` begins with; they nest.
fn block_comment(rest: &str) -> usize {
    let mut depth = 0_usize;
    let bytes = rest.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match &bytes[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

/// Returns the length of the string that `rest` begins with, its quotes included.
fn string(rest: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in rest.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// Returns the length of the raw string that `rest` begins with.
fn raw_string(rest: &str) -> Option<usize> {
    let after = rest.strip_prefix(['b', 'c']).unwrap_or(rest).strip_prefix('r')?;
    let hashes = after.len() - after.trim_start_matches('#').len();
    let body = after[hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let head = rest.len() - body.len();
    Some(body.find(&end).map_or(rest.len(), |at| head + at + end.len()))
}

/// Returns the length of the character that `rest` begins with; `None` for a lifetime.
fn character(rest: &str) -> Option<usize> {
    let mut characters = rest.char_indices().skip(1);
    let (_, first) = characters.next()?;
    if first == '\\' {
        // The escaped character may be a quote.
        characters.next()?;
        return characters.find(|(_, character)| *character == '\'').map(|(at, _)| at + 1);
    }
    let (at, second) = characters.next()?;
    (second == '\'').then_some(at + 1)
}

/// Returns for each line of `code` whether it is part of an item whose `cfg` names `option`.
fn under_cfg(code: &str, option: &str) -> Vec<bool> {
    let mut lines = vec![false; code.lines().count()];
    for (at, _) in code.match_indices("#[cfg(").chain(code.match_indices("#![cfg(")) {
        let Some(length) = code[at..].find(']') else { continue };
        let attribute = &code[at..at + length];
        if !has_word(attribute, option) || attribute.contains("not(") {
            continue;
        }
        let end =
            if attribute.starts_with("#!") { code.len() } else { at + length + item(&code[at + length..]) };
        let first = code[..at].matches('\n').count();
        let count = code[at..end].matches('\n').count() + 1;
        lines.iter_mut().skip(first).take(count).for_each(|line| *line = true);
    }
    lines
}

/// Returns the length of the item that follows an attribute: up to its `;`, or to the end of its braces.
fn item(code: &str) -> usize {
    let mut depth = 0_usize;
    for (at, byte) in code.bytes().enumerate().skip(1) {
        match byte {
            b'{' | b'(' | b'[' => depth += 1,
            b'}' | b')' | b']' => {
                depth = depth.saturating_sub(1);
                if depth == 0 && byte == b'}' {
                    return at;
                }
            }
            b';' | b',' if depth == 0 => return at,
            _ => {}
        }
    }
    code.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_strings_are_blanked_and_lines_stay() {
        let blanked = blank("a // x\nb /* x\n/* x */ x */ c \"x \\\" x\ny\" d");
        assert_eq!(blanked.split_whitespace().collect::<Vec<_>>(), ["a", "b", "c", "\"", "d"]);
        assert_eq!(blanked.matches('\n').count(), 3);
    }

    #[test]
    fn raw_strings_end_with_as_many_hashes_as_they_begin_with() {
        assert_eq!(blank(r###"a r#"x " x"# b"###).split_whitespace().collect::<Vec<_>>(), ["a", "r", "b"]);
        assert_eq!(blank(r#"a br"x" rate(b)"#).split_whitespace().collect::<Vec<_>>(), ["a", "b", "rate(b)"]);
    }

    #[test]
    fn characters_are_distinguished_from_lifetimes() {
        assert!(blank(r#"'"' async"#).contains("async"));
        assert!(blank(r"'\'' async").contains("async"));
        assert!(blank(r"fn f<'a>(x: &'a str) -> char { 'b' }").contains("(x: &'a str)"));
    }

    #[test]
    fn what_is_under_cfg_test_is_known_by_its_lines() {
        let code = Code::new("fn a() {}\n#[cfg(test)]\nmod tests {\n    fn b() {}\n}\nfn c() {}\n");
        let test: Vec<bool> = (1..=6).map(|line| code.is_test(line)).collect();
        assert_eq!(test, [false, true, true, true, true, false]);
    }

    #[test]
    fn an_item_without_braces_ends_at_its_semicolon() {
        let code = Code::new("#[cfg(unix)]\nuse a::b;\nuse c::d;\n#[cfg(not(unix))]\nuse e::f;\n");
        let unix: Vec<bool> = (1..=5).map(|line| code.is_unix(line)).collect();
        assert_eq!(unix, [true, true, false, false, false]);
    }

    #[test]
    fn a_file_may_be_under_cfg_as_a_whole() {
        let code = Code::new("#![cfg(unix)]\nuse a;\n\nfn b() {}\n");
        assert!((1..=4).all(|line| code.is_unix(line)));
    }

    #[test]
    fn words_stand_alone() {
        assert!(has_word("pub async fn a", "async") && has_word("a.await?", ".await"));
        assert!(!has_word("asynchronous", "async") && !has_word("is_async", "async"));
        assert!(has_word("mask::apply", "mask::") && !has_word("unmask::apply", "mask::"));
    }
}
