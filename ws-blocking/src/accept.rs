use std::sync::Arc;

use ws_core::handshake::{Accept, Decision, Request};
use ws_core::{Config, Connection, Event};

use crate::{Error, Transport, WebSocket, now};

/// The server end of a connection over `io`, whatever path the client asks for, with no subprotocol and the default
/// [`Config`].
///
/// A request that asks for no WebSocket gets the HTTP answer that is due, 426 most often.
///
/// # Errors
/// [`Error::NotUpgraded`] if the connection ended without a WebSocket, [`Error::WebSocket`] for what a client did wrong.
pub fn accept<S: Transport>(io: S) -> Result<WebSocket<S>, Error> {
    accept_with(io, Config::default(), |_| Accept::new().into())
}

/// The server end of a connection over `io`, where `decide` sees each request and answers it.
///
/// It may refuse with any status, fields and body, and answer ordinary requests; those that it accepts though they ask for
/// no WebSocket get the HTTP answer that is due. What a refused client has still to read is seen off before this returns, within
/// [`Config::close_timeout`].
///
/// ```no_run
/// use ws_blocking::{Accept, Config, Reject};
/// # fn f(stream: std::net::TcpStream) -> Result<(), ws_blocking::Error> {
/// let ws = ws_blocking::accept_with(stream, Config::default(), |request| match request.path() {
///     "/chat" if request.subprotocols().any(|name| name == "chat") => Accept::new().subprotocol("chat").into(),
///     "/chat" => Accept::new().into(),
///     _ => Reject::new(404).expect("404 is a status").into(),
/// })?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// As [`accept`], and [`Error::Answer`] if the decision does not fit the request.
pub fn accept_with<S: Transport>(
    io: S,
    config: impl Into<Arc<Config>>,
    mut decide: impl FnMut(&Request<'_>) -> Decision,
) -> Result<WebSocket<S>, Error> {
    accept_on(WebSocket::new(io, Connection::server(now(), config)), |request, _| decide(request))
}

/// Does the opening handshake of `ws`, which is a server.
pub(crate) fn accept_on<S: Transport>(
    mut ws: WebSocket<S>,
    mut decide: impl FnMut(&Request<'_>, &S) -> Decision,
) -> Result<WebSocket<S>, Error> {
    let answered = answer_requests(&mut ws, &mut decide);
    if answered.is_err() {
        // The client shall read the answer: a reset, for what it may still send, would take that away.
        while let Ok(Some(_)) = ws.event_ref() {}
    }
    answered?;
    if ws.is_open() { Ok(ws) } else { Err(Error::NotUpgraded) }
}

/// Answers requests up to the one that opens the connection, or to the end.
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
