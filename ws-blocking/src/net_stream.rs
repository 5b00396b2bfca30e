use core::fmt;
use core::net::SocketAddr;
use core::time::Duration;
use std::io::{self, IoSlice, Read, Write};
use std::net::TcpStream;
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::sync::Arc;

use ws_adapter::Addresses;
#[cfg(feature = "tls")]
use ws_tls::{CertificateDer, rustls::ProtocolVersion};

#[cfg(feature = "tls")]
use crate::TlsStream;
use crate::places::Place;
use crate::{CloneTransport, Transport};

/// The stream of a connection that this crate has opened or accepted: TCP, a Unix socket, TLS over either, or
/// a transport that the program brings.
pub struct NetStream {
    kind: Kind,
    /// The place among the connections of a server. It is free again when the last clone of the stream is
    /// dropped.
    place: Option<Arc<Place>>,
}

enum Kind {
    Tcp(TcpStream, Addresses),
    #[cfg(feature = "tls")]
    Tls(Box<TlsStream<NetStream>>),
    Other(Box<dyn Other>),
}

impl NetStream {
    /// Wraps a TCP stream with the address of the other end, which `accept` or `connect` has given.
    pub(crate) fn tcp_with(stream: TcpStream, peer: SocketAddr) -> Self {
        let addresses = Addresses::new(Some(peer), stream.local_addr().ok());
        Kind::Tcp(stream, addresses).into()
    }

    /// Wraps a transport that the program brings.
    pub fn new(transport: impl CloneTransport + Send + 'static) -> Self {
        Kind::Other(Box::new(transport)).into()
    }

    /// Returns the address of the other end, which may be a proxy; `None` for anything but TCP.
    ///
    /// The address is taken at the beginning, so it is there after a reset too. It is `None` for a
    /// [`TcpStream`] that was reset before it was wrapped.
    pub fn peer_addr(&self) -> Option<SocketAddr> {
        self.addresses()?.peer()
    }

    /// Returns the address of this end, taken at the beginning as [`peer_addr`](Self::peer_addr) is; `None`
    /// for anything but TCP.
    pub fn local_addr(&self) -> Option<SocketAddr> {
        self.addresses()?.local()
    }

    /// Returns whether the stream is inside TLS.
    pub const fn is_tls(&self) -> bool {
        match &self.kind {
            #[cfg(feature = "tls")]
            Kind::Tls(_) => true,
            Kind::Tcp(..) | Kind::Other(_) => false,
        }
    }

    /// Returns the TCP socket beneath the stream, if there is one.
    pub fn tcp(&self) -> Option<&TcpStream> {
        self.innermost().map(|(tcp, _)| tcp)
    }

    fn addresses(&self) -> Option<&Addresses> {
        self.innermost().map(|(_, addresses)| addresses)
    }

    fn innermost(&self) -> Option<(&TcpStream, &Addresses)> {
        match &self.kind {
            Kind::Tcp(stream, addresses) => Some((stream, addresses)),
            #[cfg(feature = "tls")]
            Kind::Tls(stream) => stream.get_ref().innermost(),
            Kind::Other(_) => None,
        }
    }

    /// Holds a place for as long as the stream lives.
    pub(crate) fn holding(self, place: Place) -> Self {
        Self { place: Some(Arc::new(place)), ..self }
    }
}

/// Inside TLS.
#[cfg(feature = "tls")]
impl NetStream {
    /// Returns the TLS stream, if this is one.
    pub fn tls(&self) -> Option<&TlsStream<Self>> {
        match &self.kind {
            Kind::Tls(stream) => Some(stream),
            Kind::Tcp(..) | Kind::Other(_) => None,
        }
    }

    /// Returns the certificates that the peer has shown, its own first; `None` if it has shown none.
    pub fn peer_certificates(&self) -> Option<Vec<CertificateDer<'static>>> {
        self.tls()?.peer_certificates()
    }

    /// Returns the version of TLS in use.
    pub fn protocol_version(&self) -> Option<ProtocolVersion> {
        self.tls()?.protocol_version()
    }

    /// Returns the host that the client asked for by SNI (RFC 6066 §3); `None` at a client.
    pub fn server_name(&self) -> Option<String> {
        self.tls()?.server_name()
    }

    /// Returns the protocol that was agreed on by ALPN, if any (RFC 7301).
    pub fn alpn_protocol(&self) -> Option<Vec<u8>> {
        self.tls()?.alpn_protocol()
    }
}

impl From<Kind> for NetStream {
    fn from(kind: Kind) -> Self {
        Self { kind, place: None }
    }
}

impl From<TcpStream> for NetStream {
    fn from(stream: TcpStream) -> Self {
        let addresses = Addresses::new(stream.peer_addr().ok(), stream.local_addr().ok());
        Kind::Tcp(stream, addresses).into()
    }
}

#[cfg(unix)]
impl From<UnixStream> for NetStream {
    fn from(stream: UnixStream) -> Self {
        Self::new(stream)
    }
}

#[cfg(feature = "tls")]
impl From<TlsStream<NetStream>> for NetStream {
    fn from(stream: TlsStream<NetStream>) -> Self {
        Kind::Tls(Box::new(stream)).into()
    }
}

/// A transport of any type.
trait Other: Transport + Send {
    fn try_clone_boxed(&self) -> io::Result<Box<dyn Other>>;
}

impl<S: CloneTransport + Send + 'static> Other for S {
    fn try_clone_boxed(&self) -> io::Result<Box<dyn Other>> {
        Ok(Box::new(self.try_clone()?))
    }
}

/// Calls the same method on each kind of stream.
macro_rules! each {
    ($kind:expr, $stream:ident => $what:expr) => {
        match $kind {
            Kind::Tcp($stream, _) => $what,
            #[cfg(feature = "tls")]
            Kind::Tls($stream) => $what,
            Kind::Other($stream) => $what,
        }
    };
}

impl Read for NetStream {
    #[inline]
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        each!(&mut self.kind, stream => stream.read(buf))
    }
}

impl Write for NetStream {
    #[inline]
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        each!(&mut self.kind, stream => stream.write(buf))
    }

    #[inline]
    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        each!(&mut self.kind, stream => stream.write_vectored(bufs))
    }

    fn flush(&mut self) -> io::Result<()> {
        each!(&mut self.kind, stream => stream.flush())
    }
}

impl Transport for NetStream {
    fn set_read_timeout(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        each!(&mut self.kind, stream => Transport::set_read_timeout(stream, timeout))
    }

    fn set_write_timeout(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        each!(&mut self.kind, stream => Transport::set_write_timeout(stream, timeout))
    }

    fn shutdown_write(&mut self) -> io::Result<()> {
        each!(&mut self.kind, stream => stream.shutdown_write())
    }

    fn shutdown_both(&mut self) -> io::Result<()> {
        each!(&mut self.kind, stream => stream.shutdown_both())
    }
}

impl CloneTransport for NetStream {
    fn try_clone(&self) -> io::Result<Self> {
        let kind = match &self.kind {
            Kind::Tcp(stream, addresses) => Kind::Tcp(stream.try_clone()?, addresses.clone()),
            #[cfg(feature = "tls")]
            Kind::Tls(stream) => Kind::Tls(Box::new(CloneTransport::try_clone(&**stream)?)),
            Kind::Other(stream) => Kind::Other(stream.try_clone_boxed()?),
        };
        Ok(Self { kind, place: self.place.clone() })
    }
}

impl fmt::Debug for NetStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Tcp(stream, _) => stream.fmt(f),
            #[cfg(feature = "tls")]
            Kind::Tls(stream) => stream.fmt(f),
            Kind::Other(_) => f.write_str("NetStream(..)"),
        }
    }
}
