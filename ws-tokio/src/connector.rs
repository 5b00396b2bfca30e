use core::fmt;
use core::future::{Future, pending, poll_fn};
use core::net::SocketAddr;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::io;
use std::sync::Arc;

use tokio::io::{AsyncRead as _, AsyncWrite as _, ReadBuf};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use ws_core::connect::{Action, Attempt, Connect, ConnectError, Peer, Plan};
use ws_core::{Config, Event, Instant, Timer};
#[cfg(feature = "tls")]
use ws_tls::ClientTls;

use crate::clock::now;
use crate::connect::entropy;
use crate::{Error, NetStream, WebSocket};

/// Opens connections: what is the same for each of them.
///
/// ```no_run
/// use ws_tokio::{ClientTls, Config, Connect, Connector};
///
/// # async fn f(company_roots: &[u8]) -> Result<(), Box<dyn std::error::Error>> {
/// let tls = ClientTls::builder().roots_pem(company_roots)?.build()?;
/// let connector = Connector::new().config(Config { max_message: 65_536, ..Config::default() }).tls(tls);
/// let ws = connector.connect(Connect::new("wss://chat.example.com/")?.subprotocol("chat")?).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Default)]
pub struct Connector {
    config: Arc<Config>,
    #[cfg(feature = "tls")]
    tls: Option<ClientTls>,
    #[cfg(feature = "tls")]
    proxy_tls: Option<ClientTls>,
    resolve: Option<Arc<Resolve>>,
    dial: Option<Arc<Dial>>,
}

type Later<T> = Pin<Box<dyn Future<Output = io::Result<T>> + Send>>;
type Resolve = dyn Fn(&str, u16) -> Later<Vec<SocketAddr>> + Send + Sync;
type Dial = dyn Fn(SocketAddr) -> Later<NetStream> + Send + Sync;

impl Connector {
    /// Defaults: trusts whom the platform trusts, asks the system for addresses, connects by TCP.
    pub fn new() -> Self {
        Self::default()
    }

    /// Limits and timeouts of the connections.
    #[must_use]
    pub fn config(mut self, config: impl Into<Arc<Config>>) -> Self {
        self.config = config.into();
        self
    }

    /// Whom to trust, and who to be, in TLS with servers.
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn tls(mut self, tls: ClientTls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Whom to trust, and who to be, in TLS with proxies.
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn proxy_tls(mut self, tls: ClientTls) -> Self {
        self.proxy_tls = Some(tls);
        self
    }

    /// Looks up names in this way. The addresses may have other ports than the one that is asked for; the Host field, and the
    /// name that a certificate must be for, stay those of the URL.
    #[must_use]
    pub fn resolver<F, R>(mut self, resolve: F) -> Self
    where
        F: Fn(&str, u16) -> R + Send + Sync + 'static,
        R: Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'static,
    {
        self.resolve = Some(Arc::new(move |host, port| Box::pin(resolve(host, port))));
        self
    }

    /// Connects to addresses in this way: with options of one's own on the socket, or over another transport altogether, which
    /// [`NetStream::new`] takes.
    #[must_use]
    pub fn dialer<F, R>(mut self, dial: F) -> Self
    where
        F: Fn(SocketAddr) -> R + Send + Sync + 'static,
        R: Future<Output = io::Result<NetStream>> + Send + 'static,
    {
        self.dial = Some(Arc::new(move |address| Box::pin(dial(address))));
        self
    }

    /// Connects. Cancel safe: dropped, it leaves nothing behind.
    ///
    /// # Errors
    /// [`Error::Connect`] if the server is not reached, [`Error::Rejected`] with the whole response if it answers with anything but
    /// a WebSocket, [`Error::WebSocket`] if its answer is wrong.
    pub async fn connect(&self, connect: Connect) -> Result<WebSocket<NetStream>, Error> {
        let mut plan = Plan::new(now(), connect);
        let mut dialling = Dialling(Vec::new());
        let mut transport: Option<NetStream> = None;
        loop {
            let deadline = plan.deadline();
            match plan.poll_action(now()) {
                Action::Resolve { host, port } => {
                    let looked_up = self.look_up(host, port);
                    match within(deadline, looked_up).await {
                        Some(Ok(addresses)) => plan.handle_resolved(now(), addresses),
                        Some(Err(error)) => plan.handle_failed(error),
                        None => {}
                    }
                }
                Action::Dial { attempt, address, .. } => {
                    transport = None;
                    dialling.0.push((attempt, self.begin(address)));
                }
                Action::Wait { until } => match within(until, poll_fn(|cx| dialling.poll_next(cx))).await {
                    Some((attempt, Ok(stream))) if plan.handle_connected(attempt) => {
                        dialling.0.clear();
                        transport = Some(stream);
                    }
                    Some((attempt, Err(error))) => plan.handle_dial_failed(now(), attempt, error),
                    Some((_, Ok(_))) | None => {}
                },
                Action::StartTls { peer, server_name, .. } => {
                    let stream = dialled(transport.take());
                    match within(deadline, self.secure(stream, peer, server_name)).await {
                        Some(Ok(stream)) => {
                            // It was checked: whoever agreed on another protocol is no stream.
                            plan.handle_secured(None);
                            transport = Some(stream);
                        }
                        Some(Err(error)) => plan.handle_failed(error),
                        None => {}
                    }
                }
                Action::Write(bytes) => match within(deadline, write(&mut transport, bytes)).await {
                    Some(Ok(n)) => plan.handle_written(n),
                    Some(Err(error)) => plan.handle_failed(error),
                    None => {}
                },
                Action::Read(room) => match within(deadline, read(&mut transport, room)).await {
                    Some(Ok(n)) => plan.handle_read(n),
                    Some(Err(error)) => plan.handle_failed(error),
                    None => {}
                },
                Action::Open => {
                    let conn = plan.connection(now(), Arc::clone(&self.config), entropy()?);
                    let mut ws = WebSocket::new(dialled(transport.take()), conn);
                    match ws.event_ref().await {
                        Ok(Some((Event::Rejected(response), _))) => plan.handle_rejected(&response),
                        Ok(Some(_)) => return Ok(ws),
                        Ok(None) => return Err(ws_core::Error::UnexpectedEof.into()),
                        // The plan says so itself.
                        Err(Error::WebSocket(ws_core::Error::TimedOut(Timer::Opening)))
                            if deadline.is_some_and(|at| at <= now()) => {}
                        Err(error) => return Err(error),
                    }
                }
                Action::Failed(ConnectError::Rejected(response)) => return Err(Error::Rejected(response)),
                Action::Failed(error) => return Err(Error::Connect(Box::new(error))),
            }
        }
    }

    fn look_up(&self, host: &str, port: u16) -> Later<Vec<SocketAddr>> {
        if let Some(resolve) = &self.resolve {
            return resolve(host, port);
        }
        let host = host.to_owned();
        Box::pin(async move { Ok(lookup_host((host, port)).await?.collect()) })
    }

    fn begin(&self, address: SocketAddr) -> Later<NetStream> {
        if let Some(dial) = &self.dial {
            return dial(address);
        }
        Box::pin(async move {
            let stream = TcpStream::connect(address).await?;
            // Without it, messages are only slower.
            let _ = stream.set_nodelay(true);
            Ok(stream.into())
        })
    }

    #[cfg(feature = "tls")]
    fn secure(&self, stream: NetStream, peer: Peer, host: &str) -> Later<NetStream> {
        let tls = match peer {
            Peer::Server => self.tls.clone(),
            Peer::Proxy => self.proxy_tls.clone(),
        };
        let host = host.to_owned();
        Box::pin(async move {
            let tls = tls.map_or_else(ClientTls::new, Ok)?;
            crate::start_tls(stream, &tls, &host).await
        })
    }

    #[cfg(not(feature = "tls"))]
    #[allow(clippy::unused_self, reason = "with TLS it is used")]
    fn secure(&self, _: NetStream, _: Peer, _: &str) -> Later<NetStream> {
        let missing = io::Error::new(io::ErrorKind::Unsupported, "this build lacks the feature `tls`");
        Box::pin(core::future::ready(Err(missing)))
    }
}

/// The attempts that are under way; those that are dropped end.
struct Dialling(Vec<(Attempt, Later<NetStream>)>);

impl Dialling {
    /// The next attempt that ends, and how.
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<(Attempt, io::Result<NetStream>)> {
        for at in 0..self.0.len() {
            if let Poll::Ready(outcome) = self.0[at].1.as_mut().poll(cx) {
                return Poll::Ready((self.0.swap_remove(at).0, outcome));
            }
        }
        Poll::Pending
    }
}

fn dialled(transport: Option<NetStream>) -> NetStream {
    transport.expect("the plan has heard that an attempt is connected")
}

/// What `future` gives, or `None` if it is not done at the deadline.
async fn within<F: Future>(deadline: Option<Instant>, future: F) -> Option<F::Output> {
    match deadline {
        Some(at) => timeout(now().until(at), future).await.ok(),
        None => Some(future.await),
    }
}

async fn write(transport: &mut Option<NetStream>, bytes: &[u8]) -> io::Result<usize> {
    let Some(stream) = transport else { return pending().await };
    let n = poll_fn(|cx| Pin::new(&mut *stream).poll_write(cx, bytes)).await?;
    if n == 0 {
        return Err(io::ErrorKind::WriteZero.into());
    }
    poll_fn(|cx| Pin::new(&mut *stream).poll_flush(cx)).await?;
    Ok(n)
}

async fn read(transport: &mut Option<NetStream>, room: &mut [u8]) -> io::Result<usize> {
    let Some(stream) = transport else { return pending().await };
    let mut room = ReadBuf::new(room);
    poll_fn(|cx| {
        ready!(Pin::new(&mut *stream).poll_read(cx, &mut room))?;
        Poll::Ready(Ok(room.filled().len()))
    })
    .await
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector").field("config", &self.config).finish_non_exhaustive()
    }
}
