use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::collections::HashMap;
use std::io;
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use ws_blocking::{Error, NetStream, Receiver, Sender, TlsStream, WebSocket};
use ws_core::CloseCode;

use super::{Refused, Service, announce, not_listening};
use crate::failure::Failure;
use crate::signals;

pub(super) fn run(address: SocketAddr, service: Arc<Service>) -> Result<(), Failure> {
    let listener = TcpListener::bind(address).map_err(|error| not_listening(address, error))?;
    let address = listener.local_addr().map_err(Failure::System)?;
    let server = Arc::new(Server::new(service));
    let stopping = Arc::clone(&server);
    signals::on_stop(move || stopping.stop(address))?;
    announce(address, &server.service)?;
    server.run(listener);
    Ok(())
}

/// Echoes on all connections that it accepts, each with a thread of its own.
#[derive(Debug)]
pub(crate) struct Server {
    service: Arc<Service>,
    open: Mutex<Open>,
    /// Told when a connection ends.
    ended: Condvar,
}

/// The connections that are open.
#[derive(Debug, Default)]
struct Open {
    is_stopping: bool,
    senders: HashMap<u64, Sender<NetStream>>,
    /// The key of the next one.
    next: u64,
}

impl Server {
    pub(crate) fn new(service: Arc<Service>) -> Self {
        Self { service, open: Mutex::default(), ended: Condvar::new() }
    }

    /// Echoes until the server is [stopped](Self::stop), and waits then until all connections are closed.
    pub(crate) fn run(self: &Arc<Self>, listener: TcpListener) {
        let mut refused = Refused::default();
        loop {
            let accepted = listener.accept();
            if self.open().is_stopping {
                break;
            }
            match accepted.and_then(|(stream, _)| self.spawn(stream)) {
                Ok(()) => refused.end(),
                Err(error) => {
                    if let Some(pause) = refused.pause(&error) {
                        thread::sleep(pause);
                    }
                }
            }
        }
        drop(listener);
        let is_open = |open: &mut Open| !open.senders.is_empty();
        drop(self.ended.wait_timeout_while(self.open(), self.service.patience(), is_open));
    }

    /// Closes all connections. `address` is where the server listens.
    fn stop(&self, address: SocketAddr) {
        let mut open = self.open();
        open.is_stopping = true;
        for sender in open.senders.values() {
            let sender = sender.clone();
            // A peer that does not read would hold up the others.
            let _ = thread::Builder::new().spawn(move || close(&sender));
        }
        drop(open);
        // A connection ends the wait for one.
        let _ = TcpStream::connect(reachable(address));
    }

    fn spawn(self: &Arc<Self>, stream: TcpStream) -> io::Result<()> {
        let server = Arc::clone(self);
        thread::Builder::new().name("connection".into()).spawn(move || server.attend(stream))?;
        Ok(())
    }

    /// One connection, from the opening handshake to the closing one.
    fn attend(&self, stream: TcpStream) {
        // Without it, messages are only slower.
        let _ = stream.set_nodelay(true);
        let accepted = self.accept(stream.into());
        let Ok((sender, mut receiver)) = accepted.and_then(|ws| Ok(ws.split()?)) else { return };
        let key = self.enter(&sender);
        if echo(&sender, &mut receiver).is_err() {
            // The peer is to read the Close frame, or to have the time to.
            while !matches!(receiver.recv(), Ok(None)) {}
        }
        self.open().senders.remove(&key);
        self.ended.notify_all();
    }

    /// The opening handshakes, that of TLS first.
    fn accept(&self, stream: NetStream) -> Result<WebSocket<NetStream>, Error> {
        let config = &self.service.config;
        let stream = match &self.service.tls {
            Some(tls) => TlsStream::accept(stream, tls, config.opening_timeout)?.into(),
            None => stream,
        };
        ws_blocking::accept_with(stream, Arc::clone(config), |request| self.service.decide(request))
    }

    /// Notes that a connection is open.
    fn enter(&self, sender: &Sender<NetStream>) -> u64 {
        let mut open = self.open();
        let key = open.next;
        open.next += 1;
        open.senders.insert(key, sender.clone());
        let is_late = open.is_stopping;
        drop(open);
        if is_late {
            close(sender);
        }
        key
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn echo(sender: &Sender<NetStream>, receiver: &mut Receiver<NetStream>) -> Result<(), Error> {
    while let Some(message) = receiver.message_ref()? {
        sender.feed(message)?;
    }
    Ok(())
}

fn close(sender: &Sender<NetStream>) {
    // If the connection is closing already, that is as good.
    let _ = sender.close(Some(CloseCode::GOING_AWAY.into()));
}

/// The address of a listener as this machine can connect to it.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        IpAddr::V4(_) | IpAddr::V6(_) => {}
    }
    address
}
