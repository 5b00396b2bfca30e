use core::fmt;
use core::time::Duration;
use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Buf as _;
use ws_core::handshake::{Accept, ClientRequest};
use ws_core::{
    CloseCode, Config, Connection, Error, Event, Instant, KeepAlive, Message, RecvBuf, Role, SendError,
    Transmit,
};

/// The number of bytes that a direction of the network holds before it takes no more.
pub(crate) const ROOM: usize = 3000;
/// The time of a read or a write.
pub(crate) const MOMENT: Duration = Duration::from_micros(10);
/// The time that bytes are on their way.
pub(crate) const LATENCY: Duration = Duration::from_millis(7);

/// The fault of a run, at a time that the seed decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    /// The stream breaks both ways.
    Reset,
    /// Nothing gets through any more, and neither end is notified.
    Partition,
    /// Nothing gets through any more from this end.
    Deaf(Role),
    /// This end vanishes without a Close frame or an end of its stream.
    Vanish(Role),
    /// After so many bytes the stream takes no more from this end, for a while or for ever.
    Stall {
        role: Role,
        offset: usize,
        lasts: Option<Duration>,
    },
}

/// The outcome of a run.
pub(crate) struct Outcome {
    pub(crate) fault: Fault,
    /// The client's end, and the server's.
    pub(crate) ends: [End; 2],
    pub(crate) took: Duration,
}

impl Outcome {
    pub(crate) fn end(&self, role: Role) -> &End {
        &self.ends[index(role)]
    }
}

pub(crate) const fn index(role: Role) -> usize {
    match role {
        Role::Client => 0,
        Role::Server => 1,
    }
}

/// The actions of one end, and what it received.
#[derive(Default)]
pub(crate) struct End {
    /// The messages that its connection took.
    pub(crate) sent: Vec<Vec<u8>>,
    pub(crate) received: Vec<Vec<u8>>,
    /// Whether the peer's Close frame came.
    pub(crate) got_close: bool,
    pub(crate) was_clean: bool,
    /// Whether its connection ended.
    pub(crate) is_over: bool,
    pub(crate) error: Option<Error>,
    /// The number of bytes that the network took from it.
    pub(crate) written: usize,
}

impl fmt::Debug for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("End")
            .field("error", &self.error)
            .field("is_over", &self.is_over)
            .field("got_close", &self.got_close)
            .field("was_clean", &self.was_clean)
            .field("sent", &self.sent.len())
            .field("received", &self.received.len())
            .finish_non_exhaustive()
    }
}

/// One end, and what is on its way from it.
struct Node {
    conn: Connection,
    buf: RecvBuf,
    end: End,
    /// Bytes on their way, and when they arrive.
    wire: VecDeque<(Instant, Vec<u8>)>,
    /// The number of those bytes.
    held: usize,
    /// Whether the end of the stream follows them.
    is_ended: bool,
    /// Whether the peer has been notified of that.
    is_end_seen: bool,
    to_send: usize,
    is_over: bool,
}

pub(crate) struct Simulation {
    random: Random,
    fault: Fault,
    /// The time when the fault begins.
    breaks_at: Instant,
    stalled_until: Option<Instant>,
    /// The most bytes that one read or write moves.
    piece: usize,
    now: Instant,
    nodes: [Node; 2],
}

impl Simulation {
    pub(crate) fn new(seed: u64, fault: Fault) -> Self {
        let mut random = Random::new(seed);
        let now = Instant::ORIGIN;
        let keep_alive = KeepAlive::new().interval(Duration::from_secs(20)).timeout(Duration::from_secs(10));
        let config = Arc::new(Config::new().keep_alive(keep_alive).max_output(2000));
        let request = ClientRequest::new("h", "/").expect("a request");
        let mut node = |conn| Node {
            conn,
            buf: RecvBuf::new(),
            end: End::default(),
            wire: VecDeque::new(),
            held: 0,
            is_ended: false,
            is_end_seen: false,
            to_send: random.below(12),
            is_over: false,
        };
        let nodes = [
            node(Connection::client(now, config.clone(), &request, [7; 32])),
            node(Connection::server(now, config)),
        ];
        let piece = [1, 3, 50, 5000][random.below(4)];
        // A run without faults takes as long; pieces of one byte are slower.
        let breaks_at = now + LATENCY * random.below(40) as u32;
        Self { random, fault, breaks_at, stalled_until: None, piece, now, nodes }
    }

    /// Runs until both connections have ended, or nothing happens any more.
    pub(crate) fn run(mut self) -> Outcome {
        loop {
            if self.fault == Fault::Reset && self.now >= self.breaks_at {
                self.reset();
            }
            let has_moved = [Role::Client, Role::Server].map(|role| !self.is_out(role) && self.step(role));
            if self.is_out(Role::Client) && self.is_out(Role::Server) {
                break;
            }
            let soon = has_moved.contains(&true).then(|| self.now + MOMENT);
            let Some(next) = soon.or_else(|| self.next()) else { break };
            self.now = next;
        }
        let took = self.now - Instant::ORIGIN;
        let ends = self.nodes.map(|node| End {
            is_over: node.conn.is_closed(),
            was_clean: node.conn.was_clean(),
            ..node.end
        });
        Outcome { fault: self.fault, ends, took }
    }

    /// Returns whether this end does nothing more: its connection has ended, or it has vanished.
    fn is_out(&self, role: Role) -> bool {
        self.nodes[index(role)].is_over || self.fault == Fault::Vanish(role) && self.now >= self.breaks_at
    }

    /// Returns whether what `from` writes is lost on the way.
    fn is_dead(&self, from: Role) -> bool {
        self.now >= self.breaks_at
            && match self.fault {
                Fault::Partition => true,
                Fault::Deaf(role) => role == from,
                Fault::None | Fault::Reset | Fault::Vanish(_) | Fault::Stall { .. } => false,
            }
    }

    fn reset(&mut self) {
        for node in &mut self.nodes {
            node.wire.clear();
            node.held = 0;
            if !node.is_over && !node.is_end_seen {
                node.is_end_seen = true;
                node.conn.handle_reset();
            }
        }
    }

    /// Lets one end read, send and write; returns whether bytes moved.
    fn step(&mut self, role: Role) -> bool {
        self.nodes[index(role)].conn.handle_timeout(self.now);
        let has_read = self.read(role);
        self.receive(role);
        self.send(role);
        let has_written = self.write(role);
        // A timer, or output that failed, may have ended the connection.
        self.receive(role);
        let node = &mut self.nodes[index(role)];
        if node.conn.is_closed() {
            // Its stream is closed both ways.
            node.is_over = true;
            node.is_ended = true;
        }
        has_read || has_written
    }

    /// Takes a piece of what has arrived, and returns whether there was one.
    fn read(&mut self, role: Role) -> bool {
        if self.is_dead(role.peer()) {
            return false;
        }
        let (now, piece) = (self.now, self.piece);
        let [client, server] = &mut self.nodes;
        let (node, peer) = match role {
            Role::Client => (client, server),
            Role::Server => (server, client),
        };
        if !node.conn.wants_input() {
            return false;
        }
        match peer.wire.front_mut() {
            Some((at, bytes)) if *at <= now => {
                let n = bytes.len().min(piece);
                node.buf.extend(&bytes[..n]);
                bytes.drain(..n);
                peer.held -= n;
                if bytes.is_empty() {
                    peer.wire.pop_front();
                }
                true
            }
            None if peer.is_ended && !node.is_end_seen => {
                node.is_end_seen = true;
                node.conn.handle_eof();
                true
            }
            Some(_) | None => false,
        }
    }

    fn receive(&mut self, role: Role) {
        let now = self.now;
        let Node { conn, buf, end, .. } = &mut self.nodes[index(role)];
        loop {
            match conn.poll_event(now, buf) {
                Ok(Some(Event::Request(_))) => conn.accept(now, &Accept::new()).expect("it fits"),
                Ok(Some(Event::Message(message))) => end.received.push(message.as_bytes().to_vec()),
                Ok(Some(Event::Close(_))) => end.got_close = true,
                Ok(Some(_)) => {}
                Ok(None) => return,
                Err(error) => end.error = Some(error),
            }
        }
    }

    /// Queues the messages, and closes when all are queued.
    fn send(&mut self, role: Role) {
        let now = self.now;
        while self.nodes[index(role)].to_send > 0 {
            let len = [0, 1, 125, 126, 700, 2500][self.random.below(6)];
            let node = &mut self.nodes[index(role)];
            let payload = vec![node.to_send as u8; len];
            match node.conn.send(Message::Binary(&payload)) {
                Ok(()) => {
                    node.end.sent.push(payload);
                    node.to_send -= 1;
                }
                Err(SendError::Full | SendError::NotOpen | SendError::Closed) => return,
                Err(error) => panic!("{error}"),
            }
        }
        let node = &mut self.nodes[index(role)];
        if node.conn.is_open() {
            node.conn.close(now, CloseCode::NORMAL).expect("it is open");
        }
    }

    /// Writes a piece, and returns whether the network took it.
    fn write(&mut self, role: Role) -> bool {
        let (now, piece, is_dead) = (self.now, self.piece, self.is_dead(role));
        let stall = self.stall(role);
        let is_peer_over = self.nodes[index(role.peer())].is_over;
        let node = &mut self.nodes[index(role)];
        match node.conn.poll_transmit() {
            Some(Transmit::Data(_)) if is_peer_over && !is_dead => node.conn.handle_broken_pipe(),
            Some(Transmit::Data(out)) => {
                let n = out.chunk().len().min(piece).min(ROOM - node.held).min(stall);
                if n == 0 {
                    return false;
                }
                node.wire.push_back((now + LATENCY, out.chunk()[..n].to_vec()));
                out.advance(n);
                node.held += n;
                node.end.written += n;
            }
            Some(Transmit::Shutdown) => {
                node.is_ended = true;
                node.conn.handle_shutdown();
            }
            None => return false,
        }
        true
    }

    /// Returns how much the stream takes from `role` before it stalls.
    fn stall(&mut self, role: Role) -> usize {
        let written = self.nodes[index(role)].end.written;
        match self.fault {
            Fault::Stall { role: stalls, offset, lasts } if stalls == role => {
                if written == offset {
                    let until = *self.stalled_until.get_or_insert(match lasts {
                        Some(lasts) => self.now + lasts,
                        None => Instant::from_origin(Duration::MAX),
                    });
                    return if self.now >= until { usize::MAX } else { 0 };
                }
                offset.checked_sub(written).unwrap_or(usize::MAX)
            }
            Fault::None
            | Fault::Reset
            | Fault::Partition
            | Fault::Deaf(_)
            | Fault::Vanish(_)
            | Fault::Stall { .. } => usize::MAX,
        }
    }

    /// Returns when something happens by itself: a deadline, bytes that arrive, a change of the network.
    fn next(&self) -> Option<Instant> {
        let nodes = self.nodes.iter().filter(|node| !node.is_over);
        let deadlines = nodes.filter_map(|node| node.conn.poll_timeout());
        let arrivals = self.nodes.iter().filter_map(|node| node.wire.front().map(|(at, _)| *at));
        let changes = [Some(self.breaks_at), self.stalled_until].into_iter().flatten();
        deadlines.chain(arrivals).chain(changes).filter(|at| *at > self.now).min()
    }
}

/// Numbers that a seed decides (xorshift).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % limit
    }
}
