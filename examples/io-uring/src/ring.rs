//! Connections whose bytes are moved by the kernel.

use std::error::Error;
use std::io::{self, ErrorKind};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::fd::AsRawFd as _;
use std::time;

use bytes::Buf as _;
use io_uring::{IoUring, opcode, types};
use ws_core::handshake::{Accept, ClientRequest};
use ws_core::{CloseCode, Config, Connection, Event, Instant, Message, RecvBuf, Transmit};

/// The end and the direction of a completion.
const READ: u64 = 0;
const WRITE: u64 = 1;

/// The largest read, in bytes.
const READ_SIZE: usize = 16 << 10;

/// One end of a connection.
struct End {
    stream: TcpStream,
    conn: Connection,
    input: RecvBuf,
    /// The memory that the kernel reads into. It stays in place, and is not touched, while `is_reading`.
    read: Box<[u8]>,
    is_reading: bool,
    /// The memory that the kernel writes, from `written` on. It is not touched while `is_writing`.
    write: Vec<u8>,
    written: usize,
    is_writing: bool,
}

impl End {
    fn new(stream: TcpStream, conn: Connection) -> Self {
        Self {
            stream,
            conn,
            input: RecvBuf::new(),
            read: vec![0; READ_SIZE].into_boxed_slice(),
            is_reading: false,
            write: Vec::new(),
            written: 0,
            is_writing: false,
        }
    }

    /// Acts on all that has come, and submits the next operations to the kernel.
    fn advance(&mut self, now: Instant, ring: &mut IoUring, token: u64) -> Result<(), Box<dyn Error>> {
        self.conn.handle_timeout(now);
        while let Some(event) = self.conn.poll_event(now, &mut self.input)? {
            react(now, &mut self.conn, event)?;
        }
        if !self.is_writing {
            self.take_output()?;
            if self.written < self.write.len() {
                self.submit_write(ring, token)?;
            }
        }
        if !self.is_reading && self.conn.wants_input() {
            self.submit_read(ring, token)?;
        }
        Ok(())
    }

    /// Takes the output out of the core, whose queue may move its memory meanwhile.
    fn take_output(&mut self) -> io::Result<()> {
        if self.written < self.write.len() {
            return Ok(());
        }
        self.write.clear();
        self.written = 0;
        while let Some(transmit) = self.conn.poll_transmit() {
            match transmit {
                Transmit::Data(out) => {
                    let chunk = out.chunk();
                    let n = chunk.len();
                    self.write.extend_from_slice(chunk);
                    out.advance(n);
                }
                // The end of the stream comes after the output that was taken before.
                Transmit::Shutdown if !self.write.is_empty() => break,
                Transmit::Shutdown => {
                    self.stream.shutdown(Shutdown::Write)?;
                    self.conn.handle_shutdown();
                }
            }
        }
        Ok(())
    }

    fn submit_write(&mut self, ring: &mut IoUring, token: u64) -> io::Result<()> {
        let bytes = &self.write[self.written..];
        let len = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let entry = opcode::Send::new(types::Fd(self.stream.as_raw_fd()), bytes.as_ptr(), len)
            .flags(MSG_NOSIGNAL)
            .build()
            .user_data(token | WRITE);
        // SAFETY: `write` is neither changed nor freed before the completion resets `is_writing`:
        // `take_output` is not called, and `run` drops no end before its completions have come.
        unsafe { push(ring, &entry)? };
        self.is_writing = true;
        Ok(())
    }

    fn submit_read(&mut self, ring: &mut IoUring, token: u64) -> io::Result<()> {
        let len = u32::try_from(self.read.len()).unwrap_or(u32::MAX);
        let entry = opcode::Recv::new(types::Fd(self.stream.as_raw_fd()), self.read.as_mut_ptr(), len)
            .build()
            .user_data(token | READ);
        // SAFETY: `read` is not touched before the completion resets `is_reading`, its memory is on the heap
        // and never exchanged, and `run` drops no end before its completions have come.
        unsafe { push(ring, &entry)? };
        self.is_reading = true;
        Ok(())
    }

    /// Records what the kernel did: the number of bytes in `result`, or an error below zero.
    fn complete(&mut self, direction: u64, result: i32) {
        let is_retried = result < 0
            && matches!(
                io::Error::from_raw_os_error(-result).kind(),
                ErrorKind::Interrupted | ErrorKind::WouldBlock
            );
        if direction == READ {
            self.is_reading = false;
            match usize::try_from(result) {
                Ok(0) => self.conn.handle_eof(),
                Ok(n) => self.input.extend(&self.read[..n]),
                Err(_) if is_retried => {}
                Err(_) => self.conn.handle_reset(),
            }
        } else {
            self.is_writing = false;
            match usize::try_from(result) {
                Ok(n) => self.written += n,
                Err(_) if is_retried => {}
                Err(_) => {
                    self.written = self.write.len();
                    self.conn.handle_broken_pipe();
                }
            }
        }
    }

    fn is_over(&self) -> bool {
        self.conn.is_closed() && !self.is_reading && !self.is_writing
    }
}

/// A write to a peer that has gone is an error, not a signal: Linux's number for that.
const MSG_NOSIGNAL: i32 = 0x4000;

/// Queues a submission, after making room if there is none.
///
/// # Safety
/// The memory that the entry points to must live, and must not be touched, until its completion has come.
unsafe fn push(ring: &mut IoUring, entry: &io_uring::squeue::Entry) -> io::Result<()> {
    // SAFETY: the caller guarantees this for the memory.
    while unsafe { ring.submission().push(entry) }.is_err() {
        ring.submit()?;
    }
    Ok(())
}

/// Handles an event at either end.
fn react(now: Instant, conn: &mut Connection, event: Event<'_>) -> Result<(), Box<dyn Error>> {
    match (conn.role(), event) {
        (ws_core::Role::Server, Event::Request(request)) if request.is_upgrade() => {
            conn.accept(now, &Accept::new())?;
        }
        (ws_core::Role::Server, Event::Message(message)) => conn.send(message)?,
        (ws_core::Role::Client, Event::Open(_)) => conn.send("hello, io_uring")?,
        (ws_core::Role::Client, Event::Message(message)) => {
            println!("echoed: {message:?}");
            assert_eq!(message, Message::Text("hello, io_uring"));
            conn.close(now, CloseCode::NORMAL)?;
        }
        _ => {}
    }
    Ok(())
}

pub(crate) fn run(mut ring: IoUring) -> Result<(), Box<dyn Error>> {
    let start = time::Instant::now();
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let client = TcpStream::connect(listener.local_addr()?)?;
    let (server, _) = listener.accept()?;

    let host = listener.local_addr()?.to_string();
    let mut entropy = [0; 32];
    getrandom::fill(&mut entropy)?;
    let request = ClientRequest::new(&host, "/")?;
    let client = End::new(client, Connection::client(Instant::ORIGIN, Config::default(), &request, entropy));
    let server = End::new(server, Connection::server(Instant::ORIGIN, Config::default()));
    // An error below must not free memory that the kernel uses.
    let mut ends = core::mem::ManuallyDrop::new([client, server]);

    while ends.iter().any(|end| !end.is_over()) {
        let now = Instant::from_origin(start.elapsed());
        for (end, token) in ends.iter_mut().zip((0..).step_by(2)) {
            if !end.conn.is_closed() {
                end.advance(now, &mut ring, token)?;
            } else if end.is_reading || end.is_writing {
                // Operations under way end with the socket.
                let _ = end.stream.shutdown(Shutdown::Both);
            }
        }
        if ends.iter().all(End::is_over) {
            break;
        }
        wait(&mut ring, now, ends.iter().filter_map(|end| end.conn.poll_timeout()).min())?;
        for completion in ring.completion() {
            let token = completion.user_data();
            if let Some(end) = usize::try_from(token / 2).ok().and_then(|at| ends.get_mut(at)) {
                end.complete(token % 2, completion.result());
            }
        }
    }
    println!("closed: {}", ends[0].conn.close_code());
    drop(core::mem::ManuallyDrop::into_inner(ends));
    Ok(())
}

/// Waits for a completion, or up to the deadline.
fn wait(ring: &mut IoUring, now: Instant, deadline: Option<Instant>) -> io::Result<()> {
    let Some(deadline) = deadline else { return ring.submit_and_wait(1).map(drop) };
    let span = types::Timespec::from(deadline.since_origin().saturating_sub(now.since_origin()));
    let waited = ring.submitter().submit_with_args(1, &types::SubmitArgs::new().timespec(&span));
    match waited {
        Err(error)
            if matches!(error.raw_os_error(), Some(ETIME)) || error.kind() == ErrorKind::Interrupted =>
        {
            Ok(())
        }
        waited => waited.map(drop),
    }
}

/// The time to wait has passed: Linux's number for that.
const ETIME: i32 = 62;
