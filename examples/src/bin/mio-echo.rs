//! The bare core in an event loop of mio: one thread, one poll, no adapter. The server echoes, the client
//! talks to it.

use std::collections::HashMap;
use std::error::Error;
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::time;

use bytes::Buf as _;
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use ws_core::handshake::{Accept, ClientRequest};
use ws_core::{CloseCode, Config, Connection, Event, Instant, Message, Pool, RecvBuf, Transmit};

const LISTENER: Token = Token(0);
const CLIENT: Token = Token(1);

/// A connection of the core, and everything that drives it.
struct Peer {
    stream: TcpStream,
    conn: Connection,
    input: RecvBuf,
}

impl Peer {
    fn new(stream: TcpStream, conn: Connection) -> Self {
        Self { stream, conn, input: RecvBuf::new() }
    }

    /// Moves bytes both ways until the socket has no more and takes no more; `on_event` handles the events.
    /// mio reports changes only, so no work may be left.
    fn drive(
        &mut self,
        now: Instant,
        pool: &mut Pool,
        mut on_event: impl FnMut(&mut Connection, Event<'_>) -> Result<(), Box<dyn Error>>,
    ) -> Result<(), Box<dyn Error>> {
        self.conn.handle_timeout(now);
        loop {
            while let Some(event) = self.conn.poll_event(now, &mut self.input)? {
                on_event(&mut self.conn, event)?;
            }
            let is_held_up = !self.conn.wants_input();
            self.write()?;
            if !self.conn.wants_input() {
                return Ok(());
            }
            if is_held_up {
                // Written output makes room for the answer to a request that has come already.
                continue;
            }
            pool.prepare(&mut self.input);
            match self.stream.read(self.input.spare_mut()) {
                Ok(0) => self.conn.handle_eof(),
                Ok(n) => self.input.commit(n),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    pool.park(&mut self.input);
                    return Ok(());
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => self.conn.handle_reset(),
            }
        }
    }

    fn write(&mut self) -> io::Result<()> {
        while let Some(transmit) = self.conn.poll_transmit() {
            match transmit {
                Transmit::Data(out) => match self.stream.write(out.chunk()) {
                    Ok(n) => out.advance(n),
                    Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    Err(_) => self.conn.handle_broken_pipe(),
                },
                Transmit::Shutdown => {
                    self.stream.shutdown(std::net::Shutdown::Write)?;
                    self.conn.handle_shutdown();
                }
            }
        }
        Ok(())
    }
}

/// Handles an event at the server.
fn serve(now: Instant, conn: &mut Connection, event: Event<'_>) -> Result<(), Box<dyn Error>> {
    match event {
        // The core answers 426 to a request that is not an upgrade.
        Event::Request(request) if request.is_upgrade() => conn.accept(now, &Accept::new())?,
        Event::Message(message) => conn.send(message)?,
        _ => {}
    }
    Ok(())
}

/// Handles an event at the client.
fn talk(now: Instant, conn: &mut Connection, event: Event<'_>) -> Result<(), Box<dyn Error>> {
    match event {
        Event::Open(_) => conn.send("hello, mio")?,
        Event::Message(message) => {
            println!("echoed: {message:?}");
            assert_eq!(message, Message::Text("hello, mio"));
            conn.close(now, CloseCode::NORMAL)?;
        }
        Event::Rejected(response) => return Err(format!("refused with {}", response.status()).into()),
        _ => {}
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let start = time::Instant::now();
    let mut poll = Poll::new()?;
    let mut listener = TcpListener::bind("127.0.0.1:0".parse()?)?;
    let at = listener.local_addr()?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;

    let host = at.to_string();
    let request = ClientRequest::new(&host, "/")?;
    let mut entropy = [0; 32];
    getrandom::fill(&mut entropy)?;
    let conn = Connection::client(Instant::ORIGIN, Config::default(), &request, entropy);
    let mut stream = TcpStream::connect(at)?;
    poll.registry().register(&mut stream, CLIENT, Interest::READABLE | Interest::WRITABLE)?;

    let mut peers = HashMap::from([(CLIENT, Peer::new(stream, conn))]);
    let mut pool = Pool::new();
    let mut events = Events::with_capacity(128);
    let mut next = CLIENT.0 + 1;
    while peers.contains_key(&CLIENT) {
        // The earliest deadline of all bounds the wait.
        let now = Instant::from_origin(start.elapsed());
        let deadline = peers.values().filter_map(|peer| peer.conn.poll_timeout()).min();
        let wait = deadline.map(|at| at.since_origin().saturating_sub(now.since_origin()));
        match poll.poll(&mut events, wait) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            polled => polled?,
        }
        let now = Instant::from_origin(start.elapsed());
        if events.iter().any(|event| event.token() == LISTENER) {
            loop {
                let (mut stream, _) = match listener.accept() {
                    Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                    accepted => accepted?,
                };
                let token = Token(next);
                next += 1;
                poll.registry().register(&mut stream, token, Interest::READABLE | Interest::WRITABLE)?;
                peers.insert(token, Peer::new(stream, Connection::server(now, Config::default())));
            }
        }
        // With many connections, a program would look only at those that have an event or a deadline.
        for (token, peer) in &mut peers {
            if *token != CLIENT {
                peer.drive(now, &mut pool, |conn, event| serve(now, conn, event))?;
            } else if is_connected(&peer.stream)? {
                peer.drive(now, &mut pool, |conn, event| talk(now, conn, event))?;
            }
        }
        peers.retain(|_, peer| !peer.conn.is_closed());
    }
    println!("closed");
    Ok(())
}

/// Returns whether the socket, which mio begins to connect, is connected by now.
fn is_connected(stream: &TcpStream) -> io::Result<bool> {
    if let Some(error) = stream.take_error()? {
        return Err(error);
    }
    match stream.peer_addr() {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotConnected => Ok(false),
        Err(error) => Err(error),
    }
}
