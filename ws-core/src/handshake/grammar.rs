//! The rules of HTTP's grammar that the handshake needs (RFC 9110 §5.6, RFC 3986 §3.2).

use core::net::Ipv6Addr;

/// The number of empty list elements that are ignored. More make a list malformed (RFC 9110 §5.6.1.2, D4).
const EMPTY_ELEMENTS: u8 = 16;

/// The characters of a token (RFC 9110 §5.6.2).
const TOKEN: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = (byte as u8).is_ascii_alphanumeric();
        byte += 1;
    }
    let others = b"!#$%&'*+-.^_`|~";
    let mut n = 0;
    while n < others.len() {
        table[others[n] as usize] = true;
        n += 1;
    }
    table
};

pub(super) fn is_token_byte(byte: u8) -> bool {
    TOKEN[usize::from(byte)]
}

/// Returns whether `bytes` are a token (RFC 9110 §5.6.2).
pub(crate) fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().copied().all(is_token_byte)
}

/// Returns whether a field value may hold `byte`: visible characters, blanks and octets above ASCII (RFC 9110
/// §5.5).
pub(super) fn is_value_byte(byte: u8) -> bool {
    // Without short circuits, so that it compiles to vector instructions.
    (byte == b'\t') | ((byte >= b' ') & (byte != 0x7f))
}

pub(super) fn is_field_value(bytes: &[u8]) -> bool {
    bytes.iter().copied().all(is_value_byte)
}

/// Returns the number of bytes at the start of `bytes` for which `holds` returns true.
///
/// It decides for 16 bytes at a time, which compiles to vector instructions if `holds` is arithmetic.
pub(super) fn run(bytes: &[u8], holds: impl Fn(u8) -> bool) -> usize {
    let (chunks, _) = bytes.as_chunks::<16>();
    let all_hold = |chunk: &&[u8; 16]| chunk.iter().fold(true, |all, &byte| all & holds(byte));
    let whole = chunks.iter().take_while(all_hold).count() * 16;
    whole + bytes[whole..].iter().take_while(|&&byte| holds(byte)).count()
}

/// Returns the position of the first `byte`.
pub(super) fn find(bytes: &[u8], byte: u8) -> Option<usize> {
    let at = run(bytes, |other| other != byte);
    (at < bytes.len()).then_some(at)
}

/// Returns `bytes` without the blanks around them (OWS, RFC 9110 §5.6.3).
pub(super) fn trim(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = bytes {
        bytes = rest;
    }
    while let [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

/// Returns the elements of one line of a list, including empty ones.
pub(super) fn elements(line: &[u8]) -> impl Iterator<Item = &[u8]> + Clone {
    line.split(|&byte| byte == b',').map(trim)
}

/// Returns `bytes` as text if they are ASCII, and else the empty string.
pub(super) fn ascii(bytes: &[u8]) -> &str {
    core::str::from_utf8(bytes).unwrap_or_default()
}

/// Returns whether `text` is `uri-host [ ":" port ]`, with a host that is not empty (RFC 9110 §7.2).
pub(super) fn is_authority(text: &str) -> bool {
    if let Some(literal) = text.strip_prefix('[') {
        let Some((address, port)) = literal.split_once(']') else { return false };
        is_ip_literal(address) && (port.is_empty() || port.strip_prefix(':').is_some_and(is_port))
    } else {
        let (host, port) = text.split_once(':').unwrap_or((text, ""));
        is_reg_name(host.as_bytes()) && is_port(port)
    }
}

fn is_port(text: &str) -> bool {
    text.is_empty() || (text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u16>().is_ok())
}

fn is_ip_literal(text: &str) -> bool {
    if let Some(future) = text.strip_prefix(['v', 'V']) {
        let Some((version, address)) = future.split_once('.') else { return false };
        !version.is_empty()
            && version.bytes().all(|byte| byte.is_ascii_hexdigit())
            && !address.is_empty()
            && address.bytes().all(|byte| is_name_byte(byte) || byte == b':')
    } else {
        text.parse::<Ipv6Addr>().is_ok()
    }
}

fn is_reg_name(mut bytes: &[u8]) -> bool {
    if bytes.is_empty() {
        return false;
    }
    loop {
        bytes = match bytes {
            [] => return true,
            [b'%', high, low, rest @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => rest,
            [byte, rest @ ..] if is_name_byte(*byte) => rest,
            [..] => return false,
        };
    }
}

/// Returns whether `byte` is in `unreserved` or `sub-delims` of RFC 3986 §2.
fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=".contains(&byte)
}

/// A list that needs at least one element, over all lines of its field.
///
/// It yields the elements, trimmed. A few empty ones are skipped. More, or lines without any element, are an
/// error. A field that does not occur yields nothing.
#[derive(Clone, Debug)]
pub(super) struct List<'a, I> {
    lines: I,
    line: Option<&'a [u8]>,
    empty: u8,
    state: ListState,
}

/// An error: the list has no element, or too many empty ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct MalformedList;

#[derive(Clone, Copy, Debug)]
enum ListState {
    NoLineYet,
    Element,
    Met,
    Over,
}

impl<'a, I: Iterator<Item = &'a [u8]>> List<'a, I> {
    pub(super) fn new(lines: I) -> Self {
        Self { lines, line: None, empty: 0, state: ListState::NoLineYet }
    }

    fn end(
        &mut self,
        last: Option<Result<&'a [u8], MalformedList>>,
    ) -> Option<Result<&'a [u8], MalformedList>> {
        self.line = None;
        self.state = ListState::Over;
        last
    }
}

impl<'a, I: Iterator<Item = &'a [u8]>> Iterator for List<'a, I> {
    type Item = Result<&'a [u8], MalformedList>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let Some(line) = self.line else {
                match (self.state, self.lines.next()) {
                    (ListState::Over, _) => return None,
                    (ListState::NoLineYet, Some(line)) => {
                        self.state = ListState::Element;
                        self.line = Some(line);
                    }
                    (ListState::Element | ListState::Met, Some(line)) => self.line = Some(line),
                    (ListState::Element, None) => return self.end(Some(Err(MalformedList))),
                    (ListState::NoLineYet | ListState::Met, None) => return self.end(None),
                }
                continue;
            };
            let end = find(line, b',');
            let element = trim(end.map_or(line, |end| &line[..end]));
            self.line = end.map(|end| &line[end + 1..]);
            if !element.is_empty() {
                self.state = ListState::Met;
                return Some(Ok(element));
            }
            self.empty += 1;
            if self.empty > EMPTY_ELEMENTS {
                return self.end(Some(Err(MalformedList)));
            }
        }
    }
}
