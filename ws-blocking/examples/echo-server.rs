//! Sends every message back: `cargo run -p ws-blocking --example echo-server 127.0.0.1:9001`.

use std::net::{TcpListener, TcpStream};
use std::thread;

use ws_blocking::Error;

fn main() -> std::io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9001".into());
    let listener = TcpListener::bind(address)?;
    println!("ws://{}/", listener.local_addr()?);
    for stream in listener.incoming() {
        let stream = stream?;
        thread::spawn(move || {
            if let Err(error) = echo(stream) {
                eprintln!("{error}");
            }
        });
    }
    Ok(())
}

fn echo(stream: TcpStream) -> Result<(), Error> {
    stream.set_nodelay(true)?;
    let mut ws = ws_blocking::accept(stream)?;
    let result = loop {
        match ws.message_ref() {
            Ok(Some((message, mut reply))) => reply.feed(message)?,
            Ok(None) => return Ok(()),
            Err(error) => break Err(error),
        }
    };
    // The client must be able to read the Close frame before the socket is dropped.
    while let Ok(Some(_)) = ws.message_ref() {}
    result
}
