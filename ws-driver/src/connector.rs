use core::fmt;
use core::future::{Future, pending, poll_fn};
use core::net::SocketAddr;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::io;
use std::sync::Arc;

use ws_adapter::{ConnectorSettings, connector_setters, entropy, opening_error};
use ws_core::connect::{Action, Attempt, Connect, Peer, Plan};
use ws_core::{Event, Timeout};

use crate::within::within;
use crate::{Error, Network, WebSocket};

/// Opens connections over a [`Network`]: the settings that these connections share.
pub struct Connector<T: Network> {
    settings: ConnectorSettings,
    resolve: Option<Arc<Resolve>>,
    dial: Option<Arc<Dial<T::Stream>>>,
}

type Later<V> = Pin<Box<dyn Future<Output = io::Result<V>> + Send>>;
type Resolve = dyn Fn(&str, u16) -> Later<Vec<SocketAddr>> + Send + Sync;
type Dial<S> = dyn Fn(SocketAddr) -> Later<S> + Send + Sync;

impl<T: Network> Connector<T> {
    /// Returns a connector with the defaults: it trusts the certificate authorities that the platform trusts,
    /// asks the system for addresses, and connects by TCP.
    pub fn new() -> Self {
        Self { settings: ConnectorSettings::default(), resolve: None, dial: None }
    }

    connector_setters!();

    /// Looks up names by `resolve`. The addresses may have other ports than the requested one. The Host
    /// field, and the name that a certificate must be for, stay those of the URL.
    #[must_use]
    pub fn resolver<F, R>(mut self, resolve: F) -> Self
    where
        F: Fn(&str, u16) -> R + Send + Sync + 'static,
        R: Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'static,
    {
        self.resolve = Some(Arc::new(move |host, port| Box::pin(resolve(host, port))));
        self
    }

    /// Connects to addresses by `dial`: with the program's own options on the socket, or
    /// over another transport.
    #[must_use]
    pub fn dialer<F, R>(mut self, dial: F) -> Self
    where
        F: Fn(SocketAddr) -> R + Send + Sync + 'static,
        R: Future<Output = io::Result<T::Stream>> + Send + 'static,
    {
        self.dial = Some(Arc::new(move |address| Box::pin(dial(address))));
        self
    }

    /// Connects as `connect` asks. Cancel safe: dropping the future closes all that it has opened.
    ///
    /// # Errors
    /// [`Error::Connect`] if the server is not reached, [`Error::Rejected`] with the whole response if the
    /// server answers with anything but a WebSocket, [`Error::WebSocket`] if the answer is wrong.
    pub async fn connect(&self, connect: Connect) -> Result<WebSocket<T::Stream, T>, Error> {
        let mut plan = Plan::new(T::now(), connect);
        let mut dialling = Dialling(Vec::new());
        let mut transport: Option<T::Stream> = None;
        // The peer of the last TLS handshake, if there was one.
        let mut secured = Peer::Server;
        loop {
            let deadline = plan.deadline();
            match plan.poll_action(T::now()) {
                Action::Resolve { host, port } => {
                    let looked_up = self.look_up(host, port);
                    match within::<T, _>(deadline, looked_up).await? {
                        Some(Ok(addresses)) => plan.handle_resolved(T::now(), addresses),
                        Some(Err(error)) => plan.handle_failed(error),
                        None => {}
                    }
                }
                Action::Dial { attempt, address, .. } => {
                    transport = None;
                    dialling.0.push((attempt, self.begin(address)));
                }
                Action::Wait { until } => {
                    match within::<T, _>(until, poll_fn(|cx| dialling.poll_next(cx))).await? {
                        Some((attempt, Ok(stream))) if plan.handle_connected(attempt) => {
                            dialling.0.clear();
                            transport = Some(stream);
                        }
                        Some((attempt, Err(error))) => plan.handle_dial_failed(T::now(), attempt, error),
                        Some((_, Ok(_))) | None => {}
                    }
                }
                Action::StartTls { peer, server_name, .. } => {
                    secured = peer;
                    let stream = dialled(transport.take());
                    match within::<T, _>(deadline, self.secure(stream, peer, server_name)).await? {
                        Some(Ok(stream)) => {
                            // The protocol was checked: a stream with another protocol is
                            // an error of `secure`.
                            plan.handle_secured(None);
                            transport = Some(stream);
                        }
                        Some(Err(error)) => plan.handle_failed(error),
                        None => {}
                    }
                }
                Action::Write(bytes) => {
                    match within::<T, _>(deadline, write::<T>(&mut transport, bytes)).await? {
                        Some(Ok(n)) => plan.handle_written(n),
                        Some(Err(error)) => plan.handle_failed(error),
                        None => {}
                    }
                }
                Action::Read(room) => {
                    match within::<T, _>(deadline, read::<T>(&mut transport, room)).await? {
                        Some(Ok(n)) => plan.handle_read(n),
                        Some(Err(error)) => plan.handle_failed(error),
                        None => {}
                    }
                }
                Action::Open => {
                    let conn = plan.connection(T::now(), Arc::clone(&self.settings.config), entropy()?);
                    let mut ws = WebSocket::new(dialled(transport.take()), conn);
                    match ws.event_ref().await {
                        Ok(Some((Event::Rejected(response), _))) => plan.handle_rejected(&response),
                        Ok(Some(_)) => return Ok(ws),
                        Ok(None) => return Err(ws_core::Error::UnexpectedEof.into()),
                        // The plan reports this timeout itself.
                        Err(Error::WebSocket(ws_core::Error::TimedOut(Timeout::Opening)))
                            if deadline.is_some_and(|at| at <= T::now()) => {}
                        Err(error) => return Err(opening_error(secured, error)),
                    }
                }
                Action::Failed(error) => return Err(error.into()),
            }
        }
    }

    fn look_up(&self, host: &str, port: u16) -> Later<Vec<SocketAddr>> {
        if let Some(resolve) = &self.resolve {
            return resolve(host, port);
        }
        Box::pin(T::resolve(host.to_owned(), port))
    }

    fn begin(&self, address: SocketAddr) -> Later<T::Stream> {
        if let Some(dial) = &self.dial {
            return dial(address);
        }
        Box::pin(T::dial(address))
    }

    #[cfg(feature = "tls")]
    fn secure(&self, stream: T::Stream, peer: Peer, host: &str) -> Later<T::Stream> {
        let (tls, host) = (self.settings.tls_for(peer), host.to_owned());
        Box::pin(async move { T::start_tls(stream, tls?, host).await })
    }

    #[cfg(not(feature = "tls"))]
    #[allow(clippy::unused_self, reason = "with TLS it is used")]
    fn secure(&self, _: T::Stream, _: Peer, _: &str) -> Later<T::Stream> {
        Box::pin(core::future::ready(Err(ws_adapter::without_tls())))
    }
}

/// The attempts that are under way. Dropping an attempt ends it.
struct Dialling<S>(Vec<(Attempt, Later<S>)>);

impl<S> Dialling<S> {
    /// Returns the next attempt that ends, with its outcome.
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<(Attempt, io::Result<S>)> {
        for at in 0..self.0.len() {
            if let Poll::Ready(outcome) = self.0[at].1.as_mut().poll(cx) {
                return Poll::Ready((self.0.swap_remove(at).0, outcome));
            }
        }
        Poll::Pending
    }
}

fn dialled<S>(transport: Option<S>) -> S {
    transport.expect("the plan asks for a stream only after an attempt has connected")
}

async fn write<T: Network>(transport: &mut Option<T::Stream>, bytes: &[u8]) -> io::Result<usize> {
    let Some(stream) = transport else { return pending().await };
    let n = poll_fn(|cx| T::poll_write(stream, cx, bytes)).await?;
    if n == 0 {
        return Err(io::ErrorKind::WriteZero.into());
    }
    poll_fn(|cx| T::poll_flush(stream, cx)).await?;
    Ok(n)
}

async fn read<T: Network>(transport: &mut Option<T::Stream>, room: &mut [u8]) -> io::Result<usize> {
    let Some(stream) = transport else { return pending().await };
    poll_fn(|cx| T::poll_read(stream, cx, room)).await
}

impl<T: Network> Default for Connector<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Network> Clone for Connector<T> {
    fn clone(&self) -> Self {
        Self { settings: self.settings.clone(), resolve: self.resolve.clone(), dial: self.dial.clone() }
    }
}

impl<T: Network> fmt::Debug for Connector<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector").field("config", &self.settings.config).finish_non_exhaustive()
    }
}
