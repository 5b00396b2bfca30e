use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::deflate::{Context, Deflater, InflateError, Inflater};
use crate::handshake::Agreement;
use crate::prepared::Frame;
use crate::{Config, Pool, PreparedMessage, ProtocolError, Role};

/// Both directions of permessage-deflate (RFC 7692).
#[derive(Debug)]
pub(super) struct Codec {
    deflater: Deflater,
    inflater: Inflater,
    min_len: usize,
    /// Whether the inflater keeps its memory between messages: best speed, and the most memory.
    keeps_inflater: bool,
    /// For payloads that are compressed before their length is known.
    scratch: Vec<u8>,
}

impl Codec {
    /// Returns both directions of the compression that is agreed, if any is.
    pub(super) fn new(agreement: &Agreement, role: Role, config: &Config) -> Option<Box<Self>> {
        let params = agreement.deflate?;
        let compression = config.compression.clone().unwrap_or_default();
        Some(Box::new(Self {
            deflater: Deflater::new(params, role, &compression),
            inflater: Inflater::new(params, role, config.max_message),
            min_len: compression.min_len,
            keeps_inflater: compression.context == Context::Kept && params.takes_over(role.peer()),
            scratch: Vec::new(),
        }))
    }

    /// Returns whether a message of `len` bytes is worth compressing.
    pub(super) fn compresses(&self, len: usize) -> bool {
        len >= self.min_len
    }

    /// Compresses the next part of a message, up to the end of its last part. Give the payload
    /// [back](Self::reclaim).
    pub(super) fn deflate(&mut self, part: &[u8], fin: bool) -> Vec<u8> {
        let mut payload = core::mem::take(&mut self.scratch);
        if fin {
            self.deflater.finish(part, &mut payload);
        } else {
            self.deflater.flush(part, &mut payload);
        }
        payload
    }

    pub(super) fn reclaim(&mut self, mut payload: Vec<u8>) {
        payload.clear();
        self.scratch = payload;
    }

    /// Returns the frame of `message` that this connection may send, and notes that it is sent.
    pub(super) fn prepared<'m>(&mut self, message: &'m PreparedMessage) -> Option<&'m Frame> {
        let frame = message.for_window(self.deflater.window())?;
        self.deflater.forget();
        Some(frame)
    }

    /// Inflates some of `input` to the end of `message`; returns whether there may be more.
    pub(super) fn inflate(
        &mut self,
        input: &mut &[u8],
        message: &mut Vec<u8>,
    ) -> Result<bool, ProtocolError> {
        self.inflater.push(input, message).map_err(fault)
    }

    /// Notes the end of a message.
    pub(super) fn finish_inflate(&mut self) -> Result<(), ProtocolError> {
        self.inflater.finish().map_err(fault)
    }

    /// Takes the memory that is missing from `pool`.
    pub(super) fn prepare(&mut self, pool: &mut Pool) {
        self.deflater.prepare(&mut pool.codecs);
        self.inflater.prepare(&mut pool.codecs);
    }

    /// Gives `pool` the memory that the next message does not depend on.
    pub(super) fn park(&mut self, pool: &mut Pool) {
        self.scratch = Vec::new();
        self.deflater.park(&mut pool.codecs);
        if !self.keeps_inflater {
            self.inflater.park(&mut pool.codecs);
        }
    }
}

fn fault(error: InflateError) -> ProtocolError {
    match error {
        InflateError::Corrupt => ProtocolError::CorruptCompression,
        InflateError::Truncated => ProtocolError::TruncatedCompression,
        InflateError::TooBig => ProtocolError::MessageTooBig,
        InflateError::TooManyFinalBlocks => ProtocolError::TooManyFinalBlocks,
    }
}
