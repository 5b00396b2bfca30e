//! The connections of the driver over Tokio.

use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use ws_core::Config;
use ws_core::connect::Connect;
use ws_core::handshake::{ClientRequest, Decision, Request};

use crate::{Error, NetStream, Tokio};

/// A WebSocket connection over a stream.
///
/// It is a `Stream` of [`OwnedMessage`](crate::OwnedMessage)s, and a `Sink` of everything that
/// can be sent.
///
/// ```no_run
/// # async fn echo(mut ws: ws_tokio::WebSocket<tokio::net::TcpStream>) -> Result<(), ws_tokio::Error> {
/// while let Some((message, mut reply)) = ws.message_ref().await? {
///     reply.feed(message).await?;
/// }
/// # Ok(())
/// # }
/// ```
pub type WebSocket<S> = ws_driver::WebSocket<S, Tokio>;

/// The answering side of a [`WebSocket`], while a received message or event is on loan.
pub type Reply<'w, S> = ws_driver::Reply<'w, S, Tokio>;

/// The receiving half of a [`WebSocket`]. It also writes the answers to what it receives, and
/// what the senders feed.
pub type Receiver<S> = ws_driver::Receiver<S, Tokio>;

/// A sending half of a [`WebSocket`]. A connection may have many.
///
/// When a sender is dropped, the connection stays open. When the [`Receiver`] is dropped,
/// the connection ends.
pub type Sender<S> = ws_driver::Sender<S, Tokio>;

/// A message on its way: the future of `send` and `feed` of a [`WebSocket`].
///
/// The message is queued when the future is made, before it is polled. Dropping the future loses nothing:
/// what is not written yet leaves with the next output.
///
/// There is one exception. If the queue is already above its mark ([`Config::max_output`]), because an
/// earlier wait for it was given up, awaiting the future queues the message: see
/// [`is_queued`](ws_driver::Feed::is_queued).
pub type Feed<'a, S> = ws_driver::Feed<'a, S, Tokio>;

/// A message on its way: the future of `send` and `feed` of a [`Sender`].
///
/// The message is queued when the future is made, before it is polled. If the queue is above its mark
/// ([`Config::max_output`]), awaiting the future queues the message as soon as there is room. Dropping the
/// future loses nothing if the message [`is_queued`](ws_driver::SendFuture::is_queued).
pub type SendFuture<'a, S> = ws_driver::SendFuture<'a, S, Tokio>;

/// The halves that [`Sender::reunite`](ws_driver::Sender::reunite) could not put together.
pub type ReuniteError<S> = ws_driver::ReuniteError<S, Tokio>;

/// Opens connections: the settings that these connections share.
///
/// ```no_run
/// use ws_tokio::{ClientTls, Config, Connect, Connector};
///
/// # async fn f(company_roots: &[u8]) -> Result<(), Box<dyn std::error::Error>> {
/// let tls = ClientTls::builder().roots_pem(company_roots)?.build()?;
/// let connector = Connector::new().config(Config::new().max_message(65_536)).tls(tls);
/// let ws = connector.connect(Connect::new("wss://chat.example.com/")?.subprotocol("chat")?).await?;
/// # Ok(())
/// # }
/// ```
pub type Connector = ws_driver::Connector<Tokio>;

/// A client that opens the same connection again and again, with a delay before each attempt
/// but the first (§7.2.3).
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
pub type Reconnect = ws_driver::Reconnect<Tokio>;

/// Accepts a client over `io`, on any path, without a subprotocol and with the default [`Config`].
///
/// A request that does not ask for a WebSocket gets the HTTP answer that is due, most often 426.
///
/// # Errors
/// [`Error::NotUpgraded`] if the connection ended without a WebSocket, [`Error::WebSocket`] if the
/// client broke the protocol.
pub fn accept<S: AsyncRead + AsyncWrite + Unpin>(io: S) -> impl Future<Output = Result<WebSocket<S>, Error>> {
    ws_driver::accept(io)
}

/// Accepts a client over `io`. `decide` sees each request and answers it.
///
/// `decide` may refuse with any status, fields and body, and may answer ordinary requests. If it accepts a
/// request that does not ask for a WebSocket, that request gets the HTTP answer that is due. For a decision
/// that has to wait, drive [`WebSocket::new`](ws_driver::WebSocket::new) with
/// [`WebSocket::event_ref`](ws_driver::WebSocket::event_ref).
///
/// ```no_run
/// use ws_tokio::{Accept, Config, Reject};
/// # async fn f(stream: tokio::net::TcpStream) -> Result<(), ws_tokio::Error> {
/// let ws = ws_tokio::accept_with(stream, Config::default(), |request| match request.path() {
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
    ws_driver::accept_with(io, config, decide)
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
    ws_driver::client(io, request, config).await
}

/// Connects to a `ws:` or `wss:` URL, with the default [`Config`] and within 30 seconds.
///
/// # Errors
/// As [`Connector::connect`](ws_driver::Connector::connect), and [`Error::Url`].
pub async fn connect(url: &str) -> Result<WebSocket<NetStream>, Error> {
    Connector::new().connect(Connect::new(url)?).await
}

/// Connects as `connect` asks. Its time limit bounds everything from the lookup of the name to the 101. A
/// [`Connector`] has more settings.
///
/// # Errors
/// As [`Connector::connect`](ws_driver::Connector::connect).
pub async fn connect_with(
    connect: &Connect,
    config: impl Into<Arc<Config>>,
) -> Result<WebSocket<NetStream>, Error> {
    Connector::new().config(config).connect(connect.clone()).await
}
