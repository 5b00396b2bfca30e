use core::future::poll_fn;
use core::pin::pin;
use core::task::Poll;
use std::io;
use std::sync::Arc;

use futures_io::{AsyncRead, AsyncWrite};
use ws_core::connect::{Connect, Target};
use ws_core::handshake::ClientRequest;
use ws_core::{Config, Connection, Event};

use super::{Runtime, Timer, WebSocket};
use crate::Error;

/// Connects as `connect` says, over the stream that `dial` opens; the time limit bounds everything from the name to the 101.
///
/// # Errors
/// [`Error::Io`] if `dial` fails, [`Error::Rejected`] with the whole response if the server answers with anything but a
/// WebSocket, [`Error::WebSocket`] if its answer is wrong, [`Error::TimedOut`].
pub async fn connect_with<S: AsyncRead + AsyncWrite + Unpin, T: Runtime<S>>(
    connect: &Connect,
    config: impl Into<Arc<Config>>,
    dial: impl AsyncFnOnce(&Target) -> io::Result<S>,
) -> Result<WebSocket<S, T>, Error> {
    let target = connect.target();
    if target.is_secure() {
        return Err(Error::TlsUnsupported);
    }
    let open = async { client(dial(target).await?, &connect.request(), config).await };
    match connect.time_limit() {
        Some(limit) => within::<T, _>(limit, open).await.unwrap_or(Err(Error::TimedOut)),
        None => open.await,
    }
}

/// What `work` gives, if it is done before the time is up.
async fn within<T: Timer, W: Future>(limit: core::time::Duration, work: W) -> Option<W::Output> {
    let mut work = pin!(work);
    let mut timer = T::after(limit);
    poll_fn(|cx| match work.as_mut().poll(cx) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => timer.poll(cx).map(|()| None),
    })
    .await
}

/// The client end of a connection over `io`.
///
/// # Errors
/// [`Error::Rejected`] with the whole response if the server answers with anything but a WebSocket, [`Error::WebSocket`] if
/// its answer is wrong or late ([`Config::opening_timeout`]), [`Error::Io`] if the stream fails.
pub async fn client<S: AsyncRead + AsyncWrite + Unpin, T: Runtime<S>>(
    io: S,
    request: &ClientRequest<'_>,
    config: impl Into<Arc<Config>>,
) -> Result<WebSocket<S, T>, Error> {
    let conn = Connection::client(T::now(), config, request, entropy()?);
    let mut ws = WebSocket::new(io, conn);
    match ws.event_ref().await? {
        Some((Event::Rejected(response), _)) => Err(Error::Rejected(Box::new((&response).into()))),
        Some(_) => Ok(ws),
        None => Err(ws_core::Error::UnexpectedEof.into()),
    }
}

fn entropy() -> Result<[u8; 32], Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(bytes)
}
