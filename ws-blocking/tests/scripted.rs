//! Over a transport in memory that does as it is told.

use core::time::Duration;
use std::collections::VecDeque;
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

use ws_blocking::ws_core::handshake::Agreement;
use ws_blocking::ws_core::{self, Connection, ProtocolError, Role, Timer};
use ws_blocking::{
    CloneTransport, CloseCode, Config, Error, Event, KeepAlive, Plain, SendError, Transport, WebSocket,
};

/// What a read or a write meets.
#[derive(Clone, Copy, Debug)]
enum Meets {
    /// As many bytes as this at most.
    Bytes(usize),
    Fault(ErrorKind),
}

/// What was done with the transport.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Deed {
    Read,
    Wrote(Vec<u8>),
    Flushed,
    EndedWriting,
    EndedBoth,
    ReadTimeout(Option<Duration>),
}

#[derive(Debug)]
struct State {
    /// What is to be read; then `then` follows.
    input: VecDeque<u8>,
    reads: VecDeque<Meets>,
    /// What all further reads meet, once the input is used up; `Bytes` is the end.
    then: Meets,
    writes: VecDeque<Meets>,
    /// What all further writes meet.
    writes_then: Meets,
    deeds: Vec<Deed>,
    /// Where the pieces lay that were written.
    pieces: Vec<(usize, usize)>,
    /// Whether the input never ends.
    is_endless: bool,
    panics: bool,
}

#[derive(Clone, Debug)]
struct Script(Arc<Mutex<State>>);

impl Script {
    /// A transport that holds `input` and then ends.
    fn new(input: impl AsRef<[u8]>) -> Self {
        Self(Arc::new(Mutex::new(State {
            input: input.as_ref().iter().copied().collect(),
            reads: VecDeque::new(),
            then: Meets::Bytes(0),
            writes: VecDeque::new(),
            writes_then: Meets::Bytes(usize::MAX),
            deeds: Vec::new(),
            pieces: Vec::new(),
            is_endless: false,
            panics: false,
        })))
    }

    fn with(self, change: impl FnOnce(&mut State)) -> Self {
        change(&mut self.state());
        self
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn written(&self) -> Vec<u8> {
        let mut written = Vec::new();
        for deed in &self.state().deeds {
            if let Deed::Wrote(bytes) = deed {
                written.extend_from_slice(bytes);
            }
        }
        written
    }

    /// All but timeouts and flushes.
    fn deeds(&self) -> Vec<Deed> {
        let is_told = |deed: &&Deed| !matches!(deed, Deed::ReadTimeout(_) | Deed::Flushed);
        self.state().deeds.iter().filter(is_told).cloned().collect()
    }

    fn upgraded(&self, role: Role, config: Config) -> WebSocket<Self> {
        WebSocket::new(self.clone(), upgraded(role, config))
    }

    fn server(&self) -> WebSocket<Self> {
        self.upgraded(Role::Server, Config::default())
    }
}

fn upgraded(role: Role, config: Config) -> Connection {
    Connection::upgraded(ws_blocking::now(), role, config, Agreement::default(), [7; 32])
}

impl Read for Script {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let mut state = self.state();
        state.deeds.push(Deed::Read);
        let meets = state.reads.pop_front();
        let meets =
            meets.unwrap_or(if state.input.is_empty() { state.then } else { Meets::Bytes(usize::MAX) });
        match meets {
            Meets::Fault(kind) => Err(kind.into()),
            Meets::Bytes(n) if state.is_endless => {
                let n = n.min(buf.len());
                buf[..n].fill(b'x');
                Ok(n)
            }
            Meets::Bytes(n) => {
                let n = n.min(buf.len());
                state.input.read(&mut buf[..n])
            }
        }
    }
}

impl Write for Script {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.write_vectored(&[IoSlice::new(buf)])
    }

    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        let mut state = self.state();
        if core::mem::take(&mut state.panics) {
            drop(state);
            panic!("as the script says");
        }
        let meets = state.writes.pop_front().unwrap_or(state.writes_then);
        let n = match meets {
            Meets::Fault(kind) => return Err(kind.into()),
            Meets::Bytes(n) => n,
        };
        let mut written = Vec::new();
        for piece in bufs {
            let piece = &piece[..piece.len().min(n - written.len())];
            state.pieces.push((piece.as_ptr().addr(), piece.len()));
            written.extend_from_slice(piece);
        }
        let n = written.len();
        state.deeds.push(Deed::Wrote(written));
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.state().deeds.push(Deed::Flushed);
        Ok(())
    }
}

impl Transport for Script {
    fn set_read_timeout(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        assert_ne!(timeout, Some(Duration::ZERO));
        self.state().deeds.push(Deed::ReadTimeout(timeout));
        Ok(())
    }

    fn set_write_timeout(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        assert_ne!(timeout, Some(Duration::ZERO));
        Ok(())
    }

    fn shutdown_write(&mut self) -> io::Result<()> {
        self.state().deeds.push(Deed::EndedWriting);
        Ok(())
    }

    fn shutdown_both(&mut self) -> io::Result<()> {
        self.state().deeds.push(Deed::EndedBoth);
        Ok(())
    }
}

impl CloneTransport for Script {
    fn try_clone(&self) -> io::Result<Self> {
        Ok(self.clone())
    }
}

/// `Hello`, masked.
const HELLO: &[u8] = b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";
/// A Close frame of a client, with 1000 and a key of zeros.
const CLOSE: &[u8] = b"\x88\x82\0\0\0\0\x03\xe8";
const PING: &[u8] = b"\x89\x82\0\0\0\0hi";

const WAITS: [ErrorKind; 2] = [ErrorKind::WouldBlock, ErrorKind::TimedOut];

/// adapter-IO1: reads and writes of one byte, among signals and timeouts, change nothing.
#[test]
fn calls_that_are_cut_short_change_nothing() {
    let script = Script::new([HELLO, PING, HELLO, CLOSE].concat()).with(|state| {
        for _ in 0..200 {
            for meets in [
                Meets::Fault(ErrorKind::Interrupted),
                Meets::Bytes(1),
                Meets::Fault(ErrorKind::WouldBlock),
                Meets::Bytes(1),
                Meets::Fault(ErrorKind::TimedOut),
            ] {
                state.reads.push_back(meets);
                state.writes.push_back(meets);
            }
        }
    });
    let mut ws = script.server();
    for _ in 0..2 {
        let Some((message, mut reply)) = ws.message_ref().unwrap() else { panic!() };
        reply.send(message).unwrap();
    }
    let long = vec![b'x'; 5000];
    script.state().writes.truncate(20);
    ws.send(&long).unwrap();
    assert_eq!(ws.recv().unwrap(), None);
    assert!(ws.was_clean());
    let expected = [b"\x81\x05Hello\x8a\x02hi\x81\x05Hello\x82\x7e\x13\x88", &long[..], b"\x88\x02\x03\xe8"];
    assert_eq!(script.written(), expected.concat());
}

/// adapter-IO1: vectored writes that take part of a piece, or more than one, go on where they stopped.
#[test]
fn vectored_writes_go_on_where_they_stopped() {
    let (first, second) = (vec![b'1'; 5000], vec![b'2'; 6000]);
    for n in [1, 3, 4999, 5000, 5003, 5004, 5005, 11_000] {
        let script = Script::new("").with(|state| state.writes_then = Meets::Bytes(n));
        let mut ws = script.server();
        ws.feed(first.clone()).unwrap();
        ws.feed("between").unwrap();
        ws.feed(second.clone()).unwrap();
        assert_eq!(script.written(), b"");
        ws.flush().unwrap();
        let pieces = [b"\x82\x7e\x13\x88", &first[..], b"\x81\x07between\x82\x7e\x17\x70", &second];
        assert!(script.written() == pieces.concat());
    }
}

/// adapter-IO1: a transport that takes nothing is at its end.
#[test]
fn a_write_of_nothing_is_an_error() {
    let script = Script::new("").with(|state| state.writes_then = Meets::Bytes(0));
    let Err(Error::Io(error)) = script.server().send("x") else { panic!() };
    assert_eq!(error.kind(), ErrorKind::WriteZero);
}

/// adapter-IO1: a lent payload leaves from where it lies, however it is cut up.
#[test]
fn a_large_payload_is_not_copied() {
    let payload = vec![0x55; 1 << 20];
    let script = Script::new("").with(|state| {
        for kind in [WAITS[0], ErrorKind::Interrupted, WAITS[1]] {
            state.writes.extend([Meets::Bytes(7), Meets::Fault(kind), Meets::Bytes(100_000)]);
        }
    });
    let mut ws = script.server();
    ws.feed("first").unwrap();
    ws.feed(&payload).unwrap();
    assert_eq!(ws.queued(), 0);
    let state = script.state();
    let range = payload.as_ptr_range();
    let is_own = |&&(at, _): &&(usize, usize)| (range.start.addr()..range.end.addr()).contains(&at);
    let own: usize = state.pieces.iter().filter(is_own).map(|(_, len)| len).sum();
    assert_eq!(own, payload.len());
    drop(state);
    let expected = [b"\x81\x05first\x82\x7f\0\0\0\0\0\x10\0\0", &payload[..]].concat();
    assert!(script.written() == expected);
}

/// 6455-7.1.1-1, 6455-7.1.1-5: a server that fails the connection says so, and ends its stream, before the error is reported.
#[test]
fn the_close_frame_and_the_end_precede_the_error() {
    let script = Script::new(b"\x81\x00garbage");
    let mut ws = script.server();
    let error = ws.recv().unwrap_err();
    assert!(matches!(error, Error::WebSocket(ws_core::Error::Protocol(ProtocolError::UnmaskedFrame))));
    let close = Deed::Wrote(b"\x88\x02\x03\xea".to_vec());
    assert_eq!(script.deeds(), [Deed::Read, close, Deed::EndedWriting]);
    assert_eq!(ws.recv().unwrap(), None);
    assert_eq!(script.deeds()[3..], [Deed::Read, Deed::EndedBoth]);
}

/// An error is not lost while its Close frame is stuck: the close timer ends that wait.
#[test]
fn an_error_is_reported_though_the_peer_does_not_read() {
    for ends in [true, false] {
        let script = Script::new(b"\x81\x00").with(|state| {
            state.writes_then = Meets::Fault(ErrorKind::WouldBlock);
            state.then = if ends { Meets::Bytes(0) } else { Meets::Fault(ErrorKind::TimedOut) };
        });
        let config = Config { close_timeout: Duration::from_millis(2), ..Config::default() };
        let mut ws = script.upgraded(Role::Server, config);
        let error = ws.recv().unwrap_err();
        assert!(matches!(error, Error::WebSocket(ws_core::Error::Protocol(ProtocolError::UnmaskedFrame))));
        assert_eq!(ws.recv().unwrap(), None);
        assert!(script.deeds().contains(&Deed::EndedBoth));
    }
}

/// 6455-8.1-3, 6455-7.1.7-5: a text that is none fails the connection in the same way, however it was to be received.
#[test]
fn a_bad_text_is_reported_after_the_close_frame() {
    let is_bad = |error: Error| {
        matches!(error, Error::WebSocket(ws_core::Error::Protocol(ProtocolError::InvalidUtf8)))
    };
    for way in 0..3 {
        let script = Script::new(b"\x81\x81\0\0\0\0a\x81\x81\0\0\0\0\xC3\x81\x81\0\0\0\0b");
        let mut ws = script.server();
        let mut receive = || match way {
            0 => ws.recv().map(|message| message.is_some()),
            1 => ws.message_ref().map(|message| message.is_some()),
            _ => ws.event_ref().map(|event| event.is_some()),
        };
        assert!(receive().unwrap());
        assert!(is_bad(receive().unwrap_err()));
        let close = Deed::Wrote(b"\x88\x02\x03\xef".to_vec());
        assert_eq!(script.deeds(), [Deed::Read, close, Deed::EndedWriting]);
        assert!(!receive().unwrap());
    }
}

/// 6455-5.5.1-10, 6455-5.5.1-11: a server ends its stream as soon as both Close frames are exchanged, and reads to the end.
#[test]
fn a_server_ends_its_stream_at_once() {
    let script = Script::new(CLOSE);
    let mut ws = script.server();
    assert_eq!(ws.recv().unwrap(), None);
    let close = Deed::Wrote(b"\x88\x02\x03\xe8".to_vec());
    let expected = [Deed::Read, close, Deed::EndedWriting, Deed::Read, Deed::EndedBoth];
    assert_eq!(script.deeds(), expected);
}

/// 6455-5.5.1-12, 6455-5.5.1-13, 6455-7.1.1-4, 6455-7.1.1-6: a client waits for the server's end, but not for ever.
#[test]
fn a_client_ends_its_stream_last() {
    let script = Script::new(b"\x88\x00");
    let mut ws = script.upgraded(Role::Client, Config::default());
    assert_eq!(ws.recv().unwrap(), None);
    assert!(ws.was_clean());
    let deeds = script.deeds();
    assert!(matches!(deeds[1], Deed::Wrote(_)));
    assert_eq!(deeds[2..], [Deed::Read, Deed::EndedWriting, Deed::EndedBoth]);

    let script = Script::new(b"\x88\x00").with(|state| state.then = Meets::Fault(ErrorKind::WouldBlock));
    let config = Config { close_timeout: Duration::from_millis(2), ..Config::default() };
    let mut ws = script.upgraded(Role::Client, config);
    assert_eq!(ws.recv().unwrap(), None);
    assert!(ws.is_closed() && ws.was_clean());
    assert!(!script.deeds().contains(&Deed::EndedWriting));
}

/// close-H2: a close is given up when the peer does not read for as long as it may take.
#[test]
fn a_close_that_cannot_be_written_times_out() {
    let script = Script::new("").with(|state| {
        state.writes_then = Meets::Fault(ErrorKind::WouldBlock);
        state.then = Meets::Fault(ErrorKind::WouldBlock);
    });
    let config = Config { close_timeout: Duration::from_millis(2), ..Config::default() };
    let mut ws = script.upgraded(Role::Server, config);
    ws.feed("stuck").unwrap();
    let error = ws.close(Some(CloseCode::NORMAL.into())).unwrap_err();
    assert!(matches!(error, Error::WebSocket(ws_core::Error::TimedOut(Timer::Close))), "{error:?}");
    assert!(ws.recv().is_err());
    assert_eq!(ws.recv().unwrap(), None);
}

/// close-H3: after the peer's Close frame and its end, ours is still written, though nobody may read it.
#[test]
fn the_answer_to_a_close_leaves_after_the_peers_end() {
    let script = Script::new(CLOSE).with(|state| state.writes.push_back(Meets::Fault(ErrorKind::WouldBlock)));
    let mut ws = script.server();
    assert_eq!(ws.recv().unwrap(), None);
    assert!(ws.is_closed() && !ws.was_clean());
    let deeds = script.deeds();
    let close = Deed::Wrote(b"\x88\x02\x03\xe8".to_vec());
    assert_eq!(deeds, [Deed::Read, Deed::Read, close, Deed::EndedWriting, Deed::EndedBoth]);
}

/// What the peer sent before the pipe broke is received, its Close frame too.
#[test]
fn a_broken_pipe_hides_nothing() {
    let script = Script::new([HELLO, CLOSE].concat())
        .with(|state| state.writes_then = Meets::Fault(ErrorKind::BrokenPipe));
    let mut ws = script.server();
    let Err(Error::Io(error)) = ws.send("x") else { panic!() };
    assert_eq!(error.kind(), ErrorKind::BrokenPipe);
    assert!(matches!(ws.send("x"), Err(Error::Send(SendError::Closed))));
    assert_eq!(ws.recv().unwrap().unwrap().as_text(), Some("Hello"));
    assert_eq!(ws.recv().unwrap(), None);
    assert_eq!(ws.close_code(), 1000);
    assert!(!ws.was_clean());

    let script = Script::new([PING, HELLO].concat())
        .with(|state| state.writes_then = Meets::Fault(ErrorKind::BrokenPipe));
    let mut ws = script.server();
    assert_eq!(ws.recv().unwrap().unwrap().as_text(), Some("Hello"));
    assert!(matches!(ws.recv(), Err(Error::WebSocket(ws_core::Error::UnexpectedEof))));
    assert_eq!(ws.recv().unwrap(), None);
}

/// A transport that breaks is an error, once, unless both Close frames have passed.
#[test]
fn a_reset_is_an_error_before_the_close_only() {
    let reset = |state: &mut State| state.then = Meets::Fault(ErrorKind::ConnectionReset);
    let mut ws = Script::new(HELLO).with(reset).server();
    assert!(ws.recv().unwrap().is_some());
    let Err(Error::Io(error)) = ws.recv() else { panic!() };
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    assert_eq!(ws.recv().unwrap(), None);

    let mut ws = Script::new(CLOSE).with(reset).server();
    assert_eq!(ws.recv().unwrap(), None);
    assert!(ws.was_clean());
}

/// adapter-BP1: what nobody asks for is not read.
#[test]
fn nothing_is_read_until_asked_for() {
    let script = Script::new(HELLO.repeat(3));
    let mut ws = script.server();
    ws.send("x").unwrap();
    assert!(!script.deeds().contains(&Deed::Read));
    for _ in 0..3 {
        assert!(ws.recv().unwrap().is_some());
    }
    let reads = script.deeds().iter().filter(|&deed| *deed == Deed::Read).count();
    assert_eq!(reads, 1);
}

/// adapter-BP2: while the peer does not read, the queue is no longer than its mark and a message.
#[test]
fn output_is_bounded() {
    let script = Script::new("").with(|state| {
        state.writes.extend([Meets::Fault(ErrorKind::WouldBlock); 100]);
        state.writes_then = Meets::Fault(ErrorKind::ConnectionReset);
    });
    let mut ws = script.upgraded(Role::Server, Config { max_output: 1000, ..Config::default() });
    let error = loop {
        if let Err(error) = ws.feed(&[0; 100]) {
            break error;
        }
        assert!(ws.queued() <= 1000 + 102);
    };
    assert!(matches!(error, Error::Io(_)));
}

/// adapter-BP3: a peer that does not read stops neither the reading nor, once it reads again, the pongs.
#[test]
fn a_stuck_pong_does_not_stop_reading() {
    let script = Script::new([PING, HELLO, HELLO].concat()).with(|state| {
        state.reads.extend([Meets::Bytes(PING.len()), Meets::Bytes(HELLO.len()), Meets::Bytes(HELLO.len())]);
        state.writes.extend([Meets::Fault(ErrorKind::WouldBlock); 2]);
    });
    let mut ws = script.server();
    assert!(ws.recv().unwrap().is_some());
    assert_eq!((script.written(), ws.queued()), (vec![], 4));
    assert!(ws.recv().unwrap().is_some());
    ws.flush().unwrap();
    assert_eq!(script.written(), b"\x8a\x02hi");
}

/// adapter-T1: without a deadline a read waits for ever, and says so once; with one, it waits no longer than that.
#[test]
fn deadlines_are_the_timeouts_of_reads() {
    let timeouts = |script: &Script| {
        let is_timeout = |deed: &Deed| {
            let Deed::ReadTimeout(timeout) = deed else { return None };
            Some(*timeout)
        };
        script.state().deeds.iter().filter_map(is_timeout).collect::<Vec<_>>()
    };
    let hundred = |state: &mut State| state.reads.extend([Meets::Bytes(HELLO.len()); 100]);
    let script = Script::new(HELLO.repeat(100)).with(hundred);
    let mut ws = script.server();
    for _ in 0..100 {
        ws.recv().unwrap();
    }
    assert_eq!(timeouts(&script), [None]);

    let limit = Duration::from_secs(3600);
    let script = Script::new(HELLO.repeat(100)).with(hundred);
    let config = Config { idle_timeout: Some(limit), ..Config::default() };
    let mut ws = script.upgraded(Role::Server, config);
    for _ in 0..100 {
        ws.recv().unwrap();
    }
    let timeouts = timeouts(&script);
    assert!(timeouts.iter().all(|timeout| timeout.is_some_and(|timeout| timeout <= limit)));
}

/// adapter-T1: a silent peer is pinged, and given up on.
#[test]
fn a_silent_peer_is_given_up_on() {
    let script = Script::new("").with(|state| state.then = Meets::Fault(ErrorKind::TimedOut));
    let alive = KeepAlive { interval: Duration::from_millis(1), timeout: Duration::from_millis(1) };
    let mut ws = script.upgraded(Role::Server, Config { keep_alive: Some(alive), ..Config::default() });
    let error = ws.recv().unwrap_err();
    assert!(matches!(error, Error::WebSocket(ws_core::Error::TimedOut(Timer::Pong))), "{error:?}");
    assert_eq!(script.written()[..2], [0x89, 4]);
    assert_eq!(ws.recv().unwrap(), None);
    assert!(script.deeds().contains(&Deed::EndedBoth));
}

/// adapter-T1: a peer that neither reads nor answers does not hold a sender for ever.
#[test]
fn a_stuck_peer_is_given_up_on() {
    for payload in [&b"short"[..], &[0x55; 100_000]] {
        let script = Script::new("").with(|state| state.writes_then = Meets::Fault(ErrorKind::WouldBlock));
        let alive = KeepAlive { interval: Duration::from_millis(1), timeout: Duration::from_millis(1) };
        let mut ws = script.upgraded(Role::Server, Config { keep_alive: Some(alive), ..Config::default() });
        let error = ws.send(payload).unwrap_err();
        assert!(matches!(error, Error::WebSocket(ws_core::Error::TimedOut(Timer::Pong))), "{error:?}");
        assert!(ws.recv().is_err());
        assert_eq!(ws.recv().unwrap(), None);
    }
}

/// adapter-T1: a head that trickles in, and a flood after the end, are no ways around a deadline.
#[test]
fn a_peer_that_never_pauses_is_bound_by_deadlines_too() {
    let trickle = |state: &mut State| (state.is_endless, state.then) = (true, Meets::Bytes(1));
    let script = Script::new("").with(trickle);
    let config = Config {
        max_head: usize::MAX,
        opening_timeout: Some(Duration::from_millis(2)),
        close_timeout: Duration::from_millis(2),
        ..Config::default()
    };
    let conn = Connection::server(ws_blocking::now(), config);
    let mut ws = WebSocket::new(script.clone(), conn);
    let error = ws.recv().unwrap_err();
    assert!(matches!(error, Error::WebSocket(ws_core::Error::TimedOut(Timer::Opening))), "{error:?}");
    assert!(script.written().starts_with(b"HTTP/1.1 408 "));
    assert_eq!(ws.recv().unwrap(), None);
}

/// adapter-U1: anything that reads and writes is a transport; what cannot be half closed is over when it would be.
#[test]
fn plain_streams_are_transports() {
    let script =
        Script::new([HELLO, CLOSE].concat()).with(|state| state.then = Meets::Fault(ErrorKind::WouldBlock));
    let mut ws = WebSocket::new(Plain(script.clone()), upgraded(Role::Server, Config::default()));
    assert_eq!(ws.recv().unwrap().unwrap().as_text(), Some("Hello"));
    assert_eq!(ws.recv().unwrap(), None);
    assert!(ws.was_clean());
    let close = Deed::Wrote(b"\x88\x02\x03\xe8".to_vec());
    assert_eq!(script.state().deeds, [Deed::Read, close, Deed::Flushed]);
}

/// adapter-U1: what a transport holds back is flushed before a wait, and before `send` returns.
#[test]
fn a_transport_is_flushed() {
    let script = Script::new(HELLO);
    let mut ws = script.server();
    ws.send("a").unwrap();
    let is_wait = |deed: &Deed| matches!(deed, Deed::ReadTimeout(_));
    assert_eq!(script.state().deeds, [Deed::Wrote(b"\x81\x01a".to_vec()), Deed::Flushed]);
    ws.feed("b").unwrap();
    assert!(ws.recv().unwrap().is_some());
    let mut deeds = script.state().deeds[2..].to_vec();
    deeds.retain(|deed| !is_wait(deed));
    assert_eq!(deeds, [Deed::Wrote(b"\x81\x01b".to_vec()), Deed::Flushed, Deed::Read]);
}

/// Events of the closing handshake can be answered from the loan.
#[test]
fn a_close_is_an_event() {
    let mut ws = Script::new(CLOSE).server();
    let Some((Event::Close(Some(frame)), mut reply)) = ws.event_ref().unwrap() else { panic!() };
    assert_eq!(frame.code, CloseCode::NORMAL);
    assert!(matches!(reply.send("late"), Err(Error::Send(SendError::Closed))));
    assert!(ws.event_ref().unwrap().is_none());
}

/// adapter-BP4: halves write and close as the whole does.
#[test]
fn halves_close_as_the_whole_does() {
    let script = Script::new([HELLO, PING, CLOSE].concat());
    let (sender, mut receiver) = script.server().split().unwrap();
    sender.feed("queued").unwrap();
    assert_eq!(sender.queued(), 8);
    assert_eq!(receiver.recv().unwrap().unwrap().as_text(), Some("Hello"));
    assert_eq!(receiver.recv().unwrap(), None);
    assert!(receiver.was_clean());
    assert_eq!(script.written(), b"\x81\x06queued\x8a\x02hi\x88\x02\x03\xe8");
    assert!(matches!(sender.send("late"), Err(Error::Send(SendError::Closed))));
    let deeds = script.deeds();
    assert_eq!(deeds[deeds.len() - 3..], [Deed::EndedWriting, Deed::Read, Deed::EndedBoth]);
}

/// close-H2: a sender's close is given up too, though nobody receives.
#[test]
fn a_sender_alone_keeps_the_close_deadline() {
    let script = Script::new("").with(|state| state.writes_then = Meets::Fault(ErrorKind::WouldBlock));
    let config = Config { close_timeout: Duration::from_millis(2), ..Config::default() };
    let (sender, receiver) = script.upgraded(Role::Server, config).split().unwrap();
    drop(receiver);
    sender.close(None).unwrap();
    assert_eq!(sender.queued(), 0);
    assert!(!sender.is_open());
}

/// After a panic inside a write nothing more is written, since nobody knows what was.
#[test]
fn a_panic_inside_a_write_breaks_the_pipe() {
    let script = Script::new(HELLO).with(|state| state.panics = true);
    let (sender, mut receiver) = script.server().split().unwrap();
    let other = sender.clone();
    assert!(thread::spawn(move || other.send("x")).join().is_err());
    assert!(matches!(sender.send("y"), Err(Error::Io(_))));
    assert!(matches!(sender.send("z"), Err(Error::Send(SendError::Closed))));
    assert_eq!(receiver.recv().unwrap().unwrap().as_text(), Some("Hello"));
    assert_eq!(script.written(), b"");
}
