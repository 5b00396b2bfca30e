//! The async driver on both ends, over the same network: with any fault, every task ends in time with a
//! reason.

use core::cell::RefCell;
use core::time::Duration;
use std::io::ErrorKind;

use futures_util::join;
use ws_core::handshake::{Accept, ClientRequest};
use ws_core::{
    CloseCode, Config, Error as Cause, Event, Instant, KeepAlive, Message, Role, Timeout as Deadline,
};
use ws_driver::{Error, Timer as _};

use crate::simulation::{Fault, Random, index};
use crate::world::{self, Run, Stream, Timer};

type WebSocket = ws_driver::WebSocket<Stream, Timer>;

/// The number of runs of each test.
const SEEDS: u64 = 200;

/// The longest time of closing: the close timer, and a stall that ends.
const CLOSING: Duration = Duration::from_secs(8);

/// A time longer than any chain of deadlines. A task that is stuck checks only when a deadline has passed
/// whether the peer has sent bytes, and counts from then on.
const PATIENCE: Duration = crate::PATIENCE.saturating_mul(2);

/// The work of both ends, in two forms.
const TALKS: [Talk; 2] = [Talk::Halves, Talk::Echo];

/// The actions of one end, and what it received.
#[derive(Debug, Default)]
struct End {
    /// The messages that its connection took, in order.
    sent: Vec<Vec<u8>>,
    received: Vec<Vec<u8>>,
    /// Whether the peer's Close frame came.
    got_close: bool,
    was_clean: bool,
    error: Option<Error>,
    /// The time when it began to close by itself.
    closed_at: Option<Instant>,
    /// The time when its task ended.
    ended_at: Option<Instant>,
}

impl End {
    /// Records the first error only. Later sends fail with a cause of their own.
    fn fail(&mut self, error: Error) {
        if !matches!(error, Error::Send(_)) {
            self.error.get_or_insert(error);
        }
    }

    /// Records that a send failed. The message may be on its way, unless the connection did not take it.
    fn fail_to_send(&mut self, error: Error) {
        if matches!(error, Error::Send(_)) {
            self.sent.pop();
        }
        self.fail(error);
    }

    fn ended_by(&self, deadlines: &[Deadline]) -> bool {
        matches!(&self.error, Some(Error::WebSocket(Cause::TimedOut(ran_out))) if deadlines.contains(ran_out))
    }

    /// Returns whether the stream broke under it.
    fn was_reset(&self) -> bool {
        matches!(&self.error, Some(Error::Io(error))
            if matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe))
    }

    /// Returns whether the peer has gone without a Close frame.
    fn was_left(&self) -> bool {
        matches!(self.error, Some(Error::WebSocket(Cause::UnexpectedEof) | Error::NotUpgraded))
    }

    /// Returns whether a deadline ran out.
    fn timed_out(&self) -> bool {
        self.ended_by(&[Deadline::Opening, Deadline::Pong, Deadline::Close])
    }

    /// Returns whether it ended as it should: everything due has come.
    fn is_content(&self) -> bool {
        self.error.is_none() && self.got_close
    }
}

/// The work of both ends.
#[derive(Clone, Copy, Debug)]
enum Talk {
    /// Each sends in one half and receives in the other.
    Halves,
    /// The client sends one message after the other, each once the one before has come back.
    Echo,
}

struct Outcome {
    run: Run,
    fault: Fault,
    talk: Talk,
    /// The client's end, and the server's.
    ends: [End; 2],
}

impl Outcome {
    fn end(&self, role: Role) -> &End {
        &self.ends[index(role)]
    }

    /// Asserts what holds with any fault.
    fn check(&self, seed: u64) {
        let what = format!(
            "seed {seed}, {:?}, {:?}: {:?}",
            self.talk,
            self.fault,
            self.ends.each_ref().map(|end| &end.error)
        );
        assert!(self.run.took <= PATIENCE, "{what}: not over after {:?}", self.run.took);
        for role in [Role::Client, Role::Server] {
            let has_ended = self.run.has_ended[index(role)];
            assert!(has_ended || self.fault == Fault::Vanish(role), "{what}: the {role:?} waits for ever");
            let (sent, received) = (&self.end(role.peer()).sent, &self.end(role).received);
            assert!(
                sent.starts_with(received),
                "{what}: lost, doubled or changed on the way to the {role:?}"
            );
            // The close timer counts from the Close frame, which may have waited behind queued output.
            if let (Some(closed), Some(ended)) = (self.end(role).closed_at, self.end(role).ended_at)
                && self.end(role).ended_by(&[Deadline::Close])
            {
                assert!(ended - closed <= CLOSING, "{what}: the {role:?} closes for {:?}", ended - closed);
            }
            if self.end(role).got_close {
                assert_eq!(received.len(), sent.len(), "{what}: lost, though the Close frame came");
            }
        }
    }

    fn is_clean(&self) -> bool {
        self.ends.iter().all(|end| end.is_content() && end.was_clean)
    }
}

/// Runs once, as `seed` decides.
fn simulate(seed: u64, talk: Talk, fault: Fault) -> Outcome {
    let mut random = Random::new(!seed);
    let piece = [1, 7, 50, 5000][random.below(4)];
    let ends = <[RefCell<End>; 2]>::default();
    let mut payloads = || {
        let most = if piece == 1 { 4 } else { 12 };
        let count = random.below(most);
        (0..count).map(|at| vec![at as u8; [0, 1, 125, 126, 700, 2500][random.below(6)]]).collect::<Vec<_>>()
    };
    let (from_client, from_server) = (payloads(), payloads());
    let [client_end, server_end] = &ends;
    let run = world::run(seed, fault, piece, |client, server| {
        (
            async move {
                let request = ClientRequest::new("h", "/").expect("a request");
                match WebSocket::client(client, &request, config()).await {
                    Ok(ws) => match talk {
                        Talk::Halves => both_halves(ws, from_client, client_end).await,
                        Talk::Echo => ask(ws, from_client, client_end).await,
                    },
                    Err(error) => client_end.borrow_mut().fail(error),
                }
                client_end.borrow_mut().ended_at = Some(Timer::now());
            },
            async move {
                match WebSocket::accept_with(server, config(), |_| Accept::new().into()).await {
                    Ok(ws) => match talk {
                        Talk::Halves => both_halves(ws, from_server, server_end).await,
                        Talk::Echo => echo(ws, server_end).await,
                    },
                    Err(error) => server_end.borrow_mut().fail(error),
                }
                server_end.borrow_mut().ended_at = Some(Timer::now());
            },
        )
    });
    Outcome { run, fault, talk, ends: ends.map(RefCell::into_inner) }
}

fn config() -> Config {
    let keep_alive = KeepAlive::new().interval(Duration::from_secs(20)).timeout(Duration::from_secs(10));
    Config::new().keep_alive(keep_alive).max_output(2000)
}

/// Sends and receives at once, and closes when all is sent.
async fn both_halves(ws: WebSocket, payloads: Vec<Vec<u8>>, end: &RefCell<End>) {
    let (sender, mut receiver) = ws.split();
    let sending = async {
        for payload in payloads {
            // The peer may have it before this end is notified that it is sent.
            end.borrow_mut().sent.push(payload.clone());
            if let Err(error) = sender.send(&payload).await {
                end.borrow_mut().fail_to_send(error);
                return;
            }
        }
        end.borrow_mut().closed_at = Some(Timer::now());
        let _ = sender.close(CloseCode::NORMAL).await;
    };
    let receiving = async {
        loop {
            match receiver.event_ref().await {
                Ok(Some(event)) => note(&event, end),
                Ok(None) => break,
                Err(error) => end.borrow_mut().fail(error),
            }
        }
    };
    join!(sending, receiving);
    let Ok(ws) = sender.reunite(receiver) else { panic!("two halves of one connection") };
    end.borrow_mut().was_clean = ws.status().was_clean;
}

/// Sends each message when the one before has come back, and then closes.
async fn ask(mut ws: WebSocket, payloads: Vec<Vec<u8>>, end: &RefCell<End>) {
    for payload in payloads {
        end.borrow_mut().sent.push(payload.clone());
        if let Err(error) = ws.send(&payload).await {
            end.borrow_mut().fail_to_send(error);
            break;
        }
        match ws.recv().await {
            Ok(Some(echo)) => {
                assert_eq!(echo.as_bytes(), payload);
                end.borrow_mut().received.push(payload);
            }
            Ok(None) => break,
            Err(error) => {
                end.borrow_mut().fail(error);
                break;
            }
        }
    }
    end.borrow_mut().closed_at = Some(Timer::now());
    if let Err(error) = ws.close(CloseCode::NORMAL).await {
        end.borrow_mut().fail(error);
    }
    receive(&mut ws, end).await;
}

/// Sends back what comes.
async fn echo(mut ws: WebSocket, end: &RefCell<End>) {
    let echoed = async {
        while let Some((event, mut reply)) = ws.event_ref().await? {
            note(&event, end);
            if let Event::Message(message) = event {
                end.borrow_mut().sent.push(message.as_bytes().to_vec());
                if let Err(error) = reply.feed(message).await {
                    end.borrow_mut().fail_to_send(error);
                }
            }
        }
        Ok(())
    };
    if let Err(error) = echoed.await {
        end.borrow_mut().fail(error);
    }
    receive(&mut ws, end).await;
}

/// Receives up to the end.
async fn receive(ws: &mut WebSocket, end: &RefCell<End>) {
    loop {
        match ws.event_ref().await {
            Ok(Some((event, _))) => note(&event, end),
            Ok(None) => break,
            Err(error) => end.borrow_mut().fail(error),
        }
    }
    end.borrow_mut().was_clean = ws.status().was_clean;
}

fn note(event: &Event<'_>, end: &RefCell<End>) {
    match event {
        Event::Message(Message::Binary(bytes)) => end.borrow_mut().received.push(bytes.to_vec()),
        Event::Close(_) => end.borrow_mut().got_close = true,
        other => assert!(matches!(other, Event::Pong(_) | Event::Ping(_)), "{other:?}"),
    }
}

/// Runs a test that breaks the network in this way, with every seed.
fn runs(fault: Fault) -> impl Iterator<Item = (u64, Outcome)> {
    let run = move |seed| {
        let outcome = simulate(seed, TALKS[(seed % 2) as usize], fault);
        outcome.check(seed);
        (seed, outcome)
    };
    (0..SEEDS).map(run)
}

/// adapter-IO1, adapter-IO2: over a network that only delays and cuts, with calls that do nothing now and
/// then, all arrives once and in order, and the close is clean.
#[test]
fn tasks_lose_nothing_on_a_slow_network() {
    for (seed, outcome) in runs(Fault::None) {
        assert!(outcome.is_clean(), "seed {seed}: {:?}", outcome.ends);
    }
}

/// A stream that breaks both ways ends both tasks, with its error unless the closing handshake was over.
#[test]
fn tasks_are_woken_by_a_reset() {
    for (seed, outcome) in runs(Fault::Reset) {
        for end in &outcome.ends {
            assert!(end.is_content() || end.was_reset(), "seed {seed}: {end:?}");
        }
    }
}

/// adapter-T1: when nothing gets through any more, each task ends at its own deadline, and reports which.
#[test]
fn tasks_notice_a_partition_in_time() {
    let mut causes = [Deadline::Opening, Deadline::Pong, Deadline::Close].map(|deadline| (deadline, 0));
    for (seed, outcome) in runs(Fault::Partition) {
        for end in &outcome.ends {
            assert!(end.is_content() || end.timed_out(), "seed {seed}: {end:?}");
            for (deadline, count) in &mut causes {
                *count += usize::from(end.ended_by(&[*deadline]));
            }
        }
    }
    // The partition comes at every stage of a connection.
    assert!(causes.iter().all(|(_, count)| *count > 0), "{causes:?}");
}

/// adapter-T1: when one direction is dead, both tasks end: one at its deadline, the other at its own or at
/// the end of the stream.
#[test]
fn tasks_notice_half_a_partition_in_time() {
    for dead in [Role::Client, Role::Server] {
        for (seed, outcome) in runs(Fault::Deaf(dead)) {
            let heard = outcome.end(dead.peer());
            assert!(heard.is_content() || heard.timed_out(), "seed {seed}, {dead:?}: {heard:?}");
            let deaf = outcome.end(dead);
            let is_told = deaf.timed_out() || deaf.was_reset() || deaf.was_left();
            assert!(deaf.is_content() || is_told, "seed {seed}, {dead:?}: {deaf:?}");
        }
    }
}

/// adapter-T1: a connection whose peer vanishes without a Close frame ends in time, with the deadline that
/// has passed as the cause.
#[test]
fn tasks_give_up_a_peer_that_vanishes() {
    for gone in [Role::Client, Role::Server] {
        for (seed, outcome) in runs(Fault::Vanish(gone)) {
            let left = outcome.end(gone.peer());
            assert!(left.is_content() || left.timed_out(), "seed {seed}, {gone:?}: {left:?}");
        }
    }
}

/// adapter-IO1, adapter-T1: writes that stall at any offset go on where they stopped, and where they never go
/// on, both tasks end in time.
#[test]
fn tasks_bear_a_stall_at_any_offset() {
    for talk in TALKS {
        let is_short = |seed: &u64| {
            let [from_client, from_server] = simulate(*seed, talk, Fault::None).run.written;
            (400..900).contains(&from_client) && (400..900).contains(&from_server)
        };
        let seed = (0..).find(is_short).expect("a run that is not long");
        for role in [Role::Client, Role::Server] {
            let total = simulate(seed, talk, Fault::None).run.written[index(role)];
            for offset in 0..=total {
                let lasts = Some(Duration::from_secs(3));
                let outcome = simulate(seed, talk, Fault::Stall { role, offset, lasts });
                outcome.check(seed);
                assert!(outcome.is_clean(), "{role:?} stalls at {offset}: {:?}", outcome.ends);

                let outcome = simulate(seed, talk, Fault::Stall { role, offset, lasts: None });
                outcome.check(seed);
                let is_noticed = outcome.ends.iter().any(|end| end.error.is_some());
                assert!(offset >= total || is_noticed, "{role:?} is stuck at {offset}: {:?}", outcome.ends);
            }
        }
    }
}

/// The same seed gives the same run.
#[test]
fn a_seed_decides_everything() {
    for ((seed, one), (_, other)) in runs(Fault::Reset).zip(runs(Fault::Reset)) {
        assert_eq!((one.run.took, one.run.written), (other.run.took, other.run.written), "seed {seed}");
        assert_eq!(format!("{:?}", one.ends), format!("{:?}", other.ends), "seed {seed}");
    }
}
