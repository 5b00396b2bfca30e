use crate::CloseFrame;
use crate::handshake::{Request, Response};

/// Something that arrived. What it carries is lent from the [`RecvBuf`](crate::RecvBuf), until that is used again.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Event<'b> {
    /// Server: an HTTP request, most often for a WebSocket. Answer it with
    /// [`accept`](crate::Connection::accept) or [`reject`](crate::Connection::reject).
    Request(Request<'b>),
    /// Client: the server accepted; the connection is open.
    Open(Response<'b>),
    /// Client: the server did not accept; the connection is over.
    Rejected(Response<'b>),
    /// A whole message.
    Message(Message<'b>),
    /// The next part of a message; only with [`Config::stream`](crate::Config::stream).
    Chunk(Chunk<'b>),
    /// A ping. Its pong is queued already, unless [`Config::auto_pong`](crate::Config::auto_pong) is off.
    Ping(&'b [u8]),
    /// A pong, whether or not it answers a ping.
    Pong(&'b [u8]),
    /// The peer's Close frame. The reply, if it is due, is queued already.
    Close(Option<CloseFrame<'b>>),
}

/// A whole message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Message<'a> {
    /// Text.
    Text(&'a str),
    /// Bytes.
    Binary(&'a [u8]),
}

impl<'a> Message<'a> {
    /// What the message is.
    pub const fn kind(&self) -> MessageKind {
        match self {
            Self::Text(_) => MessageKind::Text,
            Self::Binary(_) => MessageKind::Binary,
        }
    }

    /// The payload: a text's UTF-8, or the bytes.
    pub const fn as_bytes(&self) -> &'a [u8] {
        match *self {
            Self::Text(text) => text.as_bytes(),
            Self::Binary(bytes) => bytes,
        }
    }
}

/// What a message is (§5.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MessageKind {
    /// UTF-8 text.
    Text,
    /// Arbitrary bytes.
    Binary,
}

/// Part of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Chunk<'a> {
    /// What the message is.
    pub kind: MessageKind,
    /// The bytes; the chunks of a text may meet inside a character.
    pub bytes: &'a [u8],
    /// Whether the message ends here.
    pub fin: bool,
}

impl<'a> From<&'a str> for Message<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a [u8]> for Message<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self::Binary(bytes)
    }
}

impl<'a, const N: usize> From<&'a [u8; N]> for Message<'a> {
    fn from(bytes: &'a [u8; N]) -> Self {
        Self::Binary(bytes)
    }
}

impl<'a> From<&'a alloc::string::String> for Message<'a> {
    fn from(text: &'a alloc::string::String) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a alloc::vec::Vec<u8>> for Message<'a> {
    fn from(bytes: &'a alloc::vec::Vec<u8>) -> Self {
        Self::Binary(bytes)
    }
}
