use core::any::Any;
use core::fmt;
use core::marker::PhantomData;
use core::net::SocketAddr;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::io::{self, IoSlice};

use futures_io::{AsyncRead, AsyncWrite};
#[cfg(feature = "tls")]
use futures_rustls::TlsStream;
use ws_driver::serve::Place;
use ws_driver::{Addresses, Network, Runtime};
#[cfg(feature = "tls")]
use ws_tls::{CertificateDer, rustls::ProtocolVersion};

#[cfg(feature = "tls")]
use super::tls::Secured;

/// The stream of a connection that was opened or accepted here: TCP, TLS over that, or a stream that
/// the program brought.
pub struct NetStream<T: Network> {
    kind: Kind<T>,
    /// The place among the connections of a server. It is free again when the stream is dropped.
    _place: Option<Place>,
}

enum Kind<T: Network> {
    Tcp(T::Tcp, Addresses),
    /// In a box: its state takes more than a kilobyte.
    #[cfg(feature = "tls")]
    Tls(Box<Secured<T>>),
    Other(Box<dyn Other>),
}

/// A stream of any type.
trait Other: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S, T> Other for Foreign<S, T> where Foreign<S, T>: AsyncRead + AsyncWrite + Unpin + Send {}

/// A stream that the program brought, which the runtime `T` shuts down.
struct Foreign<S, T>(S, PhantomData<fn() -> T>);

impl<T: Network> NetStream<T> {
    /// Wraps a stream that the program brings. A TCP socket of the runtime, or a `NetStream`, stays what it
    /// is. For a socket that was just accepted, see [`accepted`](Self::accepted).
    pub fn new<S>(stream: S) -> Self
    where
        S: Unpin + Send + 'static,
        T: Runtime<S>,
    {
        let mut stream = Some(stream);
        let known: &mut dyn Any = &mut stream;
        if let Some(tcp) = known.downcast_mut().and_then(Option::take) {
            return Self::tcp_stream(tcp);
        }
        if let Some(stream) = known.downcast_mut().and_then(Option::take) {
            return stream;
        }
        let stream = stream.expect("neither downcast has taken it");
        Kind::Other(Box::new(Foreign::<S, T>(stream, PhantomData))).into()
    }

    /// Wraps a TCP socket that was accepted from `peer`. The address is kept, because a socket that was reset
    /// meanwhile does not have it any more.
    pub fn accepted(tcp: T::Tcp, peer: SocketAddr) -> Self {
        let local = T::local_addr(&tcp).ok();
        Kind::Tcp(tcp, Addresses::new(Some(peer), local)).into()
    }

    /// Wraps a TCP socket, with the addresses that it has now.
    pub fn tcp_stream(tcp: T::Tcp) -> Self {
        let addresses = Addresses::new(T::peer_addr(&tcp).ok(), T::local_addr(&tcp).ok());
        Kind::Tcp(tcp, addresses).into()
    }

    /// Returns the stream with `place`, which it holds for as long as it lives.
    #[must_use]
    pub fn holding(self, place: Place) -> Self {
        Self { _place: Some(place), ..self }
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
    pub fn tcp(&self) -> Option<&T::Tcp> {
        self.innermost().map(|(tcp, _)| tcp)
    }

    fn addresses(&self) -> Option<&Addresses> {
        self.innermost().map(|(_, addresses)| addresses)
    }

    fn innermost(&self) -> Option<(&T::Tcp, &Addresses)> {
        match &self.kind {
            Kind::Tcp(stream, addresses) => Some((stream, addresses)),
            #[cfg(feature = "tls")]
            Kind::Tls(secured) => secured.stream.get_ref().0.innermost(),
            Kind::Other(_) => None,
        }
    }
}

impl<T: Network> From<Kind<T>> for NetStream<T> {
    fn from(kind: Kind<T>) -> Self {
        Self { kind, _place: None }
    }
}

/// Facts of the TLS session.
#[cfg(feature = "tls")]
impl<T: Network> NetStream<T> {
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

#[cfg(feature = "tls")]
impl<T: Network> From<TlsStream<NetStream<T>>> for NetStream<T> {
    fn from(stream: TlsStream<NetStream<T>>) -> Self {
        Kind::Tls(Box::new(stream.into())).into()
    }
}

impl<T: Network> AsyncRead for NetStream<T> {
    #[inline]
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        match &mut self.get_mut().kind {
            Kind::Tcp(stream, _) => T::poll_read(stream, cx, buf),
            #[cfg(feature = "tls")]
            Kind::Tls(secured) => secured.poll_read(cx, buf),
            Kind::Other(stream) => Pin::new(&mut **stream).poll_read(cx, buf),
        }
    }
}

impl<T: Network> AsyncWrite for NetStream<T> {
    #[inline]
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.get_mut().kind {
            Kind::Tcp(stream, _) => T::poll_write(stream, cx, buf),
            #[cfg(feature = "tls")]
            Kind::Tls(secured) => Pin::new(&mut secured.stream).poll_write(cx, buf),
            Kind::Other(stream) => Pin::new(&mut **stream).poll_write(cx, buf),
        }
    }

    #[inline]
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match &mut self.get_mut().kind {
            Kind::Tcp(stream, _) => T::poll_write_vectored(stream, cx, bufs),
            #[cfg(feature = "tls")]
            Kind::Tls(secured) => Pin::new(&mut secured.stream).poll_write_vectored(cx, bufs),
            Kind::Other(stream) => Pin::new(&mut **stream).poll_write_vectored(cx, bufs),
        }
    }

    #[inline]
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().kind {
            Kind::Tcp(stream, _) => T::poll_flush(stream, cx),
            #[cfg(feature = "tls")]
            Kind::Tls(secured) => Pin::new(&mut secured.stream).poll_flush(cx),
            Kind::Other(stream) => Pin::new(&mut **stream).poll_flush(cx),
        }
    }

    /// Ends the stream towards the peer. For some kinds of sockets, closing alone would not do that.
    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().kind {
            Kind::Tcp(stream, _) => T::poll_shutdown(stream, cx),
            #[cfg(feature = "tls")]
            Kind::Tls(secured) => Pin::new(&mut secured.stream).poll_close(cx),
            Kind::Other(stream) => Pin::new(&mut **stream).poll_close(cx),
        }
    }
}

impl<S: Unpin, T: Runtime<S>> AsyncRead for Foreign<S, T> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        T::poll_read(&mut self.get_mut().0, cx, buf)
    }
}

impl<S: Unpin, T: Runtime<S>> AsyncWrite for Foreign<S, T> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        T::poll_write(&mut self.get_mut().0, cx, buf)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        T::poll_write_vectored(&mut self.get_mut().0, cx, bufs)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        T::poll_flush(&mut self.get_mut().0, cx)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        T::poll_shutdown(&mut self.get_mut().0, cx)
    }
}

impl<T: Network> fmt::Debug for NetStream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Tcp(stream, _) => stream.fmt(f),
            #[cfg(feature = "tls")]
            Kind::Tls(secured) => f.debug_tuple("Tls").field(secured.stream.get_ref().0).finish(),
            Kind::Other(_) => f.write_str("NetStream(..)"),
        }
    }
}
