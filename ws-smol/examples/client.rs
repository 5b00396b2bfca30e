//! Sends a line and prints the answer:
//! `cargo run -p ws-smol --example client -- ws://127.0.0.1:9001/ hello`.

fn main() -> Result<(), Box<dyn core::error::Error>> {
    smol::block_on(run())
}

async fn run() -> Result<(), Box<dyn core::error::Error>> {
    let mut args = std::env::args().skip(1);
    let url = args.next().unwrap_or_else(|| "ws://127.0.0.1:9001/".into());
    let line = args.next().unwrap_or_else(|| "hello".into());

    let mut ws = ws_smol::connect(&url).await?;
    ws.send(&line).await?;
    if let Some(message) = ws.recv().await? {
        println!("{message:?}");
    }
    ws.close(ws_smol::CloseCode::NORMAL).await?;
    ws.closed().await?;
    Ok(())
}
