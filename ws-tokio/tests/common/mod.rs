//! A pair of streams in memory that stutter: each call may do nothing, or little.
#![allow(dead_code, reason = "every test file uses a part of it")]

#[cfg(feature = "tls")]
pub(crate) mod certificates;

use core::cell::RefCell;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use std::collections::VecDeque;
use std::io;
use std::rc::Rc;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use ws_tokio::ws_core::{Connection, Instant, Role};
use ws_tokio::{Agreement, Config, WebSocket};

/// How much one direction holds before it takes no more.
const ROOM: usize = 20_000;

#[derive(Default)]
struct Pipe {
    bytes: VecDeque<u8>,
    is_ended: bool,
}

/// One end of the pair.
pub(crate) struct End {
    incoming: Rc<RefCell<Pipe>>,
    outgoing: Rc<RefCell<Pipe>>,
    script: Vec<u8>,
    at: usize,
}

impl End {
    /// Two ends; each call takes the next of `script`: 0 does nothing, more is how many tens of bytes are moved at most. An empty
    /// script moves all there is.
    pub(crate) fn pair(script: &[u8]) -> (Self, Self) {
        let (one, other) = (Rc::default(), Rc::default());
        let end = |incoming: &Rc<_>, outgoing: &Rc<_>| Self {
            incoming: Rc::clone(incoming),
            outgoing: Rc::clone(outgoing),
            script: script.to_vec(),
            at: 0,
        };
        (end(&one, &other), end(&other, &one))
    }

    fn allowance(&mut self) -> usize {
        let Some(&step) = self.script.get(self.at % self.script.len().max(1)) else { return usize::MAX };
        self.at += 1;
        // Nothing is stuck for good: a script of zeros moves in the end.
        if step == 0 && !self.at.is_multiple_of(7) { 0 } else { usize::from(step).max(1) * 10 }
    }
}

impl AsyncRead for End {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let allowance = self.allowance().min(buf.remaining());
        let mut pipe = self.incoming.borrow_mut();
        let n = allowance.min(pipe.bytes.len());
        if n == 0 && !(pipe.is_ended && pipe.bytes.is_empty()) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let bytes: Vec<u8> = pipe.bytes.drain(..n).collect();
        buf.put_slice(&bytes);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for End {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let allowance = self.allowance().min(bytes.len());
        let mut pipe = self.outgoing.borrow_mut();
        assert!(!pipe.is_ended, "written after the end");
        let n = allowance.min(ROOM - pipe.bytes.len());
        if n == 0 {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        pipe.bytes.extend(&bytes[..n]);
        Poll::Ready(Ok(n))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.allowance() == 0 {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.outgoing.borrow_mut().is_ended = true;
        Poll::Ready(Ok(()))
    }
}

/// One end of an open connection over `io`.
pub(crate) fn open(io: End, role: Role, config: &Config) -> WebSocket<End> {
    let conn = Connection::upgraded(Instant::ORIGIN, role, config.clone(), Agreement::default(), [7; 32]);
    WebSocket::new(io, conn)
}

/// Polls `future` at most `polls` times; it is dropped afterwards, done or not.
pub(crate) fn poll_times<F: Future>(future: F, polls: usize) -> Option<F::Output> {
    let mut future = std::pin::pin!(future);
    let mut cx = Context::from_waker(Waker::noop());
    (0..polls).find_map(|_| match future.as_mut().poll(&mut cx) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    })
}

/// The clock and the timers that connections need, with nothing that runs.
pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime")
}
