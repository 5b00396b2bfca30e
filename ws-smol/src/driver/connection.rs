//! The connections of `ws-driver` over `futures-io`.

use std::sync::Arc;

use futures_io::{AsyncRead, AsyncWrite};
use ws_core::Config;
use ws_core::handshake::{ClientRequest, Decision, Request};

use super::{FuturesIo, Runtime};
use crate::Error;

/// A WebSocket connection over a stream `S`, with the timers of a runtime; its methods are those of
/// [`ws_driver::WebSocket`].
///
/// It is a `Stream` of [`OwnedMessage`](ws_core::OwnedMessage)s, and a `Sink` of everything that
/// can be sent.
///
/// ```no_run
/// use futures_io::{AsyncRead, AsyncWrite};
/// use ws_smol::driver::{Runtime, WebSocket};
///
/// async fn echo<S, T>(mut ws: WebSocket<S, T>) -> Result<(), ws_smol::Error>
/// where
///     S: AsyncRead + AsyncWrite + Unpin,
///     T: Runtime<S>,
/// {
///     while let Some((message, mut reply)) = ws.message_ref().await? {
///         reply.feed(message).await?;
///     }
///     Ok(())
/// }
/// ```
pub type WebSocket<S, T> = ws_driver::WebSocket<S, FuturesIo<T>>;

/// The answering side of a [`WebSocket`], while a received message or event is on loan; see
/// [`ws_driver::Reply`].
pub type Reply<'w, S, T> = ws_driver::Reply<'w, S, FuturesIo<T>>;

/// The receiving half of a [`WebSocket`]; see [`ws_driver::Receiver`].
pub type Receiver<S, T> = ws_driver::Receiver<S, FuturesIo<T>>;

/// A sending half of a [`WebSocket`]. A connection may have many; see [`ws_driver::Sender`].
pub type Sender<S, T> = ws_driver::Sender<S, FuturesIo<T>>;

/// A message on its way: the future of `send` and `feed` of a [`WebSocket`]; see [`ws_driver::Feed`].
pub type Feed<'a, S, T> = ws_driver::Feed<'a, S, FuturesIo<T>>;

/// A message on its way: the future of `send` and `feed` of a [`Sender`]; see [`ws_driver::SendFuture`].
pub type SendFuture<'a, S, T> = ws_driver::SendFuture<'a, S, FuturesIo<T>>;

/// The halves that could not be put together again; see [`ws_driver::ReuniteError`].
pub type ReuniteError<S, T> = ws_driver::ReuniteError<S, FuturesIo<T>>;

/// Opens connections: the settings that these connections share; see [`ws_driver::Connector`].
pub type Connector<T> = ws_driver::Connector<FuturesIo<T>>;

/// A client that opens the same connection again and again, with a delay before each attempt but the first
/// (§7.2.3); see [`ws_driver::Reconnect`].
pub type Reconnect<T> = ws_driver::Reconnect<FuturesIo<T>>;

/// Accepts a client over `io`, on any path, without a subprotocol and with the default [`Config`].
///
/// A request that does not ask for a WebSocket gets the HTTP answer that is due, most often 426.
///
/// # Errors
/// [`Error::NotUpgraded`] if the connection ended without a WebSocket, [`Error::WebSocket`] if the
/// client broke the protocol.
pub fn accept<S: AsyncRead + AsyncWrite + Unpin, T: Runtime<S>>(
    io: S,
) -> impl Future<Output = Result<WebSocket<S, T>, Error>> {
    ws_driver::accept(io)
}

/// Accepts a client over `io`. `decide` sees each request and answers it; see [`ws_driver::accept_with`].
///
/// # Errors
/// As [`accept`], and [`Error::Answer`] if the decision does not fit the request.
pub fn accept_with<S: AsyncRead + AsyncWrite + Unpin, T: Runtime<S>>(
    io: S,
    config: impl Into<Arc<Config>>,
    decide: impl FnMut(&Request<'_>) -> Decision,
) -> impl Future<Output = Result<WebSocket<S, T>, Error>> {
    ws_driver::accept_with(io, config, decide)
}

/// Opens a connection over `io` as a client.
///
/// # Errors
/// [`Error::Rejected`] with the whole response if the server answers with anything but a WebSocket,
/// [`Error::WebSocket`] if the answer is wrong or late ([`Config::opening_timeout`]), [`Error::Io`]
/// if the stream fails.
pub async fn client<S: AsyncRead + AsyncWrite + Unpin, T: Runtime<S>>(
    io: S,
    request: &ClientRequest<'_>,
    config: impl Into<Arc<Config>>,
) -> Result<WebSocket<S, T>, Error> {
    ws_driver::client(io, request, config).await
}
