//! The parts that all servers on epoll share: one thread that serves each connection when it is ready.

use std::io::ErrorKind;
use std::net::TcpListener;

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

/// A server's end of a connection.
pub(crate) trait Peer {
    /// The values that all connections share.
    type Shared;

    fn stream(&mut self) -> &mut TcpStream;

    /// Reads and writes as much as it can; returns `false` once the connection has ended.
    fn ready(&mut self, shared: &mut Self::Shared) -> anyhow::Result<bool>;
}

const LISTENER: Token = Token(usize::MAX);

/// Serves all clients.
///
/// # Errors
/// If the system does not let it wait.
pub(crate) fn serve<P: Peer>(
    listener: TcpListener,
    begin: impl Fn(TcpStream) -> P,
    shared: &mut P::Shared,
) -> anyhow::Result<()> {
    listener.set_nonblocking(true)?;
    let mut listener = mio::net::TcpListener::from_std(listener);
    let mut poll = Poll::new()?;
    let mut events = Events::with_capacity(1024);
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    let mut peers: Vec<Option<P>> = Vec::new();
    let mut free = Vec::new();
    loop {
        match poll.poll(&mut events, None) {
            // This process was stopped for a while, and has been continued.
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            polled => polled?,
        }
        for event in &events {
            if event.token() == LISTENER {
                while let Ok((stream, _)) = listener.accept() {
                    stream.set_nodelay(true)?;
                    let slot = free.pop().unwrap_or_else(|| {
                        peers.push(None);
                        peers.len() - 1
                    });
                    let peer = peers[slot].insert(begin(stream));
                    let interest = Interest::READABLE | Interest::WRITABLE;
                    poll.registry().register(peer.stream(), Token(slot), interest)?;
                }
                continue;
            }
            let Token(slot) = event.token();
            let Some(peer) = &mut peers[slot] else { continue };
            let stays = peer.ready(shared).unwrap_or_else(|error| {
                eprintln!("a connection failed: {error:#}");
                false
            });
            if !stays {
                peers[slot] = None;
                free.push(slot);
            }
        }
    }
}
