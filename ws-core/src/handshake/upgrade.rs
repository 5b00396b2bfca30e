use alloc::vec::Vec;

use super::{
    ClientOffer, HandshakeError, ReplyContext, Request, accept_key,
    compression::accept,
    grammar::{List, ascii, is_token},
    known_fields::{FieldName, FieldValue, KnownFields},
    response,
};
use crate::deflate::{Compression, Params};

/// A valid request for a WebSocket connection: what its answer needs after the bytes of the request are
/// dropped.
#[derive(Clone, Debug)]
pub(crate) struct Upgrade {
    /// The Sec-WebSocket-Accept value.
    pub(crate) accept: [u8; 28],
    /// The subprotocols that the client offers, in order.
    pub(crate) subprotocols: ClientOffer,
    /// The agreed parameters of permessage-deflate.
    pub(super) deflate: Option<Params>,
    pub(super) reply_context: ReplyContext,
}

impl Upgrade {
    pub(super) fn check(
        request: &Request<'_>,
        known: &KnownFields<'_>,
        body: Option<u64>,
        is_persistent: bool,
        compression: Option<&Compression>,
    ) -> Result<Self, HandshakeError> {
        if request.method != "GET" {
            return Err(HandshakeError::MethodNotGet);
        }
        if !known.has_token(FieldName::Connection, "upgrade") {
            return Err(HandshakeError::ConnectionNotUpgrade);
        }
        // Only frames may follow the head.
        if body != Some(0) {
            return Err(HandshakeError::UpgradeWithBody);
        }
        check_version(known)?;
        let key = match known.get(FieldName::Key) {
            FieldValue::Missing => return Err(HandshakeError::KeyMissing),
            FieldValue::Repeated => return Err(HandshakeError::KeyRepeated),
            FieldValue::Once(key) => key,
        };
        if !is_key(key) {
            return Err(HandshakeError::KeyInvalid);
        }
        if known.get(FieldName::Origin) == FieldValue::Repeated {
            return Err(HandshakeError::OriginRepeated);
        }
        let subprotocols = check_subprotocols(known)?;
        let deflate = accept(known.lines(FieldName::Extensions), compression)?;
        Ok(Self {
            accept: accept_key(key),
            subprotocols,
            deflate,
            reply_context: ReplyContext { is_head: false, may_persist: is_persistent },
        })
    }
}

/// Checks the version. It is checked before the key: another version may have another kind of key.
fn check_version(known: &KnownFields<'_>) -> Result<(), HandshakeError> {
    match known.get(FieldName::Version) {
        // The drafts before hybi-04 had neither the version nor the key.
        FieldValue::Missing if known.get(FieldName::Key) == FieldValue::Missing => {
            Err(HandshakeError::VersionUnsupported)
        }
        FieldValue::Missing => Err(HandshakeError::VersionMissing),
        FieldValue::Repeated => Err(HandshakeError::VersionRepeated),
        FieldValue::Once(value) => match response::version(value) {
            Some(13) => Ok(()),
            Some(_) => Err(HandshakeError::VersionUnsupported),
            None => Err(HandshakeError::VersionMalformed),
        },
    }
}

/// Returns whether `key` is the base64 form of 16 bytes.
///
/// Unused bits of the last letter may be set, as in the key that the RFC prints (erratum 3150).
fn is_key(key: &[u8]) -> bool {
    let Some(letters) = key.strip_suffix(b"==") else { return false };
    letters.len() == 22
        && letters.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'))
}

fn check_subprotocols(known: &KnownFields<'_>) -> Result<ClientOffer, HandshakeError> {
    let mut names: Vec<&str> = Vec::new();
    for name in List::new(known.lines(FieldName::Protocol)) {
        match name {
            Ok(name) if is_token(name) => names.push(ascii(name)),
            Ok(_) | Err(_) => return Err(HandshakeError::SubprotocolsMalformed),
        }
    }
    let offered = ClientOffer::new(names.iter().copied());
    // Sorting finds names that are equal without quadratic time.
    names.sort_unstable();
    if names.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(HandshakeError::SubprotocolOfferedTwice);
    }
    Ok(offered)
}
