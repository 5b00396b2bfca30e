use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::net::SocketAddr;

use super::{ProxyError, RedirectError};
use crate::handshake::OwnedResponse;

/// The reason why no connection was opened. `E` is the type of the errors of the adapter's system calls.
#[derive(Debug)]
#[non_exhaustive]
pub enum ConnectError<E> {
    /// A name could not be looked up.
    Resolve {
        /// The name: the host of the URL, or that of the proxy.
        host: String,
        /// The resolver's error.
        error: E,
    },
    /// No address took the connection.
    Dial {
        /// The host of the URL, or that of the proxy.
        host: String,
        /// The addresses, in the order in which the attempts ended; empty if the host has no address.
        failures: Vec<DialFailure<E>>,
    },
    /// TLS could not be started, or the other end did not prove its identity.
    Tls {
        /// The other end of TLS.
        peer: Peer,
        /// The TLS library's error.
        error: E,
    },
    /// The other end chose another protocol than `http/1.1` (RFC 7301 §3.2).
    Alpn(Peer),
    /// The proxy does not open a tunnel.
    Proxy(ProxyError),
    /// The proxy answered with a status other than 2xx: 407, if it requires user name and password. Up to 4
    /// KiB of the body are kept.
    ProxyRefused(Box<OwnedResponse>),
    /// The transport failed before the connection was open.
    Lost {
        /// The other end of the transport.
        peer: Peer,
        /// The system's error.
        error: E,
    },
    /// The time limit ran out.
    TimedOut(Stage),
    /// The server answered with a status other than 101.
    Rejected(Box<OwnedResponse>),
    /// The server redirected the client, and the redirect was not followed.
    Redirected {
        /// The reason why it was not followed.
        error: RedirectError,
        /// The server's response.
        response: Box<OwnedResponse>,
    },
}

/// The other end of a transport.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Peer {
    /// The proxy.
    Proxy,
    /// The host of the URL.
    Server,
}

/// The stage that was in progress when the time limit ran out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stage {
    /// The look-up of a name.
    Resolving,
    /// The TLS handshake.
    Securing(Peer),
    /// The proxy's answer to the request for a tunnel.
    Tunnelling,
    /// The server's answer to the opening handshake.
    Opening,
}

/// A failed attempt to connect to an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DialFailure<E> {
    /// The address.
    pub address: SocketAddr,
    /// The error; `None` if there was no answer in time.
    pub error: Option<E>,
}

impl<E> ConnectError<E> {
    /// Returns whether a time limit of the plan was the cause: that of the whole, or that of an address. The
    /// system has time limits of its own, which [`causes`](Self::causes) shows.
    pub fn is_timeout(&self) -> bool {
        match self {
            Self::TimedOut(_) | Self::Redirected { error: RedirectError::TooLate, .. } => true,
            Self::Dial { failures, .. } => failures.iter().any(|failure| failure.error.is_none()),
            Self::Resolve { .. }
            | Self::Tls { .. }
            | Self::Alpn(_)
            | Self::Proxy(_)
            | Self::ProxyRefused(_)
            | Self::Lost { .. }
            | Self::Rejected(_)
            | Self::Redirected { .. } => false,
        }
    }

    /// Returns the errors of the system or of TLS that were the cause; several if several addresses failed.
    pub fn causes(&self) -> impl Iterator<Item = &E> {
        let (one, failures): (_, &[_]) = match self {
            Self::Resolve { error, .. } | Self::Tls { error, .. } | Self::Lost { error, .. } => {
                (Some(error), &[])
            }
            Self::Dial { failures, .. } => (None, failures),
            Self::Alpn(_)
            | Self::Proxy(_)
            | Self::ProxyRefused(_)
            | Self::TimedOut(_)
            | Self::Rejected(_)
            | Self::Redirected { .. } => (None, &[]),
        };
        one.into_iter().chain(failures.iter().filter_map(|failure| failure.error.as_ref()))
    }

    /// Returns the status of the HTTP response that refused the connection, from 100 to 999: that of the
    /// server, also if it is a redirect that was not followed, or that of the proxy. `None` if there was no
    /// such response.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Rejected(response) | Self::ProxyRefused(response) | Self::Redirected { response, .. } => {
                Some(response.status)
            }
            Self::Resolve { .. }
            | Self::Dial { .. }
            | Self::Tls { .. }
            | Self::Alpn(_)
            | Self::Proxy(_)
            | Self::Lost { .. }
            | Self::TimedOut(_) => None,
        }
    }

    /// Returns whether the same attempt may succeed a little later: the server or the proxy could not be
    /// reached, did not answer in time, or refused with a [temporary](OwnedResponse::is_temporary) status.
    /// The argument decides about an error of the system or of TLS. If several addresses failed, one such
    /// error is enough.
    pub fn is_temporary(&self, is_temporary: impl Fn(&E) -> bool) -> bool {
        match self {
            Self::TimedOut(_) | Self::Redirected { error: RedirectError::TooLate, .. } => true,
            Self::Dial { failures, .. } => {
                failures.is_empty()
                    || failures.iter().any(|failure| failure.error.as_ref().is_none_or(&is_temporary))
            }
            Self::Resolve { error, .. } | Self::Lost { error, .. } | Self::Tls { error, .. } => {
                is_temporary(error)
            }
            Self::ProxyRefused(response) | Self::Rejected(response) => response.is_temporary(),
            Self::Alpn(_) | Self::Proxy(_) | Self::Redirected { .. } => false,
        }
    }
}

impl<E: fmt::Display> fmt::Display for ConnectError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Resolve { host, error } => write!(f, "cannot look up {host}: {error}"),
            Self::Dial { host, failures } if failures.is_empty() => write!(f, "{host} has no address"),
            Self::Dial { host, failures } => {
                if let [only] = &failures[..]
                    && host.parse() == Ok(only.address.ip())
                {
                    write!(f, "cannot connect to {}: ", only.address)?;
                    return only.write_cause(f);
                }
                write!(f, "cannot connect to {host}")?;
                failures.iter().enumerate().try_for_each(|(n, failure)| {
                    f.write_str(if n == 0 { ": " } else { ", " })?;
                    failure.fmt(f)
                })
            }
            Self::Tls { peer, error } => write!(f, "no TLS with {peer}: {error}"),
            Self::Alpn(peer) => write!(f, "{peer} chose a protocol that was not offered"),
            Self::Proxy(error) => write!(f, "no tunnel through the proxy: {error}"),
            Self::ProxyRefused(response) => write!(f, "the proxy answered {response}"),
            Self::Lost { peer, error } => write!(f, "the connection to {peer} broke: {error}"),
            Self::TimedOut(stage) => write!(f, "timed out: {stage}"),
            Self::Rejected(response) => write!(f, "the server answered {response}"),
            Self::Redirected { error, response } => write!(f, "the server answered {response}: {error}"),
        }
    }
}

/// The message includes that of the cause, so `source` returns the source of the cause.
impl<E: core::error::Error + 'static> core::error::Error for ConnectError<E> {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Resolve { error, .. } | Self::Tls { error, .. } | Self::Lost { error, .. } => {
                error.source()
            }
            Self::Dial { failures, .. } => {
                failures.iter().rev().find_map(|failure| failure.error.as_ref())?.source()
            }
            Self::Alpn(_)
            | Self::Proxy(_)
            | Self::ProxyRefused(_)
            | Self::TimedOut(_)
            | Self::Rejected(_)
            | Self::Redirected { .. } => None,
        }
    }
}

impl<E: fmt::Display> fmt::Display for DialFailure<E> {
    /// Writes the address and the cause: `192.0.2.1:443 (connection refused)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (", self.address)?;
        self.write_cause(f)?;
        f.write_str(")")
    }
}

impl<E: fmt::Display> DialFailure<E> {
    fn write_cause(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.error {
            Some(error) => error.fmt(f),
            None => f.write_str("no answer in time"),
        }
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Proxy => "the proxy",
            Self::Server => "the server",
        })
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Resolving => f.write_str("the name was not looked up in time"),
            Self::Securing(peer) => write!(f, "TLS with {peer} took too long"),
            Self::Tunnelling => f.write_str("the proxy did not answer in time"),
            Self::Opening => f.write_str("the opening handshake took too long"),
        }
    }
}
