//! The facts about a connection after it has ended, and ending it at once.

use ws_core::handshake::Agreement;
use ws_core::{CloseCode, CloseFrame, Config, Connection, Error, Instant, ProtocolError, RecvBuf, Role};

const NOW: Instant = Instant::ORIGIN;

fn server() -> Connection {
    Connection::upgraded(NOW, Role::Server, Config::default(), Agreement::default(), [0; 32])
}

fn receive(conn: &mut Connection, bytes: &[u8]) -> Result<usize, Error> {
    let mut buf = RecvBuf::new();
    buf.extend(bytes);
    let mut events = 0;
    while conn.poll_event(NOW, &mut buf)?.is_some() {
        events += 1;
    }
    Ok(events)
}

/// 6455-7.1.6-1: the reason is that of the first Close frame that came.
#[test]
fn the_peers_close_frame_is_kept() {
    let mut conn = server();
    assert_eq!(conn.close_frame(), None);
    assert_eq!(receive(&mut conn, b"\x88\x84\0\0\0\0\x03\xe9by\x88\x82\0\0\0\0\x03\xe8"), Ok(1));
    let frame = CloseFrame { code: CloseCode::GOING_AWAY, reason: "by" };
    assert_eq!((conn.close_frame(), conn.close_code()), (Some(frame), 1001));
    conn.handle_reset();
    assert!(conn.is_closed());
    assert_eq!((conn.close_frame(), conn.failure()), (Some(frame), None));
}

#[test]
fn an_empty_close_frame_has_no_code_and_no_reason() {
    let mut conn = server();
    assert_eq!(receive(&mut conn, b"\x88\x80\0\0\0\0"), Ok(1));
    assert_eq!((conn.close_frame(), conn.close_code()), (None, 1005));
}

#[test]
fn the_failure_is_returned_before_and_after_it_is_reported() {
    let mut conn = server();
    let error = Error::Protocol(ProtocolError::UnmaskedFrame);
    assert_eq!(receive(&mut conn, b"\x81\x00"), Err(error));
    assert_eq!((conn.error(), conn.failure()), (None, Some(error)));
    let mut conn = server();
    conn.handle_eof();
    assert_eq!(receive(&mut conn, b""), Err(Error::UnexpectedEof));
    assert_eq!(conn.failure(), Some(Error::UnexpectedEof));
}

#[test]
fn an_aborted_connection_is_over_and_sends_nothing() {
    let mut conn = server();
    conn.send("queued").expect("it is open");
    conn.abort();
    assert!(conn.is_closed() && !conn.was_clean());
    assert!(conn.poll_transmit().is_none() && conn.poll_timeout().is_none());
    assert_eq!((conn.queued(), conn.close_code(), conn.failure()), (0, 1006, None));
    assert!(conn.send("more").is_err());
    assert_eq!(receive(&mut conn, b"\x81\x80\0\0\0\0"), Ok(0));
}

#[cfg(feature = "serde")]
#[test]
fn a_message_is_json_or_comes_back() {
    use ws_core::OwnedMessage;
    let message = OwnedMessage::json(&("a", 1)).expect("it is JSON");
    assert_eq!(message.as_text(), Some("[\"a\",1]"));
    assert_eq!(message.clone().parse_json::<(String, u8)>().expect("it is JSON"), ("a".into(), 1));
    let error = message.clone().parse_json::<u8>().expect_err("it is a list");
    assert_eq!(*error.message, message);
    assert!(error.to_string().starts_with("a message of 7 bytes is not what was asked for: "), "{error}");
}
