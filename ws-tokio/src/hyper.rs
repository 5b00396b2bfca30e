//! WebSockets on the connections that a [hyper](https://docs.rs/hyper/1) server upgrades. They need
//! the feature `hyper`.
//!
//! A handler calls [`upgrade`] with the request, and always answers with the returned response. If an
//! [`Opening`] comes with the response, spawn a task that awaits it: hyper hands the connection over once the
//! response is written. The server must allow upgrades (`with_upgrades`).
//!
//! ```
//! use http_body_util::Full;
//! use hyper::body::{Bytes, Incoming};
//! use ws_tokio::Error;
//!
//! async fn handle(mut request: hyper::Request<Incoming>) -> Result<hyper::Response<Full<Bytes>>, Error> {
//!     let (response, opening) = ws_tokio::hyper::upgrade(&mut request);
//!     if let Some(opening) = opening {
//!         tokio::spawn(async move {
//!             let mut ws = opening.await?;
//!             while let Some(message) = ws.recv().await? {
//!                 ws.send(message).await?;
//!             }
//!             Ok::<(), Error>(())
//!         });
//!     }
//!     Ok(response)
//! }
//! ```

use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::io;
use std::sync::Arc;

use ::hyper::upgrade::{OnUpgrade, Parts};
use bytes::Bytes;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use ws_core::handshake::{Accept, Agreement, Decision, Handover, OwnedResponse, Request};
use ws_core::{Config, Connection, Role};
use ws_driver::{Downcast, Timer as _};

use crate::{Error, Tokio, WebSocket};

/// The stream of a connection that hyper has upgraded. The bytes that hyper had already read come first.
pub type Upgraded = TokioIo<::hyper::upgrade::Upgraded>;

/// A connection that hyper is about to hand over: a future of the [`WebSocket`].
#[derive(Debug)]
#[must_use = "the connection ends when this is dropped"]
pub struct Opening {
    upgrade: OnUpgrade,
    config: Arc<Config>,
    agreement: Agreement,
}

/// Answers `request`, on any path, without a subprotocol and with the default [`Config`]. Returns the
/// response, and the connection that follows if the response opens one.
///
/// A request that does not ask for a WebSocket gets the HTTP answer that is due, most often 426. The response
/// has any body that is made of bytes: `Full<Bytes>`, `axum::body::Body`.
pub fn upgrade<B, R: From<Vec<u8>>>(request: &mut http::Request<B>) -> (http::Response<R>, Option<Opening>) {
    match upgrade_with(request, Config::default(), |_| Accept::new().into()) {
        Ok(answered) => answered,
        // The default answer fits every request.
        Err(_) => (internal_error(), None),
    }
}

/// Answers `request` by `decide`, as [`accept_with`](crate::accept_with) does. Returns the response, and the
/// connection that follows if the response opens one.
///
/// # Errors
/// [`Error::Answer`] if the decision does not fit the request. Answer the request with a 500 then.
pub fn upgrade_with<B, R: From<Vec<u8>>>(
    request: &mut http::Request<B>,
    config: impl Into<Arc<Config>>,
    decide: impl FnOnce(&Request<'_>) -> Decision,
) -> Result<(http::Response<R>, Option<Opening>), Error> {
    let config = config.into();
    let (method, uri, headers) = (request.method(), request.uri(), request.headers());
    let handover = match Handover::from_http(method, uri, request.version(), headers, &config) {
        Ok(handover) => handover,
        Err(error) => return Ok((response(error.response()), None)),
    };
    let upgrade = request.extensions_mut().remove::<OnUpgrade>();
    let decision = decide(&handover.request());
    answer(&handover, &decision, upgrade, config)
}

/// Returns the answer to `handover`, and the connection that follows.
pub(crate) fn answer<R: From<Vec<u8>>>(
    handover: &Handover,
    decision: &Decision,
    upgrade: Option<OnUpgrade>,
    config: Arc<Config>,
) -> Result<(http::Response<R>, Option<Opening>), Error> {
    let answer = handover.answer(decision)?;
    match (answer.agreement, upgrade) {
        (Some(agreement), Some(upgrade)) => {
            Ok((response(answer.response), Some(Opening { upgrade, config, agreement })))
        }
        // A request that did not come from a connection, such as a test's, cannot open one.
        (Some(_), None) => Ok((internal_error(), None)),
        (None, _) => Ok((response(answer.response), None)),
    }
}

pub(crate) fn response<R: From<Vec<u8>>>(answer: OwnedResponse) -> http::Response<R> {
    match http::Response::<Vec<u8>>::try_from(answer) {
        Ok(response) => response.map(R::from),
        Err(_) => internal_error(),
    }
}

fn internal_error<R: From<Vec<u8>>>() -> http::Response<R> {
    let mut response = http::Response::new(R::from(Vec::new()));
    *response.status_mut() = http::StatusCode::INTERNAL_SERVER_ERROR;
    response
}

impl Future for Opening {
    type Output = Result<WebSocket<Upgraded>, Error>;

    /// # Errors
    /// [`Error::Io`] if hyper does not hand the connection over: the connection broke, or the server
    /// does not allow upgrades.
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let upgraded = ready!(Pin::new(&mut this.upgrade).poll(cx)).map_err(io::Error::other)?;
        let agreement = core::mem::take(&mut this.agreement);
        // A server needs no entropy, because it does not mask.
        let conn =
            Connection::upgraded(Tokio::now(), Role::Server, Arc::clone(&this.config), agreement, [0; 32]);
        Poll::Ready(Ok(WebSocket::new(TokioIo::new(upgraded), conn)))
    }
}

/// With this, [`WebSocket::downcast`](ws_driver::WebSocket::downcast) returns the same connection over the
/// stream that hyper was given, for instance a `TcpStream`, without the indirection.
impl<S: AsyncRead + AsyncWrite + Unpin + 'static> Downcast<Upgraded, S> for Tokio {
    /// # Errors
    /// The stream as it was, if hyper was given another type, or the stream was not wrapped in a [`TokioIo`].
    fn downcast(io: Upgraded) -> Result<(S, Bytes), Upgraded> {
        match io.into_inner().downcast::<TokioIo<S>>() {
            Ok(Parts { io, read_buf, .. }) => Ok((io.into_inner(), read_buf)),
            Err(io) => Err(TokioIo::new(io)),
        }
    }
}
