use core::fmt;

use crate::handshake::HandshakeError;

/// What a proxy did wrong, or why it did not do what it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProxyError {
    /// It closed the connection instead of an answer.
    Closed,
    /// HTTP: its answer is malformed.
    Malformed(HandshakeError),
    /// SOCKS: its answer is not one of SOCKS5; it may be no SOCKS proxy at all.
    NotSocks5,
    /// SOCKS: it accepts none of the ways to log in that were offered; it may want user name and password, or others.
    NoMethod,
    /// SOCKS: it chose a way to log in that was not offered.
    MethodNotOffered,
    /// SOCKS: it does not know this user name with this password.
    LoginRefused,
    /// SOCKS: the host's name is longer than 255 bytes.
    NameTooLong,
    /// SOCKS: its reply holds an address of an unknown kind.
    ReplyMalformed,
    /// SOCKS: it says no.
    Socks(SocksRefusal),
}

/// Why a SOCKS5 proxy does not connect (RFC 1928 §6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SocksRefusal {
    /// It failed in general.
    General,
    /// Its rules forbid it.
    NotAllowed,
    /// The network cannot be reached.
    NetworkUnreachable,
    /// The host cannot be reached.
    HostUnreachable,
    /// The host refused the connection.
    ConnectionRefused,
    /// The host is too many hops away.
    TtlExpired,
    /// It does not know the command.
    CommandUnsupported,
    /// It does not know this kind of address.
    AddressUnsupported,
    /// A code that RFC 1928 does not define.
    Other(u8),
}

impl SocksRefusal {
    pub(super) fn new(code: u8) -> Self {
        match code {
            1 => Self::General,
            2 => Self::NotAllowed,
            3 => Self::NetworkUnreachable,
            4 => Self::HostUnreachable,
            5 => Self::ConnectionRefused,
            6 => Self::TtlExpired,
            7 => Self::CommandUnsupported,
            8 => Self::AddressUnsupported,
            other => Self::Other(other),
        }
    }

    /// Could another address of the same host do?
    pub(super) fn is_of_address(self) -> bool {
        match self {
            Self::General
            | Self::NetworkUnreachable
            | Self::HostUnreachable
            | Self::ConnectionRefused
            | Self::TtlExpired
            | Self::AddressUnsupported => true,
            Self::NotAllowed | Self::CommandUnsupported | Self::Other(_) => false,
        }
    }
}

impl fmt::Display for ProxyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Closed => "it closed the connection",
            Self::Malformed(HandshakeError::TlsAlert) => {
                "its answer looks like TLS: try a proxy URL with https:"
            }
            Self::Malformed(error) => return write!(f, "its answer is malformed: {error}"),
            Self::NotSocks5 => "it does not speak SOCKS5",
            Self::NoMethod => "it wants another way to log in",
            Self::MethodNotOffered => "it chose a way to log in that was not offered",
            Self::LoginRefused => "it refused user name and password",
            Self::NameTooLong => "the host's name is too long for SOCKS5",
            Self::ReplyMalformed => "its reply is malformed",
            Self::Socks(refusal) => return refusal.fmt(f),
        })
    }
}

impl fmt::Display for SocksRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::General => "it failed",
            Self::NotAllowed => "its rules forbid the connection",
            Self::NetworkUnreachable => "the network cannot be reached",
            Self::HostUnreachable => "the host cannot be reached",
            Self::ConnectionRefused => "the host refused the connection",
            Self::TtlExpired => "the host is too many hops away",
            Self::CommandUnsupported => "it does not know the command",
            Self::AddressUnsupported => "it does not know this kind of address",
            Self::Other(code) => return write!(f, "it refused with the code {code}"),
        })
    }
}

impl core::error::Error for ProxyError {}
