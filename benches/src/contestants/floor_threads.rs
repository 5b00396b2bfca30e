//! TCP with a thread for each connection, without WebSocket.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};

use crate::contestant::{Contestant, Program, Standing};
use crate::on_threads;
use crate::task::Task;
use crate::workload::{ANSWER, CLOSE, Framing, READ_SIZE, is_head};

pub(crate) const CONTESTANT: Contestant = Contestant {
    name: "floor-threads",
    title: "TCP on threads",
    standing: Standing::Floor,
    framing: Framing::Bytes,
    can: |task| matches!(task, Task::Echo(_) | Task::Open),
    program: Program::Here(serve),
};

fn serve(listener: TcpListener, task: Task) -> anyhow::Result<()> {
    match task {
        Task::Echo(len) => on_threads::accept_all(listener, move |stream| echo(stream, len)),
        Task::Open => on_threads::accept_all(listener, open),
        Task::Tls(_) | Task::Deflate(_) | Task::Broadcast { .. } => anyhow::bail!("it only echoes"),
    }
}

/// Sends back the input, in whole messages of `len` bytes.
fn echo(mut stream: TcpStream, len: usize) -> anyhow::Result<()> {
    let mut memory = vec![0; READ_SIZE.next_multiple_of(len).max(2 * len)];
    let mut held = 0;
    loop {
        let n = stream.read(&mut memory[held..])?;
        if n == 0 {
            return Ok(());
        }
        held += n;
        if held % len == 0 {
            stream.write_all(&memory[..held])?;
            held = 0;
        }
    }
}

/// Answers each request and each Close frame with fixed bytes.
fn open(mut stream: TcpStream) -> anyhow::Result<()> {
    let mut memory = [0; 1024];
    let n = stream.read(&mut memory)?;
    anyhow::ensure!(is_head(&memory[..n]), "it comes in pieces");
    stream.write_all(ANSWER)?;
    anyhow::ensure!(stream.read(&mut memory)? != 0, "the client has gone");
    stream.write_all(&CLOSE)?;
    stream.shutdown(Shutdown::Write)?;
    while stream.read(&mut memory)? != 0 {}
    Ok(())
}
