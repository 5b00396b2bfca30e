//! An extractor for handlers of [axum](https://docs.rs/axum/0.8) 0.8, in place of axum's own. It
//! needs the feature `axum`.
//!
//! ```
//! use axum::{Router, response::Response, routing::get};
//! use ws_tokio::axum::WebSocketUpgrade;
//!
//! async fn echo(upgrade: WebSocketUpgrade) -> Response {
//!     upgrade.on_upgrade(async |mut ws| {
//!         while let Ok(Some(message)) = ws.recv().await {
//!             if ws.send(message).await.is_err() {
//!                 break;
//!             }
//!         }
//!     })
//! }
//!
//! let app: Router = Router::new().route("/echo", get(echo));
//! ```

use std::sync::Arc;

use ::hyper::upgrade::OnUpgrade;
use axum_core::extract::FromRequestParts;
use axum_core::response::{IntoResponse, Response};
use http::request::Parts;
use ws_core::Config;
use ws_core::handshake::{Accept, Decision, Handover, OwnedResponse, Reject, Request};

use crate::hyper::{Opening, Upgraded, answer, response};
use crate::{Error, WebSocket};

/// A request for a WebSocket. A handler answers it with [`on_upgrade`](Self::on_upgrade).
///
/// Its route is one for `GET`. A request that does not ask for a WebSocket does not reach the
/// handler: see [`Refusal`].
#[derive(Debug)]
#[must_use = "the request is answered with on_upgrade"]
pub struct WebSocketUpgrade {
    handover: Handover,
    upgrade: Option<OnUpgrade>,
    config: Arc<Config>,
    accept: Accept,
}

/// The answer to a request that does not ask for a WebSocket, or asks for it wrongly: most often 426 or 400.
#[derive(Clone, Debug)]
pub struct Refusal(OwnedResponse);

impl<S: Sync> FromRequestParts<S> for WebSocketUpgrade {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let config = Arc::new(Config::default());
        let (method, uri, version) = (&parts.method, &parts.uri, parts.version);
        let handover = Handover::from_http(method, uri, version, &parts.headers, &config)
            .map_err(|error| Refusal(error.response()))?;
        let accept = Accept::new();
        if !handover.request().is_upgrade() {
            let answer = handover.answer(&accept.into());
            return Err(Refusal(answer.map_or_else(|_| handover.misfit(), |answer| answer.response)));
        }
        Ok(Self { handover, upgrade: parts.extensions.remove(), config, accept })
    }
}

impl WebSocketUpgrade {
    /// Returns the request as the handshake sees it: its origin, its subprotocols, its fields.
    pub fn request(&self) -> Request<'_> {
        self.handover.request()
    }

    /// Sets limits, timeouts and extensions of the connection.
    pub fn config(mut self, config: impl Into<Arc<Config>>) -> Self {
        self.config = config.into();
        self.handover.set_config(&self.config);
        self
    }

    /// Chooses the first of the client's subprotocols that is among `known`, if there is one.
    pub fn subprotocols<'a>(mut self, known: impl IntoIterator<Item = &'a str> + Clone) -> Self {
        let chosen = self
            .request()
            .subprotocols()
            .find(|offered| known.clone().into_iter().any(|name| name == *offered));
        if let Some(name) = chosen {
            self.accept = Accept::clone(&self.accept).subprotocol(name);
        }
        self
    }

    /// Answers with `accept`, in place of the choice of [`subprotocols`](Self::subprotocols).
    pub fn accept(mut self, accept: Accept) -> Self {
        self.accept = accept;
        self
    }

    /// Returns the response that opens the connection. `handle` then runs with the connection,
    /// in a task of its own.
    ///
    /// If the answer does not fit the request, the response is a 500, and `handle` does not run.
    pub fn on_upgrade<F, Fut>(self, handle: F) -> Response
    where
        F: FnOnce(WebSocket<Upgraded>) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let misfit = self.handover.misfit();
        match self.answer() {
            Ok((response, opening)) => {
                if let Some(opening) = opening {
                    tokio::spawn(async move {
                        if let Ok(ws) = opening.await {
                            handle(ws).await;
                        }
                    });
                }
                response
            }
            Err(_) => response(misfit),
        }
    }

    /// Returns the response, and the connection that follows if the response opens one.
    ///
    /// # Errors
    /// [`Error::Answer`] if the answer does not fit the request.
    pub fn answer(self) -> Result<(Response, Option<Opening>), Error> {
        answer(&self.handover, &Decision::Accept(self.accept), self.upgrade, self.config)
    }

    /// Returns the response that refuses the request.
    pub fn reject(self, reject: Reject) -> Response {
        match self.handover.answer(&Decision::Reject(reject)) {
            Ok(answer) => response(answer.response),
            Err(_) => response(self.handover.misfit()),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        response(self.0)
    }
}
