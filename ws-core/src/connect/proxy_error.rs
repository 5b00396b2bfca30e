use core::fmt;

use crate::handshake::HandshakeError;

/// A fault of a proxy, or the reason why it refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProxyError {
    /// It closed the connection before it answered.
    Closed,
    /// An HTTP proxy sent a malformed answer.
    Malformed(HandshakeError),
    /// The answer of a SOCKS proxy is not SOCKS5. It may not be a SOCKS proxy.
    NotSocks5,
    /// A SOCKS proxy does not accept any of the offered authentication methods. It may require a user name
    /// and password, or another method.
    NoMethod,
    /// A SOCKS proxy chose an authentication method that was not offered.
    MethodNotOffered,
    /// A SOCKS proxy refused the user name and password.
    LoginRefused,
    /// The host's name is longer than 255 bytes, the limit of SOCKS5.
    NameTooLong,
    /// The reply of a SOCKS proxy has an address of an unknown type.
    ReplyMalformed,
    /// A SOCKS proxy refused to connect.
    Socks(SocksRefusal),
}

/// The reason why a SOCKS5 proxy does not connect (RFC 1928 §6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SocksRefusal {
    /// The proxy failed.
    General,
    /// The rules of the proxy forbid it.
    NotAllowed,
    /// The network cannot be reached.
    NetworkUnreachable,
    /// The host cannot be reached.
    HostUnreachable,
    /// The host refused the connection.
    ConnectionRefused,
    /// The host is too many hops away.
    TtlExpired,
    /// The proxy does not support the command.
    CommandUnsupported,
    /// The proxy does not support this type of address.
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

    /// Returns whether another address of the same host might succeed.
    pub(super) fn is_about_address(self) -> bool {
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
            Self::NoMethod => "it requires another way to log in",
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
            Self::CommandUnsupported => "it does not support the command",
            Self::AddressUnsupported => "it does not support this type of address",
            Self::Other(code) => return write!(f, "it refused with the code {code}"),
        })
    }
}

impl core::error::Error for ProxyError {}
