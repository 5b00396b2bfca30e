//! Reads, writes and flushes that are cut short.

use super::*;

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
    assert!(ws.status().was_clean);
    let expected = [b"\x81\x05Hello\x8a\x02hi\x81\x05Hello\x82\x7e\x13\x88", &long[..], b"\x88\x02\x03\xe8"];
    assert_eq!(script.written(), expected.concat());
}

/// adapter-IO1: a vectored write that takes part of a slice, or more than one slice, goes on where it
/// stopped.
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

/// adapter-IO1: a write that takes no byte is an error.
#[test]
fn a_write_of_nothing_is_an_error() {
    let script = Script::new("").with(|state| state.writes_then = Meets::Bytes(0));
    let Err(Error::Io(error)) = script.server().send("x") else { panic!() };
    assert_eq!(error.kind(), ErrorKind::WriteZero);
}

/// adapter-IO1: a lent payload is written from where it lies, however the writes are cut.
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
    assert_eq!(ws.status().queued, 0);
    let state = script.state();
    let range = payload.as_ptr_range();
    let is_own = |&&(at, _): &&(usize, usize)| (range.start.addr()..range.end.addr()).contains(&at);
    let own: usize = state.pieces.iter().filter(is_own).map(|(_, len)| len).sum();
    assert_eq!(own, payload.len());
    drop(state);
    let expected = [b"\x81\x05first\x82\x7f\0\0\0\0\0\x10\0\0", &payload[..]].concat();
    assert!(script.written() == expected);
}

/// adapter-U1: anything that reads and writes is a transport. If it cannot end one direction alone, the
/// connection is over at that point.
#[test]
fn plain_streams_are_transports() {
    let script =
        Script::new([HELLO, CLOSE].concat()).with(|state| state.then = Meets::Fault(ErrorKind::WouldBlock));
    let mut ws = WebSocket::new(Plain(script.clone()), upgraded(Role::Server, Config::default()));
    assert_eq!(ws.recv().unwrap().unwrap().as_text(), Some("Hello"));
    assert_eq!(ws.recv().unwrap(), None);
    assert!(ws.status().was_clean);
    let close = Deed::Wrote(b"\x88\x02\x03\xe8".to_vec());
    assert_eq!(script.state().deeds, [Deed::Read, close, Deed::Flushed]);
}

/// adapter-U1: a transport is flushed before a wait, and before `send` returns.
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

/// After a panic inside a write nothing more is written, since it is unknown how much was written.
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
