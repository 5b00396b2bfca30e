use alloc::{string::String, vec, vec::Vec};
use core::fmt::Write as _;

use super::{ClientWindow, NAME, NegotiationError, Offer, Params, WindowBits};
use crate::handshake::{MalformedExtensions, extensions};

/// The settings with which an end offers or accepts compression.
///
/// ```
/// use ws_core::deflate::{Compression, Context, Level};
///
/// let fastest = Level::new(1).expect("levels go up to 9");
/// let compression = Compression::new().level(fastest).context(Context::Shared);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Compression {
    /// The offers of a client, in order of preference; [`Offer::default`] alone by default. An empty list
    /// offers nothing.
    pub offers: Vec<Offer>,
    /// Whether a server's messages always begin with an empty window. It is off by default: they do so only
    /// if the offer asks for it.
    pub server_no_context_takeover: bool,
    /// Whether a server requires that each client begins its messages with an empty window. It is off by
    /// default: it requires this only if the client's offer has the hint.
    pub client_no_context_takeover: bool,
    /// The window of a server; 15 bits by default. If the offer has a smaller one, the server uses that.
    pub server_max_window_bits: WindowBits,
    /// The window that a server chooses for a client that allows it; 15 bits by default. Other clients have
    /// 15 bits.
    ///
    /// Many clients cannot compress with 8 bits.
    pub client_max_window_bits: WindowBits,
    /// The effort of the compressor; 3 by default.
    pub level: Level,
    /// The length in bytes below which messages are sent uncompressed; 64 by default. A message that is sent
    /// in chunks counts as long.
    pub min_len: usize,
    /// Whether a connection keeps the bytes that its next message may refer to.
    pub context: Context,
}

/// The memory that a connection keeps between two messages, if the agreement allows its messages to refer to
/// earlier ones.
///
/// It is about an end's own messages. For those of the peer, only the agreement decides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Context {
    /// The connection keeps its context. This compresses best and takes the most memory for each connection.
    #[default]
    Kept,
    /// The connection keeps nothing. Each message is compressed alone, and an idle connection holds no memory
    /// for it.
    ///
    /// The peer cannot detect this, and keeps its own memory, unless `server_no_context_takeover` is agreed
    /// too.
    Shared,
}

/// The effort of the compressor: from 0 (no compression) over 1 (fastest) to 9 (smallest).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Level(u8);

impl Level {
    /// Returns the level, or `None` above 9.
    pub const fn new(level: u8) -> Option<Self> {
        match level {
            0..=9 => Some(Self(level)),
            10.. => None,
        }
    }

    /// Returns the level, from 0 to 9.
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl Default for Level {
    /// Returns 3. On JSON, level 6 takes up to twice the time to save 5 % (of 1 KiB) to 10 % (of 16 KiB) more
    /// bytes.
    fn default() -> Self {
        Self(3)
    }
}

/// Equals [`new`](Compression::new).
impl Default for Compression {
    fn default() -> Self {
        Self::new()
    }
}

impl Compression {
    /// Returns the default settings.
    pub fn new() -> Self {
        Self {
            offers: vec![Offer::default()],
            server_no_context_takeover: false,
            client_no_context_takeover: false,
            server_max_window_bits: WindowBits::MAX,
            client_max_window_bits: WindowBits::MAX,
            level: Level::default(),
            min_len: 64,
            context: Context::Kept,
        }
    }

    /// Sets the offers of a client, the preferred one first; see the field [`offers`](field@Self::offers).
    #[must_use]
    pub fn offers(mut self, offers: impl Into<Vec<Offer>>) -> Self {
        self.offers = offers.into();
        self
    }

    /// Sets whether a server's messages always begin with an empty window; see the field
    /// [`server_no_context_takeover`](field@Self::server_no_context_takeover).
    #[must_use]
    pub fn server_no_context_takeover(mut self, server_no_context_takeover: bool) -> Self {
        self.server_no_context_takeover = server_no_context_takeover;
        self
    }

    /// Sets whether a server requires empty windows of its clients; see the field
    /// [`client_no_context_takeover`](field@Self::client_no_context_takeover).
    #[must_use]
    pub fn client_no_context_takeover(mut self, client_no_context_takeover: bool) -> Self {
        self.client_no_context_takeover = client_no_context_takeover;
        self
    }

    /// Sets the window of a server, from 8 to 15 bits; see the field
    /// [`server_max_window_bits`](field@Self::server_max_window_bits).
    #[must_use]
    pub fn server_max_window_bits(mut self, server_max_window_bits: WindowBits) -> Self {
        self.server_max_window_bits = server_max_window_bits;
        self
    }

    /// Sets the window that a server chooses for a client, from 8 to 15 bits; see the field
    /// [`client_max_window_bits`](field@Self::client_max_window_bits).
    #[must_use]
    pub fn client_max_window_bits(mut self, client_max_window_bits: WindowBits) -> Self {
        self.client_max_window_bits = client_max_window_bits;
        self
    }

    /// Sets the effort of the compressor, from 0 to 9; see the field [`level`](field@Self::level).
    #[must_use]
    pub fn level(mut self, level: Level) -> Self {
        self.level = level;
        self
    }

    /// Sets the length in bytes below which messages are sent uncompressed; see the field
    /// [`min_len`](field@Self::min_len).
    #[must_use]
    pub fn min_len(mut self, min_len: usize) -> Self {
        self.min_len = min_len;
        self
    }

    /// Sets whether a connection keeps the bytes that its next message may refer to; see the field
    /// [`context`](field@Self::context).
    #[must_use]
    pub fn context(mut self, context: Context) -> Self {
        self.context = context;
        self
    }

    /// Returns the value of the Sec-WebSocket-Extensions field in which a client offers compression, if it
    /// does.
    pub fn offer(&self) -> Option<String> {
        let (first, rest) = self.offers.split_first()?;
        let mut value = String::new();
        write!(value, "{first}").ok()?;
        for offer in rest {
            write!(value, ", {offer}").ok()?;
        }
        Some(value)
    }

    /// Returns a server's answer to the lines of a Sec-WebSocket-Extensions field: the parameters of the
    /// first acceptable offer (D16).
    ///
    /// The field of the answer is the [`Params`], displayed. With `None` the answer has no such field, and
    /// the connection opens uncompressed (RFC 7692 §5). Other extensions are ignored.
    ///
    /// # Errors
    /// Fails if any part of the list is malformed. A server answers that with 400 (§9.1).
    pub fn accept<'a>(
        &self,
        lines: impl IntoIterator<Item = &'a [u8]>,
    ) -> Result<Option<Params>, MalformedExtensions> {
        let mut accepted = None;
        for extension in extensions(lines) {
            let extension = extension?;
            if accepted.is_none() && extension.name() == NAME {
                accepted = Offer::parse(&extension).ok().map(|offer| self.answer(&offer));
            }
        }
        Ok(accepted)
    }

    /// Returns the answer to `offer`. Every well-formed offer can be accepted.
    fn answer(&self, offer: &Offer) -> Params {
        let own = self.server_max_window_bits;
        let client_max_window_bits = match offer.client_max_window_bits {
            ClientWindow::Absent => None,
            ClientWindow::Any => Some(self.client_max_window_bits).filter(|&bits| bits != WindowBits::MAX),
            ClientWindow::AtMost(bits) => Some(bits.min(self.client_max_window_bits)),
        };
        Params {
            server_no_context_takeover: offer.server_no_context_takeover || self.server_no_context_takeover,
            client_no_context_takeover: offer.client_no_context_takeover || self.client_no_context_takeover,
            server_max_window_bits: match offer.server_max_window_bits {
                Some(bits) => Some(bits.min(own)),
                None => Some(own).filter(|&own| own != WindowBits::MAX),
            },
            client_max_window_bits,
        }
    }

    /// Returns the agreement of a client whose [`offer`](Self::offer) was answered with these lines of a
    /// Sec-WebSocket-Extensions field.
    ///
    /// Returns `None` for no lines: the connection is uncompressed (RFC 7692 §5).
    ///
    /// # Errors
    /// Fails if the client must fail the connection. With several offers the answer has to match one of them;
    /// the error is that of the last.
    pub fn agree<'a>(
        &self,
        lines: impl IntoIterator<Item = &'a [u8]>,
    ) -> Result<Option<Params>, NegotiationError> {
        let mut answer = None;
        for extension in extensions(lines) {
            let extension = extension.map_err(|MalformedExtensions| NegotiationError::ListMalformed)?;
            if extension.name() != NAME || self.offers.is_empty() {
                return Err(NegotiationError::NotOffered);
            }
            if answer.replace(Offer::parse(&extension)?).is_some() {
                return Err(NegotiationError::AnsweredTwice);
            }
        }
        let Some(answer) = answer else { return Ok(None) };
        let mut agreed = Err(NegotiationError::NotOffered);
        for offer in &self.offers {
            agreed = offer.agree(&answer);
            if agreed.is_ok() {
                break;
            }
        }
        agreed.map(Some)
    }
}
