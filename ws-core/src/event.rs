use crate::CloseFrame;
use crate::handshake::{Request, Response};

/// Something that arrived. It borrows its data from the [`RecvBuf`](crate::RecvBuf) until that is used again.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Event<'b> {
    /// At a server, an HTTP request, usually for a WebSocket. The application answers it with
    /// [`accept`](crate::Connection::accept) or [`reject`](crate::Connection::reject).
    Request(Request<'b>),
    /// At a client, the answer of a server that accepted. The connection is open.
    Open(Response<'b>),
    /// At a client, the answer of a server that did not accept. The connection is over.
    Rejected(Response<'b>),
    /// A whole message.
    Message(Message<'b>),
    /// The next part of a message; only with [`Config::stream`](crate::Config::stream).
    Chunk(Chunk<'b>),
    /// A ping. Its pong is queued already, unless [`Config::auto_pong`](crate::Config::auto_pong) is off.
    Ping(&'b [u8]),
    /// A pong, whether or not it answers a ping.
    Pong(&'b [u8]),
    /// The peer's Close frame. If a reply is due, it is queued already.
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
    /// Returns the kind of the message.
    pub const fn kind(&self) -> MessageKind {
        match self {
            Self::Text(_) => MessageKind::Text,
            Self::Binary(_) => MessageKind::Binary,
        }
    }

    /// Returns the payload: the UTF-8 of a text, or the bytes.
    pub const fn as_bytes(&self) -> &'a [u8] {
        match *self {
            Self::Text(text) => text.as_bytes(),
            Self::Binary(bytes) => bytes,
        }
    }
}

/// The kind of a message (§5.6).
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
    /// The kind of the message.
    pub kind: MessageKind,
    /// The bytes. Two chunks of a text may meet inside a character.
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
