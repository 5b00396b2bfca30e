//! permessage-deflate: negotiation, sending and receiving (RFC 7692).

#![cfg(feature = "deflate")]

mod agreement;
mod offers;
mod oracle;
mod receiving;
mod sending;
mod walker;

use ws_core::Role;
use ws_core::deflate::{Compression, Deflater, InflateError, Inflater, Level, Params, WindowBits};

pub(crate) const ROLES: [Role; 2] = [Role::Client, Role::Server];

pub(crate) fn window(bits: u8) -> WindowBits {
    WindowBits::new(bits).expect("8 to 15")
}

pub(crate) fn level(level: u8) -> Level {
    Level::new(level).expect("0 to 9")
}

/// Returns the same parameters for both directions.
pub(crate) fn params(takes_over: bool, bits: u8) -> Params {
    Params {
        server_no_context_takeover: !takes_over,
        client_no_context_takeover: !takes_over,
        server_max_window_bits: WindowBits::new(bits),
        client_max_window_bits: WindowBits::new(bits),
    }
}

pub(crate) fn deflater(params: Params, of: u8) -> Deflater {
    Deflater::new(params, Role::Server, &Compression::new().level(level(of)))
}

/// Returns the payload of one message.
pub(crate) fn deflate(deflater: &mut Deflater, message: &[u8]) -> Vec<u8> {
    let mut payload = Vec::new();
    deflater.finish(message, &mut payload);
    payload
}

pub(crate) fn inflater(params: Params) -> Inflater {
    Inflater::new(params, Role::Client, usize::MAX)
}

/// Returns the message in these pieces of a payload. A piece is a fragment or a part of one.
pub(crate) fn inflate<'a>(
    inflater: &mut Inflater,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> Result<Vec<u8>, InflateError> {
    let mut message = Vec::new();
    for mut piece in pieces {
        while inflater.push(&mut piece, &mut message)? {}
    }
    inflater.finish().map(|()| message)
}

/// Returns text of words, of which some recur often, and others now and then.
pub(crate) fn text(len: usize, seed: u64) -> Vec<u8> {
    let mut random = seed | 1;
    let mut text = Vec::new();
    while text.len() < len {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let word = random >> 52;
        let word = if word < 3500 { word % 50 } else { word };
        text.extend(format!("{{\"w{word}\":{}}},", word * 7919 % 1009).bytes());
    }
    text.truncate(len);
    text
}
