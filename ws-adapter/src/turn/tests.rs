use core::time::Duration;

use ws_core::handshake::Agreement;
use ws_core::{Config, KeepAlive, Role};

use super::*;

fn start() -> Instant {
    Instant::ORIGIN
}

fn server(config: Config) -> (Connection, Inbox) {
    let conn = Connection::upgraded(start(), Role::Server, config, Agreement::default(), [0; 32]);
    (conn, Inbox::new(start()))
}

/// Returns the actions up to the first that ends the loop or waits. Each write takes all output if
/// `is_written`.
fn actions(conn: &mut Connection, inbox: &mut Inbox, is_written: bool) -> Vec<Action> {
    let mut turn = Turn::new();
    let mut actions = Vec::new();
    loop {
        let action = turn.next(conn, inbox, start);
        actions.push(action);
        match action {
            Action::Follow => {}
            Action::Write => {
                if is_written {
                    while let Some(ws_core::Transmit::Data(out)) = conn.poll_transmit() {
                        let n = bytes::Buf::remaining(out);
                        bytes::Buf::advance(out, n);
                    }
                }
                turn.handle_written(is_written);
            }
            Action::Deliver
            | Action::Report
            | Action::Close
            | Action::Decide
            | Action::Read
            | Action::Wait => return actions,
        }
    }
}

#[test]
fn an_event_that_has_come_is_delivered_before_all_else() {
    let (mut conn, mut inbox) = server(Config::default());
    inbox.buf.extend(b"\x81\x82\0\0\0\0hi");
    assert_eq!(actions(&mut conn, &mut inbox, true), [Action::Deliver]);
}

#[test]
fn an_idle_connection_writes_and_then_reads() {
    let (mut conn, mut inbox) = server(Config::default());
    let expected = [Action::Follow, Action::Write, Action::Read];
    assert_eq!(actions(&mut conn, &mut inbox, true), expected);
    assert_eq!(actions(&mut conn, &mut inbox, false), expected);
}

#[test]
fn a_failure_is_reported_once_its_close_frame_is_written() {
    let (mut conn, mut inbox) = server(Config::default());
    inbox.buf.extend(b"\xff\x80\0\0\0\0");
    let stuck = actions(&mut conn, &mut inbox, false);
    assert!(!stuck.contains(&Action::Report), "{stuck:?}");
    assert_eq!(actions(&mut conn, &mut inbox, true), [Action::Follow, Action::Write, Action::Report]);
}

#[test]
fn a_failure_of_a_connection_that_is_over_is_reported_although_output_is_left() {
    let (mut conn, mut inbox) = server(Config::default());
    inbox.buf.extend(b"\xff\x80\0\0\0\0");
    assert!(!inbox.is_ready(&mut conn));
    conn.handle_reset();
    assert_eq!(actions(&mut conn, &mut inbox, false), [Action::Follow, Action::Write, Action::Report]);
}

/// Without a new turn, a connection that the server ends would wait for a peer that is silent.
#[test]
fn a_step_of_the_shutdown_begins_the_turn_anew() {
    let (mut conn, mut inbox) = server(Config::default());
    let mut turn = Turn::new();
    assert_eq!(turn.next(&mut conn, &mut inbox, start), Action::Follow);
    conn.handle_reset();
    turn.handle_shutdown();
    assert_eq!(turn.next(&mut conn, &mut inbox, start), Action::Follow);
    assert_eq!(turn.next(&mut conn, &mut inbox, start), Action::Write);
    assert_eq!(turn.next(&mut conn, &mut inbox, start), Action::Report);
}

#[test]
fn a_connection_that_is_over_ends_the_loop() {
    let (mut conn, mut inbox) = server(Config::default());
    conn.abort();
    assert_eq!(actions(&mut conn, &mut inbox, false), [Action::Follow, Action::Write, Action::Close]);
}

#[test]
fn a_request_without_an_answer_ends_the_loop() {
    let mut conn = Connection::server(start(), Config::default());
    let mut inbox = Inbox::new(start());
    inbox.buf.extend(b"GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n");
    inbox.buf.extend(b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n");
    assert_eq!(actions(&mut conn, &mut inbox, true), [Action::Deliver]);
    assert!(inbox.buf.take_event().is_some());
    assert_eq!(actions(&mut conn, &mut inbox, true), [Action::Follow, Action::Write, Action::Decide]);
}

/// adapter-T1: a deadline is handled before the next read, and what it queues is written before that too.
#[test]
fn a_deadline_that_has_passed_begins_the_turn_anew() {
    let second = Duration::from_secs(1);
    let keep_alive = KeepAlive { interval: second, timeout: second };
    let (mut conn, mut inbox) = server(Config { keep_alive: Some(keep_alive), ..Config::default() });
    inbox.now = start() + second;
    let ping = [Action::Follow, Action::Write, Action::Follow, Action::Write, Action::Read];
    assert_eq!(actions(&mut conn, &mut inbox, true), ping);
}

/// A client sends a second request before the first was answered, and the answer fills the output.
#[test]
fn room_that_a_write_made_is_used_before_the_next_read() {
    let mut conn = Connection::server(start(), Config { max_output: 1, ..Config::default() });
    let mut inbox = Inbox::new(start());
    inbox.buf.extend(b"GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_eq!(actions(&mut conn, &mut inbox, true), [Action::Deliver]);
    assert!(inbox.buf.take_event().is_some());
    let reject = ws_core::handshake::Reject::new(404).unwrap().keep_alive();
    conn.reject(start(), &reject).unwrap();
    assert_eq!(actions(&mut conn, &mut inbox, false), [Action::Follow, Action::Write, Action::Wait]);
    assert_eq!(actions(&mut conn, &mut inbox, true), [Action::Follow, Action::Write, Action::Deliver]);
}
