//! The connections of the driver over Tokio.

use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use ws_core::Config;
use ws_core::connect::Connect;
use ws_core::handshake::{ClientRequest, Decision, Request};

use crate::{Error, NetStream, Timer};

/// A WebSocket connection over a stream.
///
/// It is a `Stream` of [`Owned`](crate::Owned) messages and a `Sink` of what can be sent.
///
/// ```no_run
/// # async fn echo(mut ws: ws_tokio::WebSocket<tokio::net::TcpStream>) -> Result<(), ws_tokio::Error> {
/// while let Some((message, mut reply)) = ws.message_ref().await? {
///     reply.feed(message).await?;
/// }
/// # Ok(())
/// # }
/// ```
pub type WebSocket<S> = ws_driver::WebSocket<S, Timer>;

/// The answering side of a [`WebSocket`], while what it received is on loan.
pub type Reply<'w, S> = ws_driver::Reply<'w, S, Timer>;

/// The receiving half of a [`WebSocket`]. It also writes what receiving causes, and what senders feed.
pub type Receiver<S> = ws_driver::Receiver<S, Timer>;

/// A sending half of a [`WebSocket`], of which there may be many.
///
/// When it is dropped, the connection stays open as long as the [`Receiver`] or another sender lives.
pub type Sender<S> = ws_driver::Sender<S, Timer>;

/// A message on its way, made by `send` and `feed` of a [`WebSocket`].
///
/// The message is queued when this is made, so dropping it loses nothing: what is not written yet leaves with the next
/// output. Only where the queue was above its mark already ([`Config::max_output`], after an earlier wait for it was given up) is the
/// message queued by awaiting this: see [`is_queued`](ws_driver::Feed::is_queued).
pub type Feed<'a, S> = ws_driver::Feed<'a, S, Timer>;

/// A message on its way, made by `send` and `feed` of a [`Sender`].
///
/// The message is queued when this is made, unless the queue is above its mark: then awaiting this queues it, as soon as there is
/// room. Dropping it loses nothing that [`is_queued`](ws_driver::SendFuture::is_queued).
pub type SendFuture<'a, S> = ws_driver::SendFuture<'a, S, Timer>;

/// The halves that [`Sender::reunite`](ws_driver::Sender::reunite) could not put together.
pub type ReuniteError<S> = ws_driver::ReuniteError<S, Timer>;

/// Opens connections: what is the same for each of them.
///
/// ```no_run
/// use ws_tokio::{ClientTls, Config, Connect, Connector};
///
/// # async fn f(company_roots: &[u8]) -> Result<(), Box<dyn std::error::Error>> {
/// let tls = ClientTls::builder().roots_pem(company_roots)?.build()?;
/// let connector = Connector::new().config(Config { max_message: 65_536, ..Config::default() }).tls(tls);
/// let ws = connector.connect(Connect::new("wss://chat.example.com/")?.subprotocol("chat")?).await?;
/// # Ok(())
/// # }
/// ```
pub type Connector = ws_driver::Connector<Timer>;

/// Opens the same connection again and again, with a delay before each attempt but the first (§7.2.3).
///
/// ```no_run
/// use ws_tokio::{Connect, Connector, Error, Reconnect};
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
pub type Reconnect = ws_driver::Reconnect<Timer>;

/// The server end of a connection over `io`, whatever path the client asks for, with no subprotocol and the default
/// [`Config`].
///
/// A request that asks for no WebSocket gets the HTTP answer that is due, 426 most often.
///
/// # Errors
/// [`Error::NotUpgraded`] if the connection ended without a WebSocket, [`Error::WebSocket`] for what a client did wrong.
pub fn accept<S: AsyncRead + AsyncWrite + Unpin>(io: S) -> impl Future<Output = Result<WebSocket<S>, Error>> {
    ws_driver::accept(io)
}

/// The server end of a connection over `io`, where `decide` sees each request and answers it.
///
/// It may refuse with any status, fields and body, and answer ordinary requests; those that it accepts though they ask for
/// no WebSocket get the HTTP answer that is due. For a decision that has to wait, drive
/// [`WebSocket::new`](ws_driver::WebSocket::new) with [`WebSocket::event_ref`](ws_driver::WebSocket::event_ref).
///
/// ```no_run
/// use ws_tokio::{Accept, Config, Reject};
/// # async fn f(stream: tokio::net::TcpStream) -> Result<(), ws_tokio::Error> {
/// let ws = ws_tokio::accept_with(stream, Config::default(), |request| match request.path() {
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
    ws_driver::accept_with(io, config, decide)
}

/// The client end of a connection over `io`.
///
/// # Errors
/// [`Error::Rejected`] with the whole response if the server answers with anything but a WebSocket, [`Error::WebSocket`] if its
/// answer is wrong or does not come within [`Config::opening_timeout`], [`Error::Io`] if the stream fails.
pub async fn client<S: AsyncRead + AsyncWrite + Unpin>(
    io: S,
    request: &ClientRequest<'_>,
    config: impl Into<Arc<Config>>,
) -> Result<WebSocket<S>, Error> {
    ws_driver::client(io, request, config).await
}

/// Connects to a `ws:` or `wss:` URL, with the default [`Config`] and within 30 seconds.
///
/// # Errors
/// As [`Connector::connect`](ws_driver::Connector::connect), and [`Error::Url`].
pub async fn connect(url: &str) -> Result<WebSocket<NetStream>, Error> {
    Connector::new().connect(Connect::new(url)?).await
}

/// Connects as `connect` says; its time limit bounds everything from the name to the 101. [`Connector`] can be told more.
///
/// # Errors
/// As [`Connector::connect`](ws_driver::Connector::connect).
pub async fn connect_with(
    connect: &Connect,
    config: impl Into<Arc<Config>>,
) -> Result<WebSocket<NetStream>, Error> {
    Connector::new().config(config).connect(connect.clone()).await
}
