use core::fmt;

use crate::CloseCode;
use crate::handshake::HandshakeError;

/// Why a connection ended other than by a clean close.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The peer broke the protocol, or [went beyond a limit](ProtocolError::is_limit); the Close frame that says so is in the output.
    Protocol(ProtocolError),
    /// The opening handshake failed; a server's HTTP answer that says so is in the output.
    Handshake(HandshakeError),
    /// A wait ran out.
    TimedOut(Timer),
    /// The transport ended before the closing handshake did.
    UnexpectedEof,
    /// A [`Lent`](crate::Lent) was forgotten (`mem::forget`), so a frame of the output lacks its payload.
    PayloadForgotten,
}

/// A wait that can run out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Timer {
    /// For the opening handshake.
    Opening,
    /// For a frame from the peer.
    Idle,
    /// For a silent peer, before it is pinged; it never ends a connection.
    KeepAlive,
    /// For the answer to a ping.
    Pong,
    /// For the peer's Close frame, or for its end of the transport.
    Close,
}

/// What the peer did wrong after the opening handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProtocolError {
    /// A reserved bit is set that no extension claims.
    ReservedBits,
    /// A frame's opcode is reserved.
    ReservedOpcode,
    /// A client sent a frame unmasked.
    UnmaskedFrame,
    /// A server sent a frame masked.
    MaskedFrame,
    /// A control frame is fragmented.
    FragmentedControl,
    /// A control frame carries more than 125 bytes.
    ControlTooLong,
    /// A frame's length takes more bytes than it needs.
    LengthNotMinimal,
    /// A frame's length has its top bit set.
    LengthTooLarge,
    /// A frame is larger than [`Config::max_frame`](crate::Config::max_frame).
    FrameTooBig,
    /// A message is larger than [`Config::max_message`](crate::Config::max_message).
    MessageTooBig,
    /// A message comes in more frames than [`Config::max_fragments`](crate::Config::max_fragments).
    TooManyFragments,
    /// A continuation frame without a message to continue.
    UnexpectedContinuation,
    /// A message begins inside another.
    UnfinishedMessage,
    /// A compressed message is no DEFLATE, or refers to what it may not refer to.
    CorruptCompression,
    /// A compressed message ends too early.
    TruncatedCompression,
    /// A compressed message is little else than final blocks, each of which costs as much as many bytes.
    TooManyFinalBlocks,
    /// A text message is not UTF-8.
    InvalidUtf8,
    /// A Close frame carries half a code.
    CloseTooShort,
    /// A Close frame carries a code that may not be sent.
    InvalidCloseCode,
    /// The reason in a Close frame is not UTF-8.
    InvalidCloseReason,
}

impl ProtocolError {
    /// Returns whether the peer kept to the protocol and went beyond a limit of this end.
    pub const fn is_limit(self) -> bool {
        matches!(self.close_code(), CloseCode::TOO_BIG)
    }

    /// The code to close the connection with (§7.4.1).
    pub const fn close_code(self) -> CloseCode {
        match self {
            Self::ReservedBits
            | Self::ReservedOpcode
            | Self::UnmaskedFrame
            | Self::MaskedFrame
            | Self::FragmentedControl
            | Self::ControlTooLong
            | Self::LengthNotMinimal
            | Self::LengthTooLarge
            | Self::UnexpectedContinuation
            | Self::UnfinishedMessage
            | Self::CloseTooShort
            | Self::InvalidCloseCode => CloseCode::PROTOCOL_ERROR,
            Self::InvalidUtf8
            | Self::InvalidCloseReason
            | Self::CorruptCompression
            | Self::TruncatedCompression => CloseCode::INVALID_PAYLOAD,
            Self::FrameTooBig | Self::MessageTooBig | Self::TooManyFragments | Self::TooManyFinalBlocks => {
                CloseCode::TOO_BIG
            }
        }
    }
}

/// Why nothing was queued. Whatever was to be sent is the caller's still.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SendError {
    /// The opening handshake is not done.
    NotOpen,
    /// The closing handshake has begun, or the connection is over.
    Closed,
    /// The queue is above [`Config::max_output`](crate::Config::max_output); write some of it and try again.
    Full,
    /// The payload of a ping or pong is over 125 bytes.
    ControlTooLong,
    /// The reason of a close is over 123 bytes.
    ReasonTooLong,
    /// Another message is being sent in chunks.
    MessageInProgress,
    /// Bytes to be sent as text are not UTF-8.
    InvalidUtf8,
}

impl From<ProtocolError> for Error {
    fn from(error: ProtocolError) -> Self {
        Self::Protocol(error)
    }
}

impl From<HandshakeError> for Error {
    fn from(error: HandshakeError) -> Self {
        Self::Handshake(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Protocol(error) if error.is_limit() => write!(f, "the peer sent {error}"),
            Self::Protocol(error) => write!(f, "the peer broke the protocol: {error}"),
            Self::Handshake(error) => write!(f, "the opening handshake failed: {error}"),
            Self::TimedOut(timer) => write!(f, "timed out: {timer}"),
            Self::UnexpectedEof => f.write_str("the transport ended before the closing handshake"),
            Self::PayloadForgotten => f.write_str("a lent payload was forgotten, so the output is cut short"),
        }
    }
}

impl fmt::Display for Timer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Opening => "the opening handshake took too long",
            Self::Idle => "the peer sent nothing for too long",
            Self::KeepAlive => "the peer is silent",
            Self::Pong => "the peer did not answer a ping",
            Self::Close => "the peer did not finish closing",
        })
    }
}

impl fmt::Display for ProtocolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ReservedBits => "a reserved bit is set",
            Self::ReservedOpcode => "a reserved opcode",
            Self::UnmaskedFrame => "an unmasked frame from a client",
            Self::MaskedFrame => "a masked frame from a server",
            Self::FragmentedControl => "a fragmented control frame",
            Self::ControlTooLong => "a control frame over 125 bytes",
            Self::LengthNotMinimal => "a frame length that is not minimally encoded",
            Self::LengthTooLarge => "a frame length with its top bit set",
            Self::FrameTooBig => "a frame larger than `Config::max_frame`",
            Self::MessageTooBig => "a message larger than `Config::max_message`",
            Self::TooManyFragments => "a message in more frames than `Config::max_fragments`",
            Self::UnexpectedContinuation => "a continuation frame without a message",
            Self::UnfinishedMessage => "a message inside another",
            Self::CorruptCompression => "a compressed message that is corrupt",
            Self::TruncatedCompression => "a compressed message that ends too early",
            Self::TooManyFinalBlocks => "a compressed message of little else than final blocks",
            Self::InvalidUtf8 => "a text message that is not UTF-8",
            Self::CloseTooShort => "a Close frame with half a code",
            Self::InvalidCloseCode => "a Close frame with a code that may not be sent",
            Self::InvalidCloseReason => "a Close frame with a reason that is not UTF-8",
        })
    }
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotOpen => "the opening handshake is not done",
            Self::Closed => "the connection is closing or closed",
            Self::Full => "too much output waits to be written",
            Self::ControlTooLong => "the payload of a control frame is over 125 bytes",
            Self::ReasonTooLong => "the reason of a close is over 123 bytes",
            Self::MessageInProgress => "another message is being sent in chunks",
            Self::InvalidUtf8 => "bytes to be sent as text are not UTF-8",
        })
    }
}

impl core::error::Error for Error {}
impl core::error::Error for ProtocolError {}
impl core::error::Error for SendError {}
