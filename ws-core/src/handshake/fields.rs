use core::fmt;

use super::grammar::{ascii, elements, find, trim};

/// The fields of a head, borrowed from its bytes, in the order in which they were sent.
///
/// Names match in any case. Values are octets without the blanks around them.
#[derive(Clone, Copy, Default)]
pub struct Fields<'a> {
    /// Whole lines, each with its CRLF.
    lines: &'a [u8],
}

impl<'a> Fields<'a> {
    /// Wraps `lines` that a [`Scanner`](super::Scanner) accepted, without the empty line at the end.
    pub(super) fn new(lines: &'a [u8]) -> Self {
        Self { lines }
    }

    /// Returns the names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&'a str, &'a [u8])> + Clone + use<'a> {
        self.lines().map(|(name, value)| (ascii(name), value))
    }

    /// Returns the names and values as octets.
    pub(super) fn lines(&self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> + Clone + use<'a> {
        let mut lines = self.lines;
        core::iter::from_fn(move || {
            let end = find(lines, b'\n')?;
            let line = lines[..end].strip_suffix(b"\r").unwrap_or(&lines[..end]);
            lines = &lines[end + 1..];
            let colon = line.iter().position(|&byte| byte == b':').unwrap_or(line.len());
            Some((&line[..colon], trim(line.get(colon + 1..).unwrap_or_default())))
        })
    }

    /// Returns the value of the first field called `name`.
    pub fn get(&self, name: &str) -> Option<&'a [u8]> {
        self.get_all(name).next()
    }

    /// Returns the value of the first field called `name`, if it is UTF-8.
    pub fn get_str(&self, name: &str) -> Option<&'a str> {
        core::str::from_utf8(self.get(name)?).ok()
    }

    /// Returns the values of all fields called `name`.
    pub fn get_all<'n>(&self, name: &'n str) -> impl Iterator<Item = &'a [u8]> + Clone + use<'a, 'n> {
        self.lines()
            .filter(move |(field, _)| field.eq_ignore_ascii_case(name.as_bytes()))
            .map(|(_, value)| value)
    }

    /// Returns the elements of the comma-separated list in all fields called `name`, without empty ones.
    ///
    /// Commas separate elements even inside quotes.
    pub fn tokens<'n>(&self, name: &'n str) -> impl Iterator<Item = &'a [u8]> + Clone + use<'a, 'n> {
        self.get_all(name).flat_map(elements).filter(|element| !element.is_empty())
    }

    /// Returns the number of fields.
    pub fn len(&self) -> usize {
        self.lines().count()
    }

    /// Returns whether the head has no fields.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Returns the start and length of `value`, which is borrowed from these lines.
    pub(super) fn position(&self, value: &[u8]) -> Option<(u32, u32)> {
        let start = value.as_ptr().addr().checked_sub(self.lines.as_ptr().addr())?;
        Some((u32::try_from(start).ok()?, u32::try_from(value.len()).ok()?))
    }

    /// Returns the value with that start and length.
    pub(super) fn value_at(&self, start: u32, len: u32) -> &'a [u8] {
        let (start, len) = (start as usize, len as usize);
        self.lines.get(start..).and_then(|rest| rest.get(..len)).unwrap_or_default()
    }
}

impl fmt::Debug for Fields<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        struct EscapedBytes<'a>(&'a [u8]);
        impl fmt::Debug for EscapedBytes<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "\"{}\"", self.0.escape_ascii())
            }
        }
        f.debug_map().entries(self.iter().map(|(name, value)| (name, EscapedBytes(value)))).finish()
    }
}
