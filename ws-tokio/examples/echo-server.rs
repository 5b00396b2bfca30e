//! Echoes every message, with a task for each connection:
//! `cargo run -p ws-tokio --example echo-server -- 127.0.0.1:9001`.

use tokio::net::{TcpListener, TcpStream};

#[tokio::main]
async fn main() -> Result<(), Box<dyn core::error::Error>> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9001".into());
    let listener = TcpListener::bind(address).await?;
    println!("listening on ws://{}", listener.local_addr()?);
    loop {
        let (stream, peer) = listener.accept().await?;
        tokio::spawn(async move {
            if let Err(error) = echo(stream).await {
                eprintln!("{peer}: {error}");
            }
        });
    }
}

async fn echo(stream: TcpStream) -> Result<(), ws_tokio::Error> {
    stream.set_nodelay(true)?;
    let mut ws = ws_tokio::accept(stream).await?;
    while let Some((message, mut reply)) = ws.message_ref().await? {
        reply.feed(message).await?;
    }
    Ok(())
}
