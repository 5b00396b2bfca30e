//! TCP on Tokio, without WebSocket: the floor of servers there.

use std::net::TcpListener;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::memory;
use crate::contestant::{Contestant, Program, Standing};
use crate::on_tokio::{self, Receiver};
use crate::task::Task;
use crate::workload::{ANSWER, CLOSE, Framing, is_head};

pub(crate) const CONTESTANT: Contestant = Contestant {
    name: "floor-tokio",
    title: "TCP on tokio",
    standing: Standing::Floor,
    framing: Framing::Bytes,
    can: |task| matches!(task, Task::Echo(_) | Task::Broadcast { .. } | Task::Open),
    program: Program::Here(serve),
};

fn serve(listener: TcpListener, task: Task) -> anyhow::Result<()> {
    match task {
        Task::Echo(len) => on_tokio::accept_all(listener, move |stream| echo(stream, len)),
        Task::Open => on_tokio::accept_all(listener, open),
        Task::Broadcast { receivers, burst } => {
            on_tokio::broadcast::<TcpReceiver>(listener, receivers, burst)
        }
        Task::Tls(_) | Task::Deflate(_) => anyhow::bail!("it neither encrypts nor compresses"),
    }
}

/// Sends back the input, in whole messages of `len` bytes.
async fn echo(mut stream: TcpStream, len: usize) -> anyhow::Result<()> {
    // No memory is held while nothing comes.
    loop {
        stream.readable().await?;
        let mut memory = memory::take(len);
        let mut held = match stream.try_read(&mut memory) {
            Ok(0) => return Ok(()),
            Ok(n) => n,
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => 0,
            Err(error) => return Err(error.into()),
        };
        while held % len != 0 {
            let n = stream.read(&mut memory[held..]).await?;
            anyhow::ensure!(n != 0, "it ends within a message");
            held += n;
        }
        stream.write_all(&memory[..held]).await?;
        memory::put(memory);
    }
}

/// Answers each request and each Close frame with fixed bytes.
async fn open(mut stream: TcpStream) -> anyhow::Result<()> {
    let mut held = Vec::with_capacity(1024);
    while !is_head(&held) {
        anyhow::ensure!(stream.read_buf(&mut held).await? != 0, "the client has gone");
    }
    stream.write_all(ANSWER).await?;
    held.clear();
    stream.read_buf(&mut held).await?;
    stream.write_all(&CLOSE).await?;
    stream.shutdown().await?;
    while stream.read_buf(&mut held).await? != 0 {}
    Ok(())
}

/// Messages of a known length.
struct TcpReceiver(TcpStream);

impl Receiver for TcpReceiver {
    type Burst = Vec<u8>;

    async fn open(stream: TcpStream) -> anyhow::Result<Self> {
        Ok(Self(stream))
    }

    async fn receive(&mut self, count: usize) -> anyhow::Result<Vec<u8>> {
        let mut burst = Vec::new();
        for _ in 0..count {
            let len = usize::from(self.0.read_u16().await?);
            let start = burst.len();
            burst.resize(start + len, 0);
            self.0.read_exact(&mut burst[start..]).await?;
        }
        Ok(burst)
    }

    async fn send(&mut self, burst: &Vec<u8>) -> anyhow::Result<()> {
        Ok(self.0.write_all(burst).await?)
    }
}
