//! TCP on smol, without WebSocket: the floor of servers there.

use std::future::poll_fn;
use std::net::TcpListener;
use std::pin::Pin;
use std::task::Poll;

use smol::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use super::memory;
use crate::contestant::{Contestant, Program, Standing};
use crate::on_smol;
use crate::task::Task;
use crate::workload::Framing;

pub(crate) const CONTESTANT: Contestant = Contestant {
    name: "floor-smol",
    title: "TCP on smol",
    standing: Standing::Floor,
    framing: Framing::Bytes,
    can: |task| matches!(task, Task::Echo(_)),
    program: Program::Here(serve),
};

fn serve(listener: TcpListener, task: Task) -> anyhow::Result<()> {
    let Task::Echo(len) = task else { anyhow::bail!("it only echoes") };
    on_smol::accept_all(listener, move |stream| echo(stream, len))
}

/// Sends back the input, in whole messages of `len` bytes.
pub(super) async fn echo(mut stream: impl AsyncRead + AsyncWrite + Unpin, len: usize) -> anyhow::Result<()> {
    loop {
        // No memory is held while nothing comes.
        let (mut memory, mut held) = poll_fn(|cx| {
            let mut memory = memory::take(len);
            let read = Pin::new(&mut stream).poll_read(cx, &mut memory);
            match read {
                Poll::Ready(read) => Poll::Ready(read.map(|n| (memory, n))),
                Poll::Pending => {
                    memory::put(memory);
                    Poll::Pending
                }
            }
        })
        .await?;
        if held == 0 {
            return Ok(());
        }
        while held % len != 0 {
            let n = stream.read(&mut memory[held..]).await?;
            anyhow::ensure!(n != 0, "it ends within a message");
            held += n;
        }
        stream.write_all(&memory[..held]).await?;
        memory::put(memory);
    }
}
