//! Peers that do not read, or do not send.

use super::*;

/// adapter-BP1: nothing is read before a call receives.
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

/// adapter-BP2: while the peer does not read, the queue holds at most its mark and one message.
#[test]
fn output_is_bounded() {
    let script = Script::new("").with(|state| {
        state.writes.extend([Meets::Fault(ErrorKind::WouldBlock); 100]);
        state.writes_then = Meets::Fault(ErrorKind::ConnectionReset);
    });
    let mut ws = script.upgraded(Role::Server, Config::new().max_output(1000));
    let error = loop {
        if let Err(error) = ws.feed(&[0; 100]) {
            break error;
        }
        assert!(ws.status().queued <= 1000 + 102);
    };
    assert!(matches!(error, Error::Io(_)));
}

/// adapter-BP3: a peer that does not read does not stop our reading. Once it reads again, it gets the pongs.
#[test]
fn a_stuck_pong_does_not_stop_reading() {
    let script = Script::new([PING, HELLO, HELLO].concat()).with(|state| {
        state.reads.extend([Meets::Bytes(PING.len()), Meets::Bytes(HELLO.len()), Meets::Bytes(HELLO.len())]);
        state.writes.extend([Meets::Fault(ErrorKind::WouldBlock); 2]);
    });
    let mut ws = script.server();
    assert!(ws.recv().unwrap().is_some());
    assert_eq!((script.written(), ws.status().queued), (vec![], 4));
    assert!(ws.recv().unwrap().is_some());
    ws.flush().unwrap();
    assert_eq!(script.written(), b"\x8a\x02hi");
}

/// adapter-T1: without a deadline a read waits for ever, and the timeout is set once. With a deadline, a read
/// waits no longer than that.
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
    let config = Config::new().idle_timeout(limit);
    let mut ws = script.upgraded(Role::Server, config);
    for _ in 0..100 {
        ws.recv().unwrap();
    }
    let timeouts = timeouts(&script);
    assert!(timeouts.iter().all(|timeout| timeout.is_some_and(|timeout| timeout <= limit)));
}

/// adapter-T1: a silent peer is pinged; if it stays silent, the connection ends.
#[test]
fn a_silent_peer_is_given_up_on() {
    let script = Script::new("").with(|state| state.then = Meets::Fault(ErrorKind::TimedOut));
    let alive = KeepAlive::new().interval(Duration::from_millis(1)).timeout(Duration::from_millis(1));
    let mut ws = script.upgraded(Role::Server, Config::new().keep_alive(alive));
    let error = ws.recv().unwrap_err();
    assert!(matches!(error, Error::WebSocket(ws_core::Error::TimedOut(Timeout::Pong))), "{error:?}");
    assert_eq!(script.written()[..2], [0x89, 4]);
    assert_eq!(ws.recv().unwrap(), None);
    assert!(script.deeds().contains(&Deed::EndedBoth));
}

/// adapter-T1: a peer that neither reads nor answers does not hold a sender for ever.
#[test]
fn a_stuck_peer_is_given_up_on() {
    for payload in [&b"short"[..], &[0x55; 100_000]] {
        let script = Script::new("").with(|state| state.writes_then = Meets::Fault(ErrorKind::WouldBlock));
        let alive = KeepAlive::new().interval(Duration::from_millis(1)).timeout(Duration::from_millis(1));
        let mut ws = script.upgraded(Role::Server, Config::new().keep_alive(alive));
        let error = ws.send(payload).unwrap_err();
        assert!(matches!(error, Error::WebSocket(ws_core::Error::TimedOut(Timeout::Pong))), "{error:?}");
        assert!(ws.recv().is_err());
        assert_eq!(ws.recv().unwrap(), None);
    }
}

/// adapter-T1: deadlines hold for a head that trickles in, and for bytes that never stop after the end.
#[test]
fn a_peer_that_never_pauses_is_bound_by_deadlines_too() {
    let trickle = |state: &mut State| (state.is_endless, state.then) = (true, Meets::Bytes(1));
    let script = Script::new("").with(trickle);
    let config = Config::new()
        .max_head(usize::MAX)
        .opening_timeout(Duration::from_millis(2))
        .close_timeout(Duration::from_millis(2));
    let conn = Connection::server(ws_blocking::now(), config);
    let mut ws = WebSocket::new(script.clone(), conn);
    let error = ws.recv().unwrap_err();
    assert!(matches!(error, Error::WebSocket(ws_core::Error::TimedOut(Timeout::Opening))), "{error:?}");
    assert!(script.written().starts_with(b"HTTP/1.1 408 "));
    assert_eq!(ws.recv().unwrap(), None);
}
