use core::time::Duration;

use bytes::Buf as _;
use ws_core::handshake::Agreement;
use ws_core::{Config, KeepAlive, Role, Transmit};

use super::*;

/// A connection, and a transport that takes all output or none. It counts the writes.
struct Script {
    conn: Connection,
    inbox: Inbox,
    takes_output: bool,
    is_shut_down: bool,
    writes: usize,
}

impl Script {
    fn new(conn: Connection) -> Self {
        let inbox = Inbox::new(Self::now());
        Self { conn, inbox, takes_output: true, is_shut_down: false, writes: 0 }
    }

    fn server(config: Config) -> Self {
        Self::new(Connection::upgraded(Self::now(), Role::Server, config, Agreement::default(), [0; 32]))
    }
}

impl Ends for Script {
    fn with<R>(&mut self, look: impl FnOnce(&mut Connection, &mut Inbox) -> R) -> R {
        look(&mut self.conn, &mut self.inbox)
    }

    fn follow_shutdown(&mut self) -> bool {
        if self.is_shut_down {
            self.conn.handle_reset();
        }
        core::mem::take(&mut self.is_shut_down)
    }

    fn write(&mut self) -> bool {
        self.writes += 1;
        while let Some(Transmit::Data(out)) = self.conn.poll_transmit().filter(|_| self.takes_output) {
            let n = out.remaining();
            out.advance(n);
        }
        self.takes_output
    }

    fn now() -> Instant {
        Instant::ORIGIN
    }
}

#[test]
fn an_event_that_has_come_is_delivered_before_all_else() {
    let mut script = Script::server(Config::default());
    script.inbox.buf.extend(b"\x81\x82\0\0\0\0hi");
    assert_eq!((next_action(&mut script), script.writes), (Action::Deliver, 0));
}

#[test]
fn an_idle_connection_writes_and_then_reads() {
    let mut script = Script::server(Config::default());
    assert_eq!((next_action(&mut script), script.writes), (Action::Read, 1));
    script.takes_output = false;
    assert_eq!((next_action(&mut script), script.writes), (Action::Read, 2));
}

#[test]
fn a_failure_is_reported_once_its_close_frame_is_written() {
    let mut script = Script::server(Config::default());
    script.inbox.buf.extend(b"\xff\x80\0\0\0\0");
    script.takes_output = false;
    assert_eq!(next_action(&mut script), Action::Read);
    script.takes_output = true;
    assert_eq!(next_action(&mut script), Action::Report);
}

#[test]
fn a_failure_of_a_connection_that_is_over_is_reported_although_output_is_left() {
    let mut script = Script::server(Config::default());
    script.inbox.buf.extend(b"\xff\x80\0\0\0\0");
    script.takes_output = false;
    assert_eq!(next_action(&mut script), Action::Read);
    script.conn.handle_reset();
    assert_eq!(next_action(&mut script), Action::Report);
}

/// A connection that its server ends must not wait for a peer that is silent.
#[test]
fn a_step_of_the_shutdown_begins_the_turn_anew() {
    let mut script = Script::server(Config::default());
    script.is_shut_down = true;
    assert_eq!((next_action(&mut script), script.writes), (Action::Report, 1));
}

#[test]
fn a_connection_that_is_over_ends_the_loop() {
    let mut script = Script::server(Config::default());
    script.conn.abort();
    assert_eq!(next_action(&mut script), Action::Close);
}

#[test]
fn a_request_without_an_answer_ends_the_loop() {
    let mut script = Script::new(Connection::server(Script::now(), Config::default()));
    script.inbox.buf.extend(b"GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n");
    script
        .inbox
        .buf
        .extend(b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n");
    assert_eq!(next_action(&mut script), Action::Deliver);
    assert!(script.inbox.buf.take_event().is_some());
    assert_eq!(next_action(&mut script), Action::Decide);
}

/// adapter-T1: a deadline is handled before the next read, and what it queues is written before that too.
#[test]
fn a_deadline_that_has_passed_begins_the_turn_anew() {
    let second = Duration::from_secs(1);
    let keep_alive = KeepAlive::new().interval(second).timeout(second);
    let mut script = Script::server(Config::new().keep_alive(keep_alive));
    script.inbox.now = Script::now() + second;
    assert_eq!((next_action(&mut script), script.writes), (Action::Read, 2));
    assert_eq!(script.conn.queued(), 0);
}

/// A client sends a second request before the first was answered, and the answer fills the output.
#[test]
fn room_that_a_write_made_is_used_before_the_next_read() {
    let mut script = Script::new(Connection::server(Script::now(), Config::new().max_output(1)));
    script.inbox.buf.extend(b"GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_eq!(next_action(&mut script), Action::Deliver);
    assert!(script.inbox.buf.take_event().is_some());
    let reject = ws_core::handshake::Reject::new(ws_core::handshake::Status::NOT_FOUND).keep_alive();
    script.conn.reject(Script::now(), &reject).unwrap();
    script.takes_output = false;
    assert_eq!(next_action(&mut script), Action::Wait);
    script.takes_output = true;
    assert_eq!(next_action(&mut script), Action::Deliver);
}
