//! Both ends of connections over a network that breaks in every way, with a simulated clock: the same seed
//! gives the same run.

#[path = "network/driven.rs"]
mod driven;
#[path = "network/simulation.rs"]
mod simulation;
#[path = "network/world.rs"]
mod world;

use core::time::Duration;

use simulation::{Fault, Outcome, Simulation};
use ws_core::{Error, Role, Timeout};

/// A time longer than any chain of deadlines: keepalive, pong, close, and a stall of the network.
const PATIENCE: Duration = Duration::from_secs(60);

/// The number of runs of each test.
const SEEDS: u64 = 500;

/// Asserts what holds for each run, with any fault.
fn check(outcome: &Outcome, what: &str) {
    assert!(outcome.took <= PATIENCE, "{what}: not over after {:?}", outcome.took);
    let gone = |role| matches!(outcome.fault, Fault::Vanish(gone) if gone == role);
    for role in [Role::Client, Role::Server] {
        assert!(outcome.end(role).is_over || gone(role), "{what}: the {role:?} waits for ever");
    }
    for (from, to) in [(Role::Client, Role::Server), (Role::Server, Role::Client)] {
        let (sent, received) = (&outcome.end(from).sent, &outcome.end(to).received);
        assert!(sent.starts_with(received), "{what}: lost, doubled or changed on the way to the {to:?}");
        if outcome.end(to).got_close {
            assert_eq!(received.len(), sent.len(), "{what}: lost, though the {from:?}'s Close frame came");
        }
    }
}

fn is_clean(outcome: &Outcome) -> bool {
    outcome.ends.iter().all(|end| end.error.is_none() && end.was_clean)
}

/// 6455-7.1.4-1: on a network that only delays and cuts, every message arrives once and in order, and the
/// close is clean.
#[test]
fn a_slow_network_loses_nothing() {
    for seed in 0..SEEDS {
        let outcome = Simulation::new(seed, Fault::None).run();
        check(&outcome, &format!("seed {seed}"));
        assert!(is_clean(&outcome), "seed {seed}: {:?}", outcome.ends);
        assert!(outcome.ends.iter().all(|end| end.got_close), "seed {seed}");
    }
}

/// A stream that breaks both ways ends both connections at once, cleanly only if the closing handshake was
/// complete.
#[test]
fn a_reset_ends_both_at_once() {
    for seed in 0..SEEDS {
        let outcome = Simulation::new(seed, Fault::Reset).run();
        check(&outcome, &format!("seed {seed}"));
        for end in &outcome.ends {
            assert!(matches!(end.error, None | Some(Error::UnexpectedEof)), "seed {seed}: {end:?}");
            assert!(end.error.is_some() || end.got_close, "seed {seed}: {end:?}");
        }
    }
}

/// adapter-T1: when nothing gets through any more, each end ends at its own deadline, and reports which.
#[test]
fn a_partition_is_noticed_by_both_in_time() {
    let mut causes = Vec::new();
    for seed in 0..SEEDS {
        let outcome = Simulation::new(seed, Fault::Partition).run();
        check(&outcome, &format!("seed {seed}"));
        for end in &outcome.ends {
            assert!(
                matches!(
                    end.error,
                    None | Some(Error::TimedOut(Timeout::Opening | Timeout::Pong | Timeout::Close))
                ),
                "seed {seed}: {end:?}"
            );
            assert!(end.error.is_some() || end.got_close, "seed {seed}: {end:?}");
            causes.push(end.error);
        }
    }
    // The partition comes at every stage of a connection.
    for timeout in [Timeout::Opening, Timeout::Pong, Timeout::Close] {
        assert!(causes.contains(&Some(Error::TimedOut(timeout))), "{timeout:?}");
    }
    assert!(causes.contains(&None));
}

/// adapter-T1: when one direction is dead, both ends end: one at its deadline, the other at its own or at the
/// end of the stream.
#[test]
fn half_a_partition_is_noticed_by_both_in_time() {
    for seed in 0..SEEDS {
        for dead in [Role::Client, Role::Server] {
            let outcome = Simulation::new(seed, Fault::Deaf(dead)).run();
            check(&outcome, &format!("seed {seed}, nothing from the {dead:?}"));
            let heard = outcome.end(dead.peer());
            assert!(heard.error.is_some() || heard.got_close, "seed {seed}: {heard:?}");
        }
    }
}

/// adapter-T1: a connection whose peer vanishes without a Close frame ends in time, with the timer that ran
/// out as the cause.
#[test]
fn a_peer_that_vanishes_is_given_up() {
    for seed in 0..SEEDS {
        for gone in [Role::Client, Role::Server] {
            let outcome = Simulation::new(seed, Fault::Vanish(gone)).run();
            check(&outcome, &format!("seed {seed}, the {gone:?} is gone"));
            let left = outcome.end(gone.peer());
            assert!(
                matches!(
                    left.error,
                    None | Some(Error::TimedOut(Timeout::Opening | Timeout::Pong | Timeout::Close))
                ),
                "seed {seed}: {left:?}"
            );
            assert!(left.error.is_some() || left.got_close, "seed {seed}: {left:?}");
        }
    }
}

/// adapter-IO1, adapter-T1: writes that stall at any offset go on where they stopped, and where they never go
/// on, the connection ends in time.
#[test]
fn a_stall_at_any_offset_does_no_harm() {
    let len =
        |seed| Simulation::new(seed, Fault::None).run().ends.iter().map(|end| end.written).sum::<usize>();
    let seed = (0..SEEDS).find(|&seed| (1200..2000).contains(&len(seed))).expect("a run that is not long");
    for role in [Role::Client, Role::Server] {
        let total = Simulation::new(seed, Fault::None).run().end(role).written;
        for offset in 0..=total {
            let outcome =
                Simulation::new(seed, Fault::Stall { role, offset, lasts: Some(Duration::from_secs(3)) })
                    .run();
            check(&outcome, &format!("{role:?} stalls at {offset}"));
            assert!(is_clean(&outcome), "{role:?} stalls at {offset}: {:?}", outcome.ends);

            let outcome = Simulation::new(seed, Fault::Stall { role, offset, lasts: None }).run();
            check(&outcome, &format!("{role:?} is stuck at {offset}"));
            assert!(
                offset >= total || outcome.ends.iter().any(|end| end.error.is_some()),
                "{role:?} is stuck at {offset}: {:?}",
                outcome.ends
            );
        }
    }
}
