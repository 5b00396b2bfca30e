use std::sync::Arc;

use futures_io::{AsyncRead, AsyncWrite};
use ws_core::handshake::{Accept, Decision, Request};
use ws_core::{Config, Connection, Event};

use super::{Runtime, WebSocket};
use crate::Error;

/// The server end of a connection over `io`, whatever path the client asks for, with no subprotocol and the default
/// [`Config`].
///
/// A request that asks for no WebSocket gets the HTTP answer that is due, 426 most often.
///
/// # Errors
/// [`Error::NotUpgraded`] if the connection ended without a WebSocket, [`Error::WebSocket`] for what a client did wrong.
pub async fn accept<S: AsyncRead + AsyncWrite + Unpin, T: Runtime<S>>(
    io: S,
) -> Result<WebSocket<S, T>, Error> {
    accept_with(io, Config::default(), |_| Accept::new().into()).await
}

/// The server end of a connection over `io`, where `decide` sees each request and answers it.
///
/// It may refuse with any status, fields and body, and answer ordinary requests; those that it accepts though they ask for
/// no WebSocket get the HTTP answer that is due. For a decision that has to wait, drive [`WebSocket::new`] with
/// [`WebSocket::event_ref`].
///
/// # Errors
/// As [`accept`], and [`Error::Answer`] if the decision does not fit the request.
pub async fn accept_with<S: AsyncRead + AsyncWrite + Unpin, T: Runtime<S>>(
    io: S,
    config: impl Into<Arc<Config>>,
    mut decide: impl FnMut(&Request<'_>) -> Decision,
) -> Result<WebSocket<S, T>, Error> {
    let mut ws = WebSocket::new(io, Connection::server(T::now(), config));
    let answered = answer_requests(&mut ws, &mut decide).await;
    if answered.is_err() {
        // The client shall read the answer: a reset, for what it may still send, would take that away.
        while let Ok(Some(_)) = ws.event_ref().await {}
    }
    answered?;
    if ws.is_open() { Ok(ws) } else { Err(Error::NotUpgraded) }
}

/// Answers requests up to the one that opens the connection, or to the end.
async fn answer_requests<S: AsyncRead + AsyncWrite + Unpin, T: Runtime<S>>(
    ws: &mut WebSocket<S, T>,
    decide: &mut impl FnMut(&Request<'_>) -> Decision,
) -> Result<(), Error> {
    while let Some((event, mut reply)) = ws.event_ref().await? {
        if let Event::Request(request) = event {
            reply.answer(&decide(&request))?;
            if ws.is_open() {
                return ws.flush().await;
            }
        }
    }
    Ok(())
}
