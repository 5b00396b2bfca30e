//! Two connections that talk to each other without an operating system.
//!
//! `cargo xtask no-std` builds this as a static library, compares the symbols that it leaves undefined with a
//! list, and then calls [`ws_core_check`] from a C program.

#![no_std]

mod memory;

use core::panic::PanicInfo;

use bytes::Buf;
use ws_core::handshake::{Accept, ClientRequest};
use ws_core::{Config, Connection, Event, Instant, Message, RecvBuf, Transmit};

/// Opens a connection between a client and a server, exchanges a message and its echo, and closes.
///
/// Returns 0 for success, and otherwise the number of the step that failed.
// An exported name could collide with another program's; nothing but the check links this library.
#[unsafe(no_mangle)]
pub extern "C" fn ws_core_check() -> i32 {
    talk().err().unwrap_or(0)
}

fn talk() -> Result<(), i32> {
    let now = Instant::ORIGIN;
    let request = ClientRequest::new("localhost", "/chat").map_err(|_| 1)?;
    let mut client = Connection::client(now, Config::default(), &request, [1; 32]);
    let mut server = Connection::server(now, Config::default());
    let mut to_server = RecvBuf::new();
    let mut to_client = RecvBuf::new();

    deliver(&mut client, &mut to_server);
    let Ok(Some(Event::Request(_))) = server.poll_event(now, &mut to_server) else { return Err(2) };
    server.accept(now, &Accept::new()).map_err(|_| 3)?;
    deliver(&mut server, &mut to_client);
    let Ok(Some(Event::Open(_))) = client.poll_event(now, &mut to_client) else { return Err(4) };

    client.send("Hello").map_err(|_| 5)?;
    deliver(&mut client, &mut to_server);
    match server.poll_event(now, &mut to_server) {
        Ok(Some(Event::Message(message @ Message::Text("Hello")))) => server.send(message).map_err(|_| 6)?,
        _ => return Err(7),
    }
    deliver(&mut server, &mut to_client);
    let Ok(Some(Event::Message(Message::Text("Hello")))) = client.poll_event(now, &mut to_client) else {
        return Err(8);
    };

    client.close(now, None).map_err(|_| 9)?;
    deliver(&mut client, &mut to_server);
    let Ok(Some(Event::Close(None))) = server.poll_event(now, &mut to_server) else { return Err(10) };
    deliver(&mut server, &mut to_client);
    let Ok(Some(Event::Close(None))) = client.poll_event(now, &mut to_client) else { return Err(11) };
    Ok(())
}

/// Moves what `from` has queued into the memory that its peer reads.
fn deliver(from: &mut Connection, into: &mut RecvBuf) {
    while let Some(Transmit::Data(output)) = from.poll_transmit() {
        let chunk = output.chunk();
        into.extend(chunk);
        let length = chunk.len();
        output.advance(length);
    }
}

/// Loops for ever, because it has no caller to report to. The C program ends itself after a while.
#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {
        core::hint::spin_loop();
    }
}
