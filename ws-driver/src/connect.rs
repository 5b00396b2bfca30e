use core::future::poll_fn;
use core::pin::pin;
use core::task::Poll;
use std::io;
use std::sync::Arc;

use ws_adapter::entropy;
use ws_core::handshake::ClientRequest;
use ws_core::{Config, Connection, Event, Instant};

use crate::alarm::Alarm;
use crate::{Error, Runtime, Timer, WebSocket};

/// Opens a connection over `io` as a client.
///
/// # Errors
/// [`Error::Rejected`] with the whole response if the server answers with anything but a WebSocket,
/// [`Error::WebSocket`] if the answer is wrong or late ([`Config::opening_timeout`]), [`Error::Io`]
/// if the stream fails.
pub async fn client<S, T: Runtime<S>>(
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

/// Returns what `work` returns, or `None` if it is not done at the deadline.
///
/// # Errors
/// The reason why the runtime has no timers, if `work` has to wait.
pub(crate) async fn within<T: Timer, W: Future>(
    deadline: Option<Instant>,
    work: W,
) -> io::Result<Option<W::Output>> {
    let mut work = pin!(work);
    let mut alarm = Alarm::<T>::new();
    poll_fn(|cx| match work.as_mut().poll(cx) {
        Poll::Ready(output) => Poll::Ready(Ok(Some(output))),
        Poll::Pending => alarm.poll(cx, deadline).map_ok(|()| None),
    })
    .await
}
