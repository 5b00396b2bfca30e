//! All possible inputs of a kind, against a small table that does not share the code.

mod common;

use std::sync::Arc;

use common::*;
use ws_core::handshake::Agreement;
use ws_core::{CloseCode, Config, Connection, Error, Event, Instant, Message, ProtocolError, RecvBuf, Role};

const NOW: Instant = Instant::ORIGIN;

/// Fresh connections, and one buffer for all of their input.
struct Bench {
    config: Arc<Config>,
    buf: RecvBuf,
}

impl Bench {
    fn new() -> Self {
        Self { config: Arc::default(), buf: RecvBuf::new() }
    }

    fn open(&self, role: Role) -> Connection {
        Connection::upgraded(NOW, role, Arc::clone(&self.config), Agreement::default(), ENTROPY)
    }

    fn feed(&mut self, conn: &mut Connection, bytes: &[u8]) -> Vec<Seen> {
        let mut seen = Vec::new();
        self.buf.extend(bytes);
        drain(conn, NOW, &mut self.buf, &mut seen);
        seen
    }
}

/// The outcome of the first two bytes of a frame.
#[derive(Debug, PartialEq)]
enum Verdict {
    /// The frame is refused at this byte, the first or the second.
    At(usize, ProtocolError),
    /// The frame is refused once its header is complete.
    Sequence(ProtocolError),
    Legal,
}

/// Returns the outcome by §5.2, §5.4 and §5.5.
fn verdict(role: Role, in_message: bool, first: u8, second: u8) -> Verdict {
    use ProtocolError::*;
    let (fin, opcode, len) = (first >= 0x80, first % 16, second % 128);
    let (is_masked, must_mask) = (second >= 0x80, role == Role::Server);
    match opcode {
        _ if first & 0x70 != 0 => Verdict::At(1, ReservedBits),
        3..=7 | 11..=15 => Verdict::At(1, ReservedOpcode),
        _ if must_mask && !is_masked => Verdict::At(2, UnmaskedFrame),
        _ if !must_mask && is_masked => Verdict::At(2, MaskedFrame),
        8..=10 if !fin => Verdict::At(2, FragmentedControl),
        8..=10 if len > 125 => Verdict::At(2, ControlTooLong),
        0 if !in_message => Verdict::Sequence(UnexpectedContinuation),
        1 | 2 if in_message => Verdict::Sequence(UnfinishedMessage),
        _ => Verdict::Legal,
    }
}

/// 6455-5.1-2, 6455-5.1-5, 6455-5.2-4, 6455-5.2-5, 6455-5.2-6, 6455-5.4-3, 6455-5.4-4, 6455-5.5-1,
/// 6455-5.5-2, frame-H1:
/// Every first and second byte of a frame, for both roles, inside a message and outside, is refused or
/// accepted as the table says, at the byte that decides.
#[test]
fn every_header_is_judged_as_in_the_table() {
    let mut bench = Bench::new();
    for role in BOTH {
        for in_message in [false, true] {
            for first in 0..=255 {
                for second in 0..=255 {
                    judge(&mut bench, role, in_message, first, second);
                }
            }
        }
    }
}

fn judge(bench: &mut Bench, role: Role, in_message: bool, first: u8, second: u8) {
    let context = format_args!("{role:?}, in message: {in_message}, {first:02x} {second:02x}");
    let verdict = verdict(role, in_message, first, second);
    let mut conn = bench.open(role);
    if in_message {
        assert_eq!(bench.feed(&mut conn, &to(role, TEXT, b"..")), []);
    }
    let one = bench.feed(&mut conn, &[first]);
    let two = bench.feed(&mut conn, &[second]);

    let len: usize = match second % 128 {
        126 => 126,
        127 => 65536,
        len => len.into(),
    };
    if let Verdict::At(at, error) = verdict {
        let (expected, none) = ([failed(error)], []);
        let (first, second) = if at == 1 { (&expected[..], &none[..]) } else { (&none[..], &expected[..]) };
        assert_eq!((&one[..], &two[..]), (first, second), "{context}");
        return;
    }
    let payload = match first % 16 {
        8 => [&b"\x03\xe8"[..], &vec![b'a'; len.saturating_sub(2)]].concat()[..len].to_vec(),
        _ => vec![b'a'; len],
    };
    let rest = &to(role, first, &payload)[2..];
    if let Verdict::Sequence(error) = verdict {
        let mut seen = [one, two].concat();
        seen.extend(bench.feed(&mut conn, rest));
        assert_eq!(seen, [failed(error)], "{context}");
        return;
    }
    let mut seen = [one, two].concat();
    seen.extend(bench.feed(&mut conn, rest));
    let prefix = if in_message { ".." } else { "" };
    let message = [prefix.as_bytes(), &payload].concat();
    let expected = match (first % 16, first >= 0x80, len) {
        (0..=2, false, _) => vec![],
        (0 | 1, true, _) => vec![text(core::str::from_utf8(&message).unwrap())],
        (2, true, _) => vec![binary(&message)],
        (8, _, 0) => vec![Seen::Close(None)],
        (8, _, 1) => vec![failed(ProtocolError::CloseTooShort)],
        (8, _, _) => vec![close(1000, &"a".repeat(len - 2))],
        (9, _, _) => vec![ping(&payload)],
        (10, _, _) => vec![pong(&payload)],
        _ => panic!("{context} is not legal"),
    };
    assert_eq!(seen, expected, "{context}");
}

/// 6455-7.4.1-0, 6455-7.4.1-1004, 6455-7.4.1-1005, 6455-7.4.1-1006, 6455-7.4.1-1015, 6455-7.4.2-1,
/// 6455-7.4.2-2, 6455-7.4.2-3, 6455-7.4.2-4, 6455-11.7-1, IANA-cc-1012:
/// Every close code is accepted and echoed, or refused with 1002. Only accepted codes can be sent (D10).
#[test]
fn every_close_code_is_taken_or_refused() {
    let mut bench = Bench::new();
    for code in 0..=u16::MAX {
        let is_legal = matches!(code, 1000..=1003 | 1007..=1014 | 3000..=3999 | 4000..=4999);
        let named = CloseCode::new(code);
        assert_eq!(named.map(CloseCode::get), is_legal.then_some(code));
        for role in BOTH {
            let mut conn = bench.open(role);
            let seen = bench.feed(&mut conn, &close_to(role, code, ""));
            let sent = decode(role, &take_output(&mut conn));
            if is_legal {
                assert_eq!(seen, [close(code, "")]);
                assert_eq!(sent, [(0x88, close_payload(code, ""))]);
            } else {
                assert_eq!(seen, [failed(ProtocolError::InvalidCloseCode)]);
                assert_eq!(sent, [(0x88, close_payload(1002, ""))]);
            }
            assert_eq!(conn.close_code(), if is_legal { code } else { 1006 });

            let Some(named) = named else { continue };
            let mut conn = bench.open(role);
            conn.close(NOW, named).unwrap();
            assert_eq!(decode(role, &take_output(&mut conn)), [(0x88, close_payload(code, ""))]);
        }
    }
}

/// The verdict of the standard library on the start of a text.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Utf8 {
    Whole,
    Partial,
    Bad,
}

fn judge_utf8(bytes: &[u8]) -> Utf8 {
    match core::str::from_utf8(bytes) {
        Ok(_) => Utf8::Whole,
        Err(error) if error.error_len().is_none() => Utf8::Partial,
        Err(_) => Utf8::Bad,
    }
}

/// Checks one text in fragments of which the last begins at `cut`, without its end and with it.
fn check_text(bench: &mut Bench, conn: &mut Connection, bytes: &[u8], cut: usize) {
    let (left, right) = bytes.split_at(cut);
    let (start, end) = (encode(TEXT, Some([0; 4]), left), encode(CONTINUATION, Some([0; 4]), right));
    bench.buf.extend(&start);
    assert_eq!(conn.receive(NOW, &mut bench.buf), Ok(false), "{left:x?} may still become a text");
    bench.buf.extend(&end);
    let bad = Err(Error::Protocol(ProtocolError::InvalidUtf8));
    let verdict = judge_utf8(bytes);
    let seen = conn.receive(NOW, &mut bench.buf);
    assert_eq!(seen, if verdict == Utf8::Bad { bad } else { Ok(false) }, "{bytes:x?} cut at {cut}");
    if verdict != Utf8::Bad {
        bench.buf.extend(&[0x80, 0x80, 0, 0, 0, 0]);
        let seen = conn.receive(NOW, &mut bench.buf);
        assert_eq!(seen, if verdict == Utf8::Whole { Ok(true) } else { bad }, "{bytes:x?} cut at {cut}");
        let message = bench.buf.take_message().map(Result::unwrap);
        assert_eq!(message, core::str::from_utf8(bytes).ok().map(Message::Text));
    }
    if !conn.is_open() {
        *conn = bench.open(Role::Server);
    }
}

/// Checks the same text in one frame.
fn check_whole_text(bench: &mut Bench, conn: &mut Connection, bytes: &[u8]) {
    bench.buf.extend(&encode(FIN | TEXT, Some([0; 4]), bytes));
    let seen = conn.poll_event(NOW, &mut bench.buf);
    match core::str::from_utf8(bytes) {
        Ok(text) => {
            let is_text = matches!(seen, Ok(Some(Event::Message(Message::Text(seen)))) if seen == text);
            assert!(is_text, "{bytes:x?}");
        }
        Err(_) => {
            let is_refused = matches!(seen, Err(Error::Protocol(ProtocolError::InvalidUtf8)));
            assert!(is_refused, "{bytes:x?}");
            assert!(matches!(conn.poll_event(NOW, &mut bench.buf), Ok(None)));
            *conn = bench.open(Role::Server);
        }
    }
}

/// 6455-5.6-1, 6455-5.6-2, 6455-8.1-3, msg-H1:
/// Every sequence of bytes that can begin a character, with every byte after it, is judged as the standard
/// library does, in one piece and cut anywhere: at its first wrong byte, or at the end.
///
/// A text that has become wrong stays wrong, so longer texts after a wrong sequence are not tested. This
/// covers all sequences of up to three bytes, and those of four bytes whose first three can be right, with
/// the fourth bytes around the limits of what may follow.
#[test]
fn text_is_judged_as_the_standard_library_does() {
    let mut bench = Bench::new();
    let mut conn = bench.open(Role::Server);
    let mut prefixes: Vec<Vec<u8>> = vec![vec![]];
    for len in 1..=4 {
        let mut next = Vec::new();
        for prefix in &prefixes {
            for byte in 0..=255 {
                if len == 4 && !matches!(byte, 0x7f | 0x80 | 0xbf | 0xc0) {
                    continue;
                }
                let bytes = [&prefix[..], &[byte]].concat();
                check_whole_text(&mut bench, &mut conn, &bytes);
                let cuts = if len < 4 { 1..len } else { len - 1..len };
                for cut in cuts {
                    check_text(&mut bench, &mut conn, &bytes, cut);
                }
                // After a whole character the check starts anew, so one such character is enough.
                if judge_utf8(&bytes) == Utf8::Partial || bytes == b"a" {
                    next.push(bytes);
                }
            }
        }
        prefixes = next;
    }
}

/// 6455-5.2-9, 6455-5.2-10, 6455-10.4-1: every 16-bit length, and 64-bit lengths around all powers of two,
/// are accepted, or refused as not minimal, as too large a number, or as too big.
#[test]
fn every_length_is_judged() {
    let mut bench = Bench::new();
    let limit = bench.config.max_frame as u64;
    let mut check = |role: Role, length: &[u8], expected: Option<ProtocolError>| {
        let short = if length.len() == 2 { 126 } else { 127 };
        let (bit, key) = if role == Role::Server { (0x80, &[0; 4][..]) } else { (0, &[][..]) };
        let mut conn = bench.open(role);
        let seen = bench.feed(&mut conn, &[&[0x82, bit | short], length, key].concat());
        let expected: Vec<Seen> = expected.map(failed).into_iter().collect();
        assert_eq!(seen, expected, "{length:x?}");
        bench.buf = RecvBuf::new();
        bench.buf.replace(vec![0; 64]);
    };
    for role in BOTH {
        for len in 0..=u16::MAX {
            check(role, &len.to_be_bytes(), (len < 126).then_some(ProtocolError::LengthNotMinimal));
        }
        for power in 0..64 {
            for len in [(1_u64 << power).wrapping_sub(1), 1 << power, (1 << power) + 1, u64::MAX >> power] {
                let expected = match len {
                    0..=0xFFFF => Some(ProtocolError::LengthNotMinimal),
                    _ if len >= 1 << 63 => Some(ProtocolError::LengthTooLarge),
                    _ if len > limit => Some(ProtocolError::FrameTooBig),
                    _ => None,
                };
                check(role, &len.to_be_bytes(), expected);
            }
        }
    }
}
