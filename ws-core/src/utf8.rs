use core::fmt;

use simdutf8::{basic, compat};

/// The check of text that arrives in pieces, each of which may end inside a character (§8.1).
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Utf8 {
    /// The start of a character whose end has not arrived.
    tail: [u8; 4],
    tail_len: u8,
}

/// An error: the text is not UTF-8, whatever follows.
#[derive(Debug)]
pub(crate) struct InvalidUtf8 {
    /// The number of bytes of the piece before the first wrong one.
    pub(crate) good: usize,
}

impl Utf8 {
    /// Checks the next piece, up to its first wrong byte.
    pub(crate) fn push(&mut self, piece: &[u8]) -> Result<(), InvalidUtf8> {
        let mut good = 0;
        while self.tail_len != 0 {
            let Some(&byte) = piece.get(good) else { return Ok(()) };
            let len = usize::from(self.tail_len) + 1;
            self.tail[len - 1] = byte;
            self.tail_len += 1;
            match core::str::from_utf8(&self.tail[..len]) {
                Ok(_) => self.tail_len = 0,
                Err(error) if error.error_len().is_some() => return Err(InvalidUtf8 { good }),
                Err(_) => {}
            }
            good += 1;
        }
        let Err(error) = compat::from_utf8(&piece[good..]) else { return Ok(()) };
        good += error.valid_up_to();
        let cut = &piece[good..];
        if let Some(len) = error.error_len() {
            // Either these bytes begin a character and the byte after them is wrong, or the first is wrong
            // itself.
            let is_start = core::str::from_utf8(&cut[..len]).is_err_and(|error| error.error_len().is_none());
            return Err(InvalidUtf8 { good: if is_start { good + len } else { good } });
        }
        self.tail[..cut.len()].copy_from_slice(cut);
        self.tail_len = cut.len() as u8;
        Ok(())
    }

    /// Returns whether the text may end here: not inside a character.
    pub(crate) fn is_finished(&self) -> bool {
        self.tail_len == 0
    }
}

/// An error: a text message is not UTF-8 (§8.1). It is for
/// [`Connection::refuse_message`](crate::Connection::refuse_message).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NotText;

impl fmt::Display for NotText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text message is not UTF-8")
    }
}

impl core::error::Error for NotText {}

/// Returns the text in `bytes`.
///
/// # Errors
/// The bytes are not UTF-8.
#[inline]
pub(crate) fn text(bytes: &[u8]) -> Result<&str, NotText> {
    basic::from_utf8(bytes).map_err(|_| NotText)
}
