//! One message for many connections, encoded once: `cargo run -p ws-core --example broadcast`.
//!
//! All queues share its bytes. Each queue is bounded: a peer that does not read takes no more than its mark.

extern crate alloc;

use alloc::sync::Arc;
use core::error::Error;

use bytes::Buf as _;
use ws_core::handshake::Agreement;
use ws_core::{Config, Connection, Instant, Message, PreparedMessage, RecvBuf, Role, SendError, Transmit};

fn main() -> Result<(), Box<dyn Error>> {
    let now = Instant::ORIGIN;
    let config = Arc::new(Config::new().max_output(64 << 10));
    let open = |role| Connection::upgraded(now, role, config.clone(), Agreement::default(), [7; 32]);
    let mut subscribers: Vec<Connection> = (0..1000).map(|_| open(Role::Server)).collect();

    let news = "All is well. ".repeat(1000);
    let prepared = PreparedMessage::new(&news);
    for subscriber in &mut subscribers {
        subscriber.send_prepared(&prepared)?;
    }
    let first = place(&mut subscribers[0]);
    assert!(first.is_some() && subscribers.iter_mut().all(|subscriber| place(subscriber) == first));
    println!("{} bytes wait on {} connections, from one place", news.len(), subscribers.len());

    // The bytes that each peer receives.
    let mut peer = open(Role::Client);
    let mut buf = RecvBuf::new();
    for subscriber in &mut subscribers[1..] {
        write_all(subscriber, &mut buf);
        let received = peer.receive(now, &mut buf)?;
        assert!(received && buf.take_message() == Some(Ok(Message::Text(&news))));
    }

    // The first peer does not read. Its queue takes messages up to its mark. Then `send` fails, and the
    // application decides.
    let mut taken = 1;
    while subscribers[0].send_prepared(&prepared) != Err(SendError::Full) {
        taken += 1;
    }
    println!("{taken} messages wait for the peer that does not read; the next is refused");
    Ok(())
}

/// Returns where the bytes lie that a connection writes next.
fn place(conn: &mut Connection) -> Option<*const u8> {
    match conn.poll_transmit()? {
        Transmit::Data(output) => Some(output.chunk().as_ptr()),
        Transmit::Shutdown => None,
    }
}

/// Moves all output of `conn` into the input of its peer.
fn write_all(conn: &mut Connection, peer: &mut RecvBuf) {
    while let Some(Transmit::Data(output)) = conn.poll_transmit() {
        let chunk = output.chunk();
        peer.extend(chunk);
        let written = chunk.len();
        output.advance(written);
    }
}
