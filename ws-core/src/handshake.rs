//! The opening handshake over HTTP/1.1: bytes in, values out (§4).
//!
//! A client describes its request with a [`ClientRequest`]. A server reads it as a [`Request`] and answers
//! with a [`Decision`]: [`Accept`] or [`Reject`]. A client reads an answer other than a 101 as a
//! [`Response`]. If another library speaks HTTP, a [`Handover`] checks the request that the library has read,
//! and returns the answer. [`Fields`], [`extensions`], [`accept_key`] and [`encode_nonce`] can be used alone.

mod answer;
mod body;
mod body_progress;
mod chunk_decoder;
pub(crate) mod client;
mod client_request;
mod compression;
mod error;
mod extensions;
mod fields;
mod grammar;
mod handover;
mod head;
#[cfg(feature = "http")]
mod http;
mod known_fields;
mod origins;
mod owned_response;
mod read;
mod reply_context;
mod request;
mod response;
mod scan;
pub(crate) mod server;
mod status;
#[cfg(test)]
mod tests;
mod upgrade;

use alloc::boxed::Box;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha1::{Digest as _, Sha1};

use crate::deflate::Params;

#[cfg(all(feature = "http", feature = "url"))]
pub use self::http::HttpRequestError;
pub use answer::{Accept, Decision, Reject};
pub use client_request::ClientRequest;
pub use error::{AnswerError, HandshakeError, RequestError};
pub use extensions::{Extension, Extensions, MalformedExtensions, Param, ParamValue, extensions};
pub use fields::Fields;
pub use handover::{Handover, HandoverAnswer};
pub use origins::Origins;
pub use owned_response::OwnedResponse;
pub use request::{HttpVersion, Request};
pub use response::Response;
pub use status::Status;

pub(crate) use answer::{AfterAnswer, refusal, too_slow, undecided};
#[cfg(feature = "intermediary")]
pub(crate) use answer::{write_field, write_number};
pub(crate) use body::{BodyFraming, BodyReader};
pub(crate) use body_progress::BodyProgress;
#[cfg(feature = "intermediary")]
pub(crate) use grammar::is_token;
pub(crate) use head::Head;
#[cfg(feature = "intermediary")]
pub(crate) use known_fields::{FieldName, FieldValue, KnownFields};
pub(crate) use reply_context::ReplyContext;
pub(crate) use scan::{HeadLimits, Scanner};

/// The result of an opening handshake: what both ends agreed on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Agreement {
    /// The subprotocol, if one was agreed.
    pub subprotocol: Option<Box<str>>,
    /// The parameters of permessage-deflate, if it was agreed (RFC 7692).
    pub deflate: Option<Params>,
}

impl Agreement {
    fn new(subprotocol: Option<Box<str>>, deflate: Option<Params>) -> Self {
        Self { subprotocol, deflate }
    }
}

/// Returns the Sec-WebSocket-Accept value that answers a Sec-WebSocket-Key, in ASCII (§4.2.2).
///
/// `key` is the value of the field as it was sent, without the blanks around it.
///
/// ```
/// let accept = ws_core::handshake::accept_key(b"dGhlIHNhbXBsZSBub25jZQ==");
/// assert_eq!(&accept, b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
/// ```
pub fn accept_key(key: &[u8]) -> [u8; 28] {
    let hash = Sha1::new().chain_update(key).chain_update(b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").finalize();
    let mut accept = [b'='; 28];
    STANDARD.encode_slice(hash, &mut accept).expect("20 bytes make 28 characters");
    accept
}

/// Returns the Sec-WebSocket-Key value for a nonce, in ASCII (§4.1). The nonce must be random for each
/// connection.
pub fn encode_nonce(nonce: [u8; 16]) -> [u8; 24] {
    let mut key = [b'='; 24];
    STANDARD.encode_slice(nonce, &mut key).expect("16 bytes make 24 characters");
    key
}

/// The subprotocols of an offer, kept for the check of the answer. An empty offer owns no heap.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ClientOffer {
    /// The names, with a comma between any two.
    list: Box<str>,
}

impl ClientOffer {
    fn new<'a>(names: impl Iterator<Item = &'a str> + Clone) -> Self {
        let length = names.clone().map(|name| name.len() + 1).sum();
        let mut list = alloc::string::String::with_capacity(length);
        for name in names {
            if !list.is_empty() {
                list.push(',');
            }
            list.push_str(name);
        }
        Self { list: list.into_boxed_str() }
    }

    /// Returns whether `name` was offered. Case matters (RFC 7936 §2).
    pub(crate) fn contains(&self, name: &str) -> bool {
        !name.is_empty() && self.list.split(',').any(|offered| offered == name)
    }
}
