use alloc::borrow::Cow;
use alloc::format;
use core::time::Duration;

use crate::ProtocolError;
use crate::deflate::Compression;

/// The limits, timeouts and choices of a connection. Many connections can share one.
///
/// The defaults are safe for a server on the open internet.
///
/// ```
/// use ws_core::Config;
/// let config = Config::new().max_message(1 << 20).max_output(4 << 20);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Config {
    /// The largest accepted head of a request or a response, in bytes; 16 KiB by default. A server answers a
    /// larger head with 431, or with 414 if the request line alone is too long.
    pub max_head: usize,
    /// The largest accepted number of header fields in a head; 128 by default. A server answers more with
    /// 431.
    pub max_fields: usize,
    /// The largest part that is kept of the body of a response that refuses the upgrade, in bytes; 64 KiB by
    /// default.
    pub max_body: usize,
    /// The largest accepted payload of one frame, in bytes; 64 MiB by default. A larger one ends the
    /// connection with 1009 (§10.4).
    ///
    /// With [`stream`](field@Self::stream) a frame need not fit into memory, so the default does not apply
    /// there. Any other value does.
    pub max_frame: usize,
    /// The largest accepted message, in bytes; 64 MiB by default. A larger one ends the connection with 1009
    /// (§10.4).
    ///
    /// It also applies with [`stream`](field@Self::stream): `usize::MAX` allows messages without end.
    pub max_message: usize,
    /// The largest accepted number of frames in a message; 262,144 by default. More end the connection with
    /// 1009.
    pub max_fragments: usize,
    /// The mark of the output queue, in bytes; 1 MiB by default. Above it, no more messages are queued.
    ///
    /// A queue below the mark takes one more message of any size, so the queue never exceeds the mark plus
    /// one message.
    pub max_output: usize,
    /// Whether messages are delivered as [`Chunk`](crate::Chunk)s as their bytes arrive; off by default.
    pub stream: bool,
    /// The settings of permessage-deflate (RFC 7692), which is then offered or accepted; off by default.
    ///
    /// Without the feature `deflate` its type has no values, so it stays off.
    pub compression: Option<Compression>,
    /// Whether pings are answered (§5.5.2); on by default. When off, the application answers them with
    /// [`Connection::pong`](crate::Connection::pong).
    pub auto_pong: bool,
    /// Whether the peer's Close frame is answered (§5.5.1); on by default. `Config::auto_close`, with the
    /// feature `intermediary`, sets it.
    pub(crate) auto_close: bool,
    /// The time limit of the opening handshake; 10 s by default.
    pub opening_timeout: Option<Duration>,
    /// The time after which a connection is closed with 1001 if nothing but pongs has come; off by default.
    pub idle_timeout: Option<Duration>,
    /// The pings for a silent peer. A peer that does not answer them ends the connection. Off by default.
    pub keep_alive: Option<KeepAlive>,
    /// The time that the peer has to finish closing; 5 s by default.
    pub close_timeout: Duration,
}

impl Config {
    /// The default of [`max_frame`](field@Self::max_frame).
    const MAX_FRAME: usize = 64 << 20;

    /// Returns the default settings, which suit a server on the open internet.
    pub const fn new() -> Self {
        Self {
            max_head: 16 << 10,
            max_fields: 128,
            max_body: 64 << 10,
            max_frame: Self::MAX_FRAME,
            max_message: 64 << 20,
            max_fragments: 1 << 18,
            max_output: 1 << 20,
            stream: false,
            compression: None,
            auto_pong: true,
            auto_close: true,
            opening_timeout: Some(Duration::from_secs(10)),
            idle_timeout: None,
            keep_alive: None,
            close_timeout: Duration::from_secs(5),
        }
    }

    /// Sets the largest accepted head, in bytes; see the field [`max_head`](field@Self::max_head).
    #[must_use]
    pub fn max_head(mut self, max_head: usize) -> Self {
        self.max_head = max_head;
        self
    }

    /// Sets the largest accepted number of header fields in a head; see the field
    /// [`max_fields`](field@Self::max_fields).
    #[must_use]
    pub fn max_fields(mut self, max_fields: usize) -> Self {
        self.max_fields = max_fields;
        self
    }

    /// Sets the largest part that is kept of the body of a refusal, in bytes; see the field
    /// [`max_body`](field@Self::max_body).
    #[must_use]
    pub fn max_body(mut self, max_body: usize) -> Self {
        self.max_body = max_body;
        self
    }

    /// Sets the largest accepted payload of one frame, in bytes; see the field
    /// [`max_frame`](field@Self::max_frame).
    #[must_use]
    pub fn max_frame(mut self, max_frame: usize) -> Self {
        self.max_frame = max_frame;
        self
    }

    /// Sets the largest accepted message, in bytes; see the field [`max_message`](field@Self::max_message).
    #[must_use]
    pub fn max_message(mut self, max_message: usize) -> Self {
        self.max_message = max_message;
        self
    }

    /// Sets the largest accepted number of frames in a message; see the field
    /// [`max_fragments`](field@Self::max_fragments).
    #[must_use]
    pub fn max_fragments(mut self, max_fragments: usize) -> Self {
        self.max_fragments = max_fragments;
        self
    }

    /// Sets the mark of the output queue, in bytes; see the field [`max_output`](field@Self::max_output).
    #[must_use]
    pub fn max_output(mut self, max_output: usize) -> Self {
        self.max_output = max_output;
        self
    }

    /// Sets whether messages are delivered as chunks; see the field [`stream`](field@Self::stream).
    #[must_use]
    pub fn stream(mut self, stream: bool) -> Self {
        self.stream = stream;
        self
    }

    /// Sets how messages are compressed, or turns compression off; see the field
    /// [`compression`](field@Self::compression).
    #[must_use]
    pub fn compression(mut self, compression: impl Into<Option<Compression>>) -> Self {
        self.compression = compression.into();
        self
    }

    /// Sets whether pings are answered; see the field [`auto_pong`](field@Self::auto_pong).
    #[must_use]
    pub fn auto_pong(mut self, auto_pong: bool) -> Self {
        self.auto_pong = auto_pong;
        self
    }

    /// Sets the time limit of the opening handshake, or removes it; see the field
    /// [`opening_timeout`](field@Self::opening_timeout).
    #[must_use]
    pub fn opening_timeout(mut self, opening_timeout: impl Into<Option<Duration>>) -> Self {
        self.opening_timeout = opening_timeout.into();
        self
    }

    /// Sets the time without data after which a connection is closed, or removes it; see the field
    /// [`idle_timeout`](field@Self::idle_timeout).
    #[must_use]
    pub fn idle_timeout(mut self, idle_timeout: impl Into<Option<Duration>>) -> Self {
        self.idle_timeout = idle_timeout.into();
        self
    }

    /// Sets the pings for a silent peer, or turns them off; see the field
    /// [`keep_alive`](field@Self::keep_alive).
    #[must_use]
    pub fn keep_alive(mut self, keep_alive: impl Into<Option<KeepAlive>>) -> Self {
        self.keep_alive = keep_alive.into();
        self
    }

    /// Sets the time that the peer has to finish closing; see the field
    /// [`close_timeout`](field@Self::close_timeout).
    #[must_use]
    pub fn close_timeout(mut self, close_timeout: Duration) -> Self {
        self.close_timeout = close_timeout;
        self
    }

    /// Returns the largest payload of a frame that is accepted.
    pub(crate) const fn frame_limit(&self) -> u64 {
        if self.stream && self.max_frame == Self::MAX_FRAME {
            return u64::MAX;
        }
        self.limit(self.max_frame)
    }

    /// Returns the largest message that is accepted.
    pub(crate) const fn message_limit(&self) -> u64 {
        self.limit(self.max_message)
    }

    /// Returns the reason for the Close frame if `fault` exceeded a limit, or an empty string if it did not.
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

    /// Returns a limit in bytes. With `stream`, `usize::MAX` means no limit; without, everything has to fit
    /// into memory.
    const fn limit(&self, max: usize) -> u64 {
        if self.stream && max == usize::MAX { u64::MAX } else { max as u64 }
    }
}

/// Equals [`new`](Config::new).
impl Default for Config {
    fn default() -> Self {
        Self::new()
    }
}

/// Pings for a silent peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeepAlive {
    /// The silence after which a ping is sent.
    pub interval: Duration,
    /// The time after the ping in which a pong or data has to come. Otherwise the connection ends.
    pub timeout: Duration,
}

impl KeepAlive {
    /// Returns a ping after 20 s of silence, and 20 s for its answer.
    pub const fn new() -> Self {
        Self { interval: Duration::from_secs(20), timeout: Duration::from_secs(20) }
    }

    /// Sets the silence before a ping; see the field [`interval`](field@Self::interval).
    #[must_use]
    pub const fn interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// Sets the time for the answer to a ping; see the field [`timeout`](field@Self::timeout).
    #[must_use]
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }
}

/// Equals [`new`](KeepAlive::new).
impl Default for KeepAlive {
    fn default() -> Self {
        Self::new()
    }
}
