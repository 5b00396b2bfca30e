//! Helpers of the tests: both ends of the wire as bytes, and a [`Peer`] that takes all input in many splits
//! at once.
//!
//! A `Peer` is not one connection but many equal ones. Each gets the same calls and the same bytes, but cut
//! in its own way: whole, byte by byte, or in two pieces with the cut at another place. For each way there is
//! a connection that keeps its memory, and one that gives it up between any two calls, as an adapter does
//! before it waits. Their events, output and results must be the same. So every test with a `Peer` also
//! checks that neither splits nor parking matter.

#![allow(dead_code, reason = "each test binary uses a part of it")]

pub(crate) mod heads;

use core::fmt::Debug;
use core::time::Duration;
use std::sync::Arc;

use bytes::Buf as _;
use ws_core::handshake::{Agreement, ClientRequest, Decision, OwnedResponse};
use ws_core::{
    Chunk, CloseFrame, Config, Connection, Error, Event, Instant, Message, MessageKind, Pool, ProtocolError,
    RecvBuf, Role, Transmit,
};

pub(crate) const CONTINUATION: u8 = 0x0;
pub(crate) const TEXT: u8 = 0x1;
pub(crate) const BINARY: u8 = 0x2;
pub(crate) const CLOSE: u8 = 0x8;
pub(crate) const PING: u8 = 0x9;
pub(crate) const PONG: u8 = 0xA;
/// The bit of a frame's first byte that marks the last frame of a message.
pub(crate) const FIN: u8 = 0x80;

pub(crate) const BOTH: [Role; 2] = [Role::Client, Role::Server];
pub(crate) const ENTROPY: [u8; 32] = [7; 32];
pub(crate) const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// The number of places at which frames are cut. Shorter input is cut at each byte, longer input at evenly
/// spread ones.
const CUTS: usize = 48;
/// The same for the heads of the opening handshake.
const HEAD_CUTS: usize = 288;

/// Returns a frame as a server sends it: a whole message, or a control frame.
pub(crate) fn frame(opcode: u8, payload: &[u8]) -> Vec<u8> {
    encode(FIN | opcode, None, payload)
}

/// Returns a frame as a client sends it.
pub(crate) fn masked(opcode: u8, payload: &[u8]) -> Vec<u8> {
    encode(FIN | opcode, Some(KEY), payload)
}

/// Returns a frame that reaches `role`, with this first byte.
pub(crate) fn to(role: Role, first: u8, payload: &[u8]) -> Vec<u8> {
    encode(first, (role == Role::Server).then_some(KEY), payload)
}

/// Returns a Close frame that reaches `role`.
pub(crate) fn close_to(role: Role, code: u16, reason: &str) -> Vec<u8> {
    to(role, FIN | CLOSE, &close_payload(code, reason))
}

pub(crate) fn close_payload(code: u16, reason: &str) -> Vec<u8> {
    [&code.to_be_bytes()[..], reason.as_bytes()].concat()
}

/// Returns the header of a frame that reaches `role` and announces `len` bytes, without a payload.
pub(crate) fn header_to(role: Role, first: u8, len: u64) -> Vec<u8> {
    header(first, (role == Role::Server).then_some(KEY), len)
}

/// Returns a frame written exactly by §5.2, with or without a mask.
pub(crate) fn encode(first: u8, key: Option<[u8; 4]>, payload: &[u8]) -> Vec<u8> {
    let mut bytes = header(first, key, payload.len() as u64);
    bytes.extend(payload.iter().enumerate().map(|(i, byte)| byte ^ key.map_or(0, |key| key[i % 4])));
    bytes
}

fn header(first: u8, key: Option<[u8; 4]>, len: u64) -> Vec<u8> {
    let bit = if key.is_some() { 0x80 } else { 0 };
    let mut bytes = vec![first];
    match len {
        0..=125 => bytes.push(bit | len as u8),
        126..=0xFFFF => {
            bytes.push(bit | 126);
            bytes.extend((len as u16).to_be_bytes());
        }
        _ => {
            bytes.push(bit | 127);
            bytes.extend(len.to_be_bytes());
        }
    }
    bytes.extend(key.iter().flatten());
    bytes
}

/// Returns the frames in the output of `sender`: first byte and payload of each. Masks must be as §5.1
/// requires.
#[track_caller]
pub(crate) fn decode(sender: Role, mut bytes: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut frames = Vec::new();
    while let [first, second, rest @ ..] = bytes {
        assert_eq!(second & 0x80 != 0, sender == Role::Client, "only clients mask");
        let (len, rest) = match second & 0x7F {
            126 => (usize::from(u16::from_be_bytes([rest[0], rest[1]])), &rest[2..]),
            127 => (u64::from_be_bytes(rest[..8].try_into().unwrap()) as usize, &rest[8..]),
            len => (usize::from(len), rest),
        };
        let (key, rest) = if sender == Role::Client { rest.split_at(4) } else { (&[0; 4][..], rest) };
        let (payload, rest) = rest.split_at(len);
        frames.push((*first, payload.iter().enumerate().map(|(i, byte)| byte ^ key[i % 4]).collect()));
        bytes = rest;
    }
    assert!(bytes.is_empty(), "the output ends inside a header");
    frames
}

/// An event that owns its data, or the end.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Seen {
    /// The target.
    Request(String),
    /// The status and the subprotocol.
    Open(u16, Option<String>),
    Rejected(OwnedResponse),
    Text(String),
    Binary(Vec<u8>),
    /// Chunks; neighbours are joined.
    Chunk(MessageKind, Vec<u8>, bool),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(Option<(u16, String)>),
    Failed(Error),
}

pub(crate) fn text(text: &str) -> Seen {
    Seen::Text(text.into())
}

pub(crate) fn binary(bytes: &[u8]) -> Seen {
    Seen::Binary(bytes.into())
}

pub(crate) fn ping(bytes: &[u8]) -> Seen {
    Seen::Ping(bytes.into())
}

pub(crate) fn pong(bytes: &[u8]) -> Seen {
    Seen::Pong(bytes.into())
}

pub(crate) fn close(code: u16, reason: &str) -> Seen {
    Seen::Close(Some((code, reason.into())))
}

pub(crate) fn failed(error: impl Into<Error>) -> Seen {
    Seen::Failed(error.into())
}

impl From<Event<'_>> for Seen {
    #[allow(
        clippy::wildcard_enum_match_arm,
        reason = "the enum may grow, and what is new there is news here"
    )]
    fn from(event: Event<'_>) -> Self {
        match event {
            Event::Request(request) => Self::Request(request.target().into()),
            Event::Open(response) => Self::Open(response.status(), response.subprotocol().map(Into::into)),
            Event::Rejected(response) => Self::Rejected(OwnedResponse::from(&response)),
            Event::Message(Message::Text(text)) => Self::Text(text.into()),
            Event::Message(Message::Binary(bytes)) => Self::Binary(bytes.into()),
            Event::Chunk(Chunk { kind, bytes, fin }) => Self::Chunk(kind, bytes.into(), fin),
            Event::Ping(bytes) => Self::Ping(bytes.into()),
            Event::Pong(bytes) => Self::Pong(bytes.into()),
            Event::Close(close) => Self::Close(close.map(|close| (close.code.get(), close.reason.into()))),
            event => panic!("an event that the tests do not expect: {event:?}"),
        }
    }
}

/// Adds `event`. Joins chunks of one message, since their borders are those of the reads.
fn push(seen: &mut Vec<Seen>, event: Seen) {
    match (seen.last_mut(), event) {
        (Some(Seen::Chunk(_, bytes, fin @ false)), Seen::Chunk(_, more, last)) => {
            bytes.extend(more);
            *fin = last;
        }
        (_, event) => seen.push(event),
    }
}

/// Takes all events that wait, and then the error.
pub(crate) fn drain(conn: &mut Connection, now: Instant, input: &mut RecvBuf, seen: &mut Vec<Seen>) {
    loop {
        match conn.poll_event(now, input) {
            Ok(Some(event)) => push(seen, event.into()),
            Ok(None) => return,
            Err(error) => push(seen, Seen::Failed(error)),
        }
    }
}

/// Takes all output that is ready.
pub(crate) fn take_output(conn: &mut Connection) -> Vec<u8> {
    let mut bytes = Vec::new();
    while let Some(Transmit::Data(out)) = conn.poll_transmit() {
        let n = out.chunk().len();
        bytes.extend_from_slice(out.chunk());
        out.advance(n);
    }
    bytes
}

/// The way in which one of the equal connections gets its input.
#[derive(Clone, Copy, Debug)]
enum Split {
    Whole,
    Bytes,
    /// In two pieces, cut at place `n` of so many.
    At(usize, usize),
}

impl Split {
    fn pieces(self, bytes: &[u8]) -> Vec<&[u8]> {
        match self {
            _ if bytes.is_empty() => vec![bytes],
            Self::Whole => vec![bytes],
            Self::Bytes => bytes.chunks(1).collect(),
            Self::At(n, cuts) => {
                let cut = if bytes.len() <= cuts { n.min(bytes.len()) } else { n * bytes.len() / cuts };
                vec![&bytes[..cut], &bytes[cut..]]
            }
        }
    }
}

#[derive(Debug)]
struct End {
    split: Split,
    /// The pool that takes the memory between any two calls. Without it the connection keeps its memory.
    pool: Option<Pool>,
    conn: Connection,
    buf: RecvBuf,
}

impl End {
    /// Takes memory out of the pool, as before a read.
    fn prepare(&mut self) {
        if let Some(pool) = &mut self.pool {
            pool.prepare(&mut self.buf);
            self.conn.prepare(pool);
        }
    }

    /// Gives memory back to the pool, as before a wait.
    fn park(&mut self) {
        if let Some(pool) = &mut self.pool {
            pool.park(&mut self.buf);
            self.conn.park(pool);
        }
    }

    /// Returns the next event or the error. Parks before and after each step.
    fn next(&mut self, now: Instant) -> Option<Seen> {
        self.prepare();
        let received = self.conn.receive(now, &mut self.buf);
        self.park();
        let seen = match received {
            Ok(false) => return None,
            Err(error) => return Some(Seen::Failed(error)),
            Ok(true) => match self.buf.take_event() {
                Some(Ok(event)) => Some(event.into()),
                Some(Err(not_text)) => self.conn.refuse_message(now, not_text).err().map(Seen::Failed),
                None => None,
            },
        };
        self.park();
        seen
    }
}

/// One end of a connection, and its clock: see the [module](self).
pub(crate) struct Peer {
    role: Role,
    ends: Vec<End>,
    pub(crate) now: Instant,
    /// The answer to requests. Without it they wait.
    pub(crate) decision: Option<Decision>,
}

/// Returns the server of an open connection, with the default configuration.
pub(crate) fn server() -> Peer {
    peer(Role::Server)
}

/// Returns the client of an open connection.
pub(crate) fn client() -> Peer {
    peer(Role::Client)
}

pub(crate) fn peer(role: Role) -> Peer {
    configured(role, Config::default())
}

pub(crate) fn configured(role: Role, config: Config) -> Peer {
    let config = Arc::new(config);
    Peer::new(role, CUTS, |now| {
        Connection::upgraded(now, role, Arc::clone(&config), Agreement::default(), ENTROPY)
    })
}

/// Returns a server that has not received a request.
pub(crate) fn accepting(config: Config) -> Peer {
    let config = Arc::new(config);
    Peer::new(Role::Server, HEAD_CUTS, |now| Connection::server(now, Arc::clone(&config)))
}

/// Returns a client that has sent its request.
pub(crate) fn connecting(config: Config, request: &ClientRequest<'_>) -> Peer {
    let config = Arc::new(config);
    Peer::new(Role::Client, HEAD_CUTS, |now| Connection::client(now, Arc::clone(&config), request, ENTROPY))
}

impl Peer {
    pub(crate) fn new(role: Role, cuts: usize, make: impl Fn(Instant) -> Connection) -> Self {
        let now = Instant::ORIGIN + Duration::from_secs(1000);
        let splits = [Split::Whole, Split::Bytes].into_iter().chain((1..cuts).map(|n| Split::At(n, cuts)));
        let splits = splits.flat_map(|split| [(split, None), (split, Some(Pool::new()))]);
        let ends = splits.map(|(split, pool)| {
            let mut buf = RecvBuf::new();
            buf.replace(vec![0; 512]);
            End { split, pool, conn: make(now), buf }
        });
        Self { role, ends: ends.collect(), now, decision: None }
    }

    /// Receives `bytes`. Returns the events.
    #[track_caller]
    pub(crate) fn receives(&mut self, bytes: impl AsRef<[u8]>) -> Vec<Seen> {
        self.receives_before(bytes, |_| ())
    }

    /// Receives `bytes`, with this `end` directly after the last. Returns the events.
    #[track_caller]
    pub(crate) fn receives_before(&mut self, bytes: impl AsRef<[u8]>, end: fn(&mut Connection)) -> Vec<Seen> {
        let (now, decision, finish) = (self.now, self.decision.clone(), end);
        self.same(|end| {
            let mut seen = Vec::new();
            let pieces = end.split.pieces(bytes.as_ref());
            for (i, piece) in pieces.iter().enumerate() {
                end.prepare();
                end.buf.extend(piece);
                if i + 1 == pieces.len() {
                    finish(&mut end.conn);
                }
                end.park();
                while let Some(next) = end.next(now) {
                    let before = seen.len();
                    push(&mut seen, next);
                    if let (Some(Seen::Request(_)), Some(decision)) = (seen.get(before), &decision) {
                        end.conn.answer(now, decision).expect("the answer fits the request");
                    }
                }
            }
            seen
        })
    }

    /// Receives the end of the peer's stream. Returns the events.
    #[track_caller]
    pub(crate) fn receives_eof(&mut self) -> Vec<Seen> {
        self.receives_before(b"", Connection::handle_eof)
    }

    /// Takes the output, up to the end of the stream.
    #[track_caller]
    pub(crate) fn transmits(&mut self) -> Vec<u8> {
        self.each(take_output)
    }

    /// Takes the frames in the output: first byte and payload of each.
    #[track_caller]
    pub(crate) fn sends(&mut self) -> Vec<(u8, Vec<u8>)> {
        let bytes = self.transmits();
        decode(self.role, &bytes)
    }

    /// Returns whether the end of our stream is due now.
    #[track_caller]
    pub(crate) fn shuts_down(&mut self) -> bool {
        self.each(|conn| matches!(conn.poll_transmit(), Some(Transmit::Shutdown)))
    }

    /// Ends our stream.
    #[track_caller]
    pub(crate) fn shut_down(&mut self) {
        assert!(self.shuts_down(), "the stream is not to end yet");
        self.each(Connection::handle_shutdown);
    }

    /// Lets time pass, and calls `handle_timeout`.
    #[track_caller]
    pub(crate) fn waits(&mut self, time: Duration) {
        self.now = self.now + time;
        let now = self.now;
        self.each(|conn| conn.handle_timeout(now));
    }

    /// Returns the time until the alarm.
    #[track_caller]
    pub(crate) fn alarm(&mut self) -> Option<Duration> {
        let now = self.now;
        self.each(|conn| conn.poll_timeout().map(|at| now.until(at)))
    }

    /// Calls `act` with each connection. The results must be the same.
    #[track_caller]
    pub(crate) fn each<R: PartialEq + Debug>(&mut self, mut act: impl FnMut(&mut Connection) -> R) -> R {
        self.same(|end| {
            end.prepare();
            let result = act(&mut end.conn);
            end.park();
            result
        })
    }

    #[track_caller]
    pub(crate) fn close(&mut self, code: u16, reason: &str) {
        let (now, code) = (self.now, ws_core::CloseCode::new(code).expect("the code may be sent"));
        self.each(|conn| conn.close(now, CloseFrame { code, reason })).expect("the connection is open");
    }

    #[track_caller]
    pub(crate) fn is_open(&mut self) -> bool {
        self.each(|conn| conn.is_open())
    }

    #[track_caller]
    pub(crate) fn is_closed(&mut self) -> bool {
        self.each(|conn| conn.is_closed())
    }

    /// Returns the close code, and whether the close was clean.
    #[track_caller]
    pub(crate) fn ended(&mut self) -> (u16, bool) {
        self.each(|conn| (conn.close_code(), conn.was_clean()))
    }

    /// Checks that `bytes` fail the connection as `error`, after the events `before`, and that the peer gets
    /// the reason and nothing more is delivered.
    #[track_caller]
    pub(crate) fn fails_after(&mut self, bytes: impl AsRef<[u8]>, before: &[Seen], error: ProtocolError) {
        let seen = self.receives(bytes);
        let (last, rest) = seen.split_last().expect("something is seen");
        assert_eq!((rest, last), (before, &failed(error)));
        let code = error.close_code().get();
        let frames = self.sends();
        let [(0x88, payload)] = &frames[..] else { panic!("one Close frame is sent: {frames:?}") };
        assert_eq!(payload[..2], code.to_be_bytes(), "the peer is told why");
        assert_eq!(payload.len() > 2, error.is_limit(), "the reason names the limit, if it is one");
        assert_eq!(self.receives(close_to(self.role, 1000, "")), [], "nothing is heard after a failure");
        assert_eq!(self.ended(), (1006, false));
        assert!(self.shuts_down(), "the transport ends after a failure");
    }

    #[track_caller]
    fn same<R: PartialEq + Debug>(&mut self, mut act: impl FnMut(&mut End) -> R) -> R {
        let mut ends = self.ends.iter_mut();
        let first = act(ends.next().expect("there is always one"));
        for end in ends {
            let other = act(end);
            let parks = if end.pool.is_some() { ", parked between calls" } else { "" };
            assert_eq!(first, other, "left: whole, right: split {:?}{parks}", end.split);
        }
        first
    }
}

/// Checks that `bytes` fail a fresh connection of `role` as `error`, and that nothing is delivered before.
#[track_caller]
pub(crate) fn fails(role: Role, bytes: impl AsRef<[u8]>, error: ProtocolError) {
    peer(role).fails_after(bytes, &[], error);
}
