//! The tests of every adapter, for any stream.
//!
//! Each adapter's file has `wait!`, which awaits if calls return futures, and the module `on`, its runtime.

mod closing;
mod halves;
mod messages;
mod opening;
mod reconnect;
mod refusals;
mod serve;
mod surface;
mod timers;
mod tls;

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread::{self, JoinHandle};

use crate::adapter::ws_core::{Connection, Instant, Role};
use crate::adapter::{Accept, Agreement, ClientRequest, Config, WebSocket, accept_with, client};
use crate::on;

pub(crate) type Outcome<T = ()> = Result<T, Box<dyn core::error::Error + Send + Sync>>;
pub(crate) type Ws = WebSocket<on::Socket>;

/// A request for a WebSocket.
const UPGRADE: &str = "GET /ws HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

fn request() -> ClientRequest<'static> {
    ClientRequest::new("server.example.com", "/chat").expect("a request")
}

/// Returns both ends of a connection over the loopback interface; the second is a plain socket.
fn sockets() -> (on::Socket, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("the loopback interface");
    let far = TcpStream::connect(listener.local_addr().expect("an address")).expect("connected");
    let (near, _) = listener.accept().expect("accepted");
    for socket in [&near, &far] {
        socket.set_nodelay(true).expect("a socket");
    }
    (on::stream(near), far)
}

/// Returns both ends of an open connection: the client, the server.
pub(crate) async fn pair(config: Config) -> (Ws, Ws) {
    let (near, far) = sockets();
    let request = request();
    let far = on::stream(far);
    let (one, other) = on::both(async { wait!(client(near, &request, config.clone())) }, async {
        wait!(accept_with(far, config.clone(), |_| Accept::new().into()))
    })
    .await;
    (one.expect("connected"), other.expect("accepted"))
}

/// Returns one open end, and the stream of its peer.
pub(crate) fn open(role: Role, config: Config) -> (Ws, TcpStream) {
    let (near, far) = sockets();
    let conn = Connection::upgraded(now(), role, config, Agreement::default(), [0; 32]);
    (WebSocket::new(near, conn), far)
}

/// Returns a time that is not from an adapter's clock. A timer that was armed with it moves at the first
/// frame.
fn now() -> Instant {
    Instant::ORIGIN
}

/// Runs `work` of the peer while the adapter is busy.
fn beside<T: Send + 'static>(
    mut peer: TcpStream,
    work: impl FnOnce(&mut TcpStream) -> Outcome<T> + Send + 'static,
) -> JoinHandle<Outcome<T>> {
    thread::spawn(move || work(&mut peer))
}

/// Returns what `peer` receives up to the end of the stream.
fn rest(peer: &mut TcpStream) -> Outcome<Vec<u8>> {
    let mut bytes = Vec::new();
    peer.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Returns the next `N` bytes that `peer` receives.
fn next<const N: usize>(peer: &mut TcpStream) -> Outcome<[u8; N]> {
    let mut bytes = [0; N];
    peer.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// Returns an HTTP head that `peer` receives.
fn head(peer: &mut TcpStream) -> Outcome<String> {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        bytes.extend(next::<1>(peer)?);
    }
    Ok(String::from_utf8(bytes)?)
}

/// Returns a frame with a key of zeros.
pub(crate) fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    [&[first, 0x80 | payload.len() as u8, 0, 0, 0, 0], payload].concat()
}

/// Returns the same frame from a server, as `role` receives it.
fn frame(role: Role, first: u8, payload: &[u8]) -> Vec<u8> {
    match role {
        Role::Server => masked(first, payload),
        Role::Client => [&[first, payload.len() as u8], payload].concat(),
    }
}

/// Writes `pieces` one at a time, so that each may come by itself.
fn write_each(peer: &mut TcpStream, pieces: &[&[u8]]) -> Outcome {
    for piece in pieces {
        peer.write_all(piece)?;
    }
    Ok(())
}
