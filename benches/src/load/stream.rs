//! A client's stream, with TLS or without, blocking or not.

use std::io::{self, Read, Write};
use std::net::TcpStream;

use ws_tls::rustls::{ClientConnection, StreamOwned};

#[derive(Debug)]
pub(super) enum Stream<S: Read + Write = TcpStream> {
    Plain(S),
    Tls(Box<StreamOwned<ClientConnection, S>>),
}

impl Stream {
    /// Starts TLS over `stream`, which blocks.
    pub(super) fn secured(session: ClientConnection, stream: TcpStream) -> io::Result<Self> {
        let mut stream = StreamOwned::new(session, stream);
        // The handshake comes before all that is to be written.
        stream.flush()?;
        Ok(Self::Tls(Box::new(stream)))
    }

    /// Returns the same as a stream that never blocks.
    pub(super) fn never_waiting(self) -> io::Result<Stream<mio::net::TcpStream>> {
        let convert = |stream: TcpStream| {
            stream.set_nonblocking(true)?;
            Ok::<_, io::Error>(mio::net::TcpStream::from_std(stream))
        };
        Ok(match self {
            Self::Plain(stream) => Stream::Plain(convert(stream)?),
            Self::Tls(stream) => {
                let StreamOwned { conn, sock } = *stream;
                Stream::Tls(Box::new(StreamOwned::new(conn, convert(sock)?)))
            }
        })
    }
}

impl<S: Read + Write> Stream<S> {
    pub(super) fn socket_mut(&mut self) -> &mut S {
        match self {
            Self::Plain(stream) => stream,
            Self::Tls(stream) => &mut stream.sock,
        }
    }

    /// Returns whether a read that does not fill its memory has taken all that has come.
    pub(super) const fn reads_all(&self) -> bool {
        matches!(self, Self::Plain(_))
    }
}

impl From<TcpStream> for Stream {
    fn from(stream: TcpStream) -> Self {
        Self::Plain(stream)
    }
}

impl<S: Read + Write> Read for Stream<S> {
    fn read(&mut self, memory: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.read(memory),
            Self::Tls(stream) => stream.read(memory),
        }
    }
}

impl<S: Read + Write> Write for Stream<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.write(bytes),
            Self::Tls(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(stream) => stream.flush(),
            Self::Tls(stream) => stream.flush(),
        }
    }
}
