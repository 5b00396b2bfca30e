use core::fmt;
use core::net::SocketAddr;
use core::time::Duration;
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use ws_adapter::{ConnectorSettings, connector_setters, entropy, opening_error};
use ws_core::connect::{Action, Attempt, Connect, Peer, Plan};
use ws_core::{Event, Instant, Timeout};

use crate::clock::{now, wait_until};
use crate::{Error, NetStream, Transport as _, WebSocket};

/// The settings with which connections are opened.
///
/// ```no_run
/// use ws_blocking::{ClientTls, Config, Connect, Connector};
///
/// # fn f(company_roots: &[u8]) -> Result<(), Box<dyn std::error::Error>> {
/// let tls = ClientTls::builder().roots_pem(company_roots)?.build()?;
/// let connector = Connector::new().config(Config::new().max_message(65_536)).tls(tls);
/// let ws = connector.connect(Connect::new("wss://chat.example.com/")?.subprotocol("chat")?)?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Default)]
pub struct Connector {
    settings: ConnectorSettings,
    resolve: Option<Arc<Resolve>>,
    dial: Option<Arc<Dial>>,
}

type Resolve = dyn Fn(&str, u16) -> io::Result<Vec<SocketAddr>> + Send + Sync;
type Dial = dyn Fn(SocketAddr, Option<Duration>) -> io::Result<NetStream> + Send + Sync;
/// An attempt to connect, and its outcome.
type Outcome = (Attempt, io::Result<NetStream>);

impl Connector {
    /// Returns a connector with the defaults: it trusts the certificate authorities that the platform trusts,
    /// asks the system for addresses, and connects by TCP.
    pub fn new() -> Self {
        Self::default()
    }

    connector_setters!();

    /// Resolves names with `resolve`, on a thread of its own. The addresses may have other ports than the
    /// requested one. The Host field, and the name that the certificate must have, stay those of the URL.
    #[must_use]
    pub fn resolver<F>(mut self, resolve: F) -> Self
    where
        F: Fn(&str, u16) -> io::Result<Vec<SocketAddr>> + Send + Sync + 'static,
    {
        self.resolve = Some(Arc::new(resolve));
        self
    }

    /// Connects to addresses with `dial`, within the time that it is given: to set options of the socket, or
    /// to use another transport, which [`NetStream::new`] wraps. Attempts may run on several threads at once.
    #[must_use]
    pub fn dialer<F>(mut self, dial: F) -> Self
    where
        F: Fn(SocketAddr, Option<Duration>) -> io::Result<NetStream> + Send + Sync + 'static,
    {
        self.dial = Some(Arc::new(dial));
        self
    }

    /// Opens a connection.
    ///
    /// # Errors
    /// [`Error::Connect`] if the server is not reached, [`Error::Rejected`] with the whole response if the
    /// server answers without opening a WebSocket, [`Error::WebSocket`] if its answer is wrong.
    pub fn connect(&self, connect: Connect) -> Result<WebSocket<NetStream>, Error> {
        let mut plan = Plan::new(now(), connect);
        let (done, dialled) = channel();
        let mut transport: Option<NetStream> = None;
        // The peer of the last TLS handshake.
        let mut secured = Peer::Server;
        loop {
            let deadline = plan.deadline();
            match plan.poll_action(now()) {
                Action::Resolve { host, port } => match self.look_up(host, port, deadline) {
                    Some(Ok(addresses)) => plan.handle_resolved(now(), addresses),
                    Some(Err(error)) => plan.handle_failed(error),
                    None => {}
                },
                Action::Dial { attempt, address, until, alone } => {
                    transport = None;
                    self.begin(attempt, address, until, alone, &done);
                }
                Action::Wait { until } => match receive(&dialled, until) {
                    // An attempt that succeeds too late is dropped.
                    Some((attempt, Ok(stream))) => {
                        transport = plan.handle_connected(attempt).then_some(stream).or(transport);
                    }
                    Some((attempt, Err(error))) => plan.handle_dial_failed(now(), attempt, error),
                    None => {}
                },
                Action::StartTls { peer, server_name, .. } => {
                    secured = peer;
                    match self.secure(taken(&mut transport), peer, server_name, deadline) {
                        Ok(stream) => {
                            // `secure` has checked the protocol already: a stream with another one is an
                            // error.
                            plan.handle_secured(None);
                            transport = Some(stream);
                        }
                        // The plan itself fails at its deadline.
                        Err(error) if is_over(&error, deadline) => {}
                        Err(error) => plan.handle_failed(error),
                    }
                }
                Action::Write(bytes) => match write(&mut transport, bytes, deadline) {
                    Ok(n) => plan.handle_written(n),
                    Err(error) if is_wait(&error) => {}
                    Err(error) => plan.handle_failed(error),
                },
                Action::Read(room) => match read(&mut transport, room, deadline) {
                    Ok(n) => plan.handle_read(n),
                    Err(error) if is_wait(&error) => {}
                    Err(error) => plan.handle_failed(error),
                },
                Action::Open => {
                    let conn = plan.connection(now(), Arc::clone(&self.settings.config), entropy()?);
                    let mut ws = WebSocket::new(taken(&mut transport), conn);
                    match ws.event_ref() {
                        Ok(Some((Event::Rejected(response), _))) => plan.handle_rejected(&response),
                        Ok(Some(_)) => return Ok(ws),
                        Ok(None) => return Err(ws_core::Error::UnexpectedEof.into()),
                        Err(Error::WebSocket(ws_core::Error::TimedOut(Timeout::Opening)))
                            if deadline.is_some_and(|at| at <= now()) => {}
                        Err(error) => return Err(opening_error(secured, error)),
                    }
                }
                Action::Failed(error) => return Err(error.into()),
            }
        }
    }

    /// Returns the addresses of `host`, or `None` if they do not come in time. The system's resolver has no
    /// time limit, so a thread of its own waits for it, and is abandoned when the time is over.
    fn look_up(
        &self,
        host: &str,
        port: u16,
        deadline: Option<Instant>,
    ) -> Option<io::Result<Vec<SocketAddr>>> {
        let (resolve, host) = (self.resolve.clone(), host.to_owned());
        let look_up = move || match resolve {
            Some(resolve) => resolve(&host, port),
            None => Ok((&host[..], port).to_socket_addrs()?.collect()),
        };
        if deadline.is_none() {
            return Some(look_up());
        }
        let (sender, receiver) = channel();
        let thread = thread::Builder::new().name("ws-resolve".into());
        let spawned = thread.spawn(move || {
            let _ = sender.send(look_up());
        });
        match spawned {
            Ok(_) => receive(&receiver, deadline),
            Err(error) => Some(Err(error)),
        }
    }

    /// Connects to `address`, and sends the outcome to `done`. The only attempt runs on this thread, others
    /// on threads of their own.
    fn begin(
        &self,
        attempt: Attempt,
        address: SocketAddr,
        until: Option<Instant>,
        alone: bool,
        done: &Sender<Outcome>,
    ) {
        let (dial, told) = (self.dial.clone(), done.clone());
        let dial = move || {
            let limit = wait_until(until);
            let outcome = match &dial {
                Some(dial) => dial(address, limit),
                None => dial_tcp(address, limit),
            };
            // The receiver is gone if another attempt has succeeded.
            let _ = told.send((attempt, outcome));
        };
        if alone {
            dial();
            return;
        }
        if let Err(error) = thread::Builder::new().name("ws-dial".into()).spawn(dial) {
            let _ = done.send((attempt, Err(error)));
        }
    }

    #[cfg(feature = "tls")]
    fn secure(
        &self,
        stream: NetStream,
        peer: Peer,
        host: &str,
        deadline: Option<Instant>,
    ) -> io::Result<NetStream> {
        let tls = self.settings.tls_for(peer)?;
        Ok(crate::TlsStream::connect(stream, &tls, host, wait_until(deadline))?.into())
    }

    #[cfg(not(feature = "tls"))]
    #[allow(clippy::unused_self, reason = "with TLS it is used")]
    fn secure(&self, _: NetStream, _: Peer, _: &str, _: Option<Instant>) -> io::Result<NetStream> {
        Err(ws_adapter::without_tls())
    }
}

fn dial_tcp(address: SocketAddr, limit: Option<Duration>) -> io::Result<NetStream> {
    let stream = match limit {
        Some(limit) => TcpStream::connect_timeout(&address, limit)?,
        None => TcpStream::connect(address)?,
    };
    // If this fails, messages are only slower.
    let _ = stream.set_nodelay(true);
    Ok(NetStream::tcp_with(stream, address))
}

/// Returns what the channel gives before `deadline`.
fn receive<T>(channel: &Receiver<T>, deadline: Option<Instant>) -> Option<T> {
    match wait_until(deadline) {
        Some(wait) => channel.recv_timeout(wait).ok(),
        None => channel.recv().ok(),
    }
}

fn taken(transport: &mut Option<NetStream>) -> NetStream {
    transport.take().expect("the plan has heard that an attempt is connected")
}

fn write(transport: &mut Option<NetStream>, bytes: &[u8], deadline: Option<Instant>) -> io::Result<usize> {
    let Some(stream) = transport else { return Err(ErrorKind::NotConnected.into()) };
    stream.set_write_timeout(wait_until(deadline))?;
    let n = stream.write(bytes)?;
    if n == 0 { Err(ErrorKind::WriteZero.into()) } else { stream.flush().map(|()| n) }
}

fn read(transport: &mut Option<NetStream>, room: &mut [u8], deadline: Option<Instant>) -> io::Result<usize> {
    let Some(stream) = transport else { return Err(ErrorKind::NotConnected.into()) };
    stream.set_read_timeout(wait_until(deadline))?;
    stream.read(room)
}

/// Returns whether a call ended because it waited too long, or because a signal interrupted it. The plan
/// checks the deadline.
fn is_wait(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}

fn is_over(error: &io::Error, deadline: Option<Instant>) -> bool {
    error.kind() == ErrorKind::TimedOut && deadline.is_some_and(|at| at <= now())
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector").field("config", &self.settings.config).finish_non_exhaustive()
    }
}
