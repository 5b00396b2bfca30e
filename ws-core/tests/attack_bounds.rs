//! The most that a peer that does not read can make a server queue, whatever it sends and however the
//! application answers.

#![allow(clippy::wildcard_enum_match_arm, reason = "what a test does not expect fails it")]

mod common;

use core::time::Duration;

use bytes::Bytes;
use common::heads::*;
use common::*;
use proptest::collection::vec;
use proptest::prelude::*;
use ws_core::handshake::{Accept, Decision, Reject, Status};
use ws_core::{CloseCode, CloseFrame, Config, Connection, Event, Instant, KeepAlive, RecvBuf, Role};

const MARK: usize = 1000;
/// The largest message that the application sends, and the largest body of its answers, in bytes.
const LARGEST: usize = 3000;
/// The largest header, or head of an answer, in bytes.
const HEAD: usize = 500;
/// The largest Close frame or refusal, in bytes. It is queued above the mark too, and nothing follows it.
const LAST: usize = 500;
/// More requests than the queue has room for answers to.
const MANY: usize = 40;

/// An event at the server. Its output is never written.
#[derive(Clone, Debug)]
enum Step {
    Comes(Bytes),
    Passes(Duration),
    Ends,
    Breaks,
    Sends(usize),
    Pings(usize),
    Closes(usize),
}

/// The application's answer to a request.
#[derive(Clone, Copy, Debug)]
enum Answer {
    Accept,
    /// A refusal with a body of this length.
    Reject(usize),
    KeepAlive(usize),
    /// No answer from the application. The request then gets the default answer.
    None,
}

impl Answer {
    fn decision(self) -> Option<Decision> {
        let ok = |len| Reject::new(Status::OK).body("x".repeat(len));
        match self {
            Self::Accept => Some(Accept::new().into()),
            Self::Reject(len) => Some(ok(len).into()),
            Self::KeepAlive(len) => Some(ok(len).keep_alive().into()),
            Self::None => None,
        }
    }
}

/// A server whose output is never written.
struct Server {
    conn: Connection,
    buf: RecvBuf,
    now: Instant,
    answers: Vec<Answer>,
    requests: usize,
}

impl Server {
    fn new(config: Config, answers: Vec<Answer>) -> Self {
        let now = Instant::ORIGIN;
        Self { conn: Connection::server(now, config), buf: RecvBuf::new(), now, answers, requests: 0 }
    }

    fn step(&mut self, step: &Step) {
        match step {
            // As an adapter reads: only where input is wanted, and then all that has come.
            Step::Comes(bytes) if self.conn.wants_input() => self.buf.extend(bytes),
            Step::Comes(_) => {}
            Step::Passes(time) => {
                self.now = self.now + *time;
                self.conn.handle_timeout(self.now);
            }
            Step::Ends => self.conn.handle_eof(),
            Step::Breaks => self.conn.handle_broken_pipe(),
            // A message that the state or the mark refuses adds nothing.
            Step::Sends(len) => _ = self.conn.send(&vec![0; *len][..]),
            Step::Pings(len) => _ = self.conn.ping(&vec![0; *len]),
            Step::Closes(len) => {
                let reason = "r".repeat(*len);
                let _ = self.conn.close(self.now, CloseFrame { code: CloseCode::NORMAL, reason: &reason });
            }
        }
        self.check();
        self.take_all();
    }

    /// Takes all events, and answers requests.
    fn take_all(&mut self) {
        loop {
            let is_request = match self.conn.poll_event(self.now, &mut self.buf) {
                Ok(None) => return,
                Ok(Some(event)) => matches!(event, Event::Request(_)),
                Err(_) => false,
            };
            self.check();
            let answer = self.answers[self.requests % self.answers.len()];
            if is_request && let Some(decision) = answer.decision() {
                // A decision that does not fit the request is answered with 500.
                let _ = self.conn.answer(self.now, &decision);
            }
            self.requests += usize::from(is_request);
            self.check();
        }
    }

    fn check(&self) {
        let queued = self.conn.queued();
        assert!(queued <= MARK + HEAD + LARGEST + LAST, "{queued} bytes are queued, the mark is {MARK}");
    }
}

fn ordinary(count: usize) -> Vec<u8> {
    b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".repeat(count)
}

fn hostile_bytes() -> impl Strategy<Value = Vec<u8>> {
    let frame =
        (any::<u8>(), 0..200_usize).prop_map(|(first, len)| to(Role::Server, first, &vec![b'a'; len]));
    let pings =
        (0..126_usize, 1..MANY).prop_map(|(len, n)| to(Role::Server, FIN | PING, &vec![1; len]).repeat(n));
    let messages = (0..LARGEST).prop_map(|len| to(Role::Server, FIN | TEXT, &vec![b'a'; len]));
    let close =
        (1000..5000_u16, 0..124_usize).prop_map(|(code, len)| close_to(Role::Server, code, &"r".repeat(len)));
    let with_body = (0..100_usize, 0..100_usize).prop_map(|(announced, len)| {
        let head = format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {announced}\r\n\r\n");
        [head.into_bytes(), vec![b'b'; len]].concat()
    });
    prop_oneof![
        4 => Just(REQUEST.as_bytes().to_vec()),
        4 => (1..MANY).prop_map(ordinary),
        2 => with_body,
        1 => (0..REQUEST.len()).prop_map(|len| REQUEST.as_bytes()[..len].to_vec()),
        4 => pings,
        2 => messages,
        2 => frame,
        1 => close,
        1 => vec(any::<u8>(), 0..50),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => hostile_bytes().prop_map(|bytes| Step::Comes(bytes.into())),
        2 => (0..9000_u64).prop_map(|millis| Step::Passes(Duration::from_millis(millis))),
        1 => Just(Step::Ends),
        1 => Just(Step::Breaks),
        2 => (0..LARGEST).prop_map(Step::Sends),
        2 => (0..126_usize).prop_map(Step::Pings),
        1 => (0..124_usize).prop_map(Step::Closes),
    ]
}

fn answer() -> impl Strategy<Value = Answer> {
    prop_oneof![
        2 => Just(Answer::Accept),
        1 => (0..LARGEST).prop_map(Answer::Reject),
        4 => (0..LARGEST).prop_map(Answer::KeepAlive),
        1 => Just(Answer::None),
    ]
}

fn config() -> impl Strategy<Value = Config> {
    any::<[bool; 4]>().prop_map(|[auto_pong, auto_close, stream, is_kept_alive]| {
        let config = Config::new()
            .max_output(MARK)
            .auto_pong(auto_pong)
            .stream(stream)
            .keep_alive(is_kept_alive.then(KeepAlive::default));
        answering_close(config, auto_close)
    })
}

#[cfg(feature = "intermediary")]
fn answering_close(config: Config, auto_close: bool) -> Config {
    config.auto_close(auto_close)
}

/// Without the feature, every Close frame is answered.
#[cfg(not(feature = "intermediary"))]
fn answering_close(config: Config, _: bool) -> Config {
    config
}

proptest! {
    /// 6455-10.4-1: a peer that does not read makes a server queue at most its mark, one answer, and the end
    /// of the connection.
    #[test]
    fn no_conversation_grows_the_queue_beyond_its_mark(
        config in config(),
        answers in vec(answer(), 1..6),
        steps in vec(step(), 0..40),
    ) {
        let mut server = Server::new(config, answers);
        for step in &steps {
            server.step(step);
        }
    }
}

/// 6455-10.4-1: a client that does not read gets only as many answers as the mark allows, whether its
/// requests come one by one or all at once.
#[test]
fn answers_that_keep_the_connection_obey_the_mark() {
    for at_once in [1, 2, MANY, 1000] {
        for len in [0, 3, LARGEST] {
            let mut server = Server::new(Config::new().max_output(MARK), vec![Answer::KeepAlive(len)]);
            for _ in 0..1000 {
                server.step(&Step::Comes(ordinary(at_once).into()));
            }
        }
    }
}

/// 6455-5.5.3-2, 6455-10.4-1: the same holds for pings, for messages that are echoed, and for pings of the
/// application.
#[test]
fn an_open_connection_obeys_the_mark() {
    let steps = [
        Step::Comes(to(Role::Server, FIN | PING, &[1; 125]).repeat(MANY).into()),
        Step::Sends(LARGEST),
        Step::Pings(125),
        Step::Sends(1),
    ];
    for first in &steps {
        let mut server = Server::new(Config::new().max_output(MARK), vec![Answer::Accept]);
        server.step(&Step::Comes(REQUEST.into()));
        assert!(server.conn.is_open());
        for step in [first].into_iter().chain(steps.iter().cycle().take(1000)) {
            server.step(step);
        }
        server.step(&Step::Closes(123));
        server.step(&Step::Comes(close_to(Role::Server, 1000, "").into()));
    }
}
