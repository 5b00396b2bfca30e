use simdutf8::{basic, compat};

/// Checks text that arrives in pieces, each of which may end inside a character (§8.1).
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Utf8 {
    /// The start of a character whose end has not arrived.
    tail: [u8; 4],
    tail_len: u8,
}

/// The text is not UTF-8, whatever may follow.
#[derive(Debug)]
pub(crate) struct InvalidUtf8;

impl Utf8 {
    /// Checks the next piece, up to its first byte that cannot be right.
    pub(crate) fn push(&mut self, mut piece: &[u8]) -> Result<(), InvalidUtf8> {
        while self.tail_len != 0 {
            let Some((&byte, rest)) = piece.split_first() else { return Ok(()) };
            piece = rest;
            let len = usize::from(self.tail_len) + 1;
            self.tail[len - 1] = byte;
            self.tail_len += 1;
            match core::str::from_utf8(&self.tail[..len]) {
                Ok(_) => self.tail_len = 0,
                Err(error) if error.error_len().is_some() => return Err(InvalidUtf8),
                Err(_) => {}
            }
        }
        let Err(error) = compat::from_utf8(piece) else { return Ok(()) };
        if error.error_len().is_some() {
            return Err(InvalidUtf8);
        }
        let cut = &piece[error.valid_up_to()..];
        self.tail[..cut.len()].copy_from_slice(cut);
        self.tail_len = cut.len() as u8;
        Ok(())
    }

    /// Checks that the text does not end inside a character.
    pub(crate) fn finish(&self) -> Result<(), InvalidUtf8> {
        match self.tail_len {
            0 => Ok(()),
            _ => Err(InvalidUtf8),
        }
    }
}

/// The text in bytes that were found to be UTF-8 as they arrived.
///
/// They are checked a second time, since only `unsafe` could take it on trust.
pub(crate) fn checked(bytes: &[u8]) -> &str {
    basic::from_utf8(bytes).expect("text is announced only after it was checked")
}
