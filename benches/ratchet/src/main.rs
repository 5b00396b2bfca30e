//! An echo server of ratchet_rs, with the command line by which the benchmark starts its servers: the core to
//! run on, or `-`, and whether each message is compressed alone. It prints its port and ends with its
//! standard input.

#![forbid(unsafe_code)]

use std::error::Error;
use std::io::{Read as _, Write as _};

use bytes::BytesMut;
use ratchet_rs::deflate::{Compression, DeflateConfig, DeflateExtProvider};
use ratchet_rs::{Message, PayloadType, SubprotocolRegistry, WebSocketConfig};
use tokio::io::BufReader;
use tokio::net::{TcpListener, TcpStream};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let core = arguments.next().and_then(|core| core.parse().ok());
    if let Some(id) = core {
        core_affinity::set_for_current(core_affinity::CoreId { id });
    }
    let is_alone = arguments.next().is_some_and(|context| context == "alone");
    std::thread::spawn(|| {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        println!("{}", listener.local_addr()?.port());
        std::io::stdout().flush()?;
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            tokio::spawn(async move {
                if let Err(error) = attend(stream, is_alone).await {
                    eprintln!("ratchet: {error}");
                }
            });
        }
    })
}

async fn attend(stream: TcpStream, is_alone: bool) -> Result<(), Box<dyn Error + Send + Sync>> {
    // With `accept_no_context_takeover`, the server resets its window after each message, even if the client
    // did not ask for that.
    let config = DeflateConfig {
        request_server_no_context_takeover: is_alone,
        request_client_no_context_takeover: is_alone,
        accept_no_context_takeover: is_alone,
        compression_level: Compression::new(6),
        ..DeflateConfig::default()
    };
    let provider = DeflateExtProvider::with_config(config);
    let upgrader = ratchet_rs::accept_with(
        BufReader::new(stream),
        WebSocketConfig::default(),
        provider,
        SubprotocolRegistry::default(),
    );
    let mut websocket = upgrader.await?.upgrade().await?.websocket;
    let mut message = BytesMut::new();
    loop {
        let kind = match websocket.read(&mut message).await? {
            Message::Text => PayloadType::Text,
            Message::Binary => PayloadType::Binary,
            Message::Ping(_) | Message::Pong(_) => continue,
            Message::Close(_) => return Ok(()),
        };
        websocket.write(&mut message, kind).await?;
        websocket.flush().await?;
        message.clear();
    }
}
