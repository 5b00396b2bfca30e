//! Two connections that talk to each other without an operating system.
//!
//! `cargo xtask no-std` builds this as a static library, compares the symbols that it leaves undefined with a list, and then
//! calls [`ws_core_check`] from a C program.

#![no_std]

mod memory;

use core::panic::PanicInfo;

use bytes::Buf;
use ws_core::handshake::Agreement;
use ws_core::{Config, Connection, Event, Instant, Message, RecvBuf, Role, Transmit};

/// Lets a client and a server exchange a message, its echo and their Close frames.
///
/// Gives 0 when all went well, and otherwise the number of the step that did not.
// An exported name could collide with another program's; nothing but the check links this library.
#[unsafe(no_mangle)]
pub extern "C" fn ws_core_check() -> i32 {
    talk().err().unwrap_or(0)
}

fn talk() -> Result<(), i32> {
    let now = Instant::ORIGIN;
    let config = Config::default;
    let mut client = Connection::upgraded(now, Role::Client, config(), Agreement::default(), [1; 32]);
    let mut server = Connection::upgraded(now, Role::Server, config(), Agreement::default(), [2; 32]);
    let mut to_server = RecvBuf::new();
    let mut to_client = RecvBuf::new();

    client.send("Hello").map_err(|_| 1)?;
    deliver(&mut client, &mut to_server);
    match server.poll_event(now, &mut to_server) {
        Ok(Some(Event::Message(message @ Message::Text("Hello")))) => server.send(message).map_err(|_| 2)?,
        _ => return Err(3),
    }
    deliver(&mut server, &mut to_client);
    match client.poll_event(now, &mut to_client) {
        Ok(Some(Event::Message(Message::Text("Hello")))) => {}
        _ => return Err(4),
    }

    client.close(now, None).map_err(|_| 5)?;
    deliver(&mut client, &mut to_server);
    let Ok(Some(Event::Close(None))) = server.poll_event(now, &mut to_server) else { return Err(6) };
    deliver(&mut server, &mut to_client);
    let Ok(Some(Event::Close(None))) = client.poll_event(now, &mut to_client) else { return Err(7) };
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

/// Stays here for good: there is nobody to tell, and the C program ends itself after a while.
#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {
        core::hint::spin_loop();
    }
}
