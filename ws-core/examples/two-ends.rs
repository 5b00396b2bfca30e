//! A client and a server in memory, with a simulated clock: `cargo run -p ws-core --example two-ends`.
//!
//! A program that embeds the core only has to replace `carry` by a real transport.

use core::error::Error;
use core::time::Duration;

use bytes::Buf as _;
use ws_core::handshake::{Accept, ClientRequest};
use ws_core::{CloseCode, Config, Connection, Event, Instant, KeepAlive, RecvBuf, Role, Transmit};

fn main() -> Result<(), Box<dyn Error>> {
    let mut now = Instant::ORIGIN;
    let request = ClientRequest::new("example.com", "/chat")?.subprotocol("chat")?;
    // The same in each run of this program. Use new bytes from a secure source for each connection.
    let entropy = [7; 32];
    let watchful = Config::new().keep_alive(KeepAlive::default());
    let mut client = End::new(Connection::client(now, Config::default(), &request, entropy));
    let mut server = End::new(Connection::server(now, watchful));

    settle(now, &mut client, &mut server)?;
    assert!(client.conn.is_open() && server.conn.is_open());
    assert_eq!(client.conn.agreed().subprotocol.as_deref(), Some("chat"));

    client.conn.send("hello")?;
    settle(now, &mut client, &mut server)?;

    // Both ends are silent until the server's keepalive is due. The pong takes 30 ms.
    now = server.conn.poll_timeout().ok_or("the keepalive is off")?;
    server.conn.handle_timeout(now);
    carry(&mut server, &mut client);
    now = now + Duration::from_millis(30);
    settle(now, &mut client, &mut server)?;
    assert_eq!(server.conn.round_trip(), Some(Duration::from_millis(30)));

    client.conn.close(now, CloseCode::NORMAL)?;
    settle(now, &mut client, &mut server)?;
    assert!(client.conn.is_closed() && server.conn.is_closed());
    assert!(client.conn.was_clean() && server.conn.was_clean());
    Ok(())
}

/// One end, and the bytes that it has received.
struct End {
    conn: Connection,
    buf: RecvBuf,
}

impl End {
    fn new(conn: Connection) -> Self {
        Self { conn, buf: RecvBuf::new() }
    }

    /// Prints all events. A server accepts requests and echoes messages.
    fn react(&mut self, now: Instant) -> Result<(), Box<dyn Error>> {
        let role = self.conn.role();
        while let Some(event) = self.conn.poll_event(now, &mut self.buf)? {
            let time = now.since_origin().as_secs_f32();
            match event {
                Event::Request(request) => {
                    println!("{time:6.3} s  {role:?}: asked for {}", request.path());
                    self.conn.accept(now, &Accept::new().subprotocol("chat"))?;
                }
                Event::Open(response) => println!("{time:6.3} s  {role:?}: answered {}", response.status()),
                Event::Message(message) => {
                    println!("{time:6.3} s  {role:?}: {message:?}");
                    if role == Role::Server {
                        self.conn.send(message)?;
                    }
                }
                other => println!("{time:6.3} s  {role:?}: {other:?}"),
            }
        }
        Ok(())
    }
}

/// Moves bytes both ways until neither end has more to send.
fn settle(now: Instant, client: &mut End, server: &mut End) -> Result<(), Box<dyn Error>> {
    client.react(now)?;
    while carry(client, server) | carry(server, client) {
        client.react(now)?;
        server.react(now)?;
    }
    Ok(())
}

/// Moves all output of `from` to `to`, as the transport. Returns whether there was any.
fn carry(from: &mut End, to: &mut End) -> bool {
    let mut is_busy = false;
    while let Some(transmit) = from.conn.poll_transmit() {
        is_busy = true;
        match transmit {
            Transmit::Data(output) => {
                let chunk = output.chunk();
                to.buf.extend(chunk);
                let written = chunk.len();
                output.advance(written);
            }
            Transmit::Shutdown => {
                from.conn.handle_shutdown();
                to.conn.handle_eof();
            }
        }
    }
    is_busy
}
