use core::cell::Cell;
use core::fmt;
use core::time::Duration;
use std::io::{self, Error, ErrorKind, IoSlice, Read, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread::LocalKey;

use ws_core::Instant;
use ws_core::serve::Shutdown;
use ws_tls::rustls::{self, Connection, ProtocolVersion};
use ws_tls::{CertificateDer, ClientTls, ServerTls, TlsError, check_protocol};

use crate::clock::{now, wait_until};
use crate::socket::BRIEF;
use crate::stop::ASK;
use crate::{CloneTransport, Transport};

/// The number of bytes to read at once: the longest record (RFC 5246 §6.2.3).
const READ: usize = 5 + (1 << 14) + 2048;

thread_local! {
    /// Memory for what was read and is not decrypted yet.
    static READING: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
    /// Memory for what was encrypted and is not written yet.
    static WRITING: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// TLS over a blocking transport.
///
/// Two threads can use clones of it at once: a read that waits does not hold up a write, nor a write a read.
/// If the stream was cut off, a read fails with [`ErrorKind::UnexpectedEof`]; if the peer ended it, a read
/// returns 0.
pub struct TlsStream<S> {
    io: S,
    /// Whether reads have a timeout, and so may return without a byte.
    has_read_timeout: bool,
    shared: Arc<Shared>,
}

struct Shared {
    /// Never held during a system call.
    session: Mutex<Connection>,
    /// Held by the thread that reads.
    incoming: Mutex<Incoming>,
    /// Held by the thread that writes. It is never taken while `session` is held.
    outgoing: Mutex<Outgoing>,
}

/// Bytes that were read, and for which the caller's buffer had no room.
#[derive(Default)]
struct Incoming {
    ciphertext: Vec<u8>,
    /// The failure to return once all that came before it is read.
    failed: Option<rustls::Error>,
}

/// Bytes that were encrypted, and that the transport has not taken from `at` on.
#[derive(Default)]
struct Outgoing {
    ciphertext: Vec<u8>,
    at: usize,
}

impl<S: Transport> TlsStream<S> {
    /// Performs the TLS handshake with `host` over `io`, within `time_limit` if there is one. `host` is a
    /// name or an IP address without brackets.
    ///
    /// # Errors
    /// Those of the transport; [`ErrorKind::TimedOut`]; [`ErrorKind::InvalidData`], which wraps a
    /// [`TlsError`].
    pub fn connect(io: S, tls: &ClientTls, host: &str, time_limit: Option<Duration>) -> io::Result<Self> {
        Self::start(io, tls.session(host)?.into(), time_limit, None)
    }

    /// Performs the TLS handshake with a client over `io`, within `time_limit` if there is one.
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    pub fn accept(io: S, tls: &ServerTls, time_limit: Option<Duration>) -> io::Result<Self> {
        Self::start(io, tls.session()?.into(), time_limit, None)
    }

    /// As [`accept`](Self::accept), but fails when the server shuts down.
    pub(crate) fn accept_watched(
        io: S,
        tls: &ServerTls,
        time_limit: Option<Duration>,
        stop: &Shutdown,
    ) -> io::Result<Self> {
        Self::start(io, tls.session()?.into(), time_limit, Some(stop))
    }

    fn start(
        mut io: S,
        mut session: Connection,
        time_limit: Option<Duration>,
        stop: Option<&Shutdown>,
    ) -> io::Result<Self> {
        let deadline = time_limit.map(|limit| now() + limit);
        shake_hands(&mut io, &mut session, || left(deadline, stop))?;
        check_protocol(session.alpn_protocol())?;
        if deadline.is_some() || stop.is_some() {
            io.set_read_timeout(None)?;
            io.set_write_timeout(None)?;
        }
        let shared =
            Shared { session: Mutex::new(session), incoming: Mutex::default(), outgoing: Mutex::default() };
        Ok(Self { io, has_read_timeout: false, shared: Arc::new(shared) })
    }
}

impl<S> TlsStream<S> {
    /// Returns the certificates that the peer has shown, its own first; `None` if it has shown none.
    pub fn peer_certificates(&self) -> Option<Vec<CertificateDer<'static>>> {
        let session = lock(&self.shared.session);
        Some(
            session.peer_certificates()?.iter().map(|certificate| certificate.clone().into_owned()).collect(),
        )
    }

    /// Returns the version of TLS in use.
    pub fn protocol_version(&self) -> Option<ProtocolVersion> {
        lock(&self.shared.session).protocol_version()
    }

    /// Returns the host that the client asked for by SNI (RFC 6066 §3); `None` at a client.
    pub fn server_name(&self) -> Option<String> {
        match &*lock(&self.shared.session) {
            Connection::Server(session) => session.server_name().map(str::to_owned),
            Connection::Client(_) => None,
        }
    }

    /// Returns the protocol that was agreed on by ALPN, if any (RFC 7301).
    pub fn alpn_protocol(&self) -> Option<Vec<u8>> {
        lock(&self.shared.session).alpn_protocol().map(<[u8]>::to_vec)
    }

    /// Returns the transport beneath TLS.
    pub fn get_ref(&self) -> &S {
        &self.io
    }
}

/// Performs the handshake. No other thread uses the session yet.
fn shake_hands(
    io: &mut impl Transport,
    session: &mut Connection,
    left: impl Fn() -> io::Result<Option<Duration>>,
) -> io::Result<()> {
    loop {
        while session.wants_write() {
            io.set_write_timeout(left()?)?;
            again(session.write_tls(io))?;
        }
        io.flush()?;
        if !session.is_handshaking() {
            return Ok(());
        }
        io.set_read_timeout(left()?)?;
        match session.read_tls(io) {
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            read => again(read)?,
        }
        if let Err(error) = session.process_new_packets() {
            // Writes the alert with the reason, if the peer reads.
            let _ = io.set_write_timeout(Some(BRIEF));
            let _ = session.write_tls(io).and_then(|_| io.flush());
            return Err(TlsError::from(error).into());
        }
    }
}

/// Returns how long to wait until `deadline`, or until the next check for the server's shutdown.
fn left(deadline: Option<Instant>, stop: Option<&Shutdown>) -> io::Result<Option<Duration>> {
    if stop.is_some_and(Shutdown::is_closing) {
        return Err(Error::other("the server ends"));
    }
    match deadline {
        Some(at) if at <= now() => Err(ErrorKind::TimedOut.into()),
        _ => Ok(wait_until(deadline).into_iter().chain(stop.map(|_| ASK)).min()),
    }
}

/// Lets a call that timed out or was interrupted be made again. The callers check time limits.
fn again(done: io::Result<usize>) -> io::Result<()> {
    match done {
        Ok(_) => Ok(()),
        Err(error) if waited_in_vain(&error) || error.kind() == ErrorKind::Interrupted => Ok(()),
        Err(error) => Err(error),
    }
}

fn waited_in_vain(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

/// Locks `mutex`, also after a panic. If the value was left half-changed, the peer notices: every record
/// carries a code that proves it unchanged.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Lends this thread's memory to `work`. If it is lent already, as for TLS inside TLS, `work` gets new
/// memory.
fn with_memory<T>(memory: &'static LocalKey<Cell<Vec<u8>>>, work: impl FnOnce(&mut Vec<u8>) -> T) -> T {
    let mut lent = memory.try_with(Cell::take).unwrap_or_default();
    let done = work(&mut lent);
    // A thread that is ending does not keep the memory.
    let _ = memory.try_with(|memory| memory.set(lent));
    done
}

impl<S: Transport> Read for TlsStream<S> {
    /// Reads. With a timeout, it reads the transport once at most, so that a record that comes slowly cannot
    /// put off deadlines.
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        let Self { io, has_read_timeout, shared } = self;
        let mut incoming = lock(&shared.incoming);
        let mut taken = shared.take_waiting(&mut incoming, buf)?;
        while taken.is_none() {
            let outcome = with_memory(&READING, |memory| {
                memory.resize(READ, 0);
                let n = io.read(memory)?;
                match memory.get(..n) {
                    Some([]) | None => shared.end(buf).map(Some),
                    Some(ciphertext) => shared.take(&mut incoming, ciphertext, buf),
                }
            });
            if incoming.failed.is_some() {
                shared.alert(io);
            }
            taken = outcome?;
            if *has_read_timeout {
                break;
            }
        }
        taken.ok_or_else(|| ErrorKind::WouldBlock.into())
    }
}

impl<S: Transport> Write for TlsStream<S> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.encrypt(|session| session.writer().write(buf))
    }

    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        self.encrypt(|session| session.writer().write_vectored(bufs))
    }

    fn flush(&mut self) -> io::Result<()> {
        lock(&self.shared.outgoing).write_to(&mut self.io)?;
        self.io.flush()
    }
}

impl<S: Transport> TlsStream<S> {
    /// Encrypts what `give` gives, and writes it. What the transport does not take is written before anything
    /// else is.
    fn encrypt(&mut self, give: impl FnOnce(&mut Connection) -> io::Result<usize>) -> io::Result<usize> {
        let Self { io, shared, .. } = self;
        let mut outgoing = lock(&shared.outgoing);
        outgoing.write_to(io)?;
        with_memory(&WRITING, |memory| {
            memory.clear();
            let n = shared.encrypt(memory, give)?;
            match outgoing.write(io, memory) {
                Err(error) if !waited_in_vain(&error) => Err(error),
                // The rest is kept in `outgoing`, so the data counts as written.
                Ok(()) | Err(_) => Ok(n),
            }
        })
    }
}

impl Shared {
    /// Decrypts what was read before. Returns `None` if that gives no byte.
    fn take_waiting(&self, incoming: &mut Incoming, buf: &mut [u8]) -> io::Result<Option<usize>> {
        let waiting = core::mem::take(&mut incoming.ciphertext);
        self.take(incoming, &waiting, buf)
    }

    /// Decrypts into `buf`, and keeps what finds no room. Returns 0 at the end that the peer has announced,
    /// and `None` if no byte has come yet.
    fn take(
        &self,
        incoming: &mut Incoming,
        mut ciphertext: &[u8],
        buf: &mut [u8],
    ) -> io::Result<Option<usize>> {
        let mut session = lock(&self.session);
        let mut filled = 0;
        loop {
            match session.reader().read(&mut buf[filled..]) {
                Ok(0) => {
                    incoming.ciphertext = ciphertext.to_vec();
                    return Ok(Some(filled));
                }
                Ok(n) => filled += n,
                Err(error) if error.kind() != ErrorKind::WouldBlock => return Err(error),
                Err(_) => match &incoming.failed {
                    Some(_) if filled > 0 => return Ok(Some(filled)),
                    Some(error) => return Err(TlsError::from(error.clone()).into()),
                    None if ciphertext.is_empty() => return Ok((filled > 0).then_some(filled)),
                    None => {
                        session.read_tls(&mut ciphertext)?;
                        incoming.failed = session.process_new_packets().err();
                    }
                },
            }
        }
    }

    /// Notes that the transport has ended. Returns 0 if the peer had announced the end, else an error.
    fn end(&self, buf: &mut [u8]) -> io::Result<usize> {
        let mut session = lock(&self.session);
        session.read_tls(&mut io::empty())?;
        session.reader().read(buf)
    }

    /// Sends the alert for what the peer did wrong, unless another thread is writing.
    fn alert(&self, io: &mut impl Transport) {
        let mut outgoing = match self.outgoing.try_lock() {
            Ok(outgoing) => outgoing,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return,
        };
        let _ = io.set_write_timeout(Some(BRIEF));
        let mut alert = Vec::new();
        // The connection is over, whether the alert arrives or not.
        let _ = outgoing
            .write_to(io)
            .and_then(|()| self.encrypt(&mut alert, |_| Ok(0)))
            .and_then(|_| outgoing.write(io, &alert));
    }

    /// Appends to `ciphertext` what `give` gives, encrypted, and all else that is due.
    fn encrypt(
        &self,
        ciphertext: &mut Vec<u8>,
        give: impl FnOnce(&mut Connection) -> io::Result<usize>,
    ) -> io::Result<usize> {
        let mut session = lock(&self.session);
        let n = give(&mut session)?;
        while session.wants_write() {
            session.write_tls(ciphertext)?;
        }
        Ok(n)
    }
}

impl Outgoing {
    /// Writes what waits.
    fn write_to(&mut self, io: &mut impl Write) -> io::Result<()> {
        let written = write_all(io, &self.ciphertext, &mut self.at);
        if self.at == self.ciphertext.len() {
            *self = Self::default();
        }
        written
    }

    /// Writes `ciphertext` when nothing waits. What the transport does not take waits from then on.
    fn write(&mut self, io: &mut impl Write, ciphertext: &[u8]) -> io::Result<()> {
        let mut at = 0;
        let written = write_all(io, ciphertext, &mut at);
        *self = Self { ciphertext: ciphertext[at..].to_vec(), at: 0 };
        written
    }
}

/// Writes `bytes` from `at` on, and advances `at`.
fn write_all(io: &mut impl Write, bytes: &[u8], at: &mut usize) -> io::Result<()> {
    while *at < bytes.len() {
        match io.write(&bytes[*at..]) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(n) => *at += n,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

impl<S: Transport> Transport for TlsStream<S> {
    fn set_read_timeout(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        self.has_read_timeout = timeout.is_some();
        self.io.set_read_timeout(timeout)
    }

    fn set_write_timeout(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        self.io.set_write_timeout(timeout)
    }

    /// Announces the end before it ends the transport, so that the peer can tell it from a cut (RFC 8446
    /// §6.1).
    fn shutdown_write(&mut self) -> io::Result<()> {
        let announced = self.encrypt(|session| {
            session.send_close_notify();
            Ok(0)
        });
        let ended = self.flush().and_then(|()| self.io.shutdown_write());
        announced.and(ended)
    }

    fn shutdown_both(&mut self) -> io::Result<()> {
        self.io.shutdown_both()
    }
}

impl<S: CloneTransport> CloneTransport for TlsStream<S> {
    fn try_clone(&self) -> io::Result<Self> {
        let Self { io, has_read_timeout, shared } = self;
        Ok(Self { io: io.try_clone()?, has_read_timeout: *has_read_timeout, shared: Arc::clone(shared) })
    }
}

impl<S: fmt::Debug> fmt::Debug for TlsStream<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsStream").field("io", &self.io).finish_non_exhaustive()
    }
}
