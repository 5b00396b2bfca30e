//! What an inflater accepts, and what it refuses (RFC 7692 §7.2.2).

use proptest::prelude::*;
use ws_core::deflate::{DeflatePool, InflateError, Params};
use ws_core::{CloseCode, Role};

use super::walker::Walker;
use super::*;

const HELLO: &[u8] = b"\xf2\x48\xcd\xc9\xc9\x07\x00";
/// `Hello` again, as a reference to the one before.
const AGAIN: &[u8] = b"\xf2\x00\x11\x00\x00";
/// `Hello` in a final block.
const FINAL_HELLO: &[u8] = b"\xf3\x48\xcd\xc9\xc9\x07\x00\x00";
const TAIL: &[u8] = b"\x00\x00\xff\xff";

/// Returns the messages in these payloads. Each is cut in every way into two, and into single bytes. All ways
/// give the same.
fn receive(params: Params, payloads: &[&[u8]]) -> Vec<Result<Vec<u8>, InflateError>> {
    let whole = receive_cut(params, payloads, usize::MAX);
    let longest = payloads.iter().map(|payload| payload.len()).max().unwrap_or(0);
    for cut in 0..=longest {
        assert_eq!(receive_cut(params, payloads, cut), whole, "cut at {cut}");
    }
    let mut receiver = inflater(params);
    let bytewise: Vec<_> = payloads.iter().map(|payload| inflate(&mut receiver, payload.chunks(1))).collect();
    assert_eq!(bytewise, whole);
    whole
}

fn receive_cut(params: Params, payloads: &[&[u8]], cut: usize) -> Vec<Result<Vec<u8>, InflateError>> {
    let mut receiver = inflater(params);
    let pieces = |payload: &&[u8]| {
        let (first, second) = payload.split_at(cut.min(payload.len()));
        inflate(&mut receiver, [first, b"", second, b""])
    };
    payloads.iter().map(pieces).collect()
}

fn hellos(params: Params, payloads: &[&[u8]]) {
    for message in receive(params, payloads) {
        assert_eq!(message.as_deref(), Ok(&b"Hello"[..]), "{payloads:x?}");
    }
}

/// Checks that one payload fails, with and without context takeover.
fn fails(payload: &[u8], error: InflateError) {
    for takes_over in [true, false] {
        assert_eq!(receive(params(takes_over, 15), &[payload]), [Err(error)], "{payload:x?}");
        // After an error nothing more is inflated.
        assert_eq!(receive(params(takes_over, 15), &[payload, HELLO]), [Err(error), Err(error)]);
        if error != InflateError::TooBig {
            let results = receive(params(takes_over, 15), &[HELLO, payload]);
            assert_eq!(results, [Ok(b"Hello".to_vec()), Err(error)], "{payload:x?}");
        }
    }
}

/// 7692-6.2-1, 7692-7.2.2-1, 7692-7.2.1-1, 7692-7.2.3.2-1:
/// The examples of RFC 7692 §7.2.3 are inflated, in fragments of any size, also empty ones.
#[test]
fn the_examples_are_inflated() {
    hellos(params(true, 15), &[HELLO, HELLO, AGAIN, AGAIN]);
    hellos(params(false, 15), &[HELLO, HELLO]);
}

/// 7692-7.2.2-2, 7692-7.2.2-3: the window is kept unless the sender agreed to do without, whatever the other
/// end agreed to.
#[test]
fn the_window_is_kept_unless_agreed() {
    for (server, client) in [(false, false), (false, true), (true, false), (true, true)] {
        let params = Params {
            server_no_context_takeover: server,
            client_no_context_takeover: client,
            ..Params::default()
        };
        for (role, is_reset) in [(Role::Client, server), (Role::Server, client)] {
            let mut receiver = Inflater::new(params, role, usize::MAX);
            assert_eq!(inflate(&mut receiver, [HELLO]).as_deref(), Ok(&b"Hello"[..]));
            assert_eq!(inflate(&mut receiver, [AGAIN]).is_err(), is_reset);
        }
    }
}

/// pmd-H5, pmd-H1: a reference to bytes before the window fails, at the start and after it was dropped.
#[test]
fn a_reference_into_nothing_fails() {
    assert_eq!(receive(params(true, 15), &[AGAIN]), [Err(InflateError::Corrupt)]);
    let results = receive(params(false, 15), &[HELLO, AGAIN]);
    assert_eq!(results, [Ok(b"Hello".to_vec()), Err(InflateError::Corrupt)]);
}

/// 7692-7.2.1-2, 7692-7.2.1-3, 7692-7.2.1-4: a message may have blocks of any number and type, final or not.
/// The window survives a final one.
#[test]
fn blocks_of_every_type_are_inflated() {
    let two_blocks = b"\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00";
    let stored = b"\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00";
    hellos(params(true, 15), &[two_blocks, AGAIN, stored, AGAIN, FINAL_HELLO, AGAIN]);
    hellos(params(false, 15), &[two_blocks, stored, FINAL_HELLO, HELLO]);
    let final_stored = b"\x01\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00";
    hellos(params(true, 15), &[final_stored, AGAIN]);
}

/// 7692-7.2.1-4, 7692-7.2.1-5: blocks after a final one in the same message are inflated too, and may refer
/// to what came before.
#[test]
fn a_message_goes_on_after_a_final_block() {
    for takes_over in [true, false] {
        let message = [&FINAL_HELLO[..7], &FINAL_HELLO[..7], AGAIN].concat();
        let results = receive(params(takes_over, 15), &[&message, HELLO]);
        assert_eq!(results, [Ok(b"HelloHelloHello".to_vec()), Ok(b"Hello".to_vec())]);
        // With empty blocks between them.
        let message = [FINAL_HELLO, TAIL, AGAIN].concat();
        assert_eq!(receive(params(takes_over, 15), &[&message]), [Ok(b"HelloHello".to_vec())]);
    }
}

/// A writer of blocks with fixed codes, bit by bit (RFC 1951 §3.2.6).
#[derive(Default)]
struct Writer {
    bytes: Vec<u8>,
    used: usize,
}

impl Writer {
    fn bit(&mut self, bit: usize) {
        if self.used.is_multiple_of(8) {
            self.bytes.push(0);
        }
        *self.bytes.last_mut().expect("a byte") |= (bit as u8) << (self.used % 8);
        self.used += 1;
    }

    fn code(&mut self, code: usize, len: usize) {
        (0..len).rev().for_each(|i| self.bit(code >> i & 1));
    }

    /// Writes a block of `literals`, followed by a copy of three bytes from four bytes back.
    fn block(&mut self, is_final: bool, literals: &[u8]) {
        self.bit(usize::from(is_final));
        self.code(0b10, 2);
        for &literal in literals {
            match literal {
                0..144 => self.code(0x30 + usize::from(literal), 8),
                144.. => self.code(0x190 + usize::from(literal) - 144, 9),
            }
        }
        self.code(1, 7);
        self.code(3, 5);
        self.code(0, 7);
        if is_final {
            self.used = self.bytes.len() * 8;
        }
    }

    fn end(&mut self) -> &[u8] {
        (0..3).for_each(|_| self.bit(0));
        &self.bytes
    }
}

/// 7692-7.2.1-5: a final block may end at any bit. The next one begins with the next byte.
#[test]
fn a_final_block_may_end_at_any_bit() {
    for long in 0..8 {
        let literals = [b"abcd", &[0xE9; 8][..long], b"wxyz"].concat();
        let expected = [&literals[..], b"wxy"].concat();
        let mut writer = Writer::default();
        writer.block(true, &literals);
        writer.block(true, &literals);
        writer.block(false, &literals);
        writer.block(true, &literals);
        let payload = writer.end();
        for takes_over in [true, false] {
            let results = receive(params(takes_over, 15), &[payload, payload]);
            assert_eq!(results, [Ok(expected.repeat(4)), Ok(expected.repeat(4))], "{long}");
        }
        // It may also be at the end of the message.
        let mut writer = Writer::default();
        writer.block(true, &literals);
        let results = receive(params(true, 15), &[&writer.bytes, HELLO, AGAIN]);
        assert_eq!(results, [Ok(expected), Ok(b"Hello".to_vec()), Ok(b"Hello".to_vec())]);
    }
}

/// 7692-7.2.3.6-1: each way to write an empty message gives one, and does not affect the next.
#[test]
fn empty_messages_are_empty() {
    for takes_over in [true, false] {
        for empty in [&b"\x00"[..], b"\x01\x00\x00\xff\xff\x00", b"\x02\x00", b"\x03\x00\x00", b"\x03\x00"] {
            let results = receive(params(takes_over, 15), &[empty, HELLO, empty, empty, HELLO]);
            let hello = || Ok(b"Hello".to_vec());
            assert_eq!(results, [Ok(vec![]), hello(), Ok(vec![]), Ok(vec![]), hello()], "{empty:x?}");
        }
    }
    hellos(params(true, 15), &[HELLO, AGAIN]);
    let results = receive(params(true, 15), &[HELLO, b"\x00", AGAIN]);
    assert_eq!(results[2], Ok(b"Hello".to_vec()));
}

/// pmd-H2, 7692-7.2.3.6-1: a message without any payload is empty. The messages after it are whole.
#[test]
fn no_payload_at_all_is_an_empty_message() {
    for takes_over in [true, false] {
        let results = receive(params(takes_over, 15), &[b"", HELLO, b"", b"", HELLO]);
        let hello = || Ok(b"Hello".to_vec());
        assert_eq!(results, [Ok(vec![]), hello(), Ok(vec![]), Ok(vec![]), hello()]);
    }
    assert_eq!(receive(params(true, 15), &[HELLO, b"", AGAIN])[2], Ok(b"Hello".to_vec()));
}

/// 7692-7.2.2-1: a tail that the sender did not remove is accepted, also on each fragment.
#[test]
fn a_tail_that_was_left_on_is_taken() {
    let hello = [HELLO, TAIL].concat();
    let empty = [b"\x00", TAIL].concat();
    for takes_over in [true, false] {
        let results = receive(params(takes_over, 15), &[&hello, &empty, &hello, HELLO]);
        let message = || Ok(b"Hello".to_vec());
        assert_eq!(results, [message(), Ok(vec![]), message(), message()]);
        let both = [&hello[..], &empty, &hello, AGAIN].concat();
        assert_eq!(receive(params(takes_over, 15), &[&both])[0], Ok(b"HelloHelloHello".to_vec()));
    }
    hellos(params(true, 15), &[&hello, AGAIN, &[AGAIN, TAIL].concat(), AGAIN]);
}

/// pmd-H1: a payload that is not DEFLATE fails with 1007 (D8).
#[test]
fn corrupt_payloads_fail() {
    for payload in [
        // A block type that does not exist.
        &b"\x07"[..],
        b"\x06\x00",
        // A stored block whose lengths differ.
        b"\x00\x05\x00\xfa\xfeHello\x00",
        // A dynamic block with a bad set of codes.
        b"\xfc\x00\x00\xff\xff\xff\xff\xff\xff\xff",
    ] {
        fails(payload, InflateError::Corrupt);
    }
    // Length symbols 286 and 287, distance symbols 30 and 31.
    for (symbol, len, distance) in [(0b1100_0110, 8, 0), (0b1100_0111, 8, 0), (1, 7, 30), (1, 7, 31)] {
        let mut writer = Writer::default();
        writer.code(0b010, 3);
        (0..300).for_each(|_| writer.code(0x30, 8));
        writer.code(symbol, len);
        writer.code(distance, 5);
        writer.code(0, 7);
        fails(writer.end(), InflateError::Corrupt);
    }
    assert_eq!(InflateError::Corrupt.close_code(), CloseCode::INVALID_PAYLOAD);
    assert_eq!(InflateError::Truncated.close_code(), CloseCode::INVALID_PAYLOAD);
}

/// pmd-H2: a payload that ends inside a block fails at once.
#[test]
fn truncated_payloads_fail() {
    for payload in [
        &HELLO[..6],
        &HELLO[..3],
        b"\x00\x05\x00\xfa\xffHell",
        b"\x00\x05\x00\xfa\xffHello",
        b"\x00\x05",
        b"\x04",
    ] {
        fails(payload, InflateError::Truncated);
    }
    // These bytes look like the tail but are data.
    fails(b"\x00\x05\x00\xfa\xff\x00\x00\xff\xff", InflateError::Truncated);
    fails(b"\x00\xff\xff\x00\x00\x00\x00\xff\xff", InflateError::Truncated);
}

/// pmd-H2: a payload that is cut short fails, unless the rest is whole too.
#[test]
fn every_truncation_fails() {
    for takes_over in [true, false] {
        for of in [0, 1, 6] {
            let payload = deflate(&mut deflater(params(takes_over, 15), of), &text(700, 3));
            for cut in 1..payload.len() {
                let rest = &payload[..cut];
                // A tail that becomes data was not a tail.
                let is_prefix =
                    |walk: Result<Vec<u8>, _>| walk.is_ok_and(|walk| text(700, 3).starts_with(&walk));
                let is_whole = is_prefix(Walker::default().message(rest)) || rest.ends_with(TAIL);
                let result = inflate(&mut inflater(params(takes_over, 15)), [rest]);
                assert!(is_whole || result == Err(InflateError::Truncated), "cut at {cut}, level {of}");
                assert_eq!(is_whole, result.is_ok(), "cut at {cut}, level {of}");
            }
        }
    }
}

/// pmd-H6: bytes after a final block must be DEFLATE.
#[test]
fn garbage_after_a_final_block_fails() {
    for payload in [&b"\xf3\x48\xcd\xc9\xc9\x07\x00\xff"[..], b"\xf3\x48\xcd\xc9\xc9\x07\x00\x07\x00"] {
        fails(payload, InflateError::Corrupt);
    }
    fails(b"\xf3\x48\xcd\xc9\xc9\x07\x00\x00\x01", InflateError::Truncated);
}

/// 7692-7.2.2-4, 7692-7.2.2-5: a reference may reach as far back as the agreed window, over messages, and
/// after parking.
#[test]
fn references_may_reach_through_the_whole_window() {
    for bits in 9..=15_u32 {
        let size = 1_usize << bits;
        // `size` bytes, stored, then a copy of the first three: a distance of `size`.
        let filler: Vec<u8> = (0..size).map(|i| (i % 251) as u8).collect();
        let mut stored = Vec::new();
        for part in filler.chunks(0x7FFF) {
            let len = part.len() as u16;
            stored.push(0);
            stored.extend(len.to_le_bytes());
            stored.extend((!len).to_le_bytes());
            stored.extend_from_slice(part);
        }
        stored.push(0);
        // The last distance symbol of each pair ends at a power of two, the size of a window.
        let symbol = 2 * bits as usize - 1;
        let extra = bits as usize - 2;
        let mut writer = Writer::default();
        writer.code(0b010, 3);
        writer.code(1, 7);
        writer.code(symbol, 5);
        (0..extra).for_each(|_| writer.bit(1));
        writer.code(0, 7);
        let back = writer.end().to_vec();
        for parks in [false, true] {
            let mut receiver = inflater(params(true, bits as u8));
            let mut pool = DeflatePool::new();
            assert!(inflate(&mut receiver, [&stored[..]]).as_ref() == Ok(&filler));
            for i in 0..3 {
                if parks {
                    receiver.park(&mut pool);
                    receiver.prepare(&mut pool);
                }
                assert_eq!(
                    inflate(&mut receiver, [&back[..]]).as_deref(),
                    Ok(&filler[i * 3..][..3]),
                    "{bits} bits"
                );
            }
        }
    }
}

/// pmd-H3, msg-H2, 6455-7.4.1-1009: 1 GiB of zeros in 1 MB takes no more memory than the limit.
#[test]
fn a_bomb_is_stopped_at_the_limit() {
    let mut sender = deflater(Params::default(), 9);
    let zeros = vec![0; 1 << 20];
    let (mut first, mut more) = (Vec::new(), Vec::new());
    sender.flush(&zeros, &mut first);
    sender.flush(&zeros, &mut more);
    let mut bomb = first;
    (1..1024).for_each(|_| bomb.extend_from_slice(&more));
    assert!(bomb.len() < 1_100_000);

    for limit in [0, 1, 1000, 1 << 20, 3_000_001] {
        let mut receiver = Inflater::new(Params::default(), Role::Client, limit);
        let (mut input, mut message) = (&bomb[..], Vec::new());
        let mut most = 0;
        let result = loop {
            let before = message.len();
            match receiver.push(&mut input, &mut message) {
                Ok(true) => most = most.max(message.len() - before),
                result => break result,
            }
        };
        assert_eq!(result, Err(InflateError::TooBig));
        assert_eq!(message.len(), limit);
        assert!(message.capacity() <= limit + 1);
        assert!(most <= 32 << 10);
        assert!(bomb.len() - input.len() <= limit / 1000 + 2000);
        assert_eq!(receiver.finish(), Err(InflateError::TooBig));
    }
    assert_eq!(InflateError::TooBig.close_code(), CloseCode::TOO_BIG);
}

/// 6455-7.4.1-1009, msg-H2: a message of exactly the limit passes, one byte more does not. Each message is
/// counted anew, with all its fragments.
#[test]
fn the_limit_is_exact() {
    for len in [0, 1, 5, 255, 256, 257, 1023, 16_383, 16_384, 16_385, 70_000] {
        let message = text(len, 1);
        let payload = deflate(&mut deflater(params(false, 15), 6), &message);
        for piece in [1, 7, 100_000] {
            let mut receiver = Inflater::new(params(false, 15), Role::Client, len);
            for _ in 0..2 {
                assert_eq!(inflate(&mut receiver, payload.chunks(piece)).as_ref(), Ok(&message));
            }
            let Some(less) = len.checked_sub(1) else { continue };
            let mut receiver = Inflater::new(params(false, 15), Role::Client, less);
            assert_eq!(inflate(&mut receiver, payload.chunks(piece)), Err(InflateError::TooBig));
        }
    }
}

/// pmd-H4: no byte is lost or doubled between two pieces of output.
#[test]
fn pieces_of_output_join() {
    for len in [
        255, 256, 257, 4095, 4096, 4097, 16_383, 16_384, 16_385, 32_767, 32_768, 32_769, 65_535, 65_536,
        65_537,
    ] {
        for message in [text(len, 2), vec![b'a'; len]] {
            let payload = deflate(&mut deflater(Params::default(), 6), &message);
            for piece in [1, 3, 64, 1000, usize::MAX] {
                let mut receiver = inflater(Params::default());
                assert!(
                    inflate(&mut receiver, payload.chunks(piece)).as_ref() == Ok(&message),
                    "{len}/{piece}"
                );
            }
        }
    }
}

/// pmd-H3, 7692-7.2.1-4: some final blocks are accepted, but not thousands of empty ones.
#[test]
fn empty_final_blocks_cannot_be_piled_up() {
    for (count, is_fine) in [(10, true), (10_000, false)] {
        let mut payload = b"\x03\x00".repeat(count);
        payload.push(0x00);
        let result = inflate(&mut inflater(Params::default()), [&payload[..]]);
        assert_eq!(result, if is_fine { Ok(vec![]) } else { Err(InflateError::TooManyFinalBlocks) });
    }
    let mut writer = Writer::default();
    let literals = text(100, 1);
    (0..1000).for_each(|_| writer.block(true, &literals));
    let message = inflate(&mut inflater(Params::default()), [&writer.bytes[..]]).expect("fine");
    assert_eq!(message.len(), 103_000);
}

/// 7692-7.2.2-1, 7692-7.2.2-2: messages of zlib itself are inflated: streams at several levels and windows,
/// with and without takeover, written by Python's zlib module (zlib 1.2.13).
#[test]
fn what_zlib_sends_is_inflated() {
    let mut streams = 0;
    for stream in include_str!("zlib.txt").split_terminator("\n\n") {
        let mut lines = stream.lines();
        let header: Vec<u8> =
            lines.next().expect("a header").split(' ').map(|word| word.parse().expect("a number")).collect();
        let [bits, takes_over] = header[..] else { panic!("two numbers: {header:?}") };
        let mut receiver = inflater(params(takes_over == 1, bits));
        for (i, line) in lines.enumerate() {
            let payload: Vec<u8> = (0..line.len())
                .step_by(2)
                .map(|at| u8::from_str_radix(&line[at..at + 2], 16).expect("hex"))
                .collect();
            let expected = text(40 + 300 * i, i as u64);
            assert_eq!(inflate(&mut receiver, payload.chunks(13)).as_ref(), Ok(&expected), "{header:?}");
        }
        streams += 1;
    }
    assert_eq!(streams, 8);
}

/// Returns the bytes that a payload inflates to in pieces of `piece` bytes, and how it ends.
fn outcome(
    params: Params,
    limit: usize,
    payload: &[u8],
    piece: usize,
) -> (Vec<u8>, Result<(), InflateError>) {
    let mut receiver = Inflater::new(params, Role::Client, limit);
    let mut output = Vec::new();
    for mut piece in payload.chunks(piece) {
        loop {
            match receiver.push(&mut piece, &mut output) {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => return (output, Err(error)),
            }
        }
    }
    let result = receiver.finish();
    (output, result)
}

proptest! {
    /// pmd-H1, pmd-H2, pmd-H4: no payload causes a panic, only whole DEFLATE passes, and the result does not
    /// depend on the pieces.
    #[test]
    fn any_payload_gives_the_same_in_any_pieces(
        noise in proptest::collection::vec(any::<u8>(), 0..60),
        flips in proptest::collection::vec((any::<proptest::sample::Index>(), 1..=255_u8), 0..3),
        (of, takes_over, len) in (0..=9_u8, any::<bool>(), 1..2000_usize),
        (piece, limit) in (1..50_usize, prop_oneof![Just(usize::MAX), 0..3000_usize]),
    ) {
        let params = params(takes_over, 15);
        let mut valid = deflate(&mut deflater(params, of), &text(len, 1));
        for (at, flip) in flips {
            *at.get_mut(&mut valid) ^= flip;
        }
        for payload in [&noise, &valid, &[&valid[..], &noise].concat()] {
            let whole = outcome(params, limit, payload, usize::MAX);
            prop_assert!(whole == outcome(params, limit, payload, piece));
            prop_assert!(whole == outcome(params, limit, payload, 1));
            if whole.1.is_ok() {
                // A payload that passes is DEFLATE, with or without its tail.
                let mut walks = [Walker::default().message(payload), Walker::default().blocks(payload)].into_iter();
                prop_assert!(walks.any(|walk| walk.as_ref() == Ok(&whole.0)));
            }
        }
    }

    /// 7692-7.2.2-2, 7692-7.2.2-4, pmd-H4: messages that are compressed with any parameters are inflated, cut
    /// anywhere, also if the inflater is parked now and then.
    #[test]
    fn messages_make_the_round_trip(
        (takes_over, bits, of) in (any::<bool>(), 8..=15_u8, 0..=9_u8),
        messages in proptest::collection::vec((0..30_000_usize, 0..5_u64, any::<bool>(), 1..5000_usize), 1..12),
    ) {
        let mut sender = deflater(params(takes_over, bits), of);
        let mut receiver = inflater(params(takes_over, bits));
        let mut pool = DeflatePool::new();
        for (len, seed, parks, piece) in messages {
            let message = text(len, seed);
            let payload = deflate(&mut sender, &message);
            prop_assert!(inflate(&mut receiver, payload.chunks(piece)).as_ref() == Ok(&message));
            if parks {
                receiver.park(&mut pool);
                sender.park(&mut pool);
            }
        }
    }
}
