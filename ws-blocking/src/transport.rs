use core::time::Duration;
use std::io::{self, Error, ErrorKind, IoSlice, Read, Write};
use std::net::{Shutdown, TcpStream};

/// A blocking stream of bytes in both directions, with timeouts.
///
/// A read or write that has waited for its timeout fails with [`ErrorKind::WouldBlock`] or
/// [`ErrorKind::TimedOut`]; this is how deadlines are kept. [`Plain`] makes a transport of a stream without
/// timeouts.
pub trait Transport: Read + Write {
    /// Limits how long a read waits; `None` waits for ever. The timeout is never zero.
    ///
    /// # Errors
    /// Those of the system. They do not end the connection: the next read is made without the timeout, and
    /// returns what is wrong.
    fn set_read_timeout(&mut self, timeout: Option<Duration>) -> io::Result<()>;

    /// Limits how long a write waits; `None` waits for ever. The timeout is never zero.
    ///
    /// # Errors
    /// Those of the system. They do not end the connection: the next write is made without the timeout, and
    /// returns what is wrong.
    fn set_write_timeout(&mut self, timeout: Option<Duration>) -> io::Result<()>;

    /// Ends the stream of bytes to the peer. The peer sees the end after all that was written.
    ///
    /// # Errors
    /// After any error, the connection does not wait for the end of the peer's stream, since the peer may
    /// wait for ours.
    fn shutdown_write(&mut self) -> io::Result<()>;

    /// Ends both directions. A thread that waits in a read or a write of a clone returns.
    ///
    /// # Errors
    /// They are ignored: the transport is dropped next.
    fn shutdown_both(&mut self) -> io::Result<()>;
}

/// A transport that two threads can use at once: a read through one clone does not hold up a write through
/// another.
pub trait CloneTransport: Transport + Sized {
    /// Returns another handle to the same transport.
    ///
    /// # Errors
    /// Those of the system, which may have no handle left.
    fn try_clone(&self) -> io::Result<Self>;
}

/// A [`Transport`] over anything that can be read and written: a TLS stream, an in-memory pipe.
///
/// It sets no timeouts, so deadlines are checked only between two calls, unless the stream has timeouts of
/// its own. It cannot end one direction alone, so this end of the connection is over when it would do so.
/// Implement [`Transport`] to do better.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Plain<S>(pub S);

macro_rules! socket {
    ($socket:ty) => {
        impl Transport for $socket {
            fn set_read_timeout(&mut self, timeout: Option<Duration>) -> io::Result<()> {
                <$socket>::set_read_timeout(self, timeout)
            }

            fn set_write_timeout(&mut self, timeout: Option<Duration>) -> io::Result<()> {
                <$socket>::set_write_timeout(self, timeout)
            }

            fn shutdown_write(&mut self) -> io::Result<()> {
                self.shutdown(Shutdown::Write)
            }

            fn shutdown_both(&mut self) -> io::Result<()> {
                self.shutdown(Shutdown::Both)
            }
        }

        impl CloneTransport for $socket {
            fn try_clone(&self) -> io::Result<Self> {
                <$socket>::try_clone(self)
            }
        }
    };
}
socket!(TcpStream);
#[cfg(unix)]
socket!(std::os::unix::net::UnixStream);

macro_rules! pointer {
    ($pointer:ty) => {
        impl<T: Transport + ?Sized> Transport for $pointer {
            fn set_read_timeout(&mut self, timeout: Option<Duration>) -> io::Result<()> {
                (**self).set_read_timeout(timeout)
            }

            fn set_write_timeout(&mut self, timeout: Option<Duration>) -> io::Result<()> {
                (**self).set_write_timeout(timeout)
            }

            fn shutdown_write(&mut self) -> io::Result<()> {
                (**self).shutdown_write()
            }

            fn shutdown_both(&mut self) -> io::Result<()> {
                (**self).shutdown_both()
            }
        }
    };
}
pointer!(Box<T>);
pointer!(&mut T);

impl<S: Read + Write> Transport for Plain<S> {
    fn set_read_timeout(&mut self, _: Option<Duration>) -> io::Result<()> {
        Ok(())
    }

    fn set_write_timeout(&mut self, _: Option<Duration>) -> io::Result<()> {
        Ok(())
    }

    fn shutdown_write(&mut self) -> io::Result<()> {
        Err(Error::from(ErrorKind::Unsupported))
    }

    fn shutdown_both(&mut self) -> io::Result<()> {
        Err(Error::from(ErrorKind::Unsupported))
    }
}

impl<S: Read> Read for Plain<S> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.read(buf)
    }
}

impl<S: Write> Write for Plain<S> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.0.write(buf)
    }

    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.write_vectored(bufs)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
