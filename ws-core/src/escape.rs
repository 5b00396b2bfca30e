use core::fmt::{self, Write as _};

/// Text in which the characters that control a terminal are escaped, as `\n`, `\t`, `\r` or `\u{1b}`.
///
/// These are control characters (C0, DEL and C1), the separators of lines and paragraphs, and the characters
/// that change the direction of writing. So text of a peer can be printed on one line, without moving the
/// cursor or hiding other text.
///
/// ```
/// use ws_core::EscapedText;
///
/// assert_eq!(EscapedText("café\x1b[2J\n").to_string(), r"café\u{1b}[2J\n");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EscapedText<T>(pub T);

impl<T: fmt::Display> fmt::Display for EscapedText<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(EscapingWriter(f), "{}", self.0)
    }
}

/// A writer that escapes its text.
struct EscapingWriter<'a, 'f>(&'a mut fmt::Formatter<'f>);

impl fmt::Write for EscapingWriter<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut plain = 0;
        for (at, found) in text.char_indices().filter(|&(_, char)| is_obeyed(char)) {
            self.0.write_str(&text[plain..at])?;
            write!(self.0, "{}", found.escape_default())?;
            plain = at + found.len_utf8();
        }
        self.0.write_str(&text[plain..])
    }
}

/// Returns whether a terminal acts on `char` and does not show it.
fn is_obeyed(char: char) -> bool {
    let separates = matches!(char, '\u{2028}' | '\u{2029}');
    let directs = matches!(char, '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    char.is_control() || separates || directs
}

#[cfg(test)]
mod tests {
    use alloc::string::{String, ToString as _};

    use super::*;

    /// Controls, separators and the twelve characters that change the direction are escaped, and nothing
    /// else.
    #[test]
    fn what_a_terminal_obeys_is_escaped() {
        let mut escaped = 0;
        for char in '\0'..=char::MAX {
            let shown = EscapedText(String::from(char)).to_string();
            if shown != String::from(char) {
                assert!(shown.bytes().all(|byte| byte.is_ascii_graphic()), "{char:?}: {shown}");
                escaped += 1;
            }
        }
        assert_eq!(escaped, 32 + 1 + 32 + 2 + 12);
    }

    #[test]
    fn what_stands_beside_it_stays() {
        for (text, shown) in [
            ("", ""),
            ("Grüße 👩‍🚀", "Grüße 👩‍🚀"),
            ("a\tb\r\nc", r"a\tb\r\nc"),
            ("é\x1B[31m\u{9B}\u{202E}\u{2028}\x7F", r"é\u{1b}[31m\u{9b}\u{202e}\u{2028}\u{7f}"),
        ] {
            assert_eq!(EscapedText(text).to_string(), shown);
        }
    }
}
