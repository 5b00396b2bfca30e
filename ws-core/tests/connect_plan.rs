//! The way to an open connection, carried out by a made-up network.
#![cfg(feature = "url")]

use core::net::SocketAddr;
use core::time::Duration;

use proptest::prelude::*;
use ws_core::connect::{Action, Attempt, Connect, ConnectError, Peer, Plan, Stage};
use ws_core::handshake::OwnedResponse;
use ws_core::{Config, Event, Instant, RecvBuf, Transmit};

type Error = ConnectError<&'static str>;

const SECOND: Duration = Duration::from_secs(1);

/// A plan, the time, and what was asked for, in short.
struct Run {
    plan: Plan<&'static str>,
    now: Instant,
}

impl Run {
    fn new(connect: Connect) -> Self {
        Self { plan: Plan::new(Instant::ORIGIN, connect), now: Instant::ORIGIN }
    }

    fn to(url: &str) -> Self {
        Self::new(Connect::new(url).unwrap())
    }

    fn after(&mut self, delay: Duration) -> &mut Self {
        self.now = self.now + delay;
        self
    }

    /// What is to be done, in a word or two.
    fn action(&mut self) -> String {
        match self.plan.poll_action(self.now) {
            Action::Resolve { host, port } => format!("resolve {host} {port}"),
            Action::Dial { address, .. } => format!("dial {address}"),
            Action::Wait { until } => match until {
                Some(until) => format!("wait {}", (until - self.now).as_millis()),
                None => "wait".into(),
            },
            Action::StartTls { peer, server_name, alpn } => {
                assert_eq!(alpn, [b"http/1.1"]);
                format!("tls {server_name} of {peer}")
            }
            Action::Write(bytes) => format!("write {}", bytes.escape_ascii()),
            Action::Read(room) => format!("read {}", room.len()),
            Action::Open => "open".into(),
            Action::Failed(error) => format!("failed: {error}"),
        }
    }

    fn resolve(&mut self, addresses: &[&str]) {
        self.plan.handle_resolved(self.now, addresses.iter().map(|text| address(text)));
    }

    fn dial(&mut self) -> (Attempt, SocketAddr, bool) {
        match self.plan.poll_action(self.now) {
            Action::Dial { attempt, address, alone, .. } => (attempt, address, alone),
            other => panic!("{other:?}"),
        }
    }

    fn fail(&mut self, attempt: Attempt) {
        self.plan.handle_dial_failed(self.now, attempt, "refused");
    }

    fn failure(&mut self) -> Error {
        match self.plan.poll_action(self.now) {
            Action::Failed(error) => error,
            other => panic!("{other:?}"),
        }
    }

    /// Dials, and is connected.
    fn connect(&mut self) {
        let (attempt, ..) = self.dial();
        assert!(self.plan.handle_connected(attempt));
    }
}

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

/// 6455-4.1-6, 6455-4.1-2, 6455-4.1-10: without a proxy the host itself is dialled, and then the handshake is sent.
#[test]
fn a_plain_url_is_resolved_dialled_and_opened() {
    let mut run = Run::to("ws://h:81/p");
    assert_eq!(run.action(), "resolve h 81");
    assert_eq!(run.action(), "wait 30000");
    run.resolve(&["192.0.2.1:81"]);
    run.connect();
    assert_eq!(run.action(), "open");
    assert_eq!(run.action(), "wait 30000");
    let mut conn = run.plan.connection(run.now, Config::default(), [7; 32]);
    let Some(Transmit::Data(out)) = conn.poll_transmit() else { panic!() };
    assert!(bytes::Buf::chunk(out).starts_with(b"GET /p HTTP/1.1\r\nHost: h:81\r\n"));
}
