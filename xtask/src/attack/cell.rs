//! One attack on one server, and its outcome.

use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::path::Path;
use std::thread;
use std::time::Instant;

use anyhow::{Result, bail};

use super::bound::{self, Before};
use super::honest::Service;
use super::kinds::{self, Attack, Ending};
use super::peers::Peers;
use super::proc::TICK;
use super::server::{Server, Stand, Timers};
use crate::workspace;

/// The time limit of a flood.
const FLOOD: Duration = Duration::from_secs(2);
/// The time for which the server is watched while its peers are silent.
const REST: Duration = Duration::from_secs(2);
/// The largest number of such rests.
const RESTS: u32 = 3;
/// The CPU time that it may take in a rest: one percent of a core, and the error of two readings of a clock
/// with ticks.
const MOST_IDLE: Duration =
    Duration::from_millis(REST.as_millis() as u64 / 100).saturating_add(TICK).saturating_add(TICK);
/// The time in which a server has to reach its former state, beyond its timers.
const RETURN: Duration = Duration::from_secs(5);
/// The time between two questions to a server that is waited for.
const POLL: Duration = Duration::from_millis(50);
/// Open files of a server beside its connections.
const OTHER_FILES: usize = 500;

/// The resources of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Held {
    pub(super) descriptors: usize,
    pub(super) threads: usize,
    pub(super) stand: Stand,
}

/// The outcome of one attack.
#[derive(Debug)]
pub(super) struct Cell {
    pub(super) peers: usize,
    /// Bytes that the attackers sent.
    pub(super) sent: u64,
    /// The most memory that the server took, and its bound.
    pub(super) peak: usize,
    pub(super) bound: usize,
    /// The CPU time that the server took while its peers were silent.
    pub(super) idle: Duration,
    pub(super) service: Service,
    pub(super) before: Held,
    pub(super) after: Held,
    /// The faults while the attackers were there.
    faults: Vec<&'static str>,
}

impl Cell {
    /// Attacks a server of `adapter`, with `scale` percent of the peers.
    pub(super) fn run(program: &Path, adapter: &str, name: &str, scale: usize) -> Result<Self> {
        let log = workspace::target().join(format!("attack/{adapter}-{name}.log"));
        let (files, timers) = (kinds::MOST_PEERS + OTHER_FILES, kinds::timers(name));
        let mut server = Server::start(program, adapter, timers, files, log)?;
        let settings = server.settings;
        let Some(attack) = Attack::named(name, &settings) else { bail!("unknown attack {name:?}") };
        let count = (attack.peers * scale / 100).max(1);

        // After this, memory that a runtime allocates once is allocated.
        let mut service = Service::default();
        (0..3).for_each(|_| service.serve(server.address));
        wait_until(&mut server, Instant::now() + RETURN, |held| held.stand.connections == 0)?;
        let before = Held::of(&mut server)?;
        let memory = server.pid.memory()?.now;
        let bound = bound::server(&settings, Before { memory, threads: before.threads }, count, attack.holds);

        let mut faults = Vec::new();
        let peers = attack_and_serve(&mut server, &mut service, &attack, count, &mut faults)?;
        if attack.ending == Ending::Ended && !end(&mut server, timers)? {
            faults.push("connections that break a limit do not end");
        }
        settle(&server)?;
        // Later rests would not include connections that a timer has ended.
        let rests = if attack.ending == Ending::TimedOut { 1 } else { RESTS };
        let idle = idle(&server, rests)?;
        service.serve(server.address);
        if attack.ending == Ending::TimedOut && !end(&mut server, timers)? {
            faults.push("no timer ends the connections");
        }

        let sent = peers.sent;
        drop(peers);
        let is_back = |held: &Held| held.is_back(&before);
        wait_until(&mut server, Instant::now() + RETURN, is_back)?;
        let after = Held::of(&mut server)?;
        service.serve(server.address);
        let peak = server.pid.memory()?.peak;
        Ok(Self { peers: count, sent, peak, bound, idle, service, before, after, faults })
    }

    /// Returns the CPU time of a silent server, in percent of a core.
    pub(super) fn idle_percent(&self) -> f64 {
        100.0 * self.idle.as_secs_f64() / REST.as_secs_f64()
    }

    /// Returns the bounds that are broken.
    pub(super) fn faults(&self) -> Vec<String> {
        let mut faults: Vec<String> = self.faults.iter().map(|&fault| fault.into()).collect();
        if self.peak > self.bound {
            faults.push(format!("{} MiB of memory, over {}", self.peak >> 20, self.bound >> 20));
        }
        if self.idle > MOST_IDLE {
            faults.push(format!("{:.1} % of a core for silent peers", self.idle_percent()));
        }
        if let Some(failure) = self.service.failures.first() {
            let all = self.service.served + self.service.failures.len();
            faults.push(format!(
                "{} of {all} honest clients were not served: {failure}",
                self.service.failures.len()
            ));
        }
        if !self.after.is_back(&self.before) {
            faults.push(format!(
                "the server is not in its former state: {:?} became {:?}",
                self.before, self.after
            ));
        }
        faults
    }
}

impl Held {
    fn of(server: &mut Server) -> Result<Self> {
        let stand = server.stand()?;
        Ok(Self { descriptors: server.pid.descriptors()?, threads: server.pid.threads()?, stand })
    }

    /// Returns whether a server holds no more than `before`.
    fn is_back(&self, before: &Self) -> bool {
        self.descriptors <= before.descriptors
            && self.threads <= before.threads
            && self.stand.connections <= before.stand.connections
            && self.stand.tasks <= before.stand.tasks
    }
}

/// Runs the attackers while honest clients come and go.
fn attack_and_serve(
    server: &mut Server,
    service: &mut Service,
    attack: &Attack,
    count: usize,
    faults: &mut Vec<&'static str>,
) -> Result<Peers> {
    let address = server.address;
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| service.serve_until(address, &is_over));
        let peers = attack_with(server, attack, count, faults);
        is_over.store(true, Ordering::Relaxed);
        peers
    })
}

/// Connects the attackers, and floods.
fn attack_with(
    server: &mut Server,
    attack: &Attack,
    count: usize,
    faults: &mut Vec<&'static str>,
) -> Result<Peers> {
    let mut peers = Peers::connect(server.address, count, &attack.head, attack.opened.as_deref())?;
    if attack.ending != Ending::Ended {
        let deadline = Instant::now() + RETURN;
        if !wait_until(server, deadline, |held| held.stand.connections >= count)? {
            faults.push("the server has not accepted all connections");
        }
    }
    if let Some(flood) = &attack.flood {
        peers.flood(flood, Instant::now() + FLOOD);
    }
    Ok(peers)
}

/// Waits until the server has ended all connections. Returns whether it did so within its timeouts and some
/// time more.
fn end(server: &mut Server, timers: Timers) -> Result<bool> {
    let longest = timers.opening.max(timers.keep_alive.unwrap_or_default());
    let deadline = Instant::now() + longest + RETURN;
    wait_until(server, deadline, |held| held.stand.connections == 0)
}

/// Waits until the server has processed its input, or the time of a flood has passed.
fn settle(server: &Server) -> Result<()> {
    let deadline = Instant::now() + FLOOD;
    let mut quiet = 0;
    while quiet < 3 && Instant::now() < deadline {
        let used = server.pid.cpu()?;
        thread::sleep(10 * TICK);
        // One silent moment proves nothing: other programs may have had the processor.
        quiet = if server.pid.cpu()? == used { quiet + 1 } else { 0 };
    }
    Ok(())
}

/// Returns the CPU time that the server takes in a rest. If it takes too much, the least of several rests
/// counts: remaining work ends, the cost of silent peers does not.
fn idle(server: &Server, rests: u32) -> Result<Duration> {
    let mut least = Duration::MAX;
    for _ in 0..rests {
        let used = server.pid.cpu()?;
        thread::sleep(REST);
        least = least.min(server.pid.cpu()?.saturating_sub(used));
        if least <= MOST_IDLE {
            break;
        }
    }
    Ok(least)
}

/// Waits until the server holds what is expected, at most until `deadline`. Returns whether it does.
fn wait_until(server: &mut Server, deadline: Instant, is_so: impl Fn(&Held) -> bool) -> Result<bool> {
    loop {
        if is_so(&Held::of(server)?) {
            return Ok(true);
        }
        if Instant::now() >= deadline {
            return Ok(false);
        }
        thread::sleep(POLL);
    }
}
