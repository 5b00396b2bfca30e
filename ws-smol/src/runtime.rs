//! The driver with smol's timers and sockets.

use core::net::SocketAddr;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use std::io;
use std::sync::Arc;

use async_net::TcpStream;
use futures_io::{AsyncRead, AsyncWrite};
use ws_core::Config;
use ws_core::connect::Connect;
use ws_core::handshake::{ClientRequest, Decision, Request};
#[cfg(feature = "tls")]
use ws_tls::{ClientTls, ServerTls};

use crate::{Error, driver};

/// A timer of smol's reactor.
#[derive(Debug)]
pub struct Timer(async_io::Timer);

impl driver::Timer for Timer {
    fn after(delay: Duration) -> Self {
        Self(async_io::Timer::after(delay))
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.0).poll(cx).map(|_| ())
    }
}

impl<S: AsyncWrite + Unpin> driver::Runtime<S> for Timer {}

impl driver::Network for Timer {
    type Tcp = TcpStream;

    fn resolve(
        host: String,
        port: u16,
    ) -> impl Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'static {
        async_net::resolve((host, port))
    }

    async fn dial(address: SocketAddr) -> io::Result<TcpStream> {
        let stream = TcpStream::connect(address).await?;
        // Without it, messages are only slower.
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

/// A WebSocket connection over a stream; its methods are those of [`driver::WebSocket`].
///
/// The stream has to end in the direction of the peer when it is closed. The sockets of `async-net` do; an
/// [`async_io::Async`] does not, and its connections wait for the close timer.
///
/// It is a `Stream` of [`Owned`](ws_core::Owned) messages and a `Sink` of what can be sent.
pub type WebSocket<S> = driver::WebSocket<S, Timer>;
/// The answering side of a [`WebSocket`], while what it received is on loan; see [`driver::Reply`].
pub type Reply<'w, S> = driver::Reply<'w, S, Timer>;
/// The receiving half of a [`WebSocket`]; see [`driver::Receiver`].
pub type Receiver<S> = driver::Receiver<S, Timer>;
/// A sending half of a [`WebSocket`], of which there may be many; see [`driver::Sender`].
pub type Sender<S> = driver::Sender<S, Timer>;
/// A message on its way, made by `send` and `feed` of a [`WebSocket`]; see [`driver::Feed`].
pub type Feed<'a, S> = driver::Feed<'a, S, Timer>;
/// A message on its way, made by `send` and `feed` of a [`Sender`]; see [`driver::SendFuture`].
pub type SendFuture<'a, S> = driver::SendFuture<'a, S, Timer>;
/// The halves that could not be put together; see [`driver::ReuniteError`].
pub type ReuniteError<S> = driver::ReuniteError<S, Timer>;
/// The stream of a connection that was opened or accepted here; see [`driver::NetStream`].
pub type NetStream = driver::NetStream<Timer>;
/// Opens connections: what is the same for each of them; see [`driver::Connector`].
///
/// ```no_run
/// use ws_smol::{Config, Connect, Connector};
///
/// # async fn f() -> Result<(), Box<dyn core::error::Error>> {
/// let connector = Connector::new().config(Config { max_message: 65_536, ..Config::default() });
/// let ws = connector.connect(Connect::new("wss://chat.example.com/")?.subprotocol("chat")?).await?;
/// # Ok(())
/// # }
/// ```
pub type Connector = driver::Connector<Timer>;
/// Opens the same connection again and again, with a delay before each attempt but the first (§7.2.3); see
/// [`driver::Reconnect`].
///
/// ```no_run
/// use ws_smol::{Connect, Connector, Error, Reconnect};
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
pub type Reconnect = driver::Reconnect<Timer>;

/// The server end of a connection over `io`, whatever path the client asks for, with no subprotocol and the default
/// [`Config`].
///
/// A request that asks for no WebSocket gets the HTTP answer that is due, 426 most often.
///
/// # Errors
/// [`Error::NotUpgraded`] if the connection ended without a WebSocket, [`Error::WebSocket`] for what a client did wrong.
pub fn accept<S: AsyncRead + AsyncWrite + Unpin>(io: S) -> impl Future<Output = Result<WebSocket<S>, Error>> {
    driver::accept(io)
}

/// The server end of a connection over `io`, where `decide` sees each request and answers it.
///
/// It may refuse with any status, fields and body, and answer ordinary requests; those that it accepts though they ask for
/// no WebSocket get the HTTP answer that is due. For a decision that has to wait, drive
/// [`WebSocket::new`](driver::WebSocket::new) with [`WebSocket::event_ref`](driver::WebSocket::event_ref).
///
/// ```no_run
/// use ws_smol::{Accept, Config, Reject};
/// # async fn f(stream: async_net::TcpStream) -> Result<(), ws_smol::Error> {
/// let ws = ws_smol::accept_with(stream, Config::default(), |request| match request.path() {
///     "/chat" if request.subprotocols().any(|name| name == "chat") => Accept::new().subprotocol("chat").into(),
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
pub fn accept_with<S: AsyncRead + AsyncWrite + Unpin>(
    io: S,
    config: impl Into<Arc<Config>>,
    decide: impl FnMut(&Request<'_>) -> Decision,
) -> impl Future<Output = Result<WebSocket<S>, Error>> {
    driver::accept_with(io, config, decide)
}

/// The client end of a connection over `io`.
///
/// # Errors
/// [`Error::Rejected`] with the whole response if the server answers with anything but a WebSocket, [`Error::WebSocket`] if its
/// answer is wrong or does not come within [`Config::opening_timeout`].
pub async fn client<S: AsyncRead + AsyncWrite + Unpin>(
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

/// Connects as `connect` says; its time limit bounds everything from the name to the 101. [`Connector`] can be told more.
///
/// # Errors
/// As [`Connector::connect`](driver::Connector::connect).
pub async fn connect_with(
    connect: &Connect,
    config: impl Into<Arc<Config>>,
) -> Result<WebSocket<NetStream>, Error> {
    Connector::new().config(config).connect(connect.clone()).await
}

/// Starts TLS with `host`, a name or an IP address (without brackets), over `stream`. Cancel safe: dropped, it drops the stream.
///
/// # Errors
/// Those of the stream, and of kind [`InvalidData`](io::ErrorKind::InvalidData) those that wrap a [`TlsError`](ws_tls::TlsError).
#[cfg(feature = "tls")]
pub async fn start_tls<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    stream: S,
    tls: &ClientTls,
    host: &str,
) -> io::Result<NetStream> {
    driver::start_tls(stream, tls, host).await
}

/// Starts TLS with a client over `stream`. Cancel safe: dropped, it drops the stream.
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
