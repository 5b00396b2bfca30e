use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use ws_core::handshake::{Accept, Decision, Request};
use ws_core::{Config, Connection, Event};

use crate::{Error, WebSocket, clock};

/// The server end of a connection over `io`, whatever path the client asks for, with no subprotocol and the default
/// [`Config`].
///
/// A request that asks for no WebSocket gets the HTTP answer that is due, 426 most often.
///
/// # Errors
/// [`Error::NotUpgraded`] if the connection ended without a WebSocket, [`Error::WebSocket`] for what a client did wrong.
pub async fn accept<S: AsyncRead + AsyncWrite + Unpin>(io: S) -> Result<WebSocket<S>, Error> {
    accept_with(io, Config::default(), |_| Accept::new().into()).await
}

/// The server end of a connection over `io`, where `decide` sees each request and answers it.
///
/// It may refuse with any status, fields and body, and answer ordinary requests; those that it accepts though they ask for
/// no WebSocket get the HTTP answer that is due. For a decision that has to wait, drive [`WebSocket::new`] with
/// [`WebSocket::event_ref`].
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
pub async fn accept_with<S: AsyncRead + AsyncWrite + Unpin>(
    io: S,
    config: impl Into<Arc<Config>>,
    mut decide: impl FnMut(&Request<'_>) -> Decision,
) -> Result<WebSocket<S>, Error> {
    accept_stream(io, config, |request, _| decide(request)).await
}

/// The same, where `decide` sees the stream too.
pub(crate) async fn accept_stream<S: AsyncRead + AsyncWrite + Unpin>(
    io: S,
    config: impl Into<Arc<Config>>,
    mut decide: impl FnMut(&Request<'_>, &S) -> Decision,
) -> Result<WebSocket<S>, Error> {
    let mut ws = WebSocket::new(io, Connection::server(clock::now(), config));
    let answered = answer_requests(&mut ws, &mut decide).await;
    if answered.is_err() {
        // The client shall read the answer: a reset, for what it may still send, would take that away.
        while let Ok(Some(_)) = ws.event_ref().await {}
    }
    answered?;
    if ws.is_open() { Ok(ws) } else { Err(Error::NotUpgraded) }
}

/// Answers requests up to the one that opens the connection, or to the end.
async fn answer_requests<S: AsyncRead + AsyncWrite + Unpin>(
    ws: &mut WebSocket<S>,
    decide: &mut impl FnMut(&Request<'_>, &S) -> Decision,
) -> Result<(), Error> {
    while let Some((event, mut reply)) = ws.event_ref().await? {
        if let Event::Request(request) = event {
            let decision = decide(&request, reply.get_ref());
            reply.answer(&decision)?;
            if ws.is_open() {
                return ws.flush().await;
            }
        }
    }
    Ok(())
}
