use core::pin::Pin;
use core::task::{Context, Poll};
use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The number of bytes that one direction holds before it takes no more.
const ROOM: usize = 20_000;

/// One end of a stream in memory that stutters: each call may do nothing, or little. For Tokio's traits and
/// those of `futures-io`.
#[derive(Debug)]
pub struct Stutter {
    incoming: Arc<Mutex<Pipe>>,
    outgoing: Arc<Mutex<Pipe>>,
    script: Vec<u8>,
    at: usize,
    writes: usize,
}

#[derive(Debug, Default)]
struct Pipe {
    bytes: VecDeque<u8>,
    is_ended: bool,
}

impl Stutter {
    /// Returns two ends. Each call takes the next step of `script`: 0 does nothing, more is the limit of
    /// moved bytes in tens. An empty script moves all there is.
    pub fn pair(script: &[u8]) -> (Self, Self) {
        let (one, other) = (Arc::default(), Arc::default());
        let end = |incoming: &Arc<_>, outgoing: &Arc<_>| Self {
            incoming: Arc::clone(incoming),
            outgoing: Arc::clone(outgoing),
            script: script.to_vec(),
            at: 0,
            writes: 0,
        };
        (end(&one, &other), end(&other, &one))
    }

    /// Returns the number of writes that moved something.
    pub fn writes(&self) -> usize {
        self.writes
    }

    fn allowance(&mut self) -> usize {
        let Some(&step) = self.script.get(self.at % self.script.len().max(1)) else { return usize::MAX };
        self.at += 1;
        // The stream does not stall for good: a script of zeros moves in the end.
        if step == 0 && !self.at.is_multiple_of(7) { 0 } else { usize::from(step).max(1) * 10 }
    }

    /// Returns the number of bytes that came, or `None` if the caller has to wait.
    fn read(&mut self, into: &mut [u8]) -> Option<usize> {
        let allowance = self.allowance().min(into.len());
        let mut pipe = lock(&self.incoming);
        let n = allowance.min(pipe.bytes.len());
        if n == 0 && !(pipe.is_ended && pipe.bytes.is_empty()) {
            return None;
        }
        into.iter_mut().zip(pipe.bytes.drain(..n)).for_each(|(to, from)| *to = from);
        Some(n)
    }

    fn write(&mut self, pieces: &[&[u8]]) -> Option<usize> {
        let allowance = self.allowance();
        let mut pipe = lock(&self.outgoing);
        assert!(!pipe.is_ended, "written after the end");
        let room = allowance.min(ROOM - pipe.bytes.len());
        let taken = pieces.iter().copied().flatten().take(room);
        let before = pipe.bytes.len();
        pipe.bytes.extend(taken);
        let n = pipe.bytes.len() - before;
        self.writes += usize::from(n > 0);
        (n > 0).then_some(n)
    }

    fn end(&mut self) -> Option<()> {
        if self.allowance() == 0 {
            return None;
        }
        lock(&self.outgoing).is_ended = true;
        Some(())
    }
}

fn lock(pipe: &Mutex<Pipe>) -> MutexGuard<'_, Pipe> {
    pipe.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns `done`. If it is `None`, wakes the task at once, so that the stream is polled again.
fn poll<T>(cx: &Context<'_>, done: Option<T>) -> Poll<io::Result<T>> {
    match done {
        Some(done) => Poll::Ready(Ok(done)),
        None => {
            cx.waker().wake_by_ref();
            Poll::Pending
        }
    }
}

fn pieces<'a>(slices: &'a [io::IoSlice<'_>]) -> Vec<&'a [u8]> {
    slices.iter().map(|slice| &**slice).collect()
}

impl futures_io::AsyncRead for Stutter {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut [u8]) -> Poll<io::Result<usize>> {
        poll(cx, self.read(into))
    }
}

impl futures_io::AsyncWrite for Stutter {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        poll(cx, self.write(&[bytes]))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        poll(cx, self.write(&pieces(slices)))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        poll(cx, self.end())
    }
}

impl tokio::io::AsyncRead for Stutter {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut tokio::io::ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = self.read(into.initialize_unfilled());
        poll(cx, read.map(|n| into.advance(n)))
    }
}

impl tokio::io::AsyncWrite for Stutter {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        poll(cx, self.write(&[bytes]))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        poll(cx, self.write(&pieces(slices)))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        poll(cx, self.end())
    }
}
