//! The load: clients written for it, as small as possible, that check every byte that comes back.

pub(crate) mod broadcast;
pub(crate) mod deflate;
pub(crate) mod echo;
mod link;
pub(crate) mod open;
mod stream;

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddrV4, TcpStream};
use std::time::Duration;

use anyhow::ensure;
use mio::{Events, Poll};
use socket2::{Domain, Socket, Type};

use crate::workload::is_head;

/// A server that does not answer for this long has failed.
const PATIENCE: Duration = Duration::from_secs(10);

/// The head of the request, without its empty line. It is sent in one piece, because wtx cannot read a
/// request that comes in several.
const REQUEST: &str = "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";

/// Returns a connection from one of many loopback addresses, so that ports never run short.
fn connect(port: u16, number: usize) -> anyhow::Result<TcpStream> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    let source = Ipv4Addr::new(127, 0, 1, 1 + (number % 250) as u8);
    socket.bind(&SocketAddrV4::new(source, 0).into())?;
    socket.connect(&SocketAddrV4::new(Ipv4Addr::LOCALHOST, port).into())?;
    let stream = TcpStream::from(socket);
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(stream)
}

/// Waits until a connection is ready.
fn wait(poll: &mut Poll, events: &mut Events) -> anyhow::Result<()> {
    loop {
        match poll.poll(events, Some(PATIENCE)) {
            // This process was stopped for a while, and has been continued.
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            polled => {
                polled?;
                ensure!(!events.is_empty(), "it does not answer");
                return Ok(());
            }
        }
    }
}

/// Carries out the opening handshake, perhaps with more fields; returns the head of the answer.
fn open(stream: &mut (impl Read + Write), fields: &str) -> anyhow::Result<String> {
    stream.write_all(format!("{REQUEST}{fields}\r\n").as_bytes())?;
    let mut head = Vec::new();
    while !is_head(&head) {
        let mut memory = [0; 1024];
        let n = stream.read(&mut memory)?;
        ensure!(n != 0, "it ends the connection");
        head.extend_from_slice(&memory[..n]);
    }
    let head = String::from_utf8(head)?;
    ensure!(head.starts_with("HTTP/1.1 101"), "it does not open the connection: {head:?}");
    Ok(head)
}
