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

    /// The name in a list of extensions.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ServerNoContextTakeover => "server_no_context_takeover",
            Self::ClientNoContextTakeover => "client_no_context_takeover",
            Self::ServerMaxWindowBits => "server_max_window_bits",
            Self::ClientMaxWindowBits => "client_max_window_bits",
        }
    }
}

/// What is wrong with the parameters of an offer or an answer, whatever the other one says.
///
/// A server declines such an offer, a client fails on such an answer (RFC 7692 §7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ParameterError {
    /// A parameter that RFC 7692 does not define.
    Unknown,
    /// The parameter occurs twice.
    Repeated(Parameter),
    /// The parameter needs a value and has none.
    ValueMissing(Parameter),
    /// The parameter has a value and takes none.
    ValueUnexpected(Parameter),
    /// The value is not a number from 8 to 15, in decimal, without leading zeros.
    ValueInvalid(Parameter),
}

/// Why a client cannot go on with the server's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NegotiationError {
    /// The list of extensions is malformed (§9.1).
    ListMalformed,
    /// The answer names an extension that was not offered.
    NotOffered,
    /// The answer names permessage-deflate twice.
    AnsweredTwice,
    /// The parameters are wrong by themselves.
    Parameter(ParameterError),
    /// `server_no_context_takeover` was offered, and the answer leaves it out.
    ServerTakeoverKept,
    /// `server_max_window_bits` was offered, and the answer leaves it out.
    ServerWindowMissing,
    /// The answer's `server_max_window_bits` is larger than the one offered.
    ServerWindowTooLarge,
    /// The answer has `client_max_window_bits`, which the offer had not.
    ClientWindowNotOffered,
}

/// Why a compressed message cannot be inflated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum InflateError {
    /// The payload is not DEFLATE, or refers to bytes that it may not refer to.
    Corrupt,
    /// The payload ends inside a block.
    Truncated,
    /// The message is larger than allowed, counted after inflating.
    TooBig,
    /// Far more final blocks than data: each of them costs as much as many bytes.
    TooManyFinalBlocks,
}

impl InflateError {
    /// The code to close the connection with (§7.4.1).
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
