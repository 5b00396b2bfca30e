//! The settings of servers and clients that do not depend on how an adapter waits.

use core::fmt;
use std::io;
use std::sync::Arc;

use ws_core::Config;
#[cfg(feature = "tls")]
use ws_core::connect::Peer;
use ws_core::handshake::{Accept, Decision, Origins, Request};
use ws_core::serve::Limits;

#[cfg(not(feature = "tls"))]
pub use crate::no_tls::{ClientTls, ServerTls};
#[cfg(feature = "tls")]
pub use ws_tls::{ClientTls, ServerTls};

/// The settings of a server whose connections have streams of type `S`. The macro
/// [`server_setters!`](crate::server_setters) makes their setters.
#[non_exhaustive]
pub struct ServerSettings<S> {
    /// The limits and timeouts of each connection.
    pub config: Arc<Config>,
    /// The number of connections.
    pub limits: Limits,
    /// The web pages that may connect; all if it is `None`.
    pub origins: Option<Origins>,
    /// The certificates. Without them, the server does not use TLS.
    pub tls: Option<ServerTls>,
    /// The application's answer to each request.
    pub decide: Arc<Decide<S>>,
    /// The callback for errors of the listening sockets.
    pub on_error: Arc<OnError>,
}

/// The type of a callback that answers requests.
pub type Decide<S> = dyn Fn(&Request<'_>, &S) -> Decision + Send + Sync;

/// The type of a callback for errors of the system.
pub type OnError = dyn Fn(&io::Error) + Send + Sync;

impl<S> ServerSettings<S> {
    /// Returns the answer to a request: 403 for an origin that may not connect, else the application's.
    pub fn answer(&self, request: &Request<'_>, stream: &S) -> Decision {
        match self.origins.as_ref().and_then(|origins| origins.refuse(request)) {
            Some(refusal) => refusal.into(),
            None => (self.decide)(request, stream),
        }
    }
}

impl<S> Default for ServerSettings<S> {
    /// Returns the settings of a server that accepts all clients on any path, up to 10,000 connections at
    /// once.
    fn default() -> Self {
        Self {
            config: Arc::default(),
            limits: Limits::default(),
            origins: None,
            tls: None,
            decide: Arc::new(|_, _| Accept::new().into()),
            on_error: Arc::new(|_| {}),
        }
    }
}

impl<S> Clone for ServerSettings<S> {
    fn clone(&self) -> Self {
        Self {
            config: Arc::clone(&self.config),
            limits: self.limits,
            origins: self.origins.clone(),
            tls: self.tls.clone(),
            decide: Arc::clone(&self.decide),
            on_error: Arc::clone(&self.on_error),
        }
    }
}

impl<S> fmt::Debug for ServerSettings<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerSettings")
            .field("config", &self.config)
            .field("limits", &self.limits)
            .field("origins", &self.origins)
            .finish_non_exhaustive()
    }
}

/// Makes the setters of a type with a field `settings: ServerSettings<$stream>`.
#[macro_export]
macro_rules! server_setters {
    ($stream:ty) => {
        /// Sets the limits and timeouts of each connection.
        /// [`Config::opening_timeout`]($crate::exports::Config::opening_timeout) bounds the TLS handshake,
        /// and then once more the opening handshake.
        #[must_use]
        pub fn config(mut self, config: impl Into<::std::sync::Arc<$crate::exports::Config>>) -> Self {
            self.settings.config = config.into();
            self
        }

        /// Sets how many connections there may be, including those in their handshakes. A connection that
        /// comes without room is dropped at once.
        #[must_use]
        pub fn limits(mut self, limits: $crate::exports::ws_core::serve::Limits) -> Self {
            self.settings.limits = limits;
            self
        }

        /// Answers 403 to WebSocket requests from other origins than these (§10.2).
        #[must_use]
        pub fn origins(mut self, origins: $crate::exports::Origins) -> Self {
            self.settings.origins = Some(origins);
            self
        }

        /// Starts TLS with every client, on every listening socket.
        #[cfg(feature = "tls")]
        #[must_use]
        pub fn tls(mut self, tls: $crate::exports::ServerTls) -> Self {
            self.settings.tls = Some(tls);
            self
        }

        /// Answers each request by `decide`, ordinary HTTP requests too: `decide` accepts a request, or
        /// refuses it with any status, fields and body. The stream shows the client's address and
        /// certificates.
        #[must_use]
        pub fn decide(
            mut self,
            decide: impl Fn(&$crate::exports::Request<'_>, &$stream) -> $crate::exports::Decision
            + Send
            + Sync
            + 'static,
        ) -> Self {
            self.settings.decide = ::std::sync::Arc::new(decide);
            self
        }

        /// Calls `on_error` when the system cannot accept a connection, most likely because files, threads or
        /// memory are short. The server pauses, and tries again.
        #[must_use]
        pub fn on_error(mut self, on_error: impl Fn(&::std::io::Error) + Send + Sync + 'static) -> Self {
            self.settings.on_error = ::std::sync::Arc::new(on_error);
            self
        }
    };
}

/// The settings of a client. The macro [`connector_setters!`](crate::connector_setters) makes their setters.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ConnectorSettings {
    /// The limits and timeouts of the connections.
    pub config: Arc<Config>,
    /// The certificates for servers; those of the platform if it is `None`.
    pub tls: Option<ClientTls>,
    /// The certificates for proxies; those of the platform if it is `None`.
    pub proxy_tls: Option<ClientTls>,
}

#[cfg(feature = "tls")]
impl ConnectorSettings {
    /// Returns the TLS settings for this peer.
    ///
    /// # Errors
    /// The platform's certificates cannot be used.
    pub fn tls_for(&self, peer: Peer) -> io::Result<ClientTls> {
        let tls = match peer {
            Peer::Server => self.tls.clone(),
            Peer::Proxy => self.proxy_tls.clone(),
        };
        Ok(tls.map_or_else(ClientTls::new, Ok)?)
    }
}

/// Makes the setters of a type with a field `settings: ConnectorSettings`.
#[macro_export]
macro_rules! connector_setters {
    () => {
        /// Sets the limits and timeouts of the connections.
        #[must_use]
        pub fn config(mut self, config: impl Into<::std::sync::Arc<$crate::exports::Config>>) -> Self {
            self.settings.config = config.into();
            self
        }

        /// Sets the TLS settings for servers: the trusted certificates, and the client's own.
        #[cfg(feature = "tls")]
        #[must_use]
        pub fn tls(mut self, tls: $crate::exports::ClientTls) -> Self {
            self.settings.tls = Some(tls);
            self
        }

        /// Sets the TLS settings for proxies: the trusted certificates, and the client's own.
        #[cfg(feature = "tls")]
        #[must_use]
        pub fn proxy_tls(mut self, tls: $crate::exports::ClientTls) -> Self {
            self.settings.proxy_tls = Some(tls);
            self
        }
    };
}
