//! Echoes every message, with a task for each connection:
//! `cargo run -p ws-smol --example echo-server -- 127.0.0.1:9001`.

use smol::net::{TcpListener, TcpStream};

fn main() -> Result<(), Box<dyn core::error::Error>> {
    smol::block_on(run())
}

async fn run() -> Result<(), Box<dyn core::error::Error>> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9001".into());
    let listener = TcpListener::bind(address).await?;
    println!("listening on ws://{}", listener.local_addr()?);
    loop {
        let (stream, peer) = listener.accept().await?;
        let serving = smol::spawn(async move {
            if let Err(error) = echo(stream).await {
                eprintln!("{peer}: {error}");
            }
        });
        serving.detach();
    }
}

async fn echo(stream: TcpStream) -> Result<(), ws_smol::Error> {
    stream.set_nodelay(true)?;
    let mut ws = ws_smol::accept(stream).await?;
    while let Some((message, mut reply)) = ws.message_ref().await? {
        reply.feed(message).await?;
    }
    Ok(())
}
