//! Every future may be dropped at any await.

use core::task::{Context, Poll, Waker};

use conformance::Stutter;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::adapter::ws_core::{self, Connection, Instant, Role};
use crate::adapter::{
    Agreement, CloseCode, Config, Error, Event, OwnedMessage, Receiver, SendError, Sender, WebSocket,
};
use crate::on;

/// The action of one end, and how often its future is polled before it is dropped.
#[derive(Clone, Copy, Debug)]
struct Deed {
    is_client: bool,
    kind: Kind,
    polls: usize,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    SendLent(usize),
    SendOwned(usize),
    FeedLent(usize),
    FeedOwned(usize),
    Ping,
    Flush,
    Recv,
    RecvLent,
}

fn deed() -> impl Strategy<Value = Deed> {
    let len = prop_oneof![0_usize..200, 4_000_usize..5_000, 20_000_usize..40_000];
    let kind = prop_oneof![
        len.clone().prop_map(Kind::SendLent),
        len.clone().prop_map(Kind::SendOwned),
        len.clone().prop_map(Kind::FeedLent),
        len.prop_map(Kind::FeedOwned),
        Just(Kind::Ping),
        Just(Kind::Flush),
        Just(Kind::Recv),
        Just(Kind::RecvLent),
    ];
    (any::<bool>(), kind, 0_usize..6).prop_map(|(is_client, kind, polls)| Deed { is_client, kind, polls })
}

/// The messages into one end, and those out of it.
#[derive(Default)]
struct Log {
    sent: Vec<Vec<u8>>,
    received: Vec<Vec<u8>>,
}

impl Log {
    /// Returns the next message to send; all differ.
    fn next(&self, len: usize) -> Vec<u8> {
        let mut bytes = vec![self.sent.len() as u8; len];
        bytes.extend((self.sent.len() as u32).to_be_bytes());
        bytes
    }

    fn took(&mut self, message: &OwnedMessage) {
        self.received.push(message.as_bytes().to_vec());
    }
}

fn config() -> Config {
    Config::new().max_output(30_000)
}

/// Returns one end of an open connection over `io`.
fn open(io: Stutter, role: Role, config: &Config) -> WebSocket<Stutter> {
    let conn = Connection::upgraded(Instant::ORIGIN, role, config.clone(), Agreement::default(), [7; 32]);
    WebSocket::new(io, conn)
}

/// Polls `future` at most `polls` times, and drops it, complete or not.
fn poll_times<F: Future>(future: F, polls: usize) -> Option<F::Output> {
    let mut future = core::pin::pin!(future);
    let mut cx = Context::from_waker(Waker::noop());
    (0..polls).find_map(|_| match future.as_mut().poll(&mut cx) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    })
}

/// adapter-T1, 6455-4.1-2c: after any future is dropped at any await, each queued message arrives once, whole
/// and in order.
#[test]
fn dropped_futures_lose_nothing_and_corrupt_nothing() {
    on::run(async {
        proptest!(ProptestConfig::with_cases(256), |(deeds in vec(deed(), 1..60), script in vec(0_u8..200, 0..40))| {
            let (client, server) = Stutter::pair(&script);
            let mut ends = [open(client, Role::Client, &config()), open(server, Role::Server, &config())];
            let mut logs = [Log::default(), Log::default()];
            for deed in deeds {
                let at = usize::from(deed.is_client);
                act(&mut ends[at], &mut logs[at], deed);
            }
            finish(&mut ends, &mut logs);
            prop_assert!(logs[0].received == logs[1].sent);
            prop_assert!(logs[1].received == logs[0].sent);
        });
    });
}

fn act(ws: &mut WebSocket<Stutter>, log: &mut Log, deed: Deed) {
    match deed.kind {
        Kind::SendLent(len) | Kind::FeedLent(len) => {
            let bytes = log.next(len);
            let is_send = matches!(deed.kind, Kind::SendLent(_));
            let mut future = if is_send { ws.send(&bytes) } else { ws.feed(&bytes) };
            let done = poll_times(&mut future, deed.polls);
            assert!(done.as_ref().is_none_or(Result::is_ok), "{done:?}");
            if future.is_queued() {
                drop(future);
                log.sent.push(bytes);
            }
        }
        Kind::SendOwned(len) | Kind::FeedOwned(len) => {
            let bytes = log.next(len);
            let is_send = matches!(deed.kind, Kind::SendOwned(_));
            let mut future = if is_send { ws.send(bytes.clone()) } else { ws.feed(bytes.clone()) };
            let done = poll_times(&mut future, deed.polls);
            assert!(done.as_ref().is_none_or(Result::is_ok), "{done:?}");
            if future.is_queued() {
                log.sent.push(bytes);
            }
        }
        Kind::Ping => drop(poll_times(ws.ping(b"are you there"), deed.polls)),
        Kind::Flush => drop(poll_times(ws.flush(), deed.polls)),
        Kind::Recv => {
            if let Some(message) = poll_times(ws.recv(), deed.polls) {
                log.took(&message.expect("no error").expect("open"));
            }
        }
        Kind::RecvLent => {
            if let Some(event) = poll_times(ws.event_ref(), deed.polls)
                && let Some((Event::Message(message), _)) = event.expect("no error")
            {
                log.took(&message.into());
            }
        }
    }
}

/// Lets both ends write and read all, and close.
fn finish(ends: &mut [WebSocket<Stutter>; 2], logs: &mut [Log; 2]) {
    let mut is_closing = false;
    for round in 0.. {
        assert!(round < 2_000_000, "the connection never ends");
        for (ws, log) in ends.iter_mut().zip(logs.iter_mut()) {
            if let Some(Some(message)) = poll_times(ws.recv(), 1).transpose().expect("no error") {
                log.took(&message);
            }
        }
        if !is_closing
            && logs[0].received.len() == logs[1].sent.len()
            && logs[1].received.len() == logs[0].sent.len()
        {
            is_closing = true;
            drop(poll_times(ends[0].close(CloseCode::NORMAL), 1));
        }
        if ends.iter().all(|ws| ws.status().is_closed) {
            break;
        }
    }
    assert!(ends.iter().all(|ws| ws.status().was_clean));
}

/// adapter-BP4: the same for halves, where a sender and a receiver are polled in turn.
#[test]
fn dropped_futures_of_halves_lose_nothing() {
    on::run(async {
        proptest!(ProptestConfig::with_cases(128), |(deeds in vec(deed(), 1..60), script in vec(0_u8..200, 0..40))| {
            let (client, server) = Stutter::pair(&script);
            let mut ends = [
                open(client, Role::Client, &config()).split(),
                open(server, Role::Server, &config()).split(),
            ];
            let mut logs = [Log::default(), Log::default()];
            for deed in deeds {
                let at = usize::from(deed.is_client);
                act_on_halves(&mut ends[at], &mut logs[at], deed);
            }
            for round in 0.. {
                assert!(round < 2_000_000, "the messages never arrive");
                for ((_, receiver), log) in ends.iter_mut().zip(logs.iter_mut()) {
                    if let Some(message) = poll_times(receiver.recv(), 1) {
                        log.took(&message.expect("no error").expect("open"));
                    }
                }
                if logs[0].received.len() == logs[1].sent.len() && logs[1].received.len() == logs[0].sent.len() {
                    break;
                }
            }
            prop_assert!(logs[0].received == logs[1].sent);
            prop_assert!(logs[1].received == logs[0].sent);
        });
    });
}

fn act_on_halves((sender, receiver): &mut (Sender<Stutter>, Receiver<Stutter>), log: &mut Log, deed: Deed) {
    match deed.kind {
        Kind::SendLent(len) | Kind::FeedLent(len) | Kind::SendOwned(len) | Kind::FeedOwned(len) => {
            let bytes = log.next(len);
            let mut future = match deed.kind {
                Kind::SendLent(_) => sender.send(&bytes),
                Kind::FeedLent(_) => sender.feed(&bytes),
                Kind::SendOwned(_) => sender.send(bytes.clone()),
                Kind::FeedOwned(_) | Kind::Ping | Kind::Flush | Kind::Recv | Kind::RecvLent => {
                    sender.feed(bytes.clone())
                }
            };
            let done = poll_times(&mut future, deed.polls);
            assert!(done.as_ref().is_none_or(Result::is_ok), "{done:?}");
            if future.is_queued() {
                drop(future);
                log.sent.push(bytes);
            }
        }
        Kind::Ping => drop(poll_times(sender.ping(b"are you there"), deed.polls)),
        Kind::Flush => drop(poll_times(sender.flush(), deed.polls)),
        Kind::Recv => {
            if let Some(message) = poll_times(receiver.recv(), deed.polls) {
                log.took(&message.expect("no error").expect("open"));
            }
        }
        Kind::RecvLent => {
            if let Some(message) = poll_times(receiver.message_ref(), deed.polls) {
                log.took(&message.expect("no error").expect("open").into());
            }
        }
    }
}

/// A forgotten future, which is not dropped, leaves half a frame, and the connection notices that.
#[test]
fn a_forgotten_send_ends_the_connection() {
    on::run(async {
        let (client, _server) = Stutter::pair(&[]);
        let mut ws = open(client, Role::Server, &config());
        let payload = vec![1; 100_000];
        core::mem::forget(ws.send(&payload));
        assert!(matches!(poll_times(ws.send("more"), 1), Some(Err(Error::Send(SendError::Closed)))));
        let error = poll_times(ws.recv(), 10);
        assert!(matches!(error, Some(Err(Error::WebSocket(ws_core::Error::PayloadForgotten)))), "{error:?}");
    });
}
