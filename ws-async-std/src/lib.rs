//! WebSocket over async-std.
//!
//! A [`WebSocket`] drives the protocol of `ws-core` over any stream that is [`AsyncRead`] and [`AsyncWrite`].
//! Every future may be dropped at any await: nothing is lost, and nothing is corrupted.
//!
//! ```
//! use async_std::net::TcpListener;
//! use futures_util::try_join;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! async_std::task::block_on(async {
//!     let listener = TcpListener::bind("127.0.0.1:0").await?;
//!     let url = format!("ws://{}/", listener.local_addr()?);
//!
//!     let server = async move {
//!         let (stream, _) = listener.accept().await?;
//!         let mut ws = ws_async_std::accept(stream).await?;
//!         while let Some(message) = ws.recv().await? {
//!             ws.send(message).await?;
//!         }
//!         Ok::<(), ws_async_std::Error>(())
//!     };
//!     let client = async move {
//!         let mut ws = ws_async_std::connect(&url).await?;
//!         ws.send("hello").await?;
//!         assert_eq!(ws.recv().await?.unwrap().as_text(), Some("hello"));
//!         ws.close(None).await?;
//!         assert!(ws.recv().await?.is_none());
//!         Ok(())
//!     };
//!     try_join!(server, client)?;
//!     Ok(())
//! })
//! # }
//! ```
//!
//! # Which call sends when
//! When [`send`](driver::WebSocket::send) is ready, the socket has the message; each `send` costs a system
//! call. [`feed`](driver::WebSocket::feed) queues the message. It leaves together with all else that is
//! queued, in one write, just before the next wait for the socket: inside [`recv`](driver::WebSocket::recv),
//! or with [`flush`](driver::WebSocket::flush). Fast loops use `feed`.
//!
//! # `send` queues at once
//! [`send`](driver::WebSocket::send) and [`feed`](driver::WebSocket::feed) queue the message when they are
//! called, not when their future is awaited. Most futures in Rust do nothing until they are polled. These
//! differ because the message is encoded while it is borrowed: so the future holds no buffer, and dropping it
//! loses nothing. What is not written yet leaves with the next output.
//!
//! ```no_run
//! # use async_std::net::TcpStream;
//! # async fn f(mut ws: ws_async_std::WebSocket<TcpStream>) -> Result<(), ws_async_std::Error> {
//! drop(ws.send("one")); // queued, although the future is never polled
//! ws.send("two").await?; // writes both messages
//! # Ok(())
//! # }
//! ```
//!
//! There is one exception: while the queue is above its mark ([`Config::max_output`]), awaiting the
//! future queues the message, as soon as there is room. [`is_queued`](ws_driver::Feed::is_queued) returns
//! whether the message is queued. The calls for parts of messages, pings, pongs, Close frames and JSON
//! queue when they are awaited.
//!
//! # Which call does what I/O
//! Only receiving reads. It also writes: pongs, Close frames and all that is queued. A task that only sends
//! answers no pings, and two peers that only send end up waiting for each other:
//! [split](driver::WebSocket::split) the connection where both directions are busy.
//!
//! The loop is that of `ws-smol`, with the timers of async-std, and without smol's runtime.

#![warn(clippy::alloc_instead_of_core, clippy::std_instead_of_core, clippy::wildcard_enum_match_arm)]

pub mod serve;

use core::any::Any;
use core::fmt;
use core::net::SocketAddr;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use std::io;
use std::net::Shutdown;
use std::sync::Arc;

use async_std::net::{TcpStream, ToSocketAddrs as _};
#[cfg(unix)]
use async_std::os::unix::net::UnixStream;
use async_std::task::sleep;
use futures_io::{AsyncRead, AsyncWrite};
#[cfg(feature = "deflate")]
pub use ws_smol::deflate;
pub use ws_smol::driver;
pub use ws_smol::{
    Accept, Agreement, Chunk, ClientRequest, CloseCode, CloseFrame, Config, Connect, ConnectError, Decision,
    Error, Event, KeepAlive, Message, MessageKind, Outgoing, OwnedMessage, OwnedResponse, Parts, Payload,
    Prepared, Proxies, Proxy, Reject, Request, Response, SendError, Target, Text, UrlError,
};
#[cfg(feature = "tls")]
pub use ws_smol::{ClientTls, ServerTls, TlsError, futures_rustls, ws_tls};
#[cfg(feature = "serde")]
pub use ws_smol::{JsonError, NotJson};
pub use ws_smol::{ws_core, ws_driver};

/// async-std as the runtime of the driver: its timers, sockets and tasks.
pub struct AsyncStd(Pin<Box<dyn Future<Output = ()> + Send + Sync>>);

impl driver::Timer for AsyncStd {
    fn after(delay: Duration) -> Self {
        Self(Box::pin(sleep(delay)))
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.0.as_mut().poll(cx)
    }
}

impl fmt::Debug for AsyncStd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncStd").finish_non_exhaustive()
    }
}

impl<S: AsyncWrite + Unpin + 'static> driver::Runtime<S> for AsyncStd {
    /// Shuts down the sockets of async-std, which ignore being closed; closes any other stream.
    fn poll_shutdown(io: &mut S, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match shutdown(io) {
            Some(ended) => Poll::Ready(ended),
            None => Pin::new(io).poll_close(cx),
        }
    }
}

impl driver::Network for AsyncStd {
    type Tcp = TcpStream;

    async fn resolve(host: String, port: u16) -> io::Result<Vec<SocketAddr>> {
        Ok((host.as_str(), port).to_socket_addrs().await?.collect())
    }

    async fn dial(address: SocketAddr) -> io::Result<TcpStream> {
        let stream = TcpStream::connect(address).await?;
        // Without this option, messages are only slower.
        let _ = stream.set_nodelay(true);
        Ok(stream)
    }

    fn local_addr(tcp: &TcpStream) -> io::Result<SocketAddr> {
        tcp.local_addr()
    }

    fn peer_addr(tcp: &TcpStream) -> io::Result<SocketAddr> {
        tcp.peer_addr()
    }
}

/// Shuts down writing to `io`, if `io` is a socket of async-std.
fn shutdown(io: &dyn Any) -> Option<io::Result<()>> {
    let tcp = io.downcast_ref::<TcpStream>().map(|socket| socket.shutdown(Shutdown::Write));
    #[cfg(unix)]
    let unix = || io.downcast_ref::<UnixStream>().map(|socket| socket.shutdown(Shutdown::Write));
    #[cfg(not(unix))]
    let unix = || None;
    tcp.or_else(unix)
}

/// A WebSocket connection over a stream; its methods are those of [`driver::WebSocket`].
///
/// It is a `Stream` of [`OwnedMessage`] messages and a `Sink` of everything that can be sent.
pub type WebSocket<S> = driver::WebSocket<S, AsyncStd>;
/// The answering side of a [`WebSocket`], while a received message or event is on loan;
/// see [`driver::Reply`].
pub type Reply<'w, S> = driver::Reply<'w, S, AsyncStd>;
/// The receiving half of a [`WebSocket`]; see [`driver::Receiver`].
pub type Receiver<S> = driver::Receiver<S, AsyncStd>;
/// A sending half of a [`WebSocket`]. A connection may have many; see [`driver::Sender`].
pub type Sender<S> = driver::Sender<S, AsyncStd>;
/// A message on its way: the future of `send` and `feed` of a [`WebSocket`]; see [`driver::Feed`].
pub type Feed<'a, S> = driver::Feed<'a, S, AsyncStd>;
/// A message on its way: the future of `send` and `feed` of a [`Sender`]; see [`driver::SendFuture`].
pub type SendFuture<'a, S> = driver::SendFuture<'a, S, AsyncStd>;
/// The halves that could not be put together again; see [`driver::ReuniteError`].
pub type ReuniteError<S> = driver::ReuniteError<S, AsyncStd>;
/// The stream of a connection that was opened or accepted here; see [`driver::NetStream`].
pub type NetStream = driver::NetStream<AsyncStd>;
/// Opens connections: the settings that these connections share; see [`driver::Connector`].
///
/// ```no_run
/// use ws_async_std::{Config, Connect, Connector};
///
/// # async fn f() -> Result<(), Box<dyn core::error::Error>> {
/// let connector = Connector::new().config(Config::new().max_message(65_536));
/// let ws = connector.connect(Connect::new("wss://chat.example.com/")?.subprotocol("chat")?).await?;
/// # Ok(())
/// # }
/// ```
pub type Connector = driver::Connector<AsyncStd>;
/// A client that opens the same connection again and again, with a delay before each attempt but the first
/// (§7.2.3); see [`driver::Reconnect`].
///
/// ```no_run
/// use ws_async_std::{Connect, Connector, Error, Reconnect};
///
/// # async fn f() -> Result<(), Error> {
/// let mut reconnect = Reconnect::new(Connector::new(), Connect::new("wss://example.com/feed")?)?;
/// loop {
///     let mut ws = reconnect.open().await?;
///     while let Ok(Some(message)) = ws.recv().await {
///         println!("{message:?}");
///     }
/// }
/// # }
/// ```
pub type Reconnect = driver::Reconnect<AsyncStd>;

/// Accepts a client over `io`, on any path, without a subprotocol and with the default [`Config`].
///
/// A request that does not ask for a WebSocket gets the HTTP answer that is due, most often 426.
///
/// # Errors
/// [`Error::NotUpgraded`] if the connection ended without a WebSocket, [`Error::WebSocket`] if the
/// client broke the protocol.
pub fn accept<S: AsyncRead + AsyncWrite + Unpin + 'static>(
    io: S,
) -> impl Future<Output = Result<WebSocket<S>, Error>> {
    driver::accept(io)
}

/// Accepts a client over `io`. `decide` sees each request and answers it.
///
/// `decide` may refuse with any status, fields and body, and may answer ordinary requests. If it accepts a
/// request that does not ask for a WebSocket, that request gets the HTTP answer that is due. For a decision
/// that has to wait, drive [`WebSocket::new`](driver::WebSocket::new) with
/// [`WebSocket::event_ref`](driver::WebSocket::event_ref).
///
/// ```no_run
/// use ws_async_std::{Accept, Config, Reject};
/// # async fn f(stream: async_std::net::TcpStream) -> Result<(), ws_async_std::Error> {
/// let ws = ws_async_std::accept_with(stream, Config::default(), |request| match request.path() {
///     "/chat" if request.subprotocols().any(|name| name == "chat") => {
///         Accept::new().subprotocol("chat").into()
///     }
///     "/chat" => Accept::new().into(),
///     _ => Reject::new(404).expect("404 is a status").into(),
/// })
/// .await?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// As [`accept`], and [`Error::Answer`] if the decision does not fit the request.
pub fn accept_with<S: AsyncRead + AsyncWrite + Unpin + 'static>(
    io: S,
    config: impl Into<Arc<Config>>,
    decide: impl FnMut(&Request<'_>) -> Decision,
) -> impl Future<Output = Result<WebSocket<S>, Error>> {
    driver::accept_with(io, config, decide)
}

/// Opens a connection over `io` as a client.
///
/// # Errors
/// [`Error::Rejected`] with the whole response if the server answers with anything but a WebSocket,
/// [`Error::WebSocket`] if the answer is wrong or does not come within [`Config::opening_timeout`],
/// [`Error::Io`] if the stream fails.
pub async fn client<S: AsyncRead + AsyncWrite + Unpin + 'static>(
    io: S,
    request: &ClientRequest<'_>,
    config: impl Into<Arc<Config>>,
) -> Result<WebSocket<S>, Error> {
    driver::client(io, request, config).await
}

/// Connects to a `ws:` or `wss:` URL, with the default [`Config`] and within 30 seconds.
///
/// # Errors
/// As [`Connector::connect`](driver::Connector::connect), and [`Error::Url`].
pub async fn connect(url: &str) -> Result<WebSocket<NetStream>, Error> {
    Connector::new().connect(Connect::new(url)?).await
}

/// Connects as `connect` asks. Its time limit bounds everything from the lookup of the name to the 101. A
/// [`Connector`] has more settings.
///
/// # Errors
/// As [`Connector::connect`](driver::Connector::connect).
pub async fn connect_with(
    connect: &Connect,
    config: impl Into<Arc<Config>>,
) -> Result<WebSocket<NetStream>, Error> {
    Connector::new().config(config).connect(connect.clone()).await
}

/// Starts TLS with `host`, a name or an IP address (without brackets), over `stream`. Cancel safe: dropping
/// the future drops the stream.
///
/// # Errors
/// Errors of the stream, and errors of kind [`InvalidData`](io::ErrorKind::InvalidData) that
/// wrap a [`TlsError`].
#[cfg(feature = "tls")]
pub async fn start_tls<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    stream: S,
    tls: &ClientTls,
    host: &str,
) -> io::Result<NetStream> {
    driver::start_tls(stream, tls, host).await
}

/// Starts TLS with a client over `stream`. Cancel safe: dropping the future drops the stream.
///
/// # Errors
/// As [`start_tls`].
#[cfg(feature = "tls")]
pub async fn accept_tls<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    stream: S,
    tls: &ServerTls,
) -> io::Result<NetStream> {
    driver::accept_tls(stream, tls).await
}

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
