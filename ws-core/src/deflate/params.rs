use core::fmt;

use crate::Role;
use crate::handshake::ParamValue;

/// The base-2 logarithm of a window's size in bytes: 8 to 15 (RFC 7692 §7.1.2).
///
/// RFC 7692 §7.3 recommends 10 and more for a useful ratio.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WindowBits(u8);

impl WindowBits {
    /// 256 bytes.
    pub const MIN: Self = Self(8);
    /// 32 KiB: the default of the RFC.
    pub const MAX: Self = Self(15);

    /// Returns `None` unless `bits` is 8 to 15.
    pub const fn new(bits: u8) -> Option<Self> {
        match bits {
            8..=15 => Some(Self(bits)),
            0..=7 | 16.. => None,
        }
    }

    /// Returns the number, from 8 to 15.
    pub const fn get(self) -> u8 {
        self.0
    }

    /// Parses `1*DIGIT` without leading zeros.
    pub(super) fn parse(value: ParamValue<'_>) -> Option<Self> {
        let texts = ["8", "9", "10", "11", "12", "13", "14", "15"];
        (8..).zip(texts).find(|(_, text)| value.is(text)).map(|(bits, _)| Self(bits))
    }
}

impl Default for WindowBits {
    /// Returns [`MAX`](Self::MAX).
    fn default() -> Self {
        Self::MAX
    }
}

impl fmt::Display for WindowBits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The parameters that both ends agreed on (RFC 7692 §7.1). `Display` writes them as the server's answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Params {
    /// Whether the server begins each message with an empty window.
    pub server_no_context_takeover: bool,
    /// Whether the client begins each message with an empty window.
    pub client_no_context_takeover: bool,
    /// The server's window; 15 bits if `None`.
    pub server_max_window_bits: Option<WindowBits>,
    /// The client's window; 15 bits if `None`.
    pub client_max_window_bits: Option<WindowBits>,
}

impl Params {
    /// Returns whether messages that `sender` compresses may refer to its earlier messages.
    pub const fn takes_over(&self, sender: Role) -> bool {
        match sender {
            Role::Server => !self.server_no_context_takeover,
            Role::Client => !self.client_no_context_takeover,
        }
    }

    /// Returns the window of `sender`: how far back its compressed messages may refer.
    pub fn window(&self, sender: Role) -> WindowBits {
        match sender {
            Role::Server => self.server_max_window_bits,
            Role::Client => self.client_max_window_bits,
        }
        .unwrap_or_default()
    }
}
