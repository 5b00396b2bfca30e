//! TCP on epoll, without WebSocket.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpListener;

use mio::net::TcpStream;

use crate::contestant::{Contestant, Program, Standing};
use crate::on_epoll::{self, Peer};
use crate::task::Task;
use crate::workload::{ANSWER, CLOSE, Framing, READ_SIZE, is_head};

pub(crate) const CONTESTANT: Contestant = Contestant {
    name: "floor-epoll",
    title: "TCP on epoll",
    standing: Standing::Floor,
    framing: Framing::Bytes,
    can: |task| matches!(task, Task::Echo(_) | Task::Open),
    program: Program::Here(serve),
};

fn serve(listener: TcpListener, task: Task) -> anyhow::Result<()> {
    match task {
        Task::Echo(len) => {
            let mut memory = vec![0; READ_SIZE.next_multiple_of(len).max(2 * len)];
            on_epoll::serve(listener, |stream| Echo { stream, len, rest: None }, &mut memory)
        }
        Task::Open => {
            on_epoll::serve(listener, |stream| Open { stream, answered: false }, &mut vec![0; 1024])
        }
        Task::Tls(_) | Task::Deflate(_) | Task::Broadcast { .. } => anyhow::bail!("it only echoes"),
    }
}

/// Sends back the input, in whole messages of `len` bytes.
struct Echo {
    stream: TcpStream,
    len: usize,
    /// The memory with bytes that the socket did not take, or that are not a whole message yet; the number of
    /// bytes in use, and the number of those that are written.
    rest: Option<(Vec<u8>, usize, usize)>,
}

impl Peer for Echo {
    type Shared = Vec<u8>;

    fn stream(&mut self) -> &mut TcpStream {
        &mut self.stream
    }

    fn ready(&mut self, shared: &mut Vec<u8>) -> anyhow::Result<bool> {
        loop {
            let (mut memory, mut held, mut written) =
                self.rest.take().unwrap_or_else(|| (std::mem::take(shared), 0, 0));
            if held == 0 || held % self.len != 0 {
                match self.stream.read(&mut memory[held..]) {
                    Ok(0) => return Ok(false),
                    Ok(n) => held += n,
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {
                        return Ok(self.keep(shared, (memory, held, written)));
                    }
                    Err(error) => return Err(error.into()),
                }
                if held % self.len != 0 {
                    self.rest = Some((memory, held, written));
                    continue;
                }
            }
            while written < held {
                match self.stream.write(&memory[written..held]) {
                    Ok(n) => written += n,
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {
                        return Ok(self.keep(shared, (memory, held, written)));
                    }
                    Err(error) => return Err(error.into()),
                }
            }
            let is_drained = held < memory.len();
            self.keep(shared, (memory, 0, 0));
            if is_drained {
                return Ok(true);
            }
        }
    }
}

impl Echo {
    /// Gives the memory back to `shared` if it is empty. Otherwise keeps it, and allocates other memory for
    /// `shared`.
    fn keep(&mut self, shared: &mut Vec<u8>, (memory, held, written): (Vec<u8>, usize, usize)) -> bool {
        if held == 0 {
            *shared = memory;
        } else {
            *shared = vec![0; memory.len()];
            self.rest = Some((memory, held, written));
        }
        true
    }
}

/// Answers each request and each Close frame with fixed bytes.
struct Open {
    stream: TcpStream,
    answered: bool,
}

impl Peer for Open {
    type Shared = Vec<u8>;

    fn stream(&mut self) -> &mut TcpStream {
        &mut self.stream
    }

    fn ready(&mut self, shared: &mut Vec<u8>) -> anyhow::Result<bool> {
        loop {
            match self.stream.read(shared) {
                Ok(0) => return Ok(false),
                Ok(n) if self.answered => {
                    anyhow::ensure!(n < shared.len(), "that is not a Close frame");
                    self.stream.write_all(&CLOSE)?;
                    self.stream.shutdown(std::net::Shutdown::Write)?;
                }
                Ok(n) => {
                    anyhow::ensure!(is_head(&shared[..n]), "it comes in pieces");
                    self.stream.write_all(ANSWER)?;
                    self.answered = true;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(true),
                Err(error) => return Err(error.into()),
            }
        }
    }
}
