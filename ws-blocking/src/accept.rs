use std::sync::Arc;

use ws_core::handshake::{Accept, Decision, Request};
use ws_core::{Config, Connection, Event};

use crate::{Error, Transport, WebSocket, now};

/// The opening handshake.
impl<S: Transport> WebSocket<S> {
    /// Accepts a client over `io`, on any path, without a subprotocol and with the default [`Config`].
    ///
    /// A request that does not ask for a WebSocket gets the HTTP answer that is due, most often 426.
    ///
    /// # Errors
    /// [`Error::NotUpgraded`] if the connection ended without a WebSocket, [`Error::WebSocket`] if the client
    /// broke the protocol.
    pub fn accept(io: S) -> Result<Self, Error> {
        Self::accept_with(io, Config::default(), |_| Accept::new().into())
    }

    /// Accepts a client over `io`. `decide` sees each request and answers it.
    ///
    /// `decide` may refuse with any status, fields and body, and may answer ordinary requests. If it accepts
    /// a request that does not ask for a WebSocket, that request gets the HTTP answer that is due. Before
    /// this returns, it waits until a refused client has read the answer, but no longer than
    /// [`Config::close_timeout`].
    ///
    /// ```no_run
    /// use ws_blocking::{Accept, Config, Reject, Status, WebSocket};
    /// # fn f(stream: std::net::TcpStream) -> Result<(), ws_blocking::Error> {
    /// let ws = WebSocket::accept_with(stream, Config::default(), |request| match request.path() {
    ///     "/chat" if request.subprotocols().any(|name| name == "chat") => {
    ///         Accept::new().subprotocol("chat").into()
    ///     }
    ///     "/chat" => Accept::new().into(),
    ///     _ => Reject::new(Status::NOT_FOUND).into(),
    /// })?;
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
    ) -> Result<Self, Error> {
        accept_on(Self::new(io, Connection::server(now(), config)), |request, _| decide(request))
    }
}

/// Accepts a client over `io`: see [`WebSocket::accept`].
///
/// # Errors
/// As [`WebSocket::accept`].
pub fn accept<S: Transport>(io: S) -> Result<WebSocket<S>, Error> {
    WebSocket::accept(io)
}

/// Accepts a client over `io`, and answers each request by `decide`: see [`WebSocket::accept_with`].
///
/// # Errors
/// As [`WebSocket::accept_with`].
pub fn accept_with<S: Transport>(
    io: S,
    config: impl Into<Arc<Config>>,
    decide: impl FnMut(&Request<'_>) -> Decision,
) -> Result<WebSocket<S>, Error> {
    WebSocket::accept_with(io, config, decide)
}

/// Performs the opening handshake of `ws`, which is a server.
pub(crate) fn accept_on<S: Transport>(
    mut ws: WebSocket<S>,
    mut decide: impl FnMut(&Request<'_>, &S) -> Decision,
) -> Result<WebSocket<S>, Error> {
    let answered = answer_requests(&mut ws, &mut decide);
    if answered.is_err() {
        // The client must be able to read the answer. If the socket were dropped now, what the client still
        // sends could cause a reset, and the reset would discard the answer.
        let _ = ws.closed();
    }
    answered?;
    if ws.is_open() { Ok(ws) } else { Err(Error::NotUpgraded) }
}

/// Answers requests, until one opens the connection or the connection ends.
fn answer_requests<S: Transport>(
    ws: &mut WebSocket<S>,
    decide: &mut impl FnMut(&Request<'_>, &S) -> Decision,
) -> Result<(), Error> {
    while let Some((event, mut reply)) = ws.event_ref()? {
        if let Event::Request(request) = event {
            let decision = decide(&request, reply.get_ref());
            reply.answer(&decision)?;
            if ws.is_open() {
                return ws.flush();
            }
        }
    }
    Ok(())
}
