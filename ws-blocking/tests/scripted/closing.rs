//! The closing handshake, errors, and the ends of the stream.

use super::*;

/// 6455-7.1.1-1, 6455-7.1.1-5: a server that fails the connection writes a Close frame and ends its stream
/// before the error is reported.
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
        let config = Config::new().close_timeout(Duration::from_millis(2));
        let mut ws = script.upgraded(Role::Server, config);
        let error = ws.recv().unwrap_err();
        assert!(matches!(error, Error::WebSocket(ws_core::Error::Protocol(ProtocolError::UnmaskedFrame))));
        assert_eq!(ws.recv().unwrap(), None);
        assert!(script.deeds().contains(&Deed::EndedBoth));
    }
}

/// 6455-8.1-3, 6455-7.1.7-5: text that is not UTF-8 fails the connection in the same way, whichever call
/// receives it.
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

/// 6455-5.5.1-10, 6455-5.5.1-11: a server ends its stream as soon as both Close frames are exchanged, and
/// reads to the end.
#[test]
fn a_server_ends_its_stream_at_once() {
    let script = Script::new(CLOSE);
    let mut ws = script.server();
    assert_eq!(ws.recv().unwrap(), None);
    let close = Deed::Wrote(b"\x88\x02\x03\xe8".to_vec());
    let expected = [Deed::Read, close, Deed::EndedWriting, Deed::Read, Deed::EndedBoth];
    assert_eq!(script.deeds(), expected);
}

/// 6455-5.5.1-12, 6455-5.5.1-13, 6455-7.1.1-4, 6455-7.1.1-6:
/// A client waits for the server to end its stream, but not for ever.
#[test]
fn a_client_ends_its_stream_last() {
    let script = Script::new(b"\x88\x00");
    let mut ws = script.upgraded(Role::Client, Config::default());
    assert_eq!(ws.recv().unwrap(), None);
    assert!(ws.status().was_clean);
    let deeds = script.deeds();
    assert!(matches!(deeds[1], Deed::Wrote(_)));
    assert_eq!(deeds[2..], [Deed::Read, Deed::EndedWriting, Deed::EndedBoth]);

    let script = Script::new(b"\x88\x00").with(|state| state.then = Meets::Fault(ErrorKind::WouldBlock));
    let config = Config::new().close_timeout(Duration::from_millis(2));
    let mut ws = script.upgraded(Role::Client, config);
    assert_eq!(ws.recv().unwrap(), None);
    assert!(ws.status().is_closed && ws.status().was_clean);
    assert!(!script.deeds().contains(&Deed::EndedWriting));
}

/// close-H2: a close ends with an error if the peer does not read within the close timeout.
#[test]
fn a_close_that_cannot_be_written_times_out() {
    let script = Script::new("").with(|state| {
        state.writes_then = Meets::Fault(ErrorKind::WouldBlock);
        state.then = Meets::Fault(ErrorKind::WouldBlock);
    });
    let config = Config::new().close_timeout(Duration::from_millis(2));
    let mut ws = script.upgraded(Role::Server, config);
    ws.feed("stuck").unwrap();
    let error = ws.close(CloseCode::NORMAL).unwrap_err();
    assert!(matches!(error, Error::WebSocket(ws_core::Error::TimedOut(Timeout::Close))), "{error:?}");
    assert!(ws.recv().is_err());
    assert_eq!(ws.recv().unwrap(), None);
}

/// close-H3: after the peer's Close frame and the end of its stream, our Close frame is still written.
#[test]
fn the_answer_to_a_close_leaves_after_the_peers_end() {
    let script = Script::new(CLOSE).with(|state| state.writes.push_back(Meets::Fault(ErrorKind::WouldBlock)));
    let mut ws = script.server();
    assert_eq!(ws.recv().unwrap(), None);
    assert!(ws.status().is_closed && !ws.status().was_clean);
    let deeds = script.deeds();
    let close = Deed::Wrote(b"\x88\x02\x03\xe8".to_vec());
    assert_eq!(deeds, [Deed::Read, Deed::Read, close, Deed::EndedWriting, Deed::EndedBoth]);
}

/// What the peer sent before the pipe broke is received, including its Close frame.
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
    assert_eq!(ws.status().close_code, 1000);
    assert!(!ws.status().was_clean);

    let script = Script::new([PING, HELLO].concat())
        .with(|state| state.writes_then = Meets::Fault(ErrorKind::BrokenPipe));
    let mut ws = script.server();
    assert_eq!(ws.recv().unwrap().unwrap().as_text(), Some("Hello"));
    assert!(matches!(ws.recv(), Err(Error::WebSocket(ws_core::Error::UnexpectedEof))));
    assert_eq!(ws.recv().unwrap(), None);
}

/// A transport that breaks is an error, once, unless both Close frames were exchanged.
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
    assert!(ws.status().was_clean);
}

/// Events of the closing handshake can be answered while they are on loan.
#[test]
fn a_close_is_an_event() {
    let mut ws = Script::new(CLOSE).server();
    let Some((Event::Close(Some(frame)), mut reply)) = ws.event_ref().unwrap() else { panic!() };
    assert_eq!(frame.code, CloseCode::NORMAL);
    assert!(matches!(reply.send("late"), Err(Error::Send(SendError::Closed))));
    assert!(ws.event_ref().unwrap().is_none());
}

/// adapter-BP4: halves write and close as the whole connection does.
#[test]
fn halves_close_as_the_whole_does() {
    let script = Script::new([HELLO, PING, CLOSE].concat());
    let (sender, mut receiver) = script.server().split().unwrap();
    sender.feed("queued").unwrap();
    assert_eq!(sender.status().queued, 8);
    assert_eq!(receiver.recv().unwrap().unwrap().as_text(), Some("Hello"));
    assert_eq!(receiver.recv().unwrap(), None);
    assert!(receiver.status().was_clean);
    assert_eq!(script.written(), b"\x81\x06queued\x8a\x02hi\x88\x02\x03\xe8");
    assert!(matches!(sender.send("late"), Err(Error::Send(SendError::Closed))));
    let deeds = script.deeds();
    assert_eq!(deeds[deeds.len() - 3..], [Deed::EndedWriting, Deed::Read, Deed::EndedBoth]);
}

/// close-H2: the close of a sender has its deadline even if no thread receives.
#[test]
fn a_sender_alone_keeps_the_close_deadline() {
    let script = Script::new("").with(|state| state.writes_then = Meets::Fault(ErrorKind::WouldBlock));
    let config = Config::new().close_timeout(Duration::from_millis(2));
    let (sender, _receiver) = script.upgraded(Role::Server, config).split().unwrap();
    sender.close(None).unwrap();
    assert_eq!(sender.status().queued, 0);
    assert!(!sender.is_open());
}

/// Without a receiver the connection ends: what is queued leaves, then a Close frame with 1001, and the
/// stream ends.
#[test]
fn the_connection_ends_with_its_receiver() {
    let script = Script::new("").with(|state| state.then = Meets::Fault(ErrorKind::WouldBlock));
    let (sender, receiver) = script.server().split().unwrap();
    sender.feed("queued").unwrap();
    drop(receiver);
    assert_eq!(script.written(), b"\x81\x06queued\x88\x02\x03\xe9");
    assert_eq!(script.deeds().last(), Some(&Deed::EndedWriting));
    assert!(!sender.is_open());
    assert!(matches!(sender.feed("late"), Err(Error::Send(SendError::Closed))));
    assert!(matches!(sender.clone().send("late"), Err(Error::Send(SendError::Closed))));
    assert_eq!((script.written().len(), sender.status().queued), (12, 0));
}

/// A peer that does not read does not hold up the thread that drops the receiver.
#[test]
fn a_stuck_connection_ends_with_its_receiver() {
    let script = Script::new("").with(|state| state.writes_then = Meets::Fault(ErrorKind::WouldBlock));
    let (sender, receiver) = script.server().split().unwrap();
    sender.feed("queued").unwrap();
    drop(receiver);
    assert_eq!(script.deeds(), [Deed::EndedBoth]);
    assert!(matches!(sender.send("late"), Err(Error::Send(SendError::Closed))));
}

/// After the end of the connection, dropping the receiver writes nothing and ends nothing.
#[test]
fn the_drop_of_a_receiver_after_the_end_does_nothing() {
    let script = Script::new(CLOSE);
    let (_sender, mut receiver) = script.server().split().unwrap();
    assert_eq!(receiver.recv().unwrap(), None);
    let deeds = script.deeds();
    drop(receiver);
    assert_eq!(script.deeds(), deeds);
}

/// Halves that were put together again, or could not be, are still a connection.
#[test]
fn reuniting_drops_no_receiver() {
    let script = Script::new("").with(|state| state.then = Meets::Fault(ErrorKind::WouldBlock));
    let (sender, receiver) = script.server().split().unwrap();
    let other = sender.clone();
    let (sender, receiver) = sender.reunite(receiver).expect_err("another sender lives").into_halves();
    drop(other);
    sender.send("a").unwrap();
    let mut ws = sender.reunite(receiver).expect("no other sender lives");
    ws.send("b").unwrap();
    assert_eq!(script.written(), b"\x81\x01a\x81\x01b");
    let (sender, receiver) = ws.split().unwrap();
    drop(receiver);
    assert!(matches!(sender.send("c"), Err(Error::Send(SendError::Closed))));
}
