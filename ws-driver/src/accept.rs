use core::future::poll_fn;
use core::task::{Context, Poll, ready};
use std::sync::{Arc, LazyLock};

use ws_core::handshake::{Accept, Decision, Request};
use ws_core::{Config, Connection, Event};

use crate::{Error, Reply, Runtime, WebSocket};

/// The opening handshake.
impl<S, T: Runtime<S>> WebSocket<S, T> {
    /// Accepts a client over `io`, on any path, without a subprotocol and with the default [`Config`].
    ///
    /// A request that does not ask for a WebSocket gets the HTTP answer that is due, most often 426.
    ///
    /// # Errors
    /// [`Error::NotUpgraded`] if the connection ended without a WebSocket, [`Error::WebSocket`] if the client
    /// broke the protocol.
    pub fn accept(io: S) -> impl Future<Output = Result<Self, Error>> {
        static CONFIG: LazyLock<Arc<Config>> = LazyLock::new(Arc::default);
        Self::accept_with(io, Arc::clone(&CONFIG), |_| Accept::new().into())
    }

    /// Accepts a client over `io`. `decide` sees each request and answers it.
    ///
    /// `decide` may refuse with any status, fields and body, and may answer ordinary requests. If it accepts
    /// a request that does not ask for a WebSocket, that request gets the HTTP answer that is due. For a
    /// decision that has to wait, drive [`WebSocket::new`] with [`WebSocket::event_ref`].
    ///
    /// ```no_run
    /// # use ws_driver::{Error, Runtime, WebSocket};
    /// use ws_core::Config;
    /// use ws_core::handshake::{Accept, Reject, Status};
    ///
    /// # async fn f<S, T: Runtime<S>>(stream: S) -> Result<(), Error> {
    /// let ws = WebSocket::<S, T>::accept_with(stream, Config::default(), |request| match request.path() {
    ///     "/chat" if request.subprotocols().any(|name| name == "chat") => {
    ///         Accept::new().subprotocol("chat").into()
    ///     }
    ///     "/chat" => Accept::new().into(),
    ///     _ => Reject::new(Status::NOT_FOUND).into(),
    /// })
    /// .await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`accept`](Self::accept), and [`Error::Answer`] if the decision does not fit the request.
    pub fn accept_with(
        io: S,
        config: impl Into<Arc<Config>>,
        mut decide: impl FnMut(&Request<'_>) -> Decision,
    ) -> impl Future<Output = Result<Self, Error>> {
        accept_stream(io, config, move |request, _| decide(request))
    }
}

/// Accepts a client like [`WebSocket::accept_with`], where `decide` sees the stream too.
pub(crate) fn accept_stream<S, T: Runtime<S>>(
    io: S,
    config: impl Into<Arc<Config>>,
    mut decide: impl FnMut(&Request<'_>, &S) -> Decision,
) -> impl Future<Output = Result<WebSocket<S, T>, Error>> {
    // A task stays as large as the largest of its futures, so this future is little more than
    // the connection's box.
    let mut accepting = Some(WebSocket::new(io, Connection::server(T::now(), config)));
    let mut failed = None;
    poll_fn(move |cx| {
        let Some(ws) = &mut accepting else { return Poll::Ready(Err(Error::NotUpgraded)) };
        if failed.is_none() {
            failed = ready!(poll_answers(ws, cx, &mut decide)).err();
        }
        if failed.is_some() {
            // The client has to read the answer: a reset, caused by bytes that it still sends,
            // would discard the answer.
            while let Some(_event) = ready!(poll_event(ws, cx)).unwrap_or(None) {}
        }
        let opened = accepting.take().filter(WebSocket::is_open).ok_or(Error::NotUpgraded);
        Poll::Ready(failed.take().map_or(opened, Err))
    })
}

/// Answers requests until one opens the connection, or the connection ends.
fn poll_answers<S, T: Runtime<S>>(
    ws: &mut WebSocket<S, T>,
    cx: &mut Context<'_>,
    decide: &mut impl FnMut(&Request<'_>, &S) -> Decision,
) -> Poll<Result<(), Error>> {
    while !ws.is_open() {
        match ready!(poll_event(ws, cx))? {
            Some((Event::Request(request), mut reply)) => {
                let decision = decide(&request, reply.get_ref());
                reply.answer(&decision)?;
            }
            Some(_) => {}
            None => return Poll::Ready(Ok(())),
        }
    }
    ws.parts().0.poll_flush_alone(cx)
}

type Lent<'w, S, T> = Option<(Event<'w>, Reply<'w, S, T>)>;

fn poll_event<'w, S, T: Runtime<S>>(
    ws: &'w mut WebSocket<S, T>,
    cx: &mut Context<'_>,
) -> Poll<Result<Lent<'w, S, T>, Error>> {
    let (out, input) = ws.parts();
    ready!(input.poll_drive(out, cx))?;
    Poll::Ready(Ok(match input.inbox.buf.take_event() {
        Some(Ok(event)) => Some((event, Reply(out))),
        // Messages come after the handshake. This one fails the connection at its next use.
        Some(Err(_)) | None => None,
    }))
}
