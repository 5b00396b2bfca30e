//! The messages: JSON, and their bytes on the wire.

use flate2::{Compress, Compression, FlushCompress};
use ws_core::frame::{Header, Opcode};
use ws_core::mask;

/// The level of zlib, for all contestants.
pub(crate) const LEVEL: u32 = 6;

/// Returns the compression of this workspace at that level.
pub(crate) fn compression() -> ws_core::deflate::Compression {
    let level = ws_core::deflate::Level::new(LEVEL as u8).expect("zlib has this level");
    ws_core::deflate::Compression::new().level(level)
}

/// The end of every flush, which WebSocket takes off the end of a message (RFC 7692 §7.2.1).
pub(crate) const TAIL: [u8; 4] = [0x00, 0x00, 0xFF, 0xFF];

/// The number of different messages before they repeat.
const MESSAGES: usize = 64;

/// The context that a message is compressed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Context {
    /// The messages before it: it may refer to them.
    Kept,
    /// None: the message is compressed alone.
    Alone,
}

/// The size of a read of a server that only passes bytes on, in bytes.
pub(crate) const READ_SIZE: usize = 64 << 10;

/// The answer of a server that does not look at the request.
pub(crate) const ANSWER: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

/// A server's Close frame with 1000.
pub(crate) const CLOSE: [u8; 4] = [0x88, 0x02, 0x03, 0xE8];

/// Returns whether this is a whole head.
pub(crate) fn is_head(bytes: &[u8]) -> bool {
    bytes.ends_with(b"\r\n\r\n")
}

/// The framing of messages on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    /// No framing: what is sent comes back unchanged.
    Bytes,
    /// A length of four bytes, most significant first, before each payload: TCP at its plainest.
    Length,
    /// Masked text frames with RSV1.
    WebSocket,
}

/// Returns `MESSAGES` messages of exactly `len` bytes: of one structure, with different values in each.
pub(crate) fn messages(len: usize) -> Vec<String> {
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    (0..MESSAGES).map(|number| message(number, len, &mut random)).collect()
}

/// Returns an update of a trading feed: as many trades as fit, and a note that fills the rest.
fn message(number: usize, len: usize, random: &mut Random) -> String {
    const SYMBOLS: [&str; 8] =
        ["BTC-EUR", "ETH-EUR", "SOL-USD", "ADA-USD", "XRP-EUR", "DOT-USD", "LTC-EUR", "BCH-USD"];
    const WORDS: [&str; 12] =
        ["partial", "fill", "of", "a", "resting", "order", "für", "Größe", "checked", "by", "the", "desk"];
    let mut json = format!(
        r#"{{"type":"trades","channel":"market","sequence":{},"sent":"2026-11-23T08:{:02}:{:02}.{:03}Z","trades":["#,
        1_000_000 + number,
        random.below(60),
        random.below(60),
        random.below(1000),
    );
    let end = r#"],"note":""}"#.len();
    loop {
        let symbol = SYMBOLS[random.below(8) as usize];
        let side = if random.below(2) == 0 { "buy" } else { "sell" };
        let trade = format!(
            r#"{{"id":{},"symbol":"{symbol}","side":"{side}","price":{}.{:02},"size":{}.{:04},"maker":{}}},"#,
            40_000_000 + random.below(9_999_999),
            20_000 + random.below(400),
            random.below(100),
            random.below(10),
            random.below(10_000),
            random.below(2) == 0,
        );
        if json.len() + trade.len() + end > len {
            break;
        }
        json.push_str(&trade);
    }
    if json.ends_with(',') {
        json.pop();
    }
    json.push_str(r#"],"note":""#);
    loop {
        let word = WORDS[random.below(12) as usize];
        if json.len() + word.len() + 1 + 2 > len {
            break;
        }
        json.push_str(word);
        json.push(' ');
    }
    while json.len() + 2 < len {
        json.push('.');
    }
    json.push_str(r#""}"#);
    json
}

/// Returns the payload of each message, as a flush leaves it: with [`TAIL`].
///
/// The first message refers to none before it, even if the context is kept, so that all can be sent
/// repeatedly.
pub(crate) fn payloads(messages: &[String], context: Context) -> Vec<Vec<u8>> {
    let mut deflate = Compress::new(Compression::new(LEVEL), false);
    let compressed = messages.iter().map(|message| {
        if context == Context::Alone {
            deflate.reset();
        }
        let mut payload = Vec::with_capacity(message.len() + 64);
        deflate
            .compress_vec(message.as_bytes(), &mut payload, FlushCompress::Sync)
            .expect("it takes any bytes");
        assert!(payload.ends_with(&TAIL), "there is room for all of it");
        payload
    });
    compressed.collect()
}

/// Returns the bytes of each payload on the wire, from a client.
pub(crate) fn wires(payloads: &[Vec<u8>], framing: Framing) -> Vec<Vec<u8>> {
    let mut random = Random(0x2545_F491_4F6C_DD1D);
    payloads.iter().map(|payload| wire(payload, framing, &mut random)).collect()
}

fn wire(payload: &[u8], framing: Framing, random: &mut Random) -> Vec<u8> {
    match framing {
        Framing::Bytes | Framing::Length => {
            let mut wire = (payload.len() as u32).to_be_bytes().to_vec();
            wire.extend_from_slice(payload);
            wire
        }
        Framing::WebSocket => {
            let payload = &payload[..payload.len() - TAIL.len()];
            let key = (random.next() as u32).to_be_bytes();
            let len = payload.len() as u64;
            let header = Header { fin: true, rsv1: true, opcode: Opcode::Text, mask: Some(key), len };
            let mut bytes = [0; Header::MAX_LEN];
            let mut wire = header.encode(&mut bytes).to_vec();
            let start = wire.len();
            wire.extend_from_slice(payload);
            mask::apply(key, 0, &mut wire[start..]);
            wire
        }
    }
}

/// xorshift64: the same numbers in each run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: u64) -> u64 {
        (self.next() >> 16) % end
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use flate2::{Decompress, FlushDecompress};
    use ws_core::frame::Rules;

    use super::*;

    #[test]
    fn messages_are_the_same_in_each_run_and_differ_from_one_another() {
        for len in [1 << 10, 16 << 10] {
            let first = messages(len);
            assert_eq!(first, messages(len));
            assert_eq!(first.iter().collect::<BTreeSet<_>>().len(), MESSAGES);
        }
    }

    #[test]
    fn messages_are_json_of_the_length_that_was_asked_for() {
        for len in [1 << 10, 16 << 10] {
            for message in messages(len) {
                assert_eq!(message.len(), len);
                let json: serde_json::Value = serde_json::from_str(&message).unwrap();
                assert!(json["trades"].as_array().is_some_and(|trades| trades.len() > 5));
            }
        }
    }

    #[test]
    fn payloads_inflate_to_their_messages_over_and_over() {
        let messages = messages(1 << 10);
        for context in [Context::Kept, Context::Alone] {
            let payloads = payloads(&messages, context);
            let mut inflate = Decompress::new(false);
            for _ in 0..2 {
                for (payload, message) in payloads.iter().zip(&messages) {
                    let mut inflated = Vec::with_capacity(2 << 10);
                    inflate.decompress_vec(payload, &mut inflated, FlushDecompress::Sync).unwrap();
                    assert_eq!(inflated, message.as_bytes());
                }
            }
        }
    }

    #[test]
    fn a_frame_on_the_wire_is_marked_as_compressed_and_is_masked() {
        let payloads = payloads(&messages(1 << 10), Context::Kept);
        for (wire, payload) in wires(&payloads, Framing::WebSocket).iter().zip(&payloads) {
            let rules = Rules::new().masked(true).rsv1(true);
            let (header, len) = rules.parse(wire).unwrap().unwrap();
            assert!(header.rsv1 && header.fin);
            assert_eq!(wire.len(), len + payload.len() - TAIL.len());
        }
    }
}
