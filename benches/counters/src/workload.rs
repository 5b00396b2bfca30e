//! The counted workloads: each does the same work repeatedly.

use core::pin::pin;
use core::task::{Context, Poll, Waker};

use ws_core::handshake::Agreement;
use ws_core::{Config, Connection, Instant, Message, PreparedMessage, Role};

use crate::frames::{self, Kind};
use crate::memory::End;
use crate::script::Script;

/// One workload.
#[derive(Clone, Copy, Debug)]
pub struct Workload {
    /// The name in the figures.
    pub name: &'static str,
    work: Work,
    /// The length of a payload, in bytes.
    len: usize,
    /// The number of messages that come, or leave, at once.
    depth: usize,
}

#[derive(Clone, Copy, Debug)]
enum Work {
    /// A server's `Connection` receives messages from memory.
    Decode(Kind),
    /// A server's `Connection` receives the fragments of one message from memory; each fragment counts.
    Gather,
    /// A `Connection` encodes frames.
    Encode(Role),
    /// ws-tokio echoes lent messages.
    Tokio,
    /// ws-tokio echoes owned messages.
    TokioOwned,
    /// ws-tokio echoes lent messages from one half to the other.
    TokioHalves,
    /// ws-tokio sends prepared messages.
    TokioPrepared,
    /// ws-tokio opens connections that the client closes.
    TokioOpen,
    /// ws-blocking echoes lent messages.
    Blocking,
}

const K: usize = 1 << 10;

/// All workloads.
pub const ALL: [Workload; 30] = [
    new("decode-16-binary", Work::Decode(Kind::Binary), 16, 1),
    new("decode-16-ascii", Work::Decode(Kind::Ascii), 16, 1),
    new("decode-16-multibyte", Work::Decode(Kind::Multibyte), 16, 1),
    new("decode-16-binary-x32", Work::Decode(Kind::Binary), 16, 32),
    new("decode-125-binary", Work::Decode(Kind::Binary), 125, 1),
    new("decode-125-ascii", Work::Decode(Kind::Ascii), 125, 1),
    new("decode-125-multibyte", Work::Decode(Kind::Multibyte), 125, 1),
    new("decode-1k-binary", Work::Decode(Kind::Binary), K, 1),
    new("decode-1k-ascii", Work::Decode(Kind::Ascii), K, 1),
    new("decode-1k-multibyte", Work::Decode(Kind::Multibyte), K, 1),
    new("decode-16k-binary", Work::Decode(Kind::Binary), 16 * K, 1),
    new("decode-16k-ascii", Work::Decode(Kind::Ascii), 16 * K, 1),
    new("decode-16-fragments-x100", Work::Gather, 16, 100),
    new("encode-server-16", Work::Encode(Role::Server), 16, 1),
    new("encode-server-16-x32", Work::Encode(Role::Server), 16, 32),
    new("encode-client-16", Work::Encode(Role::Client), 16, 1),
    new("encode-client-1k", Work::Encode(Role::Client), K, 1),
    new("encode-client-16k", Work::Encode(Role::Client), 16 * K, 1),
    new("tokio-16x1", Work::Tokio, 16, 1),
    new("tokio-16x32", Work::Tokio, 16, 32),
    new("tokio-1k-x16", Work::Tokio, K, 16),
    new("tokio-16k", Work::Tokio, 16 * K, 1),
    new("tokio-1m", Work::Tokio, K * K, 1),
    new("tokio-owned-16x32", Work::TokioOwned, 16, 32),
    new("tokio-halves-16x32", Work::TokioHalves, 16, 32),
    new("tokio-broadcast", Work::TokioPrepared, 128, 8),
    new("tokio-open", Work::TokioOpen, 0, 1),
    new("blocking-16x1", Work::Blocking, 16, 1),
    new("blocking-16x32", Work::Blocking, 16, 32),
    new("blocking-1m", Work::Blocking, K * K, 1),
];

/// A browser's request to open a connection.
const REQUEST: &[u8] = b"GET /chat HTTP/1.1\r\n\
    Host: server.example.com\r\n\
    Connection: Upgrade\r\n\
    Pragma: no-cache\r\n\
    Cache-Control: no-cache\r\n\
    User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36\r\n\
    Upgrade: websocket\r\n\
    Origin: http://example.com\r\n\
    Sec-WebSocket-Version: 13\r\n\
    Accept-Encoding: gzip, deflate\r\n\
    Accept-Language: en\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// A client's Close frame with 1000.
const CLOSE: &[u8] = &[0x88, 0x82, 1, 2, 3, 4, 0x03 ^ 1, 0xE8 ^ 2];

const fn new(name: &'static str, work: Work, len: usize, depth: usize) -> Workload {
    Workload { name, work, len, depth }
}

impl Workload {
    /// Repeats the work `times` times. Returns the number of messages, and the number of system calls that a
    /// socket would have received.
    ///
    /// # Errors
    /// If the library fails.
    pub fn run(&self, times: usize) -> anyhow::Result<(usize, usize)> {
        let calls = match self.work {
            Work::Decode(kind) => self.decode(&self.wire(kind), times)?,
            Work::Gather => {
                self.decode(&frames::fragments(Kind::Binary, 0, self.len * self.depth, self.depth), times)?
            }
            Work::Encode(role) => {
                let (payload, mut end) = (frames::payload(Kind::Binary, 0, self.len), End::new(role));
                for _ in 0..times {
                    end.encode(Message::Binary(&payload), self.depth)?;
                }
                0
            }
            Work::Tokio => {
                let mut ws = ws_tokio::WebSocket::new(self.client(times), server());
                drive(async {
                    while let Some((message, mut reply)) = ws.message_ref().await? {
                        reply.feed(message).await?;
                    }
                    anyhow::Ok(())
                });
                ws.get_ref().calls()
            }
            Work::TokioOwned => {
                let mut ws = ws_tokio::WebSocket::new(self.client(times), server());
                drive(async {
                    while let Some(message) = ws.recv().await? {
                        ws.feed(message).await?;
                    }
                    anyhow::Ok(())
                });
                ws.get_ref().calls()
            }
            Work::TokioHalves => {
                let ws = ws_tokio::WebSocket::new(self.client(times), server());
                let (sender, mut receiver) = ws.split();
                drive(async {
                    while let Some(message) = receiver.message_ref().await? {
                        sender.feed(message).await?;
                    }
                    anyhow::Ok(())
                });
                sender.reunite(receiver)?.get_ref().calls()
            }
            Work::TokioPrepared => {
                let message = PreparedMessage::new(&frames::payload(Kind::Binary, 0, self.len)[..]);
                let mut ws = ws_tokio::WebSocket::new(Script::new(Vec::new(), 0), server());
                for _ in 0..times {
                    for _ in 0..self.depth {
                        drive(async { anyhow::Ok(ws.feed(&message).await?) });
                    }
                    drive(async { anyhow::Ok(ws.flush().await?) });
                }
                ws.get_ref().calls()
            }
            Work::TokioOpen => {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
                let _timers = runtime.enter();
                let mut calls = 0;
                for _ in 0..times {
                    drive(async {
                        let mut ws = ws_tokio::accept(Script::of(vec![REQUEST.into(), CLOSE.into()])).await?;
                        anyhow::ensure!(
                            ws.recv().await?.is_none() && ws.status().was_clean,
                            "no closing handshake"
                        );
                        calls += ws.get_ref().calls();
                        Ok(())
                    });
                }
                calls
            }
            Work::Blocking => {
                let mut ws = ws_blocking::WebSocket::new(self.client(times), server());
                let mut left = times * self.depth;
                while left > 0 {
                    let Some((message, mut reply)) = ws.message_ref()? else { break };
                    reply.feed(message)?;
                    left -= 1;
                }
                ws.flush()?;
                ws.get_ref().calls()
            }
        };
        Ok((times * self.depth, calls))
    }

    /// Receives `wire` from memory; makes no system call.
    fn decode(&self, wire: &[u8], times: usize) -> anyhow::Result<usize> {
        let mut end = End::new(Role::Server);
        for _ in 0..times {
            anyhow::ensure!(end.decode(wire)? == self.len * self.depth, "messages are missing");
        }
        Ok(0)
    }

    fn wire(&self, kind: Kind) -> Vec<u8> {
        (0..self.depth).flat_map(|number| frames::masked(kind, number, self.len)).collect()
    }

    fn client(&self, times: usize) -> Script {
        Script::new(self.wire(Kind::Binary), times)
    }
}

fn server() -> Connection {
    Connection::upgraded(Instant::ORIGIN, Role::Server, Config::default(), Agreement::default(), [7; 32])
}

/// Polls `work` to its end, and ignores its error: the client's stream may end without a Close frame here.
fn drive(work: impl Future<Output = anyhow::Result<()>>) {
    let mut work = pin!(work);
    let mut cx = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(_end) = work.as_mut().poll(&mut cx) {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calls(name: &str) -> f64 {
        let workload = ALL.iter().find(|workload| workload.name == name).unwrap();
        let (messages, calls) = workload.run(4).unwrap();
        calls as f64 / messages as f64
    }

    #[test]
    fn every_workload_goes_through_its_messages() {
        for workload in &ALL {
            assert_eq!(workload.run(3).unwrap().0, 3 * workload.depth, "{}", workload.name);
        }
    }

    #[test]
    fn messages_that_come_together_leave_together() {
        assert_eq!(calls("tokio-16x1"), 2.0);
        assert_eq!(calls("tokio-16x32"), 2.0 / 32.0);
        assert_eq!(calls("tokio-broadcast"), 1.0 / 8.0);
    }
}
