//! A plan that is carried out by the test.

use core::net::SocketAddr;
use core::time::Duration;

use ws_core::connect::{Action, Attempt, Connect, ConnectError, Plan};
use ws_core::handshake::OwnedResponse;
use ws_core::{Config, Event, Instant, RecvBuf, Transmit};

pub(crate) type Failure = ConnectError<&'static str>;

/// A plan, and the time.
pub(crate) struct Run {
    pub(crate) plan: Plan<&'static str>,
    pub(crate) now: Instant,
    /// A failure that was returned and is not checked yet.
    failed: Option<Failure>,
}

pub(crate) fn connect(url: &str) -> Connect {
    Connect::new(url).expect("a URL")
}

pub(crate) fn address(text: &str) -> SocketAddr {
    text.parse().expect("an address")
}

impl Run {
    pub(crate) fn new(connect: Connect) -> Self {
        Self { plan: Plan::new(Instant::ORIGIN, connect), now: Instant::ORIGIN, failed: None }
    }

    pub(crate) fn to(url: &str) -> Self {
        Self::new(connect(url))
    }

    pub(crate) fn after(&mut self, millis: u64) -> &mut Self {
        self.now = self.now + Duration::from_millis(millis);
        self
    }

    /// Returns the next action, in a few words.
    pub(crate) fn action(&mut self) -> String {
        if let Some(error) = self.failed.take() {
            return format!("failed: {error}");
        }
        match self.plan.poll_action(self.now) {
            Action::Resolve { host, port } => format!("resolve {host} {port}"),
            Action::Dial { address, .. } => format!("dial {address}"),
            Action::Wait { until: Some(until) } => format!("wait {}", (until - self.now).as_millis()),
            Action::Wait { until: None } => "wait".into(),
            Action::StartTls { peer, server_name, alpn } => {
                assert_eq!(alpn, [b"http/1.1"]);
                format!("tls with {peer}: {server_name}")
            }
            Action::Write(bytes) => format!("write {}", bytes.escape_ascii()),
            Action::Read(room) => format!("read {}", room.len()),
            Action::Open => "open".into(),
            Action::Failed(error) => format!("failed: {error}"),
        }
    }

    /// Returns the attempt that is due.
    pub(crate) fn dial(&mut self) -> (Attempt, SocketAddr) {
        match self.plan.poll_action(self.now) {
            Action::Dial { attempt, address, .. } => (attempt, address),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn resolve(&mut self, addresses: &[&str]) {
        self.plan.handle_resolved(self.now, addresses.iter().map(|text| address(text)));
    }

    pub(crate) fn resolve_some(&mut self, addresses: &[&str]) {
        self.plan.handle_partly_resolved(self.now, addresses.iter().map(|text| address(text)));
    }

    /// Connects the attempt that is due.
    pub(crate) fn take(&mut self) {
        let (attempt, _) = self.dial();
        assert!(self.plan.handle_connected(attempt));
    }

    pub(crate) fn refuse(&mut self) {
        let (attempt, _) = self.dial();
        self.plan.handle_dial_failed(self.now, attempt, "refused");
    }

    pub(crate) fn failure(&mut self) -> Failure {
        if let Some(error) = self.failed.take() {
            return error;
        }
        match self.plan.poll_action(self.now) {
            Action::Failed(error) => error,
            other => panic!("{other:?}"),
        }
    }

    /// Writes all bytes that are due, `n` at a time. Returns them.
    pub(crate) fn written(&mut self, n: usize) -> Vec<u8> {
        let mut written = Vec::new();
        loop {
            match self.plan.poll_action(self.now) {
                Action::Write(bytes) => {
                    let n = n.min(bytes.len());
                    written.extend_from_slice(&bytes[..n]);
                    self.plan.handle_written(n);
                }
                Action::Failed(error) => {
                    self.failed = Some(error);
                    return written;
                }
                _ => return written,
            }
        }
    }

    /// Lets the plan read `bytes`, at most `n` at a time. Returns the bytes that it did not read.
    pub(crate) fn read<'a>(&mut self, mut bytes: &'a [u8], n: usize) -> &'a [u8] {
        loop {
            match self.plan.poll_action(self.now) {
                Action::Read(room) if !bytes.is_empty() => {
                    assert!(!room.is_empty());
                    let n = n.min(room.len()).min(bytes.len());
                    room[..n].copy_from_slice(&bytes[..n]);
                    self.plan.handle_read(n);
                    bytes = &bytes[n..];
                }
                Action::Failed(error) => {
                    self.failed = Some(error);
                    return bytes;
                }
                _ => return bytes,
            }
        }
    }

    /// Returns the head of the request that would be sent now.
    pub(crate) fn request(&self) -> String {
        let mut conn = self.plan.connection(self.now, Config::default(), [7; 32]);
        let Some(Transmit::Data(out)) = conn.poll_transmit() else { panic!("a request is queued") };
        String::from_utf8(bytes::Buf::chunk(out).to_vec()).expect("text")
    }

    /// Answers the opening handshake, which is due, with a response that is not a 101.
    pub(crate) fn answer(&mut self, response: &str) {
        assert_eq!(self.action(), "open");
        let mut conn = self.plan.connection(self.now, Config::default(), [7; 32]);
        let mut buf = RecvBuf::new();
        buf.extend(response.as_bytes());
        match conn.poll_event(self.now, &mut buf) {
            Ok(Some(Event::Rejected(response))) => self.plan.handle_rejected(&response),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn rejection(&mut self) -> OwnedResponse {
        match self.failure() {
            ConnectError::Rejected(response) => *response,
            other => panic!("{other:?}"),
        }
    }
}
