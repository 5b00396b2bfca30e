use std::io::{BufRead, stdin};
use std::sync::Arc;
use std::thread;

use super::session::{Linger, Session};
use crate::failure::Failure;

/// A piece of standard input.
#[derive(Debug)]
pub(super) enum Input {
    /// A line without its line end, and its number, from 1.
    Line { number: u64, text: String },
    /// The end of the input, and the number of its lines.
    End { lines: u64 },
    /// The failure that ended the input.
    Failed(Failure),
}

/// Reads standard input on a thread of its own, as long as `take` returns `true`. The process does not wait
/// for that thread. The end of the input is passed on when `linger` is over.
pub(super) fn read(
    session: &Arc<Session>,
    linger: Linger,
    mut take: impl FnMut(Input) -> bool + Send + 'static,
) -> Result<(), Failure> {
    let session = Arc::clone(session);
    let take = move |input| {
        if let Input::End { lines } = input {
            session.linger(lines, linger);
        }
        take(input)
    };
    let thread = thread::Builder::new().name("input".into());
    thread.spawn(|| read_from(stdin().lock(), take)).map_err(Failure::System)?;
    Ok(())
}

fn read_from(mut input: impl BufRead, mut take: impl FnMut(Input) -> bool) {
    for number in 1.. {
        let mut line = Vec::new();
        match input.read_until(b'\n', &mut line) {
            Ok(0) => {
                take(Input::End { lines: number - 1 });
                return;
            }
            Ok(_) => {}
            Err(error) => {
                take(Input::Failed(Failure::Input(error)));
                return;
            }
        }
        let Ok(mut text) = String::from_utf8(line) else {
            take(Input::Failed(Failure::NotUtf8 { line: number }));
            return;
        };
        trim_end(&mut text);
        if !take(Input::Line { number, text }) {
            return;
        }
    }
}

/// Removes the LF or CRLF at the end of a line.
fn trim_end(line: &mut String) {
    if line.ends_with('\n') {
        line.pop();
    }
    if line.ends_with('\r') {
        line.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(input: &[u8]) -> Vec<String> {
        let mut seen = Vec::new();
        read_from(input, |input| {
            seen.push(match input {
                Input::Line { number, text } => format!("{number} {text:?}"),
                Input::End { lines } => format!("end after {lines}"),
                Input::Failed(failure) => failure.to_string(),
            });
            true
        });
        seen
    }

    #[test]
    fn a_line_ends_with_lf_or_crlf_or_the_input() {
        assert_eq!(lines(b"a\nb\r\nc"), ["1 \"a\"", "2 \"b\"", "3 \"c\"", "end after 3"]);
    }

    #[test]
    fn an_empty_line_is_a_line() {
        assert_eq!(lines(b"\n\r\n"), ["1 \"\"", "2 \"\"", "end after 2"]);
        assert_eq!(lines(b""), ["end after 0"]);
    }

    #[test]
    fn a_cr_inside_a_line_belongs_to_it() {
        assert_eq!(lines(b"a\rb\r\r\n"), ["1 \"a\\rb\\r\"", "end after 1"]);
    }

    #[test]
    fn what_is_not_utf_8_ends_the_input_and_is_named() {
        assert_eq!(lines(b"a\n\xFF\nb\n"), ["1 \"a\"", "line 2 of standard input is not UTF-8"]);
    }

    #[test]
    fn nothing_is_read_before_it_is_needed() {
        let mut input: &[u8] = b"a\nb\n";
        read_from(&mut input, |_| false);
        assert_eq!(input, b"b\n");
    }
}
