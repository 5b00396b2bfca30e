use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};

use super::lines;
use crate::handshake::{MalformedExtensions, extensions};

/// Returns the list as text: `name;param=value;param`, with a blank between extensions.
fn read(bytes: &[&[u8]]) -> Result<String, MalformedExtensions> {
    let mut list = Vec::new();
    for extension in extensions(bytes.iter().copied()) {
        let extension = extension?;
        let mut text = extension.name().to_string();
        for param in extension.params() {
            text += &format!(";{}", param.name());
            if let Some(value) = param.value() {
                text += &format!("={}", value.chars().collect::<String>());
            }
        }
        list.push(text);
    }
    Ok(list.join(" "))
}

fn read_lines(texts: &[&str]) -> Result<String, MalformedExtensions> {
    read(&lines(texts))
}

/// 6455-9.1-2, 6455-9.1-8: extensions and parameters are parsed in order, with any blanks between them.
#[test]
fn valid_lists_are_read_in_order() {
    for (line, expected) in [
        ("foo", "foo"),
        ("foo; bar", "foo;bar"),
        ("foo ; bar= baz\t", "foo;bar=baz"),
        ("foo;a=b;c", "foo;a=b;c"),
        (" foo ; alpha = x , bar ; beta = y ", "foo;alpha=x bar;beta=y"),
        ("foo,bar", "foo bar"),
        ("foo;a;a", "foo;a;a"),
        ("foo, foo", "foo foo"),
        ("a;b=\"c\"", "a;b=c"),
        ("!#$%&'*+-.^_`|~;1=2", "!#$%&'*+-.^_`|~;1=2"),
        (
            "permessage-deflate; client_max_window_bits; server_max_window_bits=10, permessage-deflate",
            "permessage-deflate;client_max_window_bits;server_max_window_bits=10 permessage-deflate",
        ),
    ] {
        assert_eq!(read_lines(&[line]).as_deref(), Ok(expected), "{line}");
    }
    assert_eq!(read_lines(&[]).as_deref(), Ok(""));
}

/// 6455-9.1-3: a quoted value becomes a token when it is unquoted.
#[test]
fn quoted_values_are_tokens() {
    assert_eq!(read_lines(&[r#"foo; bar="ba\z""#]).as_deref(), Ok("foo;bar=baz"));
    assert_eq!(read_lines(&[r#"foo; bar = "\b\a\z" ; x"#]).as_deref(), Ok("foo;bar=baz;x"));
    for value in [
        r#""""#,
        r#""b@z""#,
        r#""baz ""#,
        r#"" baz""#,
        r#""baz"#,
        r#"""#,
        r#"baz""#,
        r#""ba"z"#,
        r#""ba""z""#,
        r#""ba\""#,
        r#""ba\\z""#,
        r#""ba\"z""#,
        r#""ba,z""#,
        r#""ba\,z""#,
        r#""ba;z""#,
        r#""ba=z""#,
        r#""\""#,
        r#"'ba z'"#,
        r#""é""#,
    ] {
        assert_eq!(read_lines(&[&format!("foo; bar={value}")]), Err(MalformedExtensions), "{value}");
    }
}

/// E6997: the value of a parameter stays restricted to tokens.
#[test]
fn values_compare_without_their_quotes() {
    let list = lines(&[r#"a; b=10; b="10"; b="1\0"; b=11"#]);
    let extension = extensions(list).next().expect("one").expect("valid");
    let values: Vec<_> = extension.params().filter_map(|param| param.value()).collect();
    assert!(values[..3].iter().all(|value| value.is("10") && *value == values[0]));
    assert!(!values[3].is("10") && values[3] != values[0]);
    assert_eq!(read_lines(&[r#"a; b="not a token""#]), Err(MalformedExtensions));
}

/// 6455-9.1-2: a list that breaks the grammar is malformed.
#[test]
fn invalid_lists_are_malformed() {
    for line in [
        "",
        " ",
        ",",
        ", ,",
        ";",
        "=",
        "foo;",
        "foo; ",
        ";bar",
        "; bar",
        "foo bar",
        "foo; bar baz",
        "foo;;bar",
        "foo; =",
        "foo; =baz",
        "foo; bar=",
        "foo; bar= ",
        "foo; bar=;",
        "foo; bar==baz",
        "foo; bar=baz=qux",
        "foo=bar",
        "foo=",
        "\"foo\"",
        "foo; \"bar\"",
        "foo; \"bar\"=baz",
        "foo; bar=b@z",
        "foo; b@r",
        "f@o",
        "foo; bar=baz qux",
        "foo,;",
        "foo, ;bar",
        "foo, bar;",
        "foo, =",
        "foo; bar, baz; ",
        "foo/1",
        "(foo)",
        "foo; bar='b z'",
        "foo:bar",
        "{foo}",
        "[foo]",
        "<foo>",
        "foo?",
        "f\\oo",
    ] {
        assert_eq!(read_lines(&[line]), Err(MalformedExtensions), "{line}");
    }
    for byte in (0..=0x20).chain(0x7f..=0xff).filter(|byte| !b"\t ".contains(byte)) {
        for (before, after) in [("f", "o"), ("foo; b", "r"), ("foo; bar=b", "z"), ("foo; bar=\"b", "z\"")] {
            let line = [before.as_bytes(), &[byte], after.as_bytes()].concat();
            assert_eq!(read(&[&line]), Err(MalformedExtensions), "{}", line.escape_ascii());
        }
    }
    assert_eq!(read_lines(&["foo\r\nbar"]), Err(MalformedExtensions));
}

/// 6455-9.1-2: an error ends the list.
#[test]
fn nothing_follows_an_error() {
    let mut list = extensions(lines(&["a, b;, c"]));
    assert!(list.next().is_some_and(|first| first.is_ok()));
    assert_eq!(list.next(), Some(Err(MalformedExtensions)));
    assert_eq!((list.next(), list.next()), (None, None));
}

/// 6455-9.1-4, E3433: a list over several lines equals its joined form, in order.
#[test]
fn lines_are_joined() {
    let joined = read_lines(&["foo, bar; baz=2"]);
    assert_eq!(joined.as_deref(), Ok("foo bar;baz=2"));
    assert_eq!(read_lines(&["foo", "bar; baz=2"]), joined);
    assert_eq!(read_lines(&["", "foo", "", "bar; baz=2", ""]), joined);
    assert_eq!(read_lines(&["", ""]), Err(MalformedExtensions));
    assert_eq!(read_lines(&["foo; a=\"x", "y\""]), Err(MalformedExtensions));
}

/// 9110-5.6.1-1: up to 16 empty elements are ignored.
#[test]
fn a_few_empty_elements_are_ignored() {
    for line in ["foo,,bar", "foo , , bar,", ",foo,\t,bar"] {
        assert_eq!(read_lines(&[line]).as_deref(), Ok("foo bar"), "{line}");
    }
    let with_commas = |count| format!("foo{}", ",".repeat(count));
    assert_eq!(read_lines(&[&with_commas(16)]).as_deref(), Ok("foo"));
    assert_eq!(read_lines(&[&with_commas(17)]), Err(MalformedExtensions));
    assert_eq!(read_lines(&[&with_commas(8), &with_commas(8)]).as_deref(), Ok("foo foo"));
    assert_eq!(read_lines(&[&with_commas(8), &with_commas(9)]), Err(MalformedExtensions));
    assert_eq!(read_lines(&[&",".repeat(10_000)]), Err(MalformedExtensions));
}
