use core::net::{IpAddr, SocketAddr};
use core::time::Duration;
use std::io::{self, ErrorKind};
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::{Arc, mpsc};
use std::thread;

use ws_core::connect::Connect;
use ws_core::handshake::ClientRequest;
use ws_core::{Config, Connection, Event, Instant, Timer};

use crate::{Error, Transport, WebSocket, now};

/// Connects to a `ws:` URL, with the default [`Config`] and within 10 seconds.
///
/// # Errors
/// As [`connect_with`].
pub fn connect(url: &str) -> Result<WebSocket<TcpStream>, Error> {
    connect_with(&Connect::new(url)?, Config::default())
}

/// Connects as `connect` says; its time limit bounds everything from the name to the 101.
///
/// The addresses of the host are tried in turn, each for its share of the time that is left.
///
/// # Errors
/// [`Error::Io`] if no address of the host takes the connection, [`Error::Rejected`] with the whole response if the server
/// answers with anything but a WebSocket, [`Error::WebSocket`] if its answer is wrong, [`Error::TimedOut`].
pub fn connect_with(
    connect: &Connect,
    config: impl Into<Arc<Config>>,
) -> Result<WebSocket<TcpStream>, Error> {
    let target = connect.target();
    if target.is_secure() {
        return Err(Error::TlsUnsupported);
    }
    let limit = Limit(connect.time_limit().map(|limit| now() + limit));
    let addresses = resolve(target.host(), target.port(), limit)?;
    let stream = dial(&addresses, limit)?;
    stream.set_nodelay(true)?;
    let mut config = config.into();
    if let Some(left) = limit.left()? {
        let timeout = config.opening_timeout.map_or(left, |timeout| timeout.min(left));
        Arc::make_mut(&mut config).opening_timeout = Some(timeout);
    }
    match client(stream, &connect.request(), config) {
        Err(Error::WebSocket(ws_core::Error::TimedOut(Timer::Opening))) => Err(Error::TimedOut),
        result => result,
    }
}

/// The client end of a connection over `io`.
///
/// # Errors
/// As [`connect_with`]; the time is bounded by [`Config::opening_timeout`].
pub fn client<S: Transport>(
    io: S,
    request: &ClientRequest<'_>,
    config: impl Into<Arc<Config>>,
) -> Result<WebSocket<S>, Error> {
    let conn = Connection::client(now(), config, request, entropy()?);
    let mut ws = WebSocket::new(io, conn);
    match ws.event_ref()? {
        Some((Event::Rejected(response), _)) => Err(Error::Rejected(Box::new((&response).into()))),
        Some(_) => Ok(ws),
        None => Err(ws_core::Error::UnexpectedEof.into()),
    }
}

fn entropy() -> Result<[u8; 32], Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(bytes)
}

/// When the time is up, if ever.
#[derive(Clone, Copy)]
struct Limit(Option<Instant>);

impl Limit {
    /// How much time is left.
    fn left(self) -> Result<Option<Duration>, Error> {
        match self.0.map(|at| now().until(at)) {
            Some(Duration::ZERO) => Err(Error::TimedOut),
            left => Ok(left),
        }
    }
}

/// The addresses of `host`. The system's resolver knows no time limit, so a thread of its own waits for it, and is left to
/// itself when the time is up.
fn resolve(host: &str, port: u16, limit: Limit) -> Result<Vec<SocketAddr>, Error> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![(address, port).into()]);
    }
    let Some(left) = limit.left()? else {
        return Ok((host, port).to_socket_addrs()?.collect());
    };
    let (sender, receiver) = mpsc::channel();
    let host = host.to_owned();
    thread::Builder::new().name("ws-resolve".into()).spawn(move || {
        let addresses = (&host[..], port).to_socket_addrs().map(Vec::from_iter);
        let _ = sender.send(addresses);
    })?;
    match receiver.recv_timeout(left) {
        Ok(addresses) => Ok(addresses?),
        Err(_) => Err(Error::TimedOut),
    }
}

/// Connects to the first address that answers.
fn dial(addresses: &[SocketAddr], limit: Limit) -> Result<TcpStream, Error> {
    let mut error = Error::Io(io::Error::new(ErrorKind::NotFound, "the host has no address"));
    for (tried, address) in addresses.iter().enumerate() {
        let dialled = match limit.left()? {
            Some(left) => TcpStream::connect_timeout(address, share(left, addresses.len() - tried)),
            None => TcpStream::connect(address),
        };
        match dialled {
            Ok(stream) => return Ok(stream),
            // The last address had all the time that was left.
            Err(refused) if refused.kind() == ErrorKind::TimedOut && limit.0.is_some() => {
                error = Error::TimedOut;
            }
            Err(refused) => error = Error::Io(refused),
        }
    }
    Err(error)
}

/// The share of one of `waiting` addresses; never zero.
fn share(left: Duration, waiting: usize) -> Duration {
    (left / u32::try_from(waiting).unwrap_or(u32::MAX)).max(Duration::from_millis(1))
}
