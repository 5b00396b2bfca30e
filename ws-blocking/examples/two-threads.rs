//! A chat: one thread sends what the user types, the other prints what comes. `cargo run -p ws-blocking
//! --example two-threads ws://127.0.0.1:9001/`.

use core::error::Error;
use std::io::{BufRead as _, stdin};
use std::thread;

fn main() -> Result<(), Box<dyn Error>> {
    let url = std::env::args().nth(1).unwrap_or_else(|| "ws://127.0.0.1:9001/".into());
    let (sender, mut receiver) = ws_blocking::connect(&url)?.split()?;

    let printer = thread::spawn(move || {
        while let Some(message) = receiver.recv()? {
            println!("< {message:?}");
        }
        println!("closed with {}", receiver.status().close_code);
        Ok::<(), ws_blocking::Error>(())
    });
    for line in stdin().lock().lines() {
        sender.send(&line?)?;
    }
    sender.close(None)?;
    printer.join().expect("printing does not panic")?;
    Ok(())
}
