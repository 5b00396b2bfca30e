//! The attacks: what the peers of each write, and what they make the server hold.

use core::time::Duration;

use super::bound::Holds;
use super::peers::Flood;
use super::server::{Settings, Timers};
use super::wire::{self, BINARY, COMPRESSED, CONTINUATION, FIN, OFFER, PING, TEXT};

/// The opening timeout, unless an attack is about that.
const OPENING: Duration = Duration::from_secs(2);
/// The opening timeout where peers stay in the handshake while the server is measured.
const LONG_OPENING: Duration = Duration::from_secs(6);

/// The silence after which a peer that has stopped reading is pinged.
const KEEP_ALIVE: Duration = Duration::from_secs(5);

/// One kind of attack.
#[derive(Clone, Debug)]
pub(super) struct Attack {
    pub(super) peers: usize,
    /// The first bytes that a peer writes.
    pub(super) head: Vec<u8>,
    /// The bytes that a peer writes after it has opened a WebSocket; `None` for a peer that opens none.
    pub(super) opened: Option<Vec<u8>>,
    /// The flood that follows once all peers are connected.
    pub(super) flood: Option<Flood>,
    pub(super) ending: Ending,
    /// The memory that a peer makes its connection hold.
    pub(super) holds: Holds,
}

/// The way in which the connections of an attack end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// The attackers leave: until then the server has no reason to end them.
    Left,
    /// The server ends them at once, or soon, while the attackers stay: they break a limit.
    Ended,
    /// A timer of the server ends them, after the measurement, while the attackers stay.
    TimedOut,
}

/// The largest number of peers in an attack.
pub(super) const MOST_PEERS: usize = 5000;

/// The names of all attacks.
pub(super) const NAMES: [&str; 11] = [
    "half-open",
    "slow-frames",
    "large-frames",
    "unread-pings",
    "pipelined",
    "unread-echoes",
    "read-pings",
    "bombs",
    "hoards",
    "huge-lengths",
    "fragments",
];

/// Returns the timers of the server of an attack. Those that end its connections leave time for a rest.
pub(super) fn timers(name: &str) -> Timers {
    Timers {
        opening: if name == "half-open" { LONG_OPENING } else { OPENING },
        keep_alive: (name == "unread-pings").then_some(KEEP_ALIVE),
    }
}

impl Attack {
    /// Returns the attack of that name on a server with those limits, or `None` for an unknown name.
    pub(super) fn named(name: &str, settings: &Settings) -> Option<Self> {
        let limit = settings.max_message;
        let opened = |bytes: Vec<u8>| Self {
            peers: 300,
            head: wire::request(""),
            opened: Some(bytes),
            flood: None,
            ending: Ending::Left,
            holds: Holds::default(),
        };
        let flooded = |pattern: Vec<u8>, quota, reads, answer| Self {
            flood: Some(Flood { pattern, quota, reads, pace: None }),
            holds: Holds { output: Some(answer), ..Holds::default() },
            ..opened(Vec::new())
        };
        let ping = wire::frame(FIN | PING, &[b'p'; 125]);
        Some(match name {
            // The head lacks its last byte.
            "half-open" => {
                let mut head = wire::request("");
                head.pop();
                let holds = Holds { is_opening: true, input: head.len(), ..Holds::default() };
                let ending = Ending::TimedOut;
                Self { peers: MOST_PEERS, head, opened: None, ending, holds, ..opened(Vec::new()) }
            }
            // The longest frame is announced, and then single bytes follow slowly.
            "slow-frames" => {
                let pace = Some(Duration::from_millis(150));
                let flood = Flood { pattern: vec![0], quota: 10, reads: false, pace };
                let header = wire::header(FIN | BINARY, settings.max_frame as u64);
                let holds = Holds { input: 10, ..Holds::default() };
                Self { peers: 2000, flood: Some(flood), holds, ..opened(header) }
            }
            // The longest frame comes, without its last byte.
            "large-frames" => {
                let mut frame = wire::frame(FIN | BINARY, &vec![0; settings.max_frame]);
                frame.pop();
                Self { holds: Holds { input: frame.len(), ..Holds::default() }, ..opened(frame) }
            }
            "unread-pings" => {
                Self { ending: Ending::TimedOut, ..flooded(ping.clone(), 1 << 20, false, ping.len()) }
            }
            "read-pings" => Self { peers: 50, ..flooded(ping.clone(), 1 << 30, true, ping.len()) },
            // The server answers with keep-alive; the peer reads nothing.
            "pipelined" => Self {
                peers: 20,
                head: wire::ORDINARY_REQUEST.to_vec(),
                opened: None,
                ending: Ending::Ended,
                holds: Holds { is_opening: true, output: Some(1000), ..Holds::default() },
                ..flooded(wire::ORDINARY_REQUEST.to_vec(), 1 << 30, false, 1000)
            },
            "unread-echoes" => {
                let lens = [100, 1000, 16 << 10];
                let messages: Vec<_> = lens.map(|len| wire::frame(FIN | BINARY, &vec![0; len])).concat();
                let echoes = flooded(messages, 4 << 20, false, 16 << 10);
                Self { holds: Holds { input: 16 << 10, ..echoes.holds }, ..echoes }
            }
            // Messages that inflate to the limit, whose echoes are as short, and then one that exceeds it.
            "bombs" => {
                let (fit, unfit) = (wire::deflated_zeros(limit), wire::deflated_zeros(limit + 1000));
                let first = FIN | COMPRESSED | BINARY;
                let bombs = [wire::frame(first, &fit).repeat(10), wire::frame(first, &unfit)].concat();
                let holds =
                    Holds { message: limit, output: Some(1000), is_compressed: true, ..Holds::default() };
                Self { head: wire::request(OFFER), ending: Ending::Ended, holds, ..opened(bombs) }
            }
            // A message that inflates to the limit, and does not end.
            "hoards" => {
                let frame = wire::frame(COMPRESSED | BINARY, &wire::deflated_zeros(limit));
                let holds = Holds { message: limit, is_compressed: true, ..Holds::default() };
                Self { head: wire::request(OFFER), holds, ..opened(frame) }
            }
            "huge-lengths" => Self { ending: Ending::Ended, ..opened(wire::header(FIN | BINARY, 1 << 62)) },
            "fragments" => {
                let fragments = wire::frame(CONTINUATION, b"").repeat(settings.max_fragments);
                let bytes = [wire::frame(TEXT, b""), fragments].concat();
                Self { ending: Ending::Ended, ..opened(bytes) }
            }
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_attack_has_a_name() {
        let settings = Settings {
            is_threaded: false,
            max_head: 8 << 10,
            max_frame: 64 << 10,
            max_message: 64 << 10,
            max_output: 64 << 10,
            max_fragments: 1000,
            read_size: 64 << 10,
        };
        for name in NAMES {
            assert!(Attack::named(name, &settings).is_some(), "{name}");
        }
        assert!(Attack::named("none", &settings).is_none());
    }
}
