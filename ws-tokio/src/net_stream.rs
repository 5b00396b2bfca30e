use core::fmt;
use core::net::SocketAddr;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::io::{self, IoSlice};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;
#[cfg(feature = "tls")]
use tokio_rustls::TlsStream;

#[cfg(feature = "tls")]
use crate::secured::Secured;
use ws_driver::Addresses;
use ws_driver::serve::Place;
#[cfg(feature = "tls")]
use ws_tls::{CertificateDer, rustls::ProtocolVersion};

/// The stream of a connection that this crate has opened or accepted: TCP, a Unix socket, TLS over either, or
/// a stream that the program brought.
pub struct NetStream {
    kind: Kind,
    /// The place among the connections of a server. It is free again when the stream is dropped.
    _place: Option<Place>,
}

enum Kind {
    Tcp(TcpStream, Addresses),
    /// In a box: its state takes more than a kilobyte.
    #[cfg(feature = "tls")]
    Tls(Box<Secured<NetStream>>),
    Other(Pin<Box<dyn Other>>),
}

/// A stream of any type.
trait Other: AsyncRead + AsyncWrite + Send {}

impl<S: AsyncRead + AsyncWrite + Send> Other for S {}

impl NetStream {
    /// Wraps a stream that the program brings.
    pub fn new(stream: impl AsyncRead + AsyncWrite + Send + 'static) -> Self {
        Kind::Other(Box::pin(stream)).into()
    }

    /// Wraps a TCP socket that was accepted from `peer`. The address is kept, because a socket that was reset
    /// meanwhile does not have it any more.
    pub fn accepted(tcp: TcpStream, peer: SocketAddr) -> Self {
        let local = tcp.local_addr().ok();
        Kind::Tcp(tcp, Addresses::new(Some(peer), local)).into()
    }

    /// Returns the address of the other end, which may be a proxy; `None` for anything but TCP. The address
    /// stays when the peer resets the connection.
    pub fn peer_addr(&self) -> Option<SocketAddr> {
        self.addresses()?.peer()
    }

    /// Returns the address of this end; `None` for anything but TCP.
    pub fn local_addr(&self) -> Option<SocketAddr> {
        self.addresses()?.local()
    }

    /// Returns whether all bytes go through TLS.
    pub fn is_tls(&self) -> bool {
        match &self.kind {
            #[cfg(feature = "tls")]
            Kind::Tls(_) => true,
            Kind::Tcp(..) | Kind::Other(_) => false,
        }
    }

    /// Returns the TCP socket underneath, if there is one.
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
            Kind::Tls(secured) => secured.stream.get_ref().0.innermost(),
            Kind::Other(_) => None,
        }
    }

    /// Returns the stream with `place`, which it holds for as long as it lives.
    pub(crate) fn holding(self, place: Place) -> Self {
        Self { _place: Some(place), ..self }
    }
}

/// Facts of the TLS session.
#[cfg(feature = "tls")]
impl NetStream {
    /// Returns the TLS stream, if this is one.
    pub fn tls(&self) -> Option<&TlsStream<Self>> {
        match &self.kind {
            Kind::Tls(secured) => Some(&secured.stream),
            Kind::Tcp(..) | Kind::Other(_) => None,
        }
    }

    /// Returns the certificates that the peer has shown, its own first; `None` if it has shown none.
    pub fn peer_certificates(&self) -> Option<&[CertificateDer<'static>]> {
        self.tls()?.get_ref().1.peer_certificates()
    }

    /// Returns the version of TLS.
    pub fn protocol_version(&self) -> Option<ProtocolVersion> {
        self.tls()?.get_ref().1.protocol_version()
    }

    /// Returns, at a server, the host that the client asked for by SNI (RFC 6066 §3).
    pub fn server_name(&self) -> Option<&str> {
        match self.tls()? {
            TlsStream::Server(stream) => stream.get_ref().1.server_name(),
            TlsStream::Client(_) => None,
        }
    }

    /// Returns the protocol that was agreed inside TLS, if any (RFC 7301).
    pub fn alpn_protocol(&self) -> Option<&[u8]> {
        self.tls()?.get_ref().1.alpn_protocol()
    }
}

impl From<Kind> for NetStream {
    fn from(kind: Kind) -> Self {
        Self { kind, _place: None }
    }
}

impl From<TcpStream> for NetStream {
    /// Keeps the addresses that the socket has now. For a socket that was just accepted, see
    /// [`accepted`](NetStream::accepted).
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
        Kind::Tls(Box::new(stream.into())).into()
    }
}

/// Evaluates the same expression for each kind of stream, pinned.
macro_rules! each {
    ($self:expr, $stream:ident => $what:expr) => {
        match &mut $self.get_mut().kind {
            Kind::Tcp(stream, _) => {
                let $stream = Pin::new(stream);
                $what
            }
            #[cfg(feature = "tls")]
            Kind::Tls(secured) => {
                let $stream = Pin::new(&mut secured.stream);
                $what
            }
            Kind::Other(stream) => {
                let $stream = stream.as_mut();
                $what
            }
        }
    };
}

impl AsyncRead for NetStream {
    #[inline]
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        #[cfg(feature = "tls")]
        if let Kind::Tls(secured) = &mut this.kind {
            return secured.poll_read(cx, buf);
        }
        each!(Pin::new(this), stream => stream.poll_read(cx, buf))
    }
}

impl AsyncWrite for NetStream {
    #[inline]
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        each!(self, stream => stream.poll_write(cx, buf))
    }

    #[inline]
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        each!(self, stream => stream.poll_write_vectored(cx, bufs))
    }

    fn is_write_vectored(&self) -> bool {
        match &self.kind {
            Kind::Tcp(stream, _) => stream.is_write_vectored(),
            #[cfg(feature = "tls")]
            Kind::Tls(secured) => secured.stream.is_write_vectored(),
            Kind::Other(stream) => stream.is_write_vectored(),
        }
    }

    #[inline]
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        each!(self, stream => stream.poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        each!(self, stream => stream.poll_shutdown(cx))
    }
}

impl fmt::Debug for NetStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Tcp(stream, _) => stream.fmt(f),
            #[cfg(feature = "tls")]
            Kind::Tls(secured) => f.debug_tuple("Tls").field(secured.stream.get_ref().0).finish(),
            Kind::Other(_) => f.write_str("NetStream(..)"),
        }
    }
}
