//! The most memory that a server may take, as in ARCHITECTURE.md (Memory).

use super::server::Settings;

/// A connection without its buffers: the task or the thread's bookkeeping, the stream, the timer,
/// `Connection`.
const BARE: usize = 4 << 10;
/// The same in the opening handshake, which is a task or a thread of its own.
const OPENING: usize = 12 << 10;
/// The rest of a read that is not the end of a frame or a head moves into memory of its own up to this size.
const TAIL: usize = 4 << 10;
/// Both directions of permessage-deflate with windows of 15 bits.
const CODECS: usize = (280 + 81) << 10;
/// The part of the stack that a thread with one connection touches, and what the allocator keeps for a
/// thread.
const STACK: usize = 64 << 10;
/// The number of buffers of a kind that a pool keeps.
const KEPT: usize = 8;
/// The largest memory for output that a pool keeps.
const OUTPUT_KEPT: usize = 1 << 20;
/// The number of codecs of a kind that a pool keeps.
const CODECS_KEPT: usize = 4;
/// The allocator's share in pages that are not full, for any peers.
const FRAGMENTS: usize = 4 << 20;

/// The memory that a peer makes a connection hold, in bytes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Holds {
    /// Whether it stays in the opening handshake.
    pub(super) is_opening: bool,
    /// Bytes that have come of a head or a frame that is not whole.
    pub(super) input: usize,
    /// The bytes, inflated, of a message whose frames have not all come.
    pub(super) message: usize,
    /// The largest answer that can be queued; `None` if the peer reads all.
    pub(super) output: Option<usize>,
    /// Whether permessage-deflate is agreed.
    pub(super) is_compressed: bool,
}

/// The state of a server before the attack.
#[derive(Clone, Copy, Debug)]
pub(super) struct Before {
    pub(super) memory: usize,
    pub(super) threads: usize,
}

/// Returns the bound for a server under attack by `peers`, each of which makes its connection hold `holds`.
pub(super) fn server(settings: &Settings, before: Before, peers: usize, holds: Holds) -> usize {
    // With a thread per connection, only the pool of the codecs is shared.
    let pools = if settings.is_threaded { 1 } else { before.threads };
    let held = peers * connection(settings, holds) + pools * pool(settings, holds);
    // A thread's allocator keeps the memory that its buffers have outgrown; tasks of one thread reuse it for
    // each other.
    let kept = if settings.is_threaded { peers * growing(settings, holds) } else { held / 4 };
    before.memory + held + kept + FRAGMENTS
}

/// Returns the most that one connection holds.
fn connection(settings: &Settings, holds: Holds) -> usize {
    let thread = if settings.is_threaded { STACK } else { 0 };
    let codecs = if holds.is_compressed { CODECS } else { 0 };
    let bare = if holds.is_opening { OPENING } else { BARE };
    bare + thread + growing(settings, holds) + codecs
}

/// Returns the most that the buffers of one connection take.
fn growing(settings: &Settings, holds: Holds) -> usize {
    input(settings, holds) + 2 * holds.message + output(settings, holds)
}

/// Returns the most that is held for input: buffers grow fourfold, and never beyond the largest head or
/// frame.
fn input(settings: &Settings, holds: Holds) -> usize {
    let is_reading = settings.is_threaded || holds.output.is_some();
    let largest = settings.max_head.max(settings.max_frame) + TAIL;
    match holds.input {
        // A thread waits in its read, and a task that waits for room in the queue keeps the message that it
        // answers.
        0..=TAIL if is_reading => settings.read_size,
        0..=TAIL => holds.input,
        more => (4 * more).min(largest).max(settings.read_size),
    }
}

/// Returns the most that the queue takes: its mark and one answer more, behind the same amount that is
/// already written, in memory that grows twofold.
fn output(settings: &Settings, holds: Holds) -> usize {
    match holds.output {
        Some(answer) => (4 * (settings.max_output + answer)).max(settings.read_size),
        None => 0,
    }
}

/// Returns the most that a pool keeps, and what it lends to the connection that is served.
fn pool(settings: &Settings, holds: Holds) -> usize {
    let large = settings.max_head.max(settings.max_frame) + settings.read_size;
    let output = (4 * (settings.max_output + settings.max_message)).min(OUTPUT_KEPT);
    let codecs = if holds.is_compressed { CODECS_KEPT * CODECS } else { 0 };
    KEPT * (settings.read_size + large + output) + codecs
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: Settings = Settings {
        is_threaded: false,
        max_head: 8 << 10,
        max_frame: 128 << 10,
        max_message: 128 << 10,
        max_output: 32 << 10,
        max_fragments: 1000,
        read_size: 64 << 10,
    };
    const THREADED: Settings = Settings { is_threaded: true, ..SETTINGS };

    #[test]
    fn an_idle_task_holds_no_buffer_and_a_thread_holds_its_own() {
        assert_eq!(connection(&SETTINGS, Holds::default()), BARE);
        assert_eq!(connection(&THREADED, Holds::default()), BARE + STACK + SETTINGS.read_size);
        let opening = Holds { is_opening: true, ..Holds::default() };
        assert_eq!(connection(&SETTINGS, opening), OPENING);
    }

    #[test]
    fn what_has_come_is_held_as_it_is_until_it_is_long() {
        let held = |input| super::input(&SETTINGS, Holds { input, ..Holds::default() });
        assert_eq!(held(100), 100);
        assert_eq!(held(TAIL), TAIL);
        assert_eq!(held(TAIL + 1), 64 << 10);
        assert_eq!(held(20 << 10), 80 << 10);
        assert_eq!(held(128 << 10), (128 << 10) + TAIL);
    }

    #[test]
    fn a_peer_that_does_not_read_costs_the_mark_and_one_answer() {
        let holds = Holds { output: Some(1000), ..Holds::default() };
        assert_eq!(output(&SETTINGS, holds), 4 * (32_768 + 1000));
        let without = Holds { output: None, ..holds };
        assert_eq!(output(&SETTINGS, without), 0);
    }

    #[test]
    fn messages_and_codecs_are_counted() {
        let holds = Holds { message: 1000, is_compressed: true, ..Holds::default() };
        assert_eq!(connection(&SETTINGS, holds), BARE + 2000 + CODECS);
    }

    #[test]
    fn the_bound_grows_with_the_peers_alone() {
        let before = Before { memory: 5 << 20, threads: 3 };
        let bound = |peers| server(&SETTINGS, before, peers, Holds::default());
        assert_eq!(bound(0), bound(2) - (bound(4) - bound(2)));
        assert!(bound(0) > before.memory);
        let doubled = Before { threads: 6, ..before };
        assert!(server(&SETTINGS, doubled, 0, Holds::default()) > bound(0));
        assert_eq!(
            server(&THREADED, doubled, 0, Holds::default()),
            server(&THREADED, before, 0, Holds::default())
        );
    }
}
