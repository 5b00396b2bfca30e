use alloc::vec::Vec;

use bytes::Bytes;

use crate::frame::{Header, Opcode};
use crate::{Message, MessageKind};

/// A message that is encoded once and sent on many connections.
///
/// A server's frames are the same for every peer, so all connections share these bytes. A client masks them
/// anew each time (§5.3).
#[derive(Clone, Debug)]
pub struct PreparedMessage {
    kind: MessageKind,
    plain: Frame,
    /// The frames, ordered by window, the largest first.
    #[cfg(feature = "deflate")]
    compressed: Vec<(crate::deflate::WindowBits, Frame)>,
}

/// A frame as a server sends it.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub(crate) bytes: Bytes,
    header_len: usize,
}

impl PreparedMessage {
    /// Encodes `message`.
    ///
    /// ```
    /// let news = ws_core::PreparedMessage::new("news");
    /// assert_eq!(news.as_bytes(), b"news");
    /// ```
    pub fn new<'a>(message: impl Into<Message<'a>>) -> Self {
        let message = message.into();
        Self {
            kind: message.kind(),
            plain: Frame::new(message.kind(), false, message.as_bytes()),
            #[cfg(feature = "deflate")]
            compressed: Vec::new(),
        }
    }

    /// Compresses the message too, for connections that agreed to permessage-deflate and whose own window is
    /// at least `window`. Other connections use a frame that was compressed for a smaller window, or else the
    /// uncompressed frame.
    ///
    /// ```
    /// use ws_core::deflate::{Level, WindowBits};
    /// let (window, level) = (WindowBits::MAX, Level::default());
    /// let news = ws_core::PreparedMessage::new("news, and more news").compressed(window, level);
    /// ```
    #[cfg(feature = "deflate")]
    #[must_use]
    pub fn compressed(mut self, window: crate::deflate::WindowBits, level: crate::deflate::Level) -> Self {
        let mut pool = crate::deflate::DeflatePool::new();
        let payload = crate::deflate::compress_alone(self.as_bytes(), window, level, &mut pool);
        self.compressed.retain(|(other, _)| *other != window);
        self.compressed.push((window, Frame::new(self.kind, true, &payload)));
        self.compressed.sort_by(|(one, _), (other, _)| other.cmp(one));
        self
    }

    /// Returns the kind of the message.
    pub const fn kind(&self) -> MessageKind {
        self.kind
    }

    /// Returns the payload.
    pub fn as_bytes(&self) -> &[u8] {
        self.plain.payload()
    }

    pub(crate) const fn plain(&self) -> &Frame {
        &self.plain
    }

    /// Returns the frame for a sender whose window is `window`.
    #[cfg(feature = "deflate")]
    pub(crate) fn for_window(&self, window: crate::deflate::WindowBits) -> Option<&Frame> {
        self.compressed.iter().find(|(needed, _)| *needed <= window).map(|(_, frame)| frame)
    }
}

impl Frame {
    fn new(kind: MessageKind, rsv1: bool, payload: &[u8]) -> Self {
        let header = Header { fin: true, rsv1, opcode: kind.into(), mask: None, len: payload.len() as u64 };
        let mut bytes = [0; Header::MAX_LEN];
        let header = header.encode(&mut bytes);
        let mut frame = Vec::with_capacity(header.len() + payload.len());
        frame.extend_from_slice(header);
        frame.extend_from_slice(payload);
        Self { header_len: header.len(), bytes: frame.into() }
    }

    pub(crate) fn payload(&self) -> &[u8] {
        &self.bytes[self.header_len..]
    }
}

impl From<MessageKind> for Opcode {
    fn from(kind: MessageKind) -> Self {
        match kind {
            MessageKind::Text => Self::Text,
            MessageKind::Binary => Self::Binary,
        }
    }
}
