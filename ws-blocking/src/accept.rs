use std::sync::Arc;

use ws_core::handshake::{Accept, Decision, Request};
use ws_core::{Config, Connection, Event};

use crate::{Error, Transport, WebSocket, now};

/// Performs the opening handshake of a server over `io`: accepts any path, with no subprotocol and the
/// default [`Config`].
///
/// A request that asks for no WebSocket gets an HTTP answer, most often 426.
///
/// # Errors
/// [`Error::NotUpgraded`] if the connection ended without a WebSocket, [`Error::WebSocket`] if the client
/// broke the protocol.
pub fn accept<S: Transport>(io: S) -> Result<WebSocket<S>, Error> {
    accept_with(io, Config::default(), |_| Accept::new().into())
}

/// Performs the opening handshake of a server over `io`, and answers each request with what `decide` returns.
///
/// `decide` may refuse with any status, fields and body, and answer requests that ask for no WebSocket. If it
/// accepts such a request, the client gets an HTTP error instead, most often 426. Before this returns, it
/// waits until a refused client has read the answer, but no longer than [`Config::close_timeout`].
///
/// ```no_run
/// use ws_blocking::{Accept, Config, Reject, Status};
/// # fn f(stream: std::net::TcpStream) -> Result<(), ws_blocking::Error> {
/// let ws = ws_blocking::accept_with(stream, Config::default(), |request| match request.path() {
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
/// As [`accept`]; also [`Error::Answer`] if the decision does not fit the request.
pub fn accept_with<S: Transport>(
    io: S,
    config: impl Into<Arc<Config>>,
    mut decide: impl FnMut(&Request<'_>) -> Decision,
) -> Result<WebSocket<S>, Error> {
    accept_on(WebSocket::new(io, Connection::server(now(), config)), |request, _| decide(request))
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
        while let Ok(Some(_)) = ws.event_ref() {}
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
