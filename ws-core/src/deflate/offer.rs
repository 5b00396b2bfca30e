use core::fmt;

use super::{NAME, NegotiationError, Parameter, ParameterError, Params, WindowBits};
use crate::handshake::Extension;

/// One offer of permessage-deflate (RFC 7692 §7.1). `Display` writes it as an element of
/// the client's list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Offer {
    /// Whether the server must begin each message with an empty window; off by default.
    pub server_no_context_takeover: bool,
    /// Whether the client hints that it begins each message with an empty window; off by default.
    pub client_no_context_takeover: bool,
    /// The largest window that the client can inflate; 15 bits if `None`, which is the default.
    pub server_max_window_bits: Option<WindowBits>,
    /// Whether the server may limit the client's window; [`ClientWindow::Any`] by default.
    pub client_max_window_bits: ClientWindow,
}

/// The part of an offer about the client's own window (RFC 7692 §7.1.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ClientWindow {
    /// Nothing. The server must not limit the window.
    Absent,
    /// The server may limit the window.
    Any,
    /// The client does not use a larger window, and the server may limit it further.
    AtMost(WindowBits),
}

/// Equals [`new`](Offer::new).
impl Default for Offer {
    fn default() -> Self {
        Self::new()
    }
}

impl Offer {
    /// The offer `permessage-deflate`, without parameters.
    pub const PLAIN: Self = Self {
        server_no_context_takeover: false,
        client_no_context_takeover: false,
        server_max_window_bits: None,
        client_max_window_bits: ClientWindow::Absent,
    };

    /// Returns `permessage-deflate; client_max_window_bits`.
    pub const fn new() -> Self {
        Self { client_max_window_bits: ClientWindow::Any, ..Self::PLAIN }
    }

    /// Sets whether the server must begin each message with an empty window; see the field
    /// [`server_no_context_takeover`](field@Self::server_no_context_takeover).
    #[must_use]
    pub const fn server_no_context_takeover(mut self, server_no_context_takeover: bool) -> Self {
        self.server_no_context_takeover = server_no_context_takeover;
        self
    }

    /// Sets whether the client hints at empty windows of its own; see the field
    /// [`client_no_context_takeover`](field@Self::client_no_context_takeover).
    #[must_use]
    pub const fn client_no_context_takeover(mut self, client_no_context_takeover: bool) -> Self {
        self.client_no_context_takeover = client_no_context_takeover;
        self
    }

    /// Sets the largest window that the client can inflate; see the field
    /// [`server_max_window_bits`](field@Self::server_max_window_bits).
    #[must_use]
    pub fn server_max_window_bits(mut self, server_max_window_bits: impl Into<Option<WindowBits>>) -> Self {
        self.server_max_window_bits = server_max_window_bits.into();
        self
    }

    /// Sets what the offer contains about the client's window; see the field
    /// [`client_max_window_bits`](field@Self::client_max_window_bits).
    #[must_use]
    pub const fn client_max_window_bits(mut self, client_max_window_bits: ClientWindow) -> Self {
        self.client_max_window_bits = client_max_window_bits;
        self
    }

    /// Parses the parameters of an element with the name [`NAME`].
    ///
    /// # Errors
    /// A parameter is unknown, repeated or has a wrong value. A server must decline such an offer (RFC 7692
    /// §7).
    pub fn parse(extension: &Extension<'_>) -> Result<Self, ParameterError> {
        let mut offer = Self::PLAIN;
        for param in extension.params() {
            let parameter = Parameter::ALL.into_iter().find(|parameter| parameter.name() == param.name());
            let Some(parameter) = parameter else { return Err(ParameterError::Unknown) };
            if offer.has_parameter(parameter) {
                return Err(ParameterError::Repeated(parameter));
            }
            let bits = match param.value().map(WindowBits::parse) {
                Some(None) if parameter.takes_value() => return Err(ParameterError::ValueInvalid(parameter)),
                Some(_) if !parameter.takes_value() => {
                    return Err(ParameterError::ValueUnexpected(parameter));
                }
                bits => bits.flatten(),
            };
            match (parameter, bits) {
                (Parameter::ServerNoContextTakeover, _) => offer.server_no_context_takeover = true,
                (Parameter::ClientNoContextTakeover, _) => offer.client_no_context_takeover = true,
                (Parameter::ServerMaxWindowBits, None) => {
                    return Err(ParameterError::ValueMissing(parameter));
                }
                (Parameter::ServerMaxWindowBits, Some(_)) => offer.server_max_window_bits = bits,
                (Parameter::ClientMaxWindowBits, None) => offer.client_max_window_bits = ClientWindow::Any,
                (Parameter::ClientMaxWindowBits, Some(bits)) => {
                    offer.client_max_window_bits = ClientWindow::AtMost(bits);
                }
            }
        }
        Ok(offer)
    }

    fn has_parameter(&self, parameter: Parameter) -> bool {
        match parameter {
            Parameter::ServerNoContextTakeover => self.server_no_context_takeover,
            Parameter::ClientNoContextTakeover => self.client_no_context_takeover,
            Parameter::ServerMaxWindowBits => self.server_max_window_bits.is_some(),
            Parameter::ClientMaxWindowBits => self.client_max_window_bits != ClientWindow::Absent,
        }
    }

    /// Returns the parameters that a client uses after it made this offer and received `answer`, which has
    /// the same syntax.
    pub(super) fn agree(&self, answer: &Self) -> Result<Params, NegotiationError> {
        if self.server_no_context_takeover && !answer.server_no_context_takeover {
            return Err(NegotiationError::ServerTakeoverKept);
        }
        match (self.server_max_window_bits, answer.server_max_window_bits) {
            (Some(_), None) => return Err(NegotiationError::ServerWindowMissing),
            (Some(offered), Some(bits)) if bits > offered => {
                return Err(NegotiationError::ServerWindowTooLarge);
            }
            (Some(_) | None, _) => {}
        }
        let limit = match answer.client_max_window_bits {
            ClientWindow::Absent => None,
            ClientWindow::Any => {
                return Err(ParameterError::ValueMissing(Parameter::ClientMaxWindowBits).into());
            }
            ClientWindow::AtMost(_) if self.client_max_window_bits == ClientWindow::Absent => {
                return Err(NegotiationError::ClientWindowNotOffered);
            }
            ClientWindow::AtMost(bits) => Some(bits),
        };
        let client_max_window_bits = match self.client_max_window_bits {
            // The client keeps to its own hint, even if the server ignores it.
            ClientWindow::AtMost(hint) => Some(limit.map_or(hint, |bits| bits.min(hint))),
            ClientWindow::Absent | ClientWindow::Any => limit,
        };
        Ok(Params {
            server_no_context_takeover: answer.server_no_context_takeover,
            client_no_context_takeover: answer.client_no_context_takeover,
            server_max_window_bits: answer.server_max_window_bits,
            client_max_window_bits,
        })
    }
}

impl Parameter {
    fn takes_value(self) -> bool {
        match self {
            Self::ServerNoContextTakeover | Self::ClientNoContextTakeover => false,
            Self::ServerMaxWindowBits | Self::ClientMaxWindowBits => true,
        }
    }
}

impl fmt::Display for Offer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(NAME)?;
        if self.server_no_context_takeover {
            write!(f, "; {}", Parameter::ServerNoContextTakeover)?;
        }
        if self.client_no_context_takeover {
            write!(f, "; {}", Parameter::ClientNoContextTakeover)?;
        }
        if let Some(bits) = self.server_max_window_bits {
            write!(f, "; {}={bits}", Parameter::ServerMaxWindowBits)?;
        }
        match self.client_max_window_bits {
            ClientWindow::Absent => Ok(()),
            ClientWindow::Any => write!(f, "; {}", Parameter::ClientMaxWindowBits),
            ClientWindow::AtMost(bits) => write!(f, "; {}={bits}", Parameter::ClientMaxWindowBits),
        }
    }
}

impl fmt::Display for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // An answer has the syntax of an offer with the same parameters.
        let offer = Offer {
            server_no_context_takeover: self.server_no_context_takeover,
            client_no_context_takeover: self.client_no_context_takeover,
            server_max_window_bits: self.server_max_window_bits,
            client_max_window_bits: self
                .client_max_window_bits
                .map_or(ClientWindow::Absent, ClientWindow::AtMost),
        };
        offer.fmt(f)
    }
}
