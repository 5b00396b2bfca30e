//! Finds the tests in Rust source, and the requirement ids that stand above them.

use super::rows::Table;
use crate::attributes::Attributes;

/// A test function, and the ids in the comment directly above it.
#[derive(Debug)]
pub(crate) struct Test {
    pub(crate) name: String,
    /// The line of its `fn`, counted from 1.
    pub(crate) line: usize,
    /// The ids that it proves: those that a line of the comment begins with.
    pub(crate) proves: Vec<String>,
    /// The faults of the ids in the comment.
    pub(crate) faults: Vec<String>,
}

/// Finds every `#[test]` function, also under other test attributes, in `proptest!` and in macros.
///
/// It reads lines, not syntax: a comment belongs to a function if only attributes stand between them.
pub(crate) fn tests_in(source: &str, table: &Table) -> Vec<Test> {
    let mut tests = Vec::new();
    let mut comment: Vec<&str> = Vec::new();
    let mut attributes = Attributes::default();
    for (line, number) in source.lines().map(str::trim).zip(1..) {
        let is_attribute = attributes.take(line);
        if let (false, Some(text)) = (is_attribute, comment_text(line)) {
            comment.push(text);
            continue;
        }
        match function_name(line) {
            Some(name) if attributes.make_a_test() => tests.push(test(name, number, &comment, table)),
            None if is_attribute => continue,
            Some(_) | None => {}
        }
        comment.clear();
        attributes.clear();
    }
    tests
}

/// Returns the text of a comment line. A comment on the enclosing module does not belong to a test.
fn comment_text(line: &str) -> Option<&str> {
    let text = line.strip_prefix("//")?;
    (!text.starts_with('!')).then(|| text.strip_prefix('/').unwrap_or(text).trim())
}

fn function_name(line: &str) -> Option<&str> {
    let code = line.split("//").next()?;
    let words = ["pub", "pub(crate)", "async", "const", "#[test]"];
    let (before, after) = code.split_once("fn ")?;
    before.split_whitespace().all(|word| words.contains(&word)).then_some(())?;
    after.split(['(', '<', ' ']).next()
}

fn test(name: &str, line: usize, comment: &[&str], table: &Table) -> Test {
    let mut test = Test { name: name.into(), line, proves: Vec::new(), faults: Vec::new() };
    for (text, number) in comment.iter().zip(0..) {
        match leading_ids(text, table) {
            Leading::Ids(ids) => test.proves.extend(ids.into_iter().map(String::from)),
            Leading::Broken if number == 0 => test.faults.push(format!(
                "`{text}`: ids stand first, with commas between them and a colon behind the last"
            )),
            // Prose may be wrapped in front of an id.
            Leading::Broken | Leading::None => {}
        }
        let unknown = words(text).filter(|word| table.looks_like_an_id(word) && !table.has(word));
        test.faults.extend(unknown.map(|word| format!("{word} is in no table of conformance/requirements")));
    }
    test
}

enum Leading<'a> {
    Ids(Vec<&'a str>),
    /// An id stands first, but the text after it is not a list of ids.
    Broken,
    None,
}

/// Returns the ids that a line begins with: `6455-5.1-2, 6455-5.1-3: …`. A list may continue on the next
/// line.
fn leading_ids<'a>(text: &'a str, table: &Table) -> Leading<'a> {
    let list = text.split(": ").next().unwrap_or(text);
    let list = list.strip_suffix([':', ',']).unwrap_or(list);
    let first = words(text).next().unwrap_or_default();
    if !table.has(first) || !text.starts_with(first) {
        return Leading::None;
    }
    let ids: Vec<&str> = list.split(',').flat_map(|part| part.split(" and ")).map(str::trim).collect();
    // An unknown id of the right form has an error of its own.
    if ids.iter().all(|id| table.has(id) || table.looks_like_an_id(id)) {
        Leading::Ids(ids.into_iter().filter(|id| table.has(id)).collect())
    } else {
        Leading::Broken
    }
}

/// Returns the words of a comment without the punctuation around them; what is inside an id stays.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|character: char| character.is_whitespace() || ",:;()[]`'\"*/".contains(character))
        .map(|word| word.trim_end_matches(['.', '?', '!']))
        .filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::super::rows::tests::table;
    use super::*;

    const ROWS: [&str; 6] = [
        "6455-5.5.1-7\tB\tMUST\tclose\tx",
        "6455-5.5.1-7b\tB\tdef\tclose\tx",
        "E3150-S\tS\terratum\ths\tx",
        "hs-H1\tC\thard\ths\tx",
        "7230-token\tB\tmust(lc)\ths\tx",
        "WHATWG-H-3..8\tC\tstd\tbrowser-api\tx",
    ];

    fn found(source: &str) -> Vec<Test> {
        tests_in(source, &table(&ROWS).unwrap())
    }

    fn proven(source: &str) -> Vec<String> {
        found(source).into_iter().flat_map(|test| test.proves).collect()
    }

    #[test]
    fn a_test_proves_the_ids_that_its_comment_begins_with() {
        let tests = found("\n/// 6455-5.5.1-7, E3150-S: a Close is answered.\n#[test]\nfn answers() {\n");
        assert_eq!(tests[0].name, "answers");
        assert_eq!(tests[0].line, 4);
        assert_eq!(tests[0].proves, ["6455-5.5.1-7", "E3150-S"]);
        assert!(tests[0].faults.is_empty());
    }

    #[test]
    fn an_id_is_matched_as_a_whole_and_never_as_the_beginning_of_another() {
        assert_eq!(proven("/// 6455-5.5.1-7b: x\n#[test]\nfn a() {"), ["6455-5.5.1-7b"]);
        assert_eq!(proven("/// 6455-5.5.1-7: x\n#[test]\nfn a() {"), ["6455-5.5.1-7"]);
    }

    #[test]
    fn ids_of_every_shape_are_found() {
        assert_eq!(
            proven("/// WHATWG-H-3..8, 7230-token and hs-H1: x\n#[test]\nfn a() {"),
            ["WHATWG-H-3..8", "7230-token", "hs-H1"]
        );
    }

    #[test]
    fn a_list_may_go_on_in_the_next_line() {
        assert_eq!(
            proven("/// 7230-token, hs-H1,\n/// E3150-S: x\n#[test]\nfn a() {"),
            ["7230-token", "hs-H1", "E3150-S"]
        );
    }

    #[test]
    fn an_id_inside_a_sentence_is_no_proof() {
        assert!(proven("/// Unlike hs-H1 this proves nothing.\n#[test]\nfn a() {").is_empty());
    }

    #[test]
    fn comments_on_other_functions_and_apart_from_the_test_do_not_count() {
        assert!(proven("/// hs-H1: x\nfn helper() {}\n").is_empty());
        assert!(proven("/// hs-H1: x\n\n#[test]\nfn a() {").is_empty());
        assert!(proven("/// hs-H1: x\nconst A: u8 = 1;\n#[test]\nfn a() {").is_empty());
        assert!(proven("//! hs-H1: x\n#[test]\nfn a() {").is_empty());
        assert!(proven("// hs-H1: x\n// #[test]\n// fn a() {").is_empty());
    }

    #[test]
    fn tests_of_macros_and_runtimes_count() {
        assert_eq!(proven("proptest! {\n    /// hs-H1: x\n    #[test]\n    fn a(x in 0..2) {"), ["hs-H1"]);
        assert_eq!(proven("/// hs-H1: x\n#[tokio::test(start_paused = true)]\nasync fn a() {"), ["hs-H1"]);
        assert_eq!(proven("#[test]\n/// hs-H1: x\n#[cfg(unix)]\nfn a() {"), ["hs-H1"]);
        assert_eq!(
            proven("/// hs-H1: x\n#[test]\n#[cfg_attr(\n    miri,\n    cold\n)]\nfn a() {"),
            ["hs-H1"]
        );
        assert_eq!(proven("/// hs-H1: x\n#[test] fn a() {"), ["hs-H1"]);
    }

    #[test]
    fn unknown_ids_are_faults_wherever_they_stand() {
        let tests = found("/// hs-H1, hs-H9: see (6455-1-1).\n#[test]\nfn a() {");
        assert_eq!(tests[0].proves, ["hs-H1"]);
        assert_eq!(tests[0].faults.len(), 2, "{:?}", tests[0].faults);
    }

    #[test]
    fn an_id_without_its_colon_is_a_fault() {
        assert_eq!(found("/// hs-H1 limits the head.\n#[test]\nfn a() {")[0].faults.len(), 1);
        assert!(found("/// hs-H1\n#[test]\nfn a() {")[0].faults.is_empty());
    }
}
