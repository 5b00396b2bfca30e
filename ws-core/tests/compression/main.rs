//! permessage-deflate on a connection: negotiation, sending, receiving and memory (RFC 7692).

#![cfg(feature = "deflate")]

#[path = "../common/mod.rs"]
mod common;

mod distances;
mod limits;
mod memory;
mod opening;
mod properties;
mod receiving;
mod sending;
mod streaming;

use std::sync::Arc;

use common::*;
use ws_core::deflate::{Params, WindowBits};
use ws_core::handshake::Agreement;
use ws_core::{Config, Connection, Instant, ProtocolError, Role};

pub(crate) const NOW: Instant = Instant::ORIGIN;

/// The bit of a message's first byte that marks it as compressed.
pub(crate) const RSV1: u8 = 0x40;

pub(crate) const HELLO: &[u8] = b"\xf2\x48\xcd\xc9\xc9\x07\x00";
/// `Hello` again, as a reference to the one before.
pub(crate) const AGAIN: &[u8] = b"\xf2\x00\x11\x00\x00";
/// `Hello` in a stored block.
pub(crate) const STORED: &[u8] = b"\x00\x05\x00\xfa\xffHello\x00";
/// `Hello` in a final block.
pub(crate) const FINAL: &[u8] = b"\xf3\x48\xcd\xc9\xc9\x07\x00\x00";
/// The bytes that a sender removes from the end of a message.
pub(crate) const TAIL: &[u8] = b"\x00\x00\xff\xff";

pub(crate) fn window(bits: u8) -> WindowBits {
    WindowBits::new(bits).expect("8 to 15")
}

/// Both ends begin each message with an empty window.
pub(crate) const ALONE: Params = Params {
    server_no_context_takeover: true,
    client_no_context_takeover: true,
    server_max_window_bits: None,
    client_max_window_bits: None,
};

/// Both ends keep their window.
pub(crate) const TAKING_OVER: Params = Params {
    server_no_context_takeover: false,
    client_no_context_takeover: false,
    server_max_window_bits: None,
    client_max_window_bits: None,
};

/// Returns parameters with which only `sender` begins each message with an empty window.
pub(crate) fn alone(sender: Role) -> Params {
    Params {
        server_no_context_takeover: sender == Role::Server,
        client_no_context_takeover: sender == Role::Client,
        ..TAKING_OVER
    }
}

pub(crate) fn agreement(params: Params) -> Agreement {
    let mut agreement = Agreement::default();
    agreement.deflate = Some(params);
    agreement
}

/// Returns one end of an open connection for which `params` are agreed.
pub(crate) fn open(role: Role, params: Params, config: impl Into<Arc<Config>>) -> Connection {
    Connection::upgraded(NOW, role, config, agreement(params), ENTROPY)
}

/// Returns the same as a [`Peer`].
pub(crate) fn agreed(role: Role, params: Params, config: Config) -> Peer {
    let config = Arc::new(config);
    Peer::new(role, 48, |now| {
        Connection::upgraded(now, role, Arc::clone(&config), agreement(params), ENTROPY)
    })
}

/// Returns a [`Peer`] with the default configuration, whose context both ends keep.
pub(crate) fn deflating(role: Role) -> Peer {
    agreed(role, TAKING_OVER, Config::default())
}

/// Returns a compressed text in one frame, as it reaches `role`.
pub(crate) fn deflated_to(role: Role, payload: &[u8]) -> Vec<u8> {
    to(role, FIN | RSV1 | TEXT, payload)
}

/// Returns the payload of `message` by an independent compressor: a final block and the start of an empty
/// one.
pub(crate) fn deflate(message: &[u8]) -> Vec<u8> {
    let mut payload = miniz_oxide::deflate::compress_to_vec(message, 6);
    payload.push(0);
    payload
}

/// Returns the messages in these payloads by an independent inflater. Each may refer to those before it.
#[track_caller]
pub(crate) fn inflate<'a>(payloads: impl IntoIterator<Item = &'a [u8]>) -> Vec<Vec<u8>> {
    let mut stream = Vec::new();
    let mut messages = Vec::new();
    let mut done = 0;
    for payload in payloads {
        stream.extend_from_slice(payload);
        stream.extend_from_slice(TAIL);
        // An empty final block ends the stream for now.
        let ended = [&stream[..], b"\x03\x00"].concat();
        let all = miniz_oxide::inflate::decompress_to_vec(&ended).expect("what was sent is DEFLATE");
        messages.push(all[done..].to_vec());
        done = all.len();
    }
    messages
}

/// Returns `len` bytes that cannot be compressed.
pub(crate) fn noise(len: usize) -> Vec<u8> {
    let mut state = 1_u64;
    let next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    core::iter::repeat_with(next).take(len).collect()
}

/// Checks that `bytes` fail fresh connections as `error`, with and without context, and that nothing is
/// delivered before.
#[track_caller]
pub(crate) fn fails(role: Role, bytes: impl AsRef<[u8]>, error: ProtocolError) {
    for params in [TAKING_OVER, ALONE] {
        agreed(role, params, Config::default()).fails_after(bytes.as_ref(), &[], error);
    }
}
