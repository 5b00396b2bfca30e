//! Peers whose bytes never stop.

use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use std::io;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use ws_core::handshake::Agreement;
use ws_core::{Config, Connection, Role};

use crate::clock::now;
use crate::stop::{Stop, Watch};
use crate::{Error, WebSocket};

/// A binary message of one byte, from a client.
const MESSAGE: [u8; 7] = [0x82, 0x81, 0, 0, 0, 0, 7];

/// How many messages may come before something has happened: all that one read takes, and some more.
const ROUNDS: usize = 100_000;

/// A client that sends messages for ever, and takes whatever it is sent.
#[derive(Default)]
struct Endless {
    at: usize,
    written: Vec<u8>,
}

impl AsyncRead for Endless {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let bytes = MESSAGE.iter().cycle().skip(self.at).take(buf.remaining());
        let bytes: Vec<u8> = bytes.copied().collect();
        self.at = (self.at + bytes.len()) % MESSAGE.len();
        buf.put_slice(&bytes);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Endless {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.written.extend(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

fn server() -> WebSocket<Endless> {
    let conn = Connection::upgraded(now(), Role::Server, Config::default(), Agreement::default(), [7; 32]);
    WebSocket::new(Endless::default(), conn)
}

/// Receives until `is_enough`.
async fn receive_until(
    ws: &mut WebSocket<Endless>,
    mut is_enough: impl FnMut(&WebSocket<Endless>) -> bool,
) -> Result<(), Error> {
    for _ in 0..ROUNDS {
        if is_enough(ws) {
            return Ok(());
        }
        ws.recv().await?;
    }
    panic!("{ROUNDS} messages came first");
}

#[tokio::test]
async fn a_peer_that_never_stops_is_told_of_a_shutdown() {
    let stop = Arc::<Stop>::default();
    let mut ws = server();
    ws.watch(Watch::new(Arc::clone(&stop)));
    receive_until(&mut ws, |ws| ws.get_ref().at > 0).await.expect("open");
    stop.close();
    receive_until(&mut ws, |ws| ws.get_ref().written == [0x88, 2, 0x03, 0xE9]).await.expect("told");
    stop.end();
    let ended = receive_until(&mut ws, WebSocket::is_closed).await;
    assert!(matches!(ended, Err(Error::WebSocket(ws_core::Error::UnexpectedEof))), "{ended:?}");
    assert!(ws.is_closed());
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_never_stops_cannot_put_off_a_deadline() {
    let mut ws = server();
    receive_until(&mut ws, |ws| ws.get_ref().at > 0).await.expect("open");
    ws.close(None).await.expect("open");
    tokio::time::advance(Duration::from_secs(6)).await;
    let ended = receive_until(&mut ws, WebSocket::is_closed).await;
    let timed_out = ws_core::Error::TimedOut(ws_core::Timer::Close);
    assert!(matches!(ended, Err(Error::WebSocket(error)) if error == timed_out), "{ended:?}");
}
