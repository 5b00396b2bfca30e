//! The bare core on epoll: `Connection`, `RecvBuf` and `Pool` in an event loop of its own.

use std::io::{self, ErrorKind, IoSlice, Read as _, Write as _};
use std::net::{Shutdown, TcpListener};
use std::sync::Arc;
use std::time::Instant as Clock;

use bytes::Buf as _;
use mio::net::TcpStream;
use ws_core::handshake::Accept;
use ws_core::{Config, Connection, Event, Instant, Message, Output, Pool, RecvBuf, Transmit, WaitingEvent};

use crate::bar::Bar;
use crate::contestant::{Contestant, Program, Standing};
use crate::on_epoll::{self, Peer};
use crate::task::Task;
use crate::workload::Framing;

pub(crate) const CONTESTANT: Contestant = Contestant {
    name: "core-epoll",
    title: "ws-core on epoll",
    standing: Standing::Ours { floor: "floor-epoll", bar: Bar::OfCase(1.0) },
    framing: Framing::WebSocket,
    can: |task| matches!(task, Task::Echo(_) | Task::Open),
    program: Program::Here(serve),
};

fn serve(listener: TcpListener, _task: Task) -> anyhow::Result<()> {
    let mut shared = Shared { begun: Clock::now(), pool: Pool::new() };
    let (config, now) = (Arc::new(Config::default()), shared.now());
    on_epoll::serve(listener, |stream| Socket::new(stream, now, &config), &mut shared)
}

/// The clock and the memory that all connections share.
struct Shared {
    begun: Clock,
    pool: Pool,
}

impl Shared {
    fn now(&self) -> Instant {
        Instant::from_origin(self.begun.elapsed())
    }
}

/// One connection. This event loop has no timers, so deadlines are ignored.
struct Socket {
    stream: TcpStream,
    conn: Connection,
    input: RecvBuf,
}

impl Socket {
    fn new(stream: TcpStream, now: Instant, config: &Arc<Config>) -> Self {
        Self { stream, conn: Connection::server(now, Arc::clone(config)), input: RecvBuf::new() }
    }

    /// Sends back all messages that have come.
    fn echo(&mut self, now: Instant, pool: &mut Pool) -> anyhow::Result<()> {
        while self.conn.receive(now, &mut self.input)? {
            if self.input.waiting_event() != WaitingEvent::Message {
                if let Some(Ok(Event::Request(_))) = self.input.take_event() {
                    self.conn.accept(now, &Accept::new())?;
                }
                continue;
            }
            pool.lend(self.conn.output());
            let Some(Ok(message)) = self.input.take_message() else { continue };
            if message.as_bytes().len() < Connection::LEND_MIN {
                self.conn.send(message)?;
            } else {
                send_lent(&mut self.conn, &mut self.stream, message)?;
            }
        }
        Ok(())
    }

    /// Writes the output, as far as the socket takes it.
    fn flush(&mut self) -> io::Result<()> {
        while let Some(transmit) = self.conn.poll_transmit() {
            match transmit {
                Transmit::Data(out) => {
                    if !write(&mut self.stream, out)? {
                        break;
                    }
                }
                Transmit::Shutdown => {
                    self.stream.shutdown(Shutdown::Write)?;
                    self.conn.handle_shutdown();
                }
            }
        }
        Ok(())
    }
}

impl Peer for Socket {
    type Shared = Shared;

    fn stream(&mut self) -> &mut TcpStream {
        &mut self.stream
    }

    fn ready(&mut self, shared: &mut Shared) -> anyhow::Result<bool> {
        let now = shared.now();
        self.flush()?;
        while self.conn.wants_input() {
            shared.pool.prepare(&mut self.input);
            let spare = self.input.spare_mut();
            let room = spare.len();
            let n = match self.stream.read(spare) {
                Ok(n) => n,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error.into()),
            };
            if n == 0 {
                self.conn.handle_eof();
            }
            self.input.commit(n);
            self.echo(now, &mut shared.pool)?;
            self.flush()?;
            if n < room {
                break;
            }
        }
        shared.pool.park(&mut self.input);
        shared.pool.reclaim(self.conn.output());
        Ok(!self.conn.is_closed())
    }
}

/// Writes a large payload from its own memory; what the socket does not take is copied.
fn send_lent(conn: &mut Connection, stream: &mut TcpStream, message: Message<'_>) -> anyhow::Result<()> {
    let mut lent = conn.send_lent(message)?;
    while lent.has_remaining() && write(stream, &mut lent)? {}
    Ok(())
}

/// Writes once; returns `false` if the socket takes nothing now.
fn write(stream: &mut TcpStream, out: &mut impl Output) -> io::Result<bool> {
    let mut pieces: [&[u8]; 4] = [b""; 4];
    let filled = out.slices(&mut pieces);
    let written = match pieces[..filled] {
        [piece] => stream.write(piece),
        _ => stream.write_vectored(&pieces.map(IoSlice::new)[..filled]),
    };
    match written {
        Ok(n) => {
            out.advance(n);
            Ok(true)
        }
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(false),
        Err(error) => Err(error),
    }
}
