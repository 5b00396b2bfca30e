use alloc::borrow::Cow;
use alloc::format;
use core::time::Duration;

use crate::ProtocolError;

/// Limits, timeouts and choices of a connection, shared by as many as wanted.
///
/// The defaults are safe for a server on the open internet.
///
/// ```
/// use ws_core::Config;
/// let config = Config { max_message: 1 << 20, ..Config::default() };
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Largest head of a request or a response accepted, in bytes; 16 KiB by default. A server answers a larger one
    /// with 431, or 414 if its request line alone is that long.
    pub max_head: usize,
    /// Most header fields accepted in a head; 128 by default. A server answers more with 431.
    pub max_fields: usize,
    /// How much of the body of a response that refuses the upgrade is kept, in bytes; 64 KiB by default.
    pub max_body: usize,
    /// Largest payload of one frame accepted, in bytes; 64 MiB by default. More ends the connection with 1009 (§10.4).
    ///
    /// With [`stream`](Self::stream) no frame has to fit into memory, so the default does not bind there; any other value does.
    pub max_frame: usize,
    /// Largest message accepted, in bytes; 64 MiB by default. More ends the connection with 1009 (§10.4).
    ///
    /// It also binds with [`stream`](Self::stream): set it to `usize::MAX` for messages without end.
    pub max_message: usize,
    /// Most frames that a message may come in; 262,144 by default. More ends the connection with 1009.
    pub max_fragments: usize,
    /// The mark above which no more messages are queued, in bytes; 1 MiB by default.
    ///
    /// A queue below it takes one more message of any size, so the queue is never larger than the mark and one message.
    pub max_output: usize,
    /// Hand out messages as [`Chunk`](crate::Chunk)s as their bytes arrive; off by default.
    pub stream: bool,
    /// Offer or accept permessage-deflate (RFC 7692); off by default.
    #[cfg(feature = "deflate")]
    pub compression: Option<crate::deflate::Compression>,
    /// Answer pings (§5.5.2); on by default. When off, the application answers them with
    /// [`Connection::pong`](crate::Connection::pong).
    pub auto_pong: bool,
    /// Answer the peer's Close frame (§5.5.1); on by default. When off, nothing more is read after
    /// [`Event::Close`](crate::Event::Close), but the application may go on sending until it answers with
    /// [`Connection::close`](crate::Connection::close), for which it has the close timeout: a gateway, whose other side has
    /// not closed yet.
    pub auto_close: bool,
    /// How long the opening handshake may take; 10 s by default.
    pub opening_timeout: Option<Duration>,
    /// Close the connection, with 1001, when for this long nothing has come but pongs; off by default.
    pub idle_timeout: Option<Duration>,
    /// Ping a silent peer, and give up on one that does not answer; off by default.
    pub keep_alive: Option<KeepAlive>,
    /// How long the peer may take to finish closing; 5 s by default.
    pub close_timeout: Duration,
}

impl Config {
    /// The default of [`max_frame`](Self::max_frame).
    const MAX_FRAME: usize = 64 << 20;

    /// Returns the largest payload of a frame that is let in.
    pub(crate) const fn frame_limit(&self) -> u64 {
        if self.stream && self.max_frame == Self::MAX_FRAME {
            return u64::MAX;
        }
        self.limit(self.max_frame)
    }

    /// Returns the largest message that is let in.
    pub(crate) const fn message_limit(&self) -> u64 {
        self.limit(self.max_message)
    }

    /// Returns what the peer has to know about the limit that it went beyond; nothing if it did not.
    pub(crate) fn limit_of(&self, fault: ProtocolError) -> Cow<'static, str> {
        match fault {
            ProtocolError::FrameTooBig => {
                format!("a frame may have at most {} bytes", self.frame_limit()).into()
            }
            ProtocolError::MessageTooBig => {
                format!("a message may have at most {} bytes", self.message_limit()).into()
            }
            ProtocolError::TooManyFragments => {
                format!("a message may have at most {} frames", self.max_fragments).into()
            }
            ProtocolError::TooManyFinalBlocks => "a compressed message may have few final blocks".into(),
            ProtocolError::ReservedBits
            | ProtocolError::ReservedOpcode
            | ProtocolError::UnmaskedFrame
            | ProtocolError::MaskedFrame
            | ProtocolError::FragmentedControl
            | ProtocolError::ControlTooLong
            | ProtocolError::LengthNotMinimal
            | ProtocolError::LengthTooLarge
            | ProtocolError::UnexpectedContinuation
            | ProtocolError::UnfinishedMessage
            | ProtocolError::CorruptCompression
            | ProtocolError::TruncatedCompression
            | ProtocolError::InvalidUtf8
            | ProtocolError::CloseTooShort
            | ProtocolError::InvalidCloseCode
            | ProtocolError::InvalidCloseReason => "".into(),
        }
    }

    /// Returns a limit in bytes. The largest number of the machine is no limit for what is streamed; all else has to fit into
    /// memory.
    const fn limit(&self, max: usize) -> u64 {
        if self.stream && max == usize::MAX { u64::MAX } else { max as u64 }
    }

    pub(crate) fn compression(&self) -> Option<&crate::handshake::Compression> {
        #[cfg(feature = "deflate")]
        return self.compression.as_ref();
        #[cfg(not(feature = "deflate"))]
        None
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            max_head: 16 << 10,
            max_fields: 128,
            max_body: 64 << 10,
            max_frame: Self::MAX_FRAME,
            max_message: 64 << 20,
            max_fragments: 1 << 18,
            max_output: 1 << 20,
            stream: false,
            #[cfg(feature = "deflate")]
            compression: None,
            auto_pong: true,
            auto_close: true,
            opening_timeout: Some(Duration::from_secs(10)),
            idle_timeout: None,
            keep_alive: None,
            close_timeout: Duration::from_secs(5),
        }
    }
}

/// Pings for a silent peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeepAlive {
    /// Ping when nothing has come for this long.
    pub interval: Duration,
    /// Give up when neither the pong nor data has come this long after the ping.
    pub timeout: Duration,
}

impl Default for KeepAlive {
    /// A ping after 20 s of silence, and 20 s to answer it.
    fn default() -> Self {
        Self { interval: Duration::from_secs(20), timeout: Duration::from_secs(20) }
    }
}
