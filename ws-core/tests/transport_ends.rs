//! The ends of a transport in each state of a connection: one table, and what holds for all of it.

mod common;

use core::time::Duration;

use common::heads::*;
use common::*;
use ws_core::handshake::{ClientRequest, Reject, Status};
use ws_core::{Config, Connection, Error, Event, Instant, Role, SendError, Transmit};

/// An event of a transport.
#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    /// The peer's stream ends.
    Eof,
    /// The transport breaks, in both directions.
    Reset,
    /// Nothing can be written any more.
    BrokenPipe,
    /// The owner has ended our stream, whether that was due or not.
    Shutdown,
    /// The application drops the connection.
    Abort,
}

const ENDS: [End; 5] = [End::Eof, End::Reset, End::BrokenPipe, End::Shutdown, End::Abort];

impl End {
    fn happens(self, conn: &mut Connection) {
        match self {
            Self::Eof => conn.handle_eof(),
            Self::Reset => conn.handle_reset(),
            Self::BrokenPipe => conn.handle_broken_pipe(),
            Self::Shutdown => conn.handle_shutdown(),
            Self::Abort => conn.abort(),
        }
    }
}

/// The outcome of such an event.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Outcome {
    /// The connection waits for something else.
    GoesOn,
    /// The connection is over, without an error.
    Over,
    /// The connection is over with [`Error::UnexpectedEof`].
    Unexpected,
    /// The error is reported, and output is still to be written.
    WritesFirst,
    /// The application gets the refusal, then the connection is over.
    Refused,
}

use Outcome::{GoesOn, Over, Refused, Unexpected, WritesFirst};

/// A state, how each role reaches it, and the outcome of each [`End`] in it.
type Row = (&'static str, fn(Role) -> Option<Peer>, [Outcome; 5]);

const TABLE: [Row; 19] = [
    ("no request yet", |role| server(role, ""), [Unexpected, Unexpected, Unexpected, Unexpected, Over]),
    (
        "half a request",
        |role| server(role, "GET / H"),
        [Unexpected, Unexpected, Unexpected, Unexpected, Over],
    ),
    ("undecided", |role| server(role, REQUEST), [Unexpected, Unexpected, Unexpected, Unexpected, Over]),
    ("answer queued", |role| asked(role, false, ""), [GoesOn, Over, Over, Over, Over]),
    ("between requests", |role| asked(role, true, ""), [Over, Over, Over, Over, Over]),
    (
        "in the next request",
        |role| asked(role, true, "GET"),
        [Unexpected, Unexpected, Unexpected, Unexpected, Over],
    ),
    (
        "in the body of a request",
        |role| skipping(role),
        [Unexpected, Unexpected, Unexpected, Unexpected, Over],
    ),
    ("no response yet", |role| client(role, ""), [Unexpected, Unexpected, GoesOn, GoesOn, Over]),
    ("half a response", |role| client(role, "HTTP/1.1 1"), [Unexpected, Unexpected, GoesOn, GoesOn, Over]),
    (
        "in a refusal",
        |role| client(role, "HTTP/1.1 404 No\r\n\r\nbod"),
        [Refused, Refused, GoesOn, GoesOn, Over],
    ),
    ("open", |role| Some(peer(role)), [Unexpected, Unexpected, GoesOn, GoesOn, Over]),
    (
        "open, in a message",
        |role| open(role, |role| to(role, TEXT, b"a")),
        [Unexpected, Unexpected, GoesOn, GoesOn, Over],
    ),
    ("open, output queued", |role| queued(role), [WritesFirst, Unexpected, GoesOn, GoesOn, Over]),
    ("our Close frame queued", |role| closing(role, false), [WritesFirst, Unexpected, GoesOn, GoesOn, Over]),
    ("our Close frame written", |role| closing(role, true), [Unexpected, Unexpected, GoesOn, GoesOn, Over]),
    ("the peer's Close frame unanswered", |role| gateway(role), [GoesOn, Over, GoesOn, GoesOn, Over]),
    ("the answer queued", |role| closed(role, false), [GoesOn, Over, GoesOn, GoesOn, Over]),
    ("failed", |role| failed_peer(role), [GoesOn, Over, GoesOn, GoesOn, Over]),
    ("over", |role| over(role), [Over, Over, Over, Over, Over]),
];

fn server(role: Role, bytes: &str) -> Option<Peer> {
    let mut peer = (role == Role::Server).then(|| accepting(Config::default()))?;
    peer.receives(bytes);
    Some(peer)
}

/// Returns a server that has answered a request, and gets the beginning of the next.
fn asked(role: Role, is_written: bool, next: &str) -> Option<Peer> {
    let mut peer = server(role, "")?;
    peer.decision = Some(Reject::new(Status::OK).keep_alive().into());
    peer.receives("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    if is_written {
        peer.transmits();
    }
    peer.receives(next);
    Some(peer)
}

fn skipping(role: Role) -> Option<Peer> {
    let mut peer = server(role, "")?;
    peer.decision = Some(Reject::new(Status::OK).keep_alive().into());
    peer.receives("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nsome");
    peer.transmits();
    Some(peer)
}

fn client(role: Role, bytes: &str) -> Option<Peer> {
    let request = ClientRequest::new("h", "/").expect("it is valid");
    let mut peer = (role == Role::Client).then(|| connecting(Config::default(), &request))?;
    peer.transmits();
    peer.receives(bytes);
    Some(peer)
}

fn open(role: Role, bytes: fn(Role) -> Vec<u8>) -> Option<Peer> {
    let mut peer = peer(role);
    peer.receives(bytes(role));
    Some(peer)
}

fn queued(role: Role) -> Option<Peer> {
    let mut peer = peer(role);
    peer.each(|conn| conn.send("queued")).expect("it is open");
    Some(peer)
}

fn closing(role: Role, is_written: bool) -> Option<Peer> {
    let mut peer = peer(role);
    peer.close(1000, "");
    if is_written {
        peer.transmits();
    }
    Some(peer)
}

#[cfg(feature = "intermediary")]
fn gateway(role: Role) -> Option<Peer> {
    let mut peer = configured(role, Config::new().auto_close(false));
    peer.receives(close_to(role, 1000, ""));
    Some(peer)
}

/// Without the feature, every Close frame is answered.
#[cfg(not(feature = "intermediary"))]
fn gateway(_: Role) -> Option<Peer> {
    None
}

fn closed(role: Role, is_written: bool) -> Option<Peer> {
    let mut peer = peer(role);
    peer.receives(close_to(role, 1000, ""));
    if is_written {
        peer.transmits();
    }
    Some(peer)
}

fn failed_peer(role: Role) -> Option<Peer> {
    let mut peer = peer(role);
    peer.receives(b"\x83");
    Some(peer)
}

fn over(role: Role) -> Option<Peer> {
    let mut peer = peer(role);
    peer.each(Connection::abort);
    Some(peer)
}

/// Returns the outcome, seen from outside.
fn outcome(peer: &mut Peer) -> Outcome {
    let seen = peer.receives(b"");
    let has_output = peer.each(|conn| conn.queued() != 0);
    match (&seen[..], peer.is_closed(), has_output) {
        ([], false, _) => GoesOn,
        ([], true, false) => Over,
        ([Seen::Failed(Error::UnexpectedEof)], true, false) => Unexpected,
        ([Seen::Failed(Error::UnexpectedEof)], false, true) => WritesFirst,
        ([Seen::Rejected(_)], true, false) => Refused,
        _ => panic!("{seen:?}, {has_output}"),
    }
}

/// 6455-7.1.1-3: each end of the transport has a defined outcome in each state.
#[test]
fn each_end_of_the_transport_has_its_outcome() {
    for (state, make, expected) in TABLE {
        for role in BOTH {
            for (end, expected) in ENDS.into_iter().zip(expected) {
                let Some(mut peer) = make(role) else { continue };
                peer.each(|conn| end.happens(conn));
                assert_eq!(outcome(&mut peer), expected, "{role:?}, {state}: {end:?}");
            }
        }
    }
}

/// 6455-7.1.1-3: after any ends, in any order, a connection that is not over waits for input, for room to
/// write, or for a deadline. When both directions have ended, it is over at once. It refuses what it cannot
/// send.
#[test]
fn no_connection_waits_for_nothing() {
    for (state, make, _) in TABLE {
        for role in BOTH {
            for (first, second) in ENDS.into_iter().flat_map(|end| ENDS.map(|other| (end, other))) {
                let Some(mut peer) = make(role) else { continue };
                for end in [first, second] {
                    peer.each(|conn| end.happens(conn));
                }
                let context = format!("{role:?}, {state}: {first:?}, {second:?}");
                peer.receives(b"");
                let is_dead = peer.each(|conn| conn.poll_transmit().is_none() && !conn.wants_input());
                let has_deadline = peer.alarm().is_some();
                assert!(peer.is_closed() || !is_dead || has_deadline, "{context}: it has no deadline");
                if !peer.is_closed() {
                    assert!(
                        has_deadline || peer.is_open() || is_only_reading(&mut peer),
                        "{context}: it may wait for ever"
                    );
                }
                let is_gone = |end| matches!(end, End::Reset | End::Abort);
                let is_cut = |end| matches!(end, End::BrokenPipe | End::Shutdown);
                let is_both = (first == End::Eof && is_cut(second)) || (second == End::Eof && is_cut(first));
                if is_gone(first) || is_gone(second) || is_both {
                    assert!(peer.is_closed(), "{context}: it is not over");
                    assert_eq!(peer.alarm(), None, "{context}");
                }
                if is_gone(first) || is_gone(second) || is_cut(first) || is_cut(second) {
                    assert!(!peer.is_open(), "{context}: it still is open for messages");
                    assert!(peer.each(|conn| conn.send("more")).is_err(), "{context}");
                    assert_eq!(peer.transmits(), b"", "{context}: it writes");
                }
            }
        }
    }
}

/// Returns whether the connection was open and cannot send any more: it reads until the peer's stream ends.
fn is_only_reading(peer: &mut Peer) -> bool {
    peer.each(|conn| conn.wants_input() && conn.send("more") == Err(SendError::Closed))
}

/// 6455-4.1-29: A body that lasts up to the end of the stream is complete only if the stream ends regularly.
#[test]
fn a_refusal_is_cut_where_the_transport_breaks() {
    const NO_LENGTH: &str = "HTTP/1.1 404 No\r\n\r\nbody";
    const WHOLE: &str = "HTTP/1.1 404 No\r\nContent-Length: 4\r\n\r\nbody";
    const PART: &str = "HTTP/1.1 404 No\r\nContent-Length: 5\r\n\r\nbody";
    for (response, end, is_complete) in [
        (NO_LENGTH, End::Eof, true),
        (NO_LENGTH, End::Reset, false),
        (WHOLE, End::Eof, true),
        (WHOLE, End::Reset, true),
        (PART, End::Eof, false),
        (PART, End::Reset, false),
    ] {
        for at in 0..=response.len() {
            let request = ClientRequest::new("h", "/").expect("it is valid");
            let mut conn = Connection::client(Instant::ORIGIN, Config::default(), &request, ENTROPY);
            let (mut input, mut seen) = (ws_core::RecvBuf::new(), Vec::new());
            input.extend(&response.as_bytes()[..at]);
            drain(&mut conn, Instant::ORIGIN, &mut input, &mut seen);
            // The end is noted before the rest is read.
            input.extend(&response.as_bytes()[at..]);
            end.happens(&mut conn);
            drain(&mut conn, Instant::ORIGIN, &mut input, &mut seen);
            let [Seen::Rejected(rejected)] = &seen[..] else { panic!("{response:?}, {end:?}: {seen:?}") };
            assert_eq!(rejected.body, b"body", "{response:?}, {end:?}");
            assert_eq!(rejected.body_is_complete, is_complete, "{response:?}, {end:?}");
        }
    }
}

/// 6455-5.5.1-7: a gateway that still has to answer a Close frame is over when its transport breaks, and then
/// refuses messages. If only the peer's stream ended, it can still answer.
#[cfg(feature = "intermediary")]
#[test]
fn a_close_frame_that_waits_for_its_answer_does_not_outlive_the_transport() {
    for role in BOTH {
        let mut broken = gateway(role).expect("both roles can");
        broken.each(Connection::handle_reset);
        assert!(broken.is_closed());
        assert_eq!(broken.each(|conn| conn.close(Instant::ORIGIN, None)), Err(SendError::Closed));
        assert_eq!((broken.ended(), broken.each(|conn| conn.failure())), ((1000, false), None));

        let mut half = gateway(role).expect("both roles can");
        half.receives_eof();
        half.close(1000, "");
        assert_eq!(half.sends().len(), 1);
        half.shut_down();
        assert!(half.is_closed());
    }
}

/// close-H3: a Close frame of ours that was written before the end makes the close clean, whatever the end
/// is.
#[test]
fn an_answer_that_was_written_before_the_end_is_clean() {
    for role in BOTH {
        for end in [End::Eof, End::Reset, End::BrokenPipe, End::Abort] {
            let mut peer = closed(role, true).expect("both roles can");
            peer.each(|conn| end.happens(conn));
            assert_eq!(peer.ended(), (1000, true), "{role:?}: {end:?}");
            let mut late = closed(role, false).expect("both roles can");
            late.each(|conn| end.happens(conn));
            assert_eq!(late.ended(), (1000, false), "{role:?}: {end:?}");
        }
    }
}

/// close-H2: the peer can extend the close timer once, by its Close frame or by a violation, and not again.
#[test]
fn the_close_timer_is_put_off_once() {
    let second = Duration::from_secs(1);
    for role in BOTH {
        for bytes in [close_to(role, 1000, ""), b"\x83".to_vec()] {
            let mut peer = closing(role, true).expect("both roles can");
            peer.waits(4 * second);
            peer.receives(to(role, FIN | TEXT, b"late"));
            assert_eq!(peer.alarm(), Some(second), "{role:?}");
            peer.receives(&bytes);
            assert_eq!(peer.alarm(), Some(5 * second), "{role:?}");
            for left in (1..5).rev() {
                peer.waits(second);
                peer.receives(&bytes);
                assert_eq!(peer.alarm(), Some(left * second), "{role:?}");
            }
            peer.waits(second);
            assert!(peer.is_closed());
        }
    }
}

/// 6455-7.1.1-3: a query changes nothing: polling for output twice, or never, makes no difference.
#[test]
fn polling_for_output_changes_nothing() {
    for (state, make, _) in TABLE {
        for role in BOTH {
            for end in ENDS {
                let (Some(mut one), Some(mut other)) = (make(role), make(role)) else { continue };
                one.each(|conn| end.happens(conn));
                other.each(|conn| end.happens(conn));
                one.each(|conn| matches!(conn.poll_transmit(), Some(Transmit::Data(_))));
                let facts = |conn: &mut Connection| {
                    (conn.is_closed(), conn.is_open(), conn.was_clean(), conn.wants_input(), conn.queued())
                };
                assert_eq!(one.each(facts), other.each(facts), "{role:?}, {state}: {end:?}");
            }
        }
    }
}

/// An event that waits is still delivered after the end.
#[test]
fn an_event_that_waits_outlives_the_end() {
    let mut conn = Connection::server(Instant::ORIGIN, Config::default());
    let mut input = ws_core::RecvBuf::new();
    input.extend(REQUEST.as_bytes());
    assert_eq!(conn.receive(Instant::ORIGIN, &mut input), Ok(true));
    conn.handle_broken_pipe();
    assert!(matches!(conn.poll_event(Instant::ORIGIN, &mut input), Ok(Some(Event::Request(_)))));
    assert_eq!(conn.poll_event(Instant::ORIGIN, &mut input).err(), Some(Error::UnexpectedEof));
    assert!(conn.is_closed());
}
