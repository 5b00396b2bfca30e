/// Makes the public names of an adapter: the types of this crate with the runtime filled in, and the
/// functions that open connections. Call it at the root of the adapter's crate.
///
/// The first argument is the type that stands for the runtime. It is a [`Network`](crate::Network), and a
/// [`Serve`](crate::serve::Serve) for the module `serve` (see [`listeners!`](crate::listeners)).
#[macro_export]
macro_rules! adapter {
    ($runtime:ident) => {
        pub use $crate::SendFuture;
        #[doc(inline)]
        pub use $crate::exports::*;

        /// A WebSocket connection over a stream; see [`ws_driver::WebSocket`].
        ///
        /// It is a `Stream` of [`OwnedMessage`]s, and a `Sink` of everything that can be sent.
        pub type WebSocket<S> = $crate::WebSocket<S, $runtime>;
        /// The answering side of a [`WebSocket`], while a received message or event is on loan; see
        /// [`ws_driver::Reply`].
        pub type Reply<'w, S> = $crate::Reply<'w, S, $runtime>;
        /// The receiving half of a [`WebSocket`]; see [`ws_driver::Receiver`].
        pub type Receiver<S> = $crate::Receiver<S, $runtime>;
        /// A sending half of a [`WebSocket`]. A connection may have many; see [`ws_driver::Sender`].
        pub type Sender<S> = $crate::Sender<S, $runtime>;
        /// The halves of a connection that could not be put together; see [`ws_driver::Sender::reunite`].
        pub type ReuniteError<S> = $crate::ReuniteError<S, $runtime>;
        /// Opens connections: the settings that these connections share; see [`ws_driver::Connector`].
        pub type Connector = $crate::Connector<$runtime>;
        /// A client that opens the same connection again and again, with a delay before each attempt but the
        /// first (§7.2.3); see [`ws_driver::Reconnect`].
        pub type Reconnect = $crate::Reconnect<$runtime>;

        /// Accepts a client over `io`: see [`WebSocket::accept`](ws_driver::WebSocket::accept).
        ///
        /// # Errors
        /// As [`WebSocket::accept`](ws_driver::WebSocket::accept).
        pub fn accept<S>(io: S) -> impl Future<Output = Result<WebSocket<S>, Error>>
        where
            $runtime: $crate::Runtime<S>,
        {
            WebSocket::accept(io)
        }

        /// Accepts a client over `io`, and answers each request by `decide`: see
        /// [`WebSocket::accept_with`](ws_driver::WebSocket::accept_with).
        ///
        /// # Errors
        /// As [`WebSocket::accept_with`](ws_driver::WebSocket::accept_with).
        pub fn accept_with<S>(
            io: S,
            config: impl Into<::std::sync::Arc<Config>>,
            decide: impl FnMut(&Request<'_>) -> Decision,
        ) -> impl Future<Output = Result<WebSocket<S>, Error>>
        where
            $runtime: $crate::Runtime<S>,
        {
            WebSocket::accept_with(io, config, decide)
        }

        /// Opens a connection over `io` as a client: see [`WebSocket::client`](ws_driver::WebSocket::client).
        ///
        /// # Errors
        /// As [`WebSocket::client`](ws_driver::WebSocket::client).
        pub async fn client<S>(
            io: S,
            request: &ClientRequest<'_>,
            config: impl Into<::std::sync::Arc<Config>>,
        ) -> Result<WebSocket<S>, Error>
        where
            $runtime: $crate::Runtime<S>,
        {
            WebSocket::client(io, request, config).await
        }

        /// Connects to a `ws:` or `wss:` URL, with the default [`Config`] and within 30 seconds.
        ///
        /// # Errors
        /// As [`Connector::connect`](ws_driver::Connector::connect), and [`Error::Url`].
        pub async fn connect(url: &str) -> Result<WebSocket<NetStream>, Error> {
            WebSocket::connect(url).await
        }

        /// Connects as `connect` asks: see [`WebSocket::connect_with`](ws_driver::WebSocket::connect_with).
        ///
        /// # Errors
        /// As [`Connector::connect`](ws_driver::Connector::connect).
        pub async fn connect_with(
            connect: &Connect,
            config: impl Into<::std::sync::Arc<Config>>,
        ) -> Result<WebSocket<NetStream>, Error> {
            WebSocket::connect_with(connect, config).await
        }
    };
}

/// Makes the public names of an adapter's module `serve`, and its [`Serve`](crate::serve::Serve): listening
/// sockets for TCP and, on Unix systems, for Unix sockets.
///
/// `$tcp` and `$unix` are the runtime's listeners, `$wrap` makes a `NetStream` of a Unix socket that was
/// accepted, `$addresses` is the trait of what a listener can bind to, and `$spawn` runs a future in the
/// background. With the feature `tls`, the function `accept_tls` of the
/// adapter is in scope.
#[macro_export]
macro_rules! listeners {
    ($runtime:ident, $tcp:ty, $unix:ty, $wrap:path, $addresses:path, $spawn:expr) => {
        pub use $crate::serve::{Limits, Task};

        /// The settings of a server: what it does with each connection before that is open; see
        /// [`ws_driver::serve::Server`]($crate::serve::Server).
        pub type Server = $crate::serve::Server<$runtime>;
        /// A running server. When it is dropped, the server accepts no more connections; those that `accept`
        /// has returned go on. See [`ws_driver::serve::Listener`]($crate::serve::Listener).
        pub type Listener = $crate::serve::Listener<$runtime>;
        /// A handle that shuts down a server, and counts its connections; see
        /// [`ws_driver::serve::Handle`]($crate::serve::Handle).
        pub type Handle = $crate::serve::Handle<$runtime>;

        /// A listening socket.
        #[derive(Debug)]
        #[non_exhaustive]
        pub enum Socket {
            /// For TCP, over IPv4 or IPv6.
            Tcp($tcp),
            /// On a path of this machine.
            #[cfg(unix)]
            Unix($unix),
        }

        impl From<$tcp> for Socket {
            fn from(listener: $tcp) -> Self {
                Self::Tcp(listener)
            }
        }

        #[cfg(unix)]
        impl From<$unix> for Socket {
            fn from(listener: $unix) -> Self {
                Self::Unix(listener)
            }
        }

        impl $crate::serve::Serve for $runtime {
            type Socket = Socket;

            async fn accept(
                socket: &Socket,
            ) -> ::std::io::Result<(NetStream, Option<::core::net::SocketAddr>)> {
                match socket {
                    Socket::Tcp(listener) => {
                        let (stream, address) = listener.accept().await?;
                        // Without this option, messages are only slower.
                        let _ = stream.set_nodelay(true);
                        Ok((NetStream::accepted(stream, address), Some(address)))
                    }
                    #[cfg(unix)]
                    Socket::Unix(listener) => Ok(($wrap(listener.accept().await?.0), None)),
                }
            }

            fn listens_at(socket: &Socket) -> Option<::core::net::SocketAddr> {
                match socket {
                    Socket::Tcp(listener) => listener.local_addr().ok(),
                    #[cfg(unix)]
                    Socket::Unix(_) => None,
                }
            }

            fn spawn(work: impl Future<Output = ()> + Send + 'static) {
                $spawn(work);
            }

            fn hold(stream: NetStream, place: $crate::serve::Place) -> NetStream {
                stream.holding(place)
            }

            #[cfg(feature = "tls")]
            async fn accept_tls(
                stream: NetStream,
                tls: $crate::exports::ServerTls,
            ) -> ::std::io::Result<NetStream> {
                accept_tls(stream, &tls).await
            }
        }

        impl<A: $addresses> $crate::serve::Bind<A> for $runtime {
            async fn bind(addresses: A) -> ::std::io::Result<Socket> {
                Ok(<$tcp>::bind(addresses).await?.into())
            }
        }
    };
}
