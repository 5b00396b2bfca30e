//! An axum application with a chat of JSON messages, and a client of it.
//!
//! `WebSocketUpgrade` replaces axum's own extractor; other extractors work beside it.

use axum::Router;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::get;
use serde::{Deserialize, Serialize};
use tokio::net::{TcpListener, TcpStream};
use ws_tokio::axum::WebSocketUpgrade;
use ws_tokio::hyper::Upgraded;
use ws_tokio::{CloseCode, CloseFrame, Config, Connect, Error, WebSocket};

#[derive(Debug, Serialize, Deserialize)]
struct Line {
    from: String,
    text: String,
}

async fn chat(Path(room): Path<String>, upgrade: WebSocketUpgrade) -> Response {
    let config = Config::new().max_message(64 << 10);
    upgrade.config(config).subprotocols(["chat.v2", "chat.v1"]).on_upgrade(async move |ws| {
        if let Err(error) = talk(ws, &room).await {
            eprintln!("a connection ended: {error}");
        }
    })
}

async fn talk(mut ws: WebSocket<Upgraded>, room: &str) -> Result<(), Error> {
    loop {
        match ws.recv_json::<Line>().await {
            Ok(Some(line)) => {
                let text = format!("{} said in {room}: {}", line.from, line.text);
                ws.send_json(&Line { from: "server".into(), text }).await?;
            }
            Ok(None) => return Ok(()),
            Err(Error::NotJson(error)) => {
                let reason = "send lines as JSON";
                ws.close(CloseFrame { code: CloseCode::UNSUPPORTED, reason }).await?;
                eprintln!("refused {:?}: {error}", error.message.as_message());
            }
            Err(error) => return Err(error),
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let app = Router::new().route("/", get("rooms are at /rooms/…\n")).route("/rooms/{room}", get(chat));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let at = listener.local_addr()?;
    let server = tokio::spawn(async move { axum::serve(listener, app).await });

    let connect = Connect::new(&format!("ws://{at}/rooms/lobby"))?.subprotocol("chat.v1")?;
    let mut ws = ws_tokio::connect_with(&connect, Config::default()).await?;
    println!("agreed: {:?}", ws.status().agreement.subprotocol);
    ws.send_json(&Line { from: "client".into(), text: "hello, axum".into() }).await?;
    println!("answered: {}", ws.recv_json::<Line>().await?.ok_or("the server closed")?.text);
    ws.send("no JSON").await?;
    ws.closed().await?;
    println!("closed: {:?}", ws.status().close_frame);

    let answer = examples::get(TcpStream::connect(at).await?, "/rooms/lobby").await?;
    println!("without an upgrade: {}", answer.lines().next().unwrap_or_default());
    server.abort();
    Ok(())
}
