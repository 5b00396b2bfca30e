use core::fmt;

use crate::CloseCode;

/// A parameter of permessage-deflate (RFC 7692 §7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Parameter {
    /// `server_no_context_takeover`
    ServerNoContextTakeover,
    /// `client_no_context_takeover`
    ClientNoContextTakeover,
    /// `server_max_window_bits`
    ServerMaxWindowBits,
    /// `client_max_window_bits`
    ClientMaxWindowBits,
}

impl Parameter {
    pub(super) const ALL: [Self; 4] = [
        Self::ServerNoContextTakeover,
        Self::ClientNoContextTakeover,
        Self::ServerMaxWindowBits,
        Self::ClientMaxWindowBits,
    ];

    /// Returns the name in a list of extensions.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ServerNoContextTakeover => "server_no_context_takeover",
            Self::ClientNoContextTakeover => "client_no_context_takeover",
            Self::ServerMaxWindowBits => "server_max_window_bits",
            Self::ClientMaxWindowBits => "client_max_window_bits",
        }
    }
}

/// A fault in the parameters of an offer or an answer, independent of the other end.
///
/// A server declines such an offer. A client fails on such an answer (RFC 7692 §7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ParameterError {
    /// RFC 7692 does not define the parameter.
    Unknown,
    /// The parameter occurs twice.
    Repeated(Parameter),
    /// The parameter has no value and needs one.
    ValueMissing(Parameter),
    /// The parameter has a value and takes none.
    ValueUnexpected(Parameter),
    /// The value is not a number from 8 to 15, in decimal, without leading zeros.
    ValueInvalid(Parameter),
}

/// The reason why a client cannot accept the server's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NegotiationError {
    /// The list of extensions is malformed (§9.1).
    ListMalformed,
    /// The answer has an extension that was not offered.
    NotOffered,
    /// The answer has permessage-deflate twice.
    AnsweredTwice,
    /// The parameters are wrong in themselves.
    Parameter(ParameterError),
    /// `server_no_context_takeover` was offered, and is missing in the answer.
    ServerTakeoverKept,
    /// `server_max_window_bits` was offered, and is missing in the answer.
    ServerWindowMissing,
    /// The answer's `server_max_window_bits` is larger than the one offered.
    ServerWindowTooLarge,
    /// The answer has `client_max_window_bits`, which was not offered.
    ClientWindowNotOffered,
}

/// The reason why a compressed message cannot be inflated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum InflateError {
    /// The payload is not valid DEFLATE data, or refers to bytes outside the agreed window (D17).
    Corrupt,
    /// The payload ends inside a block.
    Truncated,
    /// The message is larger than allowed, counted after inflating.
    TooBig,
    /// The message has far more final blocks than data. Each of them costs as much time as many bytes.
    TooManyFinalBlocks,
}

impl InflateError {
    /// Returns the code to close the connection with (§7.4.1, D8).
    pub const fn close_code(self) -> CloseCode {
        match self {
            Self::Corrupt | Self::Truncated => CloseCode::INVALID_PAYLOAD,
            Self::TooBig | Self::TooManyFinalBlocks => CloseCode::TOO_BIG,
        }
    }
}

impl From<ParameterError> for NegotiationError {
    fn from(error: ParameterError) -> Self {
        Self::Parameter(error)
    }
}

impl fmt::Display for Parameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for ParameterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("permessage-deflate has an unknown parameter"),
            Self::Repeated(parameter) => write!(f, "{parameter} occurs twice"),
            Self::ValueMissing(parameter) => write!(f, "{parameter} has no value"),
            Self::ValueUnexpected(parameter) => write!(f, "{parameter} has a value"),
            Self::ValueInvalid(parameter) => write!(f, "{parameter} is not a number from 8 to 15"),
        }
    }
}

impl fmt::Display for NegotiationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ListMalformed => "the list of extensions is malformed",
            Self::NotOffered => "an extension is answered that was not offered",
            Self::AnsweredTwice => "permessage-deflate is answered twice",
            Self::Parameter(error) => return error.fmt(f),
            Self::ServerTakeoverKept => "server_no_context_takeover was offered and is not answered",
            Self::ServerWindowMissing => "server_max_window_bits was offered and is not answered",
            Self::ServerWindowTooLarge => "server_max_window_bits is larger than offered",
            Self::ClientWindowNotOffered => "client_max_window_bits is answered and was not offered",
        })
    }
}

impl fmt::Display for InflateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Corrupt => "compressed data that is corrupt",
            Self::Truncated => "compressed data that ends too early",
            Self::TooBig => "a message that inflates beyond the size limit",
            Self::TooManyFinalBlocks => "compressed data of little else than final blocks",
        })
    }
}

impl core::error::Error for ParameterError {}
impl core::error::Error for NegotiationError {}
impl core::error::Error for InflateError {}
