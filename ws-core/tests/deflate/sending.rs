//! What a deflater sends: the tail, the window, and references of messages (RFC 7692 §7.2.1).

use proptest::prelude::*;
use ws_core::Role;
use ws_core::deflate::{Compression, Context, DeflatePool, Deflater, Params, compress_alone};

use super::walker::Walker;
use super::*;

const TAIL: &[u8] = b"\x00\x00\xff\xff";

/// 7692-7.2.1-1, 7692-6.1-1, 7692-7.2.3.2-1: the payload is the example of RFC 7692 §7.2.3.1, without its
/// tail.
#[test]
fn hello_is_that_of_the_rfc() {
    let mut sender = deflater(Params::default(), 6);
    assert_eq!(deflate(&mut sender, b"Hello"), b"\xf2\x48\xcd\xc9\xc9\x07\x00");
}

/// 7692-7.2.1-9, 7692-7.2.1-11: with context takeover the second message refers to the first.
#[test]
fn a_message_may_refer_to_the_one_before() {
    for role in ROLES {
        let mut sender = Deflater::new(Params::default(), role, &Compression::default());
        let (first, second) = (deflate(&mut sender, b"Hello"), deflate(&mut sender, b"Hello"));
        assert!(second.len() < first.len());
        let mut walker = Walker::default();
        assert_eq!(walker.message(&first).as_deref(), Ok(&b"Hello"[..]));
        assert_eq!(walker.message(&second).as_deref(), Ok(&b"Hello"[..]));
        assert_eq!(walker.deepest, 4);
    }
}

/// 7692-7.2.1-8, 7692-7.2.1-10: if the sender agreed to do without takeover, each message stands alone.
#[test]
fn without_takeover_each_message_stands_alone() {
    let message = text(3000, 1);
    for role in ROLES {
        let params = Params {
            server_no_context_takeover: role == Role::Server,
            client_no_context_takeover: role == Role::Client,
            ..Params::default()
        };
        let mut sender = Deflater::new(params, role, &Compression::default());
        let first = deflate(&mut sender, &message);
        let mut pool = DeflatePool::new();
        for _ in 0..3 {
            assert_eq!(deflate(&mut sender, &message), first);
            assert_eq!(Walker::default().message(&first).as_ref(), Ok(&message));
            sender.park(&mut pool);
            sender.prepare(&mut pool);
        }
        // The agreement of the other side does not matter.
        let other = if role == Role::Server { Role::Client } else { Role::Server };
        let mut sender = Deflater::new(params, other, &Compression::default());
        deflate(&mut sender, &message);
        assert!(deflate(&mut sender, &message).len() < first.len() / 4);
    }
}

/// 7692-7.2.1-11: with a shared compressor each message stands alone, whatever was agreed.
#[test]
fn with_a_shared_compressor_each_message_stands_alone() {
    let compression = Compression::new().context(Context::Shared);
    let mut pool = DeflatePool::new();
    let mut senders: Vec<_> =
        (0..3).map(|_| Deflater::new(Params::default(), Role::Server, &compression)).collect();
    for i in 0..9 {
        let message = text(500 + i, 2);
        let sender = &mut senders[i % 3];
        sender.prepare(&mut pool);
        let payload = deflate(sender, &message);
        sender.park(&mut pool);
        assert_eq!(Walker::default().message(&payload).as_ref(), Ok(&message));
    }
}

/// 7692-7.2.3.6-1: an empty message is one zero octet, at any place in the stream.
#[test]
fn an_empty_message_is_one_zero() {
    for takes_over in [false, true] {
        let mut sender = deflater(params(takes_over, 15), 6);
        let mut walker = Walker::default();
        for message in [&b""[..], b"", b"Hello", b"", b"", b"Hello"] {
            let payload = deflate(&mut sender, message);
            assert_eq!(walker.message(&payload).as_deref(), Ok(message));
            assert_eq!(payload == b"\x00", message.is_empty());
        }
    }
}

/// 7692-7.2.1-6, 7692-7.2.3.6-1, 7692-6.1-1: a flushed piece keeps its tail, and only the end of a message
/// loses it. With nothing left to send, the last fragment is one zero octet.
#[test]
fn only_the_end_of_a_message_loses_its_tail() {
    let mut sender = deflater(Params::default(), 6);
    let (mut first, mut nothing, mut last) = (Vec::new(), Vec::new(), Vec::new());
    sender.flush(b"Hel", &mut first);
    assert!(first.ends_with(TAIL));
    sender.flush(b"", &mut nothing);
    assert_eq!(nothing, b"");
    sender.finish(b"lo", &mut last);
    assert!(!last.ends_with(TAIL));
    let mut walker = Walker::default();
    assert_eq!(walker.message(&[first, last].concat()).as_deref(), Ok(&b"Hello"[..]));

    let mut pieces = Vec::new();
    sender.push(b"Hello", &mut pieces);
    sender.flush(b"", &mut pieces);
    let flushed = pieces.len();
    sender.finish(b"", &mut pieces);
    assert_eq!(pieces[flushed..], [0x00]);
    assert_eq!(walker.message(&pieces).as_deref(), Ok(&b"Hello"[..]));

    // A message that begins with an empty piece.
    let mut pieces = Vec::new();
    sender.push(b"", &mut pieces);
    sender.flush(b"", &mut pieces);
    assert_eq!(pieces, b"");
    sender.finish(b"", &mut pieces);
    assert_eq!(pieces, b"\x00");
}

/// 7692-7.2.1-6: each flushed fragment can be inflated before the next has come.
#[test]
fn the_peer_can_inflate_each_fragment_as_it_comes() {
    let (mut sender, mut receiver) = (deflater(Params::default(), 6), inflater(Params::default()));
    let mut message = Vec::new();
    for i in 0..50 {
        let piece = text(i * 7, i as u64);
        let (mut fragment, mut inflated) = (Vec::new(), Vec::new());
        sender.flush(&piece, &mut fragment);
        let mut input = &fragment[..];
        while receiver.push(&mut input, &mut inflated).expect("valid") {}
        assert_eq!(inflated, piece);
        message.extend(inflated);
    }
    let mut end = Vec::new();
    sender.finish(b"", &mut end);
    while receiver.push(&mut &end[..], &mut message).expect("valid") {}
    assert_eq!(receiver.finish(), Ok(()));
}

/// 7692-7.2.1-7, 7692-7.2.1-12, 7692-7.2.1-13: no distance is larger than the agreed window, for any window,
/// level, data and way of flushing, also with 8 bits.
#[test]
fn no_distance_exceeds_the_window() {
    // The data repeats at each distance near the limit of a window, and at others.
    let mut repetitive = Vec::new();
    let block = text(300, 9);
    for bits in 8..=15 {
        for gap in [
            1_usize << bits,
            (1_usize << bits).saturating_sub(300),
            (1 << bits) + 1,
            (1_usize << bits).saturating_sub(261),
        ] {
            repetitive.extend_from_slice(&block);
            repetitive.extend(text(gap.saturating_sub(block.len()), gap as u64));
            repetitive.extend_from_slice(&block);
        }
    }
    let periodic: Vec<u8> = text(256, 3).iter().copied().cycle().take(40_000).collect();
    let long_period: Vec<u8> = text(32_768, 4).iter().copied().cycle().take(120_000).collect();
    // zlib works in one way at level 1, in another at 2, at 3 to 6, and above.
    let (some, all) = (&[1, 2, 5, 9][..], &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9][..]);
    for (data, levels) in [(repetitive, some), (periodic, all), (long_period, some), (text(40_000, 5), all)] {
        for bits in 8..=15 {
            for &of in levels {
                let mut sender = deflater(params(true, bits), of);
                let mut walker = Walker::default();
                for (i, part) in data.chunks(35_001).enumerate() {
                    let mut payload = Vec::new();
                    if i % 2 == 0 {
                        for piece in part.chunks(997) {
                            sender.push(piece, &mut payload);
                        }
                        sender.finish(b"", &mut payload);
                    } else {
                        sender.finish(part, &mut payload);
                    }
                    assert!(walker.message(&payload).as_deref() == Ok(part), "{bits} bits, level {of}");
                }
                assert!(walker.farthest <= 1 << bits, "{} at {bits} bits, level {of}", walker.farthest);
            }
        }
    }
}

/// 7692-7.2.1-12: a larger window is used, not only allowed.
#[test]
fn larger_windows_reach_farther() {
    let data: Vec<u8> = text(20_000, 4).iter().copied().cycle().take(60_000).collect();
    let mut walker = Walker::default();
    walker.message(&deflate(&mut deflater(params(true, 15), 6), &data)).expect("DEFLATE");
    assert!(walker.farthest >= 20_000);
}

/// 7692-7.2.1-8: a message that is compressed alone does not refer to another, with any window and any pool.
#[test]
fn a_message_compressed_alone_refers_to_no_other() {
    let mut pool = DeflatePool::new();
    for bits in 8..=15 {
        for of in [1, 6, 9] {
            let message = text(50_000, 7);
            let payload = compress_alone(&message, window(bits), level(of), &mut pool);
            let mut walker = Walker::default();
            assert!(walker.message(&payload).as_ref() == Ok(&message));
            assert!(walker.farthest <= 1 << bits);
            assert_eq!(payload, compress_alone(&message, window(bits), level(of), &mut pool));
        }
    }
    assert_eq!(compress_alone(b"", window(8), level(6), &mut pool), b"\x00");
}

/// 7692-7.2.1-9, 7692-7.2.2-2: after a message that was compressed alone, the sender forgets its context.
/// Otherwise a peer whose window holds all three messages would read its next one wrongly.
#[test]
fn a_sender_forgets_what_came_before_a_foreign_message() {
    let (own, foreign) = (text(2000, 1), text(1777, 2));
    let alone = compress_alone(&foreign, window(15), level(6), &mut DeflatePool::new());
    for forgets in [true, false] {
        let (mut sender, mut receiver) = (deflater(Params::default(), 6), inflater(Params::default()));
        let first = deflate(&mut sender, &own);
        assert_eq!(inflate(&mut receiver, [&first[..]]).as_ref(), Ok(&own));
        assert_eq!(inflate(&mut receiver, [&alone[..]]).as_ref(), Ok(&foreign));
        if forgets {
            sender.forget();
        }
        let third = deflate(&mut sender, &own);
        assert_eq!(inflate(&mut receiver, [&third[..]]).as_ref() == Ok(&own), forgets);
        // From then on there is context again.
        let fourth = deflate(&mut sender, &own);
        assert!(fourth.len() < first.len() / 4);
        assert_eq!(inflate(&mut receiver, [&fourth[..]]).as_ref() == Ok(&own), forgets);
    }
}

/// 7692-7.2.1-9: forgetting in the middle of a message applies to the next one.
#[test]
fn forgetting_waits_for_the_end_of_a_message() {
    let mut sender = deflater(Params::default(), 6);
    let mut walker = Walker::default();
    let mut payload = Vec::new();
    sender.push(b"Hello, ", &mut payload);
    sender.forget();
    sender.park(&mut DeflatePool::new());
    sender.finish(b"Hello, Hello", &mut payload);
    assert_eq!(walker.message(&payload).as_deref(), Ok(&b"Hello, Hello, Hello"[..]));
    let next = deflate(&mut sender, b"Hello, Hello");
    assert_eq!(Walker::default().message(&next).as_deref(), Ok(&b"Hello, Hello"[..]));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// 7692-7.2.1-1, 7692-7.2.1-8, 7692-7.2.1-12, 7692-7.2.3.6-1:
    /// With any parameters, cuts, flushes and parking, the peer reads what was sent, within the window and
    /// the message.
    #[test]
    fn the_peer_reads_what_was_sent(
        (takes_over, bits, of) in (any::<bool>(), 8..=15_u8, 0..=9_u8),
        messages in proptest::collection::vec(
            proptest::collection::vec((0..3000_usize, any::<u64>(), any::<bool>()), 0..6), 1..6),
        parks in any::<bool>(),
    ) {
        let mut sender = deflater(params(takes_over, bits), of);
        let mut pool = DeflatePool::new();
        let mut walker = Walker::default();
        for pieces in messages {
            let (mut message, mut payload) = (Vec::new(), Vec::new());
            for (len, seed, flushes) in pieces {
                let piece = if seed % 5 == 0 { noise(len, seed) } else { text(len, seed % 7) };
                if flushes { sender.flush(&piece, &mut payload) } else { sender.push(&piece, &mut payload) }
                message.extend(piece);
            }
            sender.finish(b"", &mut payload);
            prop_assert!(walker.message(&payload).as_ref() == Ok(&message));
            if parks {
                sender.park(&mut pool);
                sender.prepare(&mut pool);
            }
        }
        prop_assert!(walker.farthest <= 1 << bits);
        prop_assert!(takes_over || walker.deepest == 0);
    }
}

fn noise(len: usize, seed: u64) -> Vec<u8> {
    let mut random = seed;
    let next = || {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (random >> 40) as u8
    };
    std::iter::repeat_with(next).take(len).collect()
}
