use alloc::{string::String, vec, vec::Vec};
use core::fmt::Write as _;

use super::{ClientWindow, NAME, NegotiationError, Offer, Params, WindowBits};
use crate::handshake::{ExtensionsMalformed, extensions};

/// What an end wants of compression, and what it agrees to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compression {
    /// What a client offers, in order of preference; [`Offer::default`] alone by default. Without any, it offers nothing.
    pub offers: Vec<Offer>,
    /// A server's own messages always begin with an empty window; off by default, so that only an offer that asks
    /// for it gets it.
    pub server_no_context_takeover: bool,
    /// A server has each client begin its messages with an empty window; off by default, so that only a client that
    /// hints at it does.
    pub client_no_context_takeover: bool,
    /// A server's own window; 15 bits by default. An offer of a smaller one is answered with that.
    pub server_max_window_bits: WindowBits,
    /// The window that a server gives a client that lets it choose; 15 bits by default. One that does not has 15 bits.
    ///
    /// Many clients cannot compress with 8.
    pub client_max_window_bits: WindowBits,
    /// How hard to look for repetitions; 3 by default.
    pub level: Level,
    /// Shorter messages are sent uncompressed, in bytes; 64 by default. A message that is sent in chunks counts as long.
    pub min_len: usize,
    /// Whether a connection keeps what its next message may refer to.
    pub context: Context,
}

/// Whether a connection keeps what its next message may refer to, where it was agreed that it may.
///
/// The choice concerns an end's own messages. What the peer sends is decided by the agreement alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Context {
    /// It does: best ratio, and the most memory for each connection.
    #[default]
    Kept,
    /// It does not: each message is compressed alone, and an idle connection holds no memory for it.
    ///
    /// The peer cannot know, and keeps its own memory, unless `server_no_context_takeover` tells it too.
    Shared,
}

/// How hard to look for repetitions: from 0 (not at all) over 1 (fastest) to 9 (smallest).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Level(u8);

impl Level {
    /// `None` above 9.
    pub const fn new(level: u8) -> Option<Self> {
        match level {
            0..=9 => Some(Self(level)),
            10.. => None,
        }
    }

    /// From 0 to 9.
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl Default for Level {
    /// 3. On JSON, 6 takes up to twice the time to save 5 % (of 1 KiB) to 10 % (of 16 KiB) more bytes.
    fn default() -> Self {
        Self(3)
    }
}

impl Default for Compression {
    fn default() -> Self {
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
}

impl Compression {
    /// The value of the Sec-WebSocket-Extensions field with which a client offers compression, if it does.
    pub fn offer(&self) -> Option<String> {
        let (first, rest) = self.offers.split_first()?;
        let mut value = String::new();
        write!(value, "{first}").ok()?;
        for offer in rest {
            write!(value, ", {offer}").ok()?;
        }
        Some(value)
    }

    /// A server's answer to the lines of a Sec-WebSocket-Extensions field: the first offer that is acceptable.
    ///
    /// The field that answers is the [`Params`], displayed; for `None` there is none, and the connection opens all the
    /// same (RFC 7692 §5). Other extensions are passed over.
    ///
    /// # Errors
    /// If any part of the list is malformed, which a server answers with 400 (§9.1).
    pub fn accept<'a>(
        &self,
        lines: impl IntoIterator<Item = &'a [u8]>,
    ) -> Result<Option<Params>, ExtensionsMalformed> {
        let mut accepted = None;
        for extension in extensions(lines) {
            let extension = extension?;
            if accepted.is_none() && extension.name() == NAME {
                accepted = Offer::parse(&extension).ok().map(|offer| self.answer(&offer));
            }
        }
        Ok(accepted)
    }

    /// Every offer that is well formed can be met.
    fn answer(&self, offer: &Offer) -> Params {
        let own = self.server_max_window_bits;
        let client_max_window_bits = match offer.client_max_window_bits {
            ClientWindow::Unsaid => None,
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

    /// What holds for a client whose [`offer`](Self::offer) got these lines of a Sec-WebSocket-Extensions field.
    ///
    /// `None` without any: the connection is uncompressed (RFC 7692 §5).
    ///
    /// # Errors
    /// For which the client must fail the connection. With several offers the answer has to suit one of them; the
    /// error is that of the last.
    pub fn agree<'a>(
        &self,
        lines: impl IntoIterator<Item = &'a [u8]>,
    ) -> Result<Option<Params>, NegotiationError> {
        let mut answer = None;
        for extension in extensions(lines) {
            let extension = extension.map_err(|ExtensionsMalformed| NegotiationError::ListMalformed)?;
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
