//! A peer that never stops sending.

use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use std::io;

use futures_io::{AsyncRead, AsyncWrite};
use ws_core::handshake::Agreement;
use ws_core::{Connection, Role, Timeout};
use ws_smol::ws_driver::Timer as _;
use ws_smol::{Config, Error, Smol as Clock, WebSocket};

/// A binary message of one byte, from a client.
const MESSAGE: [u8; 7] = [0x82, 0x81, 0, 0, 0, 0, 7];

/// The number of messages after which the test fails: far more than come until the deadline.
const ROUNDS: usize = 5_000_000;

/// A client that sends messages without end, and takes all bytes that it is sent.
struct Endless(usize);

impl AsyncRead for Endless {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        for (byte, &next) in buf.iter_mut().zip(MESSAGE.iter().cycle().skip(self.0)) {
            *byte = next;
        }
        self.0 = (self.0 + buf.len()) % MESSAGE.len();
        Poll::Ready(Ok(buf.len()))
    }
}

impl AsyncWrite for Endless {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// close-H2: A peer that never stops cannot put off a deadline.
#[test]
fn a_peer_that_never_stops_cannot_put_off_a_deadline() {
    smol::block_on(async {
        let config = Config::new().close_timeout(Duration::from_millis(1));
        let conn = Connection::upgraded(Clock::now(), Role::Server, config, Agreement::default(), [7; 32]);
        let mut ws = WebSocket::new(Endless(0), conn);
        ws.close(None).await.expect("open");
        for _ in 0..ROUNDS {
            if let Err(error) = ws.recv().await {
                let timed_out = ws_core::Error::TimedOut(Timeout::Close);
                assert!(matches!(error, Error::WebSocket(error) if error == timed_out), "{error:?}");
                return;
            }
        }
        panic!("{ROUNDS} messages came first");
    });
}
