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

/// smol as the runtime of the driver: its timers, sockets and tasks.
#[derive(Debug)]
pub struct Smol(async_io::Timer);

impl driver::Timer for Smol {
    fn after(delay: Duration) -> Self {
        Self(async_io::Timer::after(delay))
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.0).poll(cx).map(|_| ())
    }
}

impl<S: AsyncWrite + Unpin> driver::Runtime<S> for Smol {}

impl driver::Network for Smol {
    type Tcp = TcpStream;

    fn resolve(
        host: String,
        port: u16,
    ) -> impl Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'static {
        async_net::resolve((host, port))
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

/// A WebSocket connection over a stream; its methods are those of [`driver::WebSocket`].
///
/// Closing the stream has to end it towards the peer. The sockets of `async-net` do that. An
/// [`async_io::Async`] does not, so its connections wait for the close timer.
///
/// It is a `Stream` of [`OwnedMessage`](ws_core::OwnedMessage)s, and a `Sink` of everything that
/// can be sent.
pub type WebSocket<S> = driver::WebSocket<S, Smol>;
/// The answering side of a [`WebSocket`], while a received message or event is on loan;
/// see [`driver::Reply`].
pub type Reply<'w, S> = driver::Reply<'w, S, Smol>;
/// The receiving half of a [`WebSocket`]; see [`driver::Receiver`].
pub type Receiver<S> = driver::Receiver<S, Smol>;
/// A sending half of a [`WebSocket`]. A connection may have many; see [`driver::Sender`].
pub type Sender<S> = driver::Sender<S, Smol>;
/// A message on its way: the future of `send` and `feed` of a [`WebSocket`]; see [`driver::Feed`].
pub type Feed<'a, S> = driver::Feed<'a, S, Smol>;
/// A message on its way: the future of `send` and `feed` of a [`Sender`]; see [`driver::SendFuture`].
pub type SendFuture<'a, S> = driver::SendFuture<'a, S, Smol>;
/// The halves that could not be put together again; see [`driver::ReuniteError`].
pub type ReuniteError<S> = driver::ReuniteError<S, Smol>;
/// The stream of a connection that was opened or accepted here; see [`driver::NetStream`].
pub type NetStream = driver::NetStream<Smol>;
/// Opens connections: the settings that these connections share; see [`driver::Connector`].
///
/// ```no_run
/// use ws_smol::{Config, Connect, Connector};
///
/// # async fn f() -> Result<(), Box<dyn core::error::Error>> {
/// let connector = Connector::new().config(Config::new().max_message(65_536));
/// let ws = connector.connect(Connect::new("wss://chat.example.com/")?.subprotocol("chat")?).await?;
/// # Ok(())
/// # }
/// ```
pub type Connector = driver::Connector<Smol>;
/// A client that opens the same connection again and again, with a delay before each attempt but the first
/// (§7.2.3); see [`driver::Reconnect`].
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
pub type Reconnect = driver::Reconnect<Smol>;

/// Accepts a client over `io`, on any path, without a subprotocol and with the default [`Config`].
///
/// A request that does not ask for a WebSocket gets the HTTP answer that is due, most often 426.
///
/// # Errors
/// [`Error::NotUpgraded`] if the connection ended without a WebSocket, [`Error::WebSocket`] if the
/// client broke the protocol.
pub fn accept<S: AsyncRead + AsyncWrite + Unpin>(io: S) -> impl Future<Output = Result<WebSocket<S>, Error>> {
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
/// use ws_smol::{Accept, Config, Reject};
/// # async fn f(stream: async_net::TcpStream) -> Result<(), ws_smol::Error> {
/// let ws = ws_smol::accept_with(stream, Config::default(), |request| match request.path() {
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
pub fn accept_with<S: AsyncRead + AsyncWrite + Unpin>(
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
/// Errors of the stream, and errors of kind [`InvalidData`](io::ErrorKind::InvalidData) that wrap a
/// [`TlsError`](ws_tls::TlsError).
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
