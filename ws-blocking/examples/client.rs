//! Sends one text and prints the answer: `cargo run -p ws-blocking --example client ws://127.0.0.1:9001/
//! hello`.

use core::error::Error;

use ws_blocking::CloseCode;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().unwrap_or_else(|| "ws://127.0.0.1:9001/".into());
    let text = arguments.next().unwrap_or_else(|| "hello".into());

    let mut ws = ws_blocking::connect(&url)?;
    ws.send(&text)?;
    if let Some(answer) = ws.recv()? {
        println!("{answer:?}");
    }
    ws.close(CloseCode::NORMAL)?;
    ws.closed()?;
    println!("closed with {}", ws.status().close_code);
    Ok(())
}
