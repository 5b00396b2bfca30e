use alloc::vec::Vec;

use bytes::Bytes;

use crate::frame::{Header, Opcode};
use crate::{Message, MessageKind};

/// A message encoded once, to be sent on many connections.
///
/// A server's frames are the same for every peer, so all of them share these bytes. A client masks each anew (§5.3).
#[derive(Clone, Debug)]
pub struct Prepared {
    kind: MessageKind,
    frame: Bytes,
    header_len: usize,
}

impl Prepared {
    /// Encodes `message`.
    ///
    /// ```
    /// let news = ws_core::Prepared::new("news");
    /// assert_eq!(news.as_bytes(), b"news");
    /// ```
    pub fn new<'a>(message: impl Into<Message<'a>>) -> Self {
        let message = message.into();
        let payload = message.as_bytes();
        let opcode = Opcode::from(message.kind());
        let header = Header { fin: true, rsv1: false, opcode, mask: None, len: payload.len() as u64 };
        let mut bytes = [0; Header::MAX_LEN];
        let header = header.encode(&mut bytes);
        let mut frame = Vec::with_capacity(header.len() + payload.len());
        frame.extend_from_slice(header);
        frame.extend_from_slice(payload);
        Self { kind: message.kind(), header_len: header.len(), frame: frame.into() }
    }

    /// What the message is.
    pub const fn kind(&self) -> MessageKind {
        self.kind
    }

    /// The payload.
    pub fn as_bytes(&self) -> &[u8] {
        &self.frame[self.header_len..]
    }

    /// The frame as a server sends it.
    pub(crate) const fn frame(&self) -> &Bytes {
        &self.frame
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
