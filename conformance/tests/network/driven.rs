//! The async driver on both ends, over the same network: whatever breaks, every task ends in time and knows why.

use core::cell::RefCell;
use core::time::Duration;
use std::io::ErrorKind;

use futures_util::join;
use ws_core::handshake::{Accept, ClientRequest};
use ws_core::{CloseCode, Config, Error as Cause, Event, KeepAlive, Message, Role, Timer as Deadline};
use ws_smol::{Error, driver};

use crate::PATIENCE;
use crate::simulation::{Fault, Random, index};
use crate::world::{self, Run, Stream, Timer};

type WebSocket = driver::WebSocket<Stream, Timer>;

/// How many runs each test makes.
const SEEDS: u64 = 200;

/// What one end did and saw.
#[derive(Debug, Default)]
struct End {
    /// The messages that its connection took, in order.
    sent: Vec<Vec<u8>>,
    received: Vec<Vec<u8>>,
    /// Whether the peer's Close frame came.
    got_close: bool,
    was_clean: bool,
    error: Option<Error>,
}

impl End {
    /// Only the first says why; that nothing can be sent any more has a cause of its own.
    fn fail(&mut self, error: Error) {
        if !matches!(error, Error::Send(_)) {
            self.error.get_or_insert(error);
        }
    }

    /// Notes that a message was not sent; it may be on its way all the same, unless the connection did not take it.
    fn fail_to_send(&mut self, error: Error) {
        if matches!(error, Error::Send(_)) {
            self.sent.pop();
        }
        self.fail(error);
    }

    fn ended_by(&self, deadlines: &[Deadline]) -> bool {
        matches!(&self.error, Some(Error::WebSocket(Cause::TimedOut(ran_out))) if deadlines.contains(ran_out))
    }

    /// Whether the stream broke under it.
    fn lost_its_stream(&self) -> bool {
        match &self.error {
            Some(Error::Io(error)) => {
                matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe)
            }
            Some(Error::WebSocket(error)) => *error == Cause::UnexpectedEof,
            Some(Error::NotUpgraded) => true,
            Some(_) | None => false,
        }
    }

    /// Whether a deadline ran out.
    fn timed_out(&self) -> bool {
        self.ended_by(&[Deadline::Opening, Deadline::Pong, Deadline::Close])
    }

    /// Whether it has no reason to complain: all that was to come has come.
    fn is_content(&self) -> bool {
        self.error.is_none() && self.got_close
    }
}

/// What both ends do.
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
    /// The client's, the server's.
    ends: [End; 2],
}

impl Outcome {
    fn end(&self, role: Role) -> &End {
        &self.ends[index(role)]
    }

    /// What holds whatever breaks.
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
            if self.end(role).got_close {
                assert_eq!(received.len(), sent.len(), "{what}: lost, though the Close frame came");
            }
        }
    }

    fn is_clean(&self) -> bool {
        self.ends.iter().all(|end| end.is_content() && end.was_clean)
    }
}

/// One run that `seed` decides.
fn simulate(seed: u64, fault: Fault) -> Outcome {
    let mut random = Random::new(!seed);
    let talk = [Talk::Halves, Talk::Echo][random.below(2)];
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
                match driver::client(client, &request, config()).await {
                    Ok(ws) => match talk {
                        Talk::Halves => both_halves(ws, from_client, client_end).await,
                        Talk::Echo => ask(ws, from_client, client_end).await,
                    },
                    Err(error) => client_end.borrow_mut().fail(error),
                }
            },
            async move {
                match driver::accept_with(server, config(), |_| Accept::new().into()).await {
                    Ok(ws) => match talk {
                        Talk::Halves => both_halves(ws, from_server, server_end).await,
                        Talk::Echo => echo(ws, server_end).await,
                    },
                    Err(error) => server_end.borrow_mut().fail(error),
                }
            },
        )
    });
    Outcome { run, fault, talk, ends: ends.map(RefCell::into_inner) }
}

fn config() -> Config {
    let keep_alive = KeepAlive { interval: Duration::from_secs(20), timeout: Duration::from_secs(10) };
    Config { keep_alive: Some(keep_alive), max_output: 2000, ..Config::default() }
}

/// Sends and receives at once, and closes when all is sent.
async fn both_halves(ws: WebSocket, payloads: Vec<Vec<u8>>, end: &RefCell<End>) {
    let (sender, mut receiver) = ws.split();
    let sending = async {
        for payload in payloads {
            // The peer may have it before this end hears that it is sent.
            end.borrow_mut().sent.push(payload.clone());
            if let Err(error) = sender.send(&payload).await {
                end.borrow_mut().fail_to_send(error);
                return;
            }
        }
        let _ = sender.close(Some(CloseCode::NORMAL.into())).await;
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
    let ws = sender.reunite(receiver).ok().expect("two halves of one connection");
    end.borrow_mut().was_clean = ws.was_clean();
}

/// Sends each message when the one before has come back, and closes then.
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
    if let Err(error) = ws.close(Some(CloseCode::NORMAL.into())).await {
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
    end.borrow_mut().was_clean = ws.was_clean();
}

fn note(event: &Event<'_>, end: &RefCell<End>) {
    match event {
        Event::Message(Message::Binary(bytes)) => end.borrow_mut().received.push(bytes.to_vec()),
        Event::Close(_) => end.borrow_mut().got_close = true,
        other => assert!(matches!(other, Event::Pong(_) | Event::Ping(_)), "{other:?}"),
    }
}

/// adapter-IO1, adapter-IO2: over a network that only delays and cuts, and calls that do nothing now and then, all arrives once and in
/// order, and the close is clean.
#[test]
fn tasks_lose_nothing_on_a_slow_network() {
    for seed in 0..SEEDS {
        let outcome = simulate(seed, Fault::None);
        outcome.check(seed);
        assert!(outcome.is_clean(), "seed {seed}: {:?}", outcome.ends);
    }
}

/// A stream that breaks both ways ends both tasks, with its error unless the closing handshake was over.
#[test]
fn tasks_hear_of_a_reset() {
    for seed in 0..SEEDS {
        let outcome = simulate(seed, Fault::Reset);
        outcome.check(seed);
        for end in &outcome.ends {
            assert!(end.is_content() || end.lost_its_stream(), "seed {seed}: {end:?}");
        }
    }
}

/// adapter-T1: when nothing gets through any more, each task ends when its own deadline has passed, and says which.
#[test]
fn tasks_notice_a_partition_in_time() {
    let mut causes = [Deadline::Opening, Deadline::Pong, Deadline::Close].map(|deadline| (deadline, 0));
    for seed in 0..SEEDS {
        let outcome = simulate(seed, Fault::Partition);
        outcome.check(seed);
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

/// adapter-T1: when one direction is dead, both tasks find out: one by its deadline, the other by that or by the end of the stream.
#[test]
fn tasks_notice_half_a_partition_in_time() {
    for seed in 0..SEEDS {
        for dead in [Role::Client, Role::Server] {
            let outcome = simulate(seed, Fault::Deaf(dead));
            outcome.check(seed);
            let heard = outcome.end(dead.peer());
            assert!(
                heard.is_content() || heard.timed_out(),
                "seed {seed}, nothing from the {dead:?}: {heard:?}"
            );
            let deaf = outcome.end(dead);
            assert!(
                deaf.is_content() || deaf.timed_out() || deaf.lost_its_stream(),
                "seed {seed}, nothing from the {dead:?}: {deaf:?}"
            );
        }
    }
}

/// adapter-T1: a peer that vanishes without a word is given up in time, with the deadline that has passed as the cause.
#[test]
fn tasks_give_up_a_peer_that_vanishes() {
    for seed in 0..SEEDS {
        for gone in [Role::Client, Role::Server] {
            let outcome = simulate(seed, Fault::Vanish(gone));
            outcome.check(seed);
            let left = outcome.end(gone.peer());
            assert!(left.is_content() || left.timed_out(), "seed {seed}, the {gone:?} is gone: {left:?}");
        }
    }
}

/// adapter-IO1, adapter-T1: writes that stall at any offset go on where they stopped, and where they never go on, both tasks end in time.
#[test]
fn tasks_bear_a_stall_at_any_offset() {
    let is_short = |seed: &u64| {
        let [from_client, from_server] = simulate(*seed, Fault::None).run.written;
        (700..1500).contains(&from_client) && (700..1500).contains(&from_server)
    };
    let seed = (0..).find(is_short).expect("a run that is not long");
    for role in [Role::Client, Role::Server] {
        let total = simulate(seed, Fault::None).run.written[index(role)];
        for offset in 0..=total {
            let outcome = simulate(seed, Fault::Stall { role, offset, lasts: Some(Duration::from_secs(3)) });
            outcome.check(seed);
            assert!(outcome.is_clean(), "{role:?} stalls at {offset}: {:?}", outcome.ends);

            let outcome = simulate(seed, Fault::Stall { role, offset, lasts: None });
            outcome.check(seed);
            assert!(
                offset >= total || outcome.ends.iter().any(|end| end.error.is_some()),
                "{role:?} is stuck at {offset}: {:?}",
                outcome.ends
            );
        }
    }
}

/// The same seed gives the same run.
#[test]
fn a_seed_decides_everything() {
    for seed in 0..SEEDS {
        let [one, other] = [0, 1].map(|_| simulate(seed, Fault::Reset));
        assert_eq!((one.run.took, one.run.written), (other.run.took, other.run.written), "seed {seed}");
        assert_eq!(format!("{:?}", one.ends), format!("{:?}", other.ends), "seed {seed}");
    }
}
