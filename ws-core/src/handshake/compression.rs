//! The handshake's part of permessage-deflate. Without the feature `deflate`, it offers and accepts nothing.

use alloc::string::String;

use super::{HandshakeError, extensions};
use crate::deflate::{Compression, Params};

/// Returns the extensions that a client offers.
pub(super) fn offer(compression: Option<&Compression>) -> Option<String> {
    compression?.offer()
}

/// Returns what a server accepts of the extensions offered in `lines`.
pub(super) fn accept<'a>(
    lines: impl Iterator<Item = &'a [u8]>,
    compression: Option<&Compression>,
) -> Result<Option<Params>, HandshakeError> {
    let Some(compression) = compression else {
        let is_malformed = extensions(lines).any(|offer| offer.is_err());
        return if is_malformed { Err(HandshakeError::ExtensionsMalformed) } else { Ok(None) };
    };
    compression.accept(lines).map_err(|_| HandshakeError::ExtensionsMalformed)
}

/// Returns what a client agrees to when its offer was answered with `lines`.
pub(super) fn agree<'a>(
    lines: impl Iterator<Item = &'a [u8]>,
    compression: Option<&Compression>,
) -> Result<Option<Params>, HandshakeError> {
    let Some(compression) = compression else {
        let (mut is_answered, mut is_malformed) = (false, false);
        for extension in extensions(lines) {
            is_answered = true;
            is_malformed |= extension.is_err();
        }
        return match (is_malformed, is_answered) {
            (true, _) => Err(HandshakeError::ExtensionsMalformed),
            (false, true) => Err(HandshakeError::ExtensionNotOffered),
            (false, false) => Ok(None),
        };
    };
    compression.agree(lines).map_err(HandshakeError::from)
}
