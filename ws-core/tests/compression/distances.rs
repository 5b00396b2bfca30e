//! How far back a compressed message may refer (RFC 7692 §7.1.2, D17): the same in any pieces, parked or not.

use ws_core::deflate::{Compression, Context};

use super::*;

/// A block of a message, as bits (RFC 1951 §3.2.6).
#[derive(Default)]
struct Block(Vec<bool>);

impl Block {
    /// Begins a block with fixed codes, which may be the last of its stream.
    fn fixed(is_final: bool) -> Self {
        Self(vec![is_final, true, false])
    }

    /// Adds the byte `x`, `n` times.
    fn bytes(mut self, n: usize) -> Self {
        for _ in 0..n {
            self.high_first(0x30 + u32::from(b'x'), 8);
        }
        self
    }

    /// Adds 258 bytes from `distance` bytes back, `n` times.
    fn back(mut self, distance: u32, n: usize) -> Self {
        for _ in 0..n {
            self.high_first(0b1100_0101, 8);
            let before = distance - 1;
            let extra = before.checked_ilog2().map_or(0, |log| log.saturating_sub(1));
            let code = if before < 4 { before } else { 2 * extra + (before >> extra) };
            self.high_first(code, 5);
            self.0.extend((0..extra).map(|bit| before >> bit & 1 == 1));
        }
        self
    }

    fn high_first(&mut self, code: u32, len: u32) {
        self.0.extend((0..len).rev().map(|bit| code >> bit & 1 == 1));
    }

    /// Ends the block at the end of a byte. After a block that is not final, an empty one begins.
    fn end(mut self) -> Vec<u8> {
        let is_final = self.0[0];
        self.0.extend([false; 7]);
        if !is_final {
            self.0.extend([false; 3]);
        }
        let bits_of = |byte: &[bool]| byte.iter().rev().fold(0, |byte, bit| byte << 1 | u8::from(*bit));
        self.0.chunks(8).map(bits_of).collect()
    }
}

/// Returns how many bytes back a message may refer to those before it.
fn reach(bits: u8) -> u32 {
    1 << bits.max(9)
}

/// Returns more bytes than any window, in a short block.
fn long() -> Block {
    Block::fixed(false).bytes(1).back(1, 130)
}

/// Returns the length of each message in `payloads` as a peer receives it, or `None` if it fails the
/// connection.
fn see(role: Role, bits: u8, takes_over: bool, payloads: &[Vec<u8>]) -> Vec<Option<usize>> {
    let bits_of = |sender| (sender == role.peer() && bits < 15).then(|| window(bits));
    let params = Params {
        server_max_window_bits: bits_of(Role::Server),
        client_max_window_bits: bits_of(Role::Client),
        ..if takes_over { TAKING_OVER } else { ALONE }
    };
    let wire: Vec<u8> = payloads.iter().flat_map(|payload| to(role, FIN | RSV1 | BINARY, payload)).collect();
    let mut outcomes = [Context::Kept, Context::Shared].map(|context| {
        let compression = Compression::new().context(context);
        let seen = agreed(role, params, Config::new().compression(compression)).receives(&wire);
        let len_of = |seen| match seen {
            Seen::Binary(bytes) => Some(bytes.len()),
            Seen::Failed(error) => {
                assert_eq!(error, ProtocolError::CorruptCompression.into());
                None
            }
            other => panic!("{other:?}"),
        };
        seen.into_iter().map(len_of).collect::<Vec<_>>()
    });
    let [kept, shared] = &mut outcomes;
    assert_eq!(kept, shared, "{bits} bits");
    core::mem::take(kept)
}

/// 7692-7.1.2.1-4, 7692-7.2.2-4: a message may refer to as many bytes before it as the window holds, and not
/// to one more, with any window.
#[test]
fn a_message_refers_to_the_window_before_it() {
    let long_len = 1 + 130 * 258;
    for role in BOTH {
        for bits in 8..=15 {
            for before in [0, 1, 300] {
                let payloads = |distance| {
                    let next = Block::fixed(false).bytes(before as usize).back(distance, 1).end();
                    [long().end(), long().end(), next]
                };
                let farthest = (reach(bits) + before).min(32 << 10);
                let good = see(role, bits, true, &payloads(farthest));
                let len = before as usize + 258;
                assert_eq!(good, [Some(long_len), Some(long_len), Some(len)], "{bits} bits");
                if farthest < 32 << 10 {
                    let bad = see(role, bits, true, &payloads(farthest + 1));
                    assert_eq!(bad, [Some(long_len), Some(long_len), None], "{bits} bits");
                }
            }
        }
    }
}

/// 7692-7.2.2-2: where each message stands alone, it must not refer to bytes before it.
#[test]
fn a_message_that_stands_alone_refers_to_itself() {
    for role in BOTH {
        for bits in 8..=15 {
            let next = |distance| [long().end(), Block::fixed(false).bytes(3).back(distance, 1).end()];
            assert_eq!(see(role, bits, false, &next(3)).last(), Some(&Some(261)), "{bits} bits");
            assert_eq!(see(role, bits, false, &next(4)).last(), Some(&None), "{bits} bits");
        }
    }
}

/// 7692-7.2.1-7: within a message, references of up to 32 KiB are accepted, with any window.
#[test]
fn a_message_refers_to_all_of_itself() {
    for role in BOTH {
        for bits in 8..=15 {
            for distance in [reach(bits), (reach(bits) + 1).min(32 << 10), 32 << 10] {
                let payload = long().back(distance, 1).end();
                assert_eq!(see(role, bits, true, &[payload]), [Some(1 + 131 * 258)], "{bits} bits");
            }
        }
    }
}

/// 7692-7.2.1-4: after a final block, a message may still refer to the window before it.
#[test]
fn a_final_block_leaves_the_window() {
    for role in BOTH {
        for bits in 8..=14 {
            let payload = |distance| {
                let first = Block::fixed(true).bytes(1).back(1, 130).end();
                let next = Block::fixed(false).back(distance, 1).end();
                [[first, next].concat()]
            };
            assert_eq!(see(role, bits, true, &payload(reach(bits))), [Some(1 + 131 * 258)], "{bits} bits");
            assert_eq!(see(role, bits, true, &payload(reach(bits) + 1)), [None], "{bits} bits");
        }
    }
}
