use core::fmt;

use crate::CloseCode;
use crate::handshake::HandshakeError;

/// The reason why a connection ended other than by a clean close.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The peer broke the protocol, or [exceeded a limit](ProtocolError::is_limit). The Close frame that
    /// reports it is in the output.
    Protocol(ProtocolError),
    /// The opening handshake failed. A server's HTTP answer that reports it is in the output.
    Handshake(HandshakeError),
    /// A timeout passed.
    TimedOut(Timeout),
    /// The transport ended before the closing handshake was complete.
    UnexpectedEof,
    /// A [`Loan`](crate::Loan) was forgotten (`mem::forget`), so a frame in the output lacks its payload.
    PayloadForgotten,
}

impl Error {
    /// Returns whether a [timeout](Timeout) ended the connection.
    pub const fn is_timeout(self) -> bool {
        match self {
            Self::TimedOut(_) => true,
            Self::Protocol(_) | Self::Handshake(_) | Self::UnexpectedEof | Self::PayloadForgotten => false,
        }
    }
}

/// A timeout of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Timeout {
    /// The timeout of the opening handshake.
    Opening,
    /// The timeout for the next frame from the peer.
    Idle,
    /// The silence of the peer after which it is pinged. It never ends a connection.
    KeepAlive,
    /// The timeout for the answer to a ping.
    Pong,
    /// The timeout for the peer's Close frame, and then for its end of the transport.
    Close,
}

/// A fault of the peer after the opening handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProtocolError {
    /// A frame has a reserved bit set that no agreed extension uses.
    ReservedBits,
    /// A frame's opcode is reserved.
    ReservedOpcode,
    /// A client sent an unmasked frame.
    UnmaskedFrame,
    /// A server sent a masked frame.
    MaskedFrame,
    /// A control frame is fragmented.
    FragmentedControl,
    /// A control frame carries more than 125 bytes.
    ControlTooLong,
    /// A frame's length is encoded in more bytes than it needs.
    LengthNotMinimal,
    /// A frame's length has its top bit set.
    LengthTooLarge,
    /// A frame is larger than [`Config::max_frame`](crate::Config::max_frame).
    FrameTooBig,
    /// A message is larger than [`Config::max_message`](crate::Config::max_message).
    MessageTooBig,
    /// A message comes in more frames than [`Config::max_fragments`](crate::Config::max_fragments).
    TooManyFragments,
    /// A continuation frame came without a message to continue.
    UnexpectedContinuation,
    /// A message began before the one before it was finished.
    UnfinishedMessage,
    /// A compressed message is not valid DEFLATE data, or refers to bytes outside the agreed window (D17).
    CorruptCompression,
    /// A compressed message ended too early.
    TruncatedCompression,
    /// A compressed message has too many final blocks, each of which costs as much time as many bytes.
    TooManyFinalBlocks,
    /// A text message is not UTF-8.
    InvalidUtf8,
    /// A Close frame carries only one byte of its code.
    CloseTooShort,
    /// A Close frame carries a code that must not be sent (D10).
    InvalidCloseCode,
    /// The reason in a Close frame is not UTF-8.
    InvalidCloseReason,
}

impl ProtocolError {
    /// Returns whether the peer kept to the protocol but exceeded a limit of this end.
    pub const fn is_limit(self) -> bool {
        matches!(self.close_code(), CloseCode::TOO_BIG)
    }

    /// Returns the code to close the connection with (§7.4.1).
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

/// The reason why nothing was queued. The caller still has what it wanted to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SendError {
    /// The opening handshake is not complete.
    NotOpen,
    /// The closing handshake has begun, or the connection is over.
    Closed,
    /// The queue is above [`Config::max_output`](crate::Config::max_output). Write some of it, then try
    /// again.
    Full,
    /// The payload of a ping or pong is longer than 125 bytes.
    ControlTooLong,
    /// The reason of a Close frame is longer than 123 bytes.
    ReasonTooLong,
    /// Another message is still being sent in chunks.
    MessageInProgress,
    /// The bytes of a text message are not UTF-8.
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
            Self::TimedOut(timeout) => write!(f, "timed out: {timeout}"),
            Self::UnexpectedEof => f.write_str("the transport ended before the closing handshake"),
            Self::PayloadForgotten => f.write_str("a lent payload was forgotten, so the output is cut short"),
        }
    }
}

impl fmt::Display for Timeout {
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
