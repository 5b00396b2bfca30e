//! Connections that hyper, or axum over it, has upgraded.

#![cfg(all(feature = "axum", feature = "deflate"))]

use std::net::SocketAddr;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use ws_tokio::axum::WebSocketUpgrade;
use ws_tokio::deflate::Compression;
use ws_tokio::{Accept, Config, Connect, Error, Reject, Status, WebSocket};

type Outcome = Result<(), Box<dyn std::error::Error>>;

const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

/// A masked text message, and a masked Close frame.
const HELLO: &[u8] = b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";
const CLOSE: &[u8] = b"\x88\x80\x00\x00\x00\x00";

fn request(path: &str, key: &str) -> Vec<u8> {
    let fields =
        "Host: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n";
    format!("GET {path} HTTP/1.1\r\n{fields}Sec-WebSocket-Key: {key}\r\n\r\n").into_bytes()
}

/// Echoes one message over the stream that hyper upgrades or, on request, over the socket itself.
async fn echo_once(opening: ws_tokio::hyper::Opening, is_bare: bool) -> Result<(), Error> {
    let ws = opening.await?;
    if is_bare {
        return echo(ws.downcast::<TcpStream>().expect("hyper was given a TcpStream")).await;
    }
    echo(ws).await
}

async fn echo<S: AsyncRead + AsyncWrite + Unpin>(mut ws: WebSocket<S>) -> Result<(), Error> {
    match ws.recv().await? {
        Some(message) => ws.send(message).await,
        None => Ok(()),
    }
}

/// Serves one connection with hyper. `/echo` and `/bare` echo a message, `/chat` has a subprotocol, and
/// `/misfit` chooses a subprotocol that the client did not offer.
async fn serve(listener: TcpListener) -> Outcome {
    let (stream, _) = listener.accept().await?;
    let (tasks, mut ended) = tokio::sync::mpsc::unbounded_channel();
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        let tasks = tasks.clone();
        async move {
            let config = Config::new().compression(Compression::default());
            let path = request.uri().path().to_string();
            let answered =
                ws_tokio::hyper::upgrade_with(&mut request, config, |request| match request.path() {
                    "/echo" | "/bare" => Accept::new().into(),
                    "/chat" => Accept::new().subprotocol("chat").into(),
                    _ => Reject::new(Status::NOT_FOUND).into(),
                });
            let (response, opening) = match answered {
                Ok(answered) => answered,
                Err(error) => {
                    assert!(matches!(error, Error::Answer(_)), "{error}");
                    let mut response = hyper::Response::new(Full::default());
                    *response.status_mut() = hyper::StatusCode::INTERNAL_SERVER_ERROR;
                    (response, None)
                }
            };
            if let Some(opening) = opening {
                let _ = tasks.send(tokio::spawn(echo_once(opening, path == "/bare")));
            }
            Ok::<hyper::Response<Full<Bytes>>, std::convert::Infallible>(response)
        }
    });
    let http = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    http.with_upgrades().await?;
    if let Some(task) = ended.recv().await {
        task.await??;
    }
    Ok(())
}

async fn listen() -> std::io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let at = listener.local_addr()?;
    Ok((listener, at))
}

/// Sends `request`, and returns all that the server answers until it ends its stream.
async fn ask(at: SocketAddr, request: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(at).await?;
    stream.write_all(request).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    Ok(answer)
}

/// adapter-IO2, adapter-IO3: The WebSocket gets the bytes that hyper had read after the request.
#[tokio::test]
async fn frames_that_come_with_the_request_are_not_lost() -> Outcome {
    for path in ["/echo", "/bare"] {
        let (listener, at) = listen().await?;
        let segment = [&request(path, KEY), HELLO, CLOSE].concat();
        let (answer, served) = tokio::join!(ask(at, &segment), serve(listener));
        served?;
        let answer = answer?;
        let text = String::from_utf8_lossy(&answer).to_ascii_lowercase();
        assert!(text.starts_with("http/1.1 101 "), "{text}");
        assert!(text.contains("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo=\r\n"), "{text}");
        assert!(answer.ends_with(b"\r\n\r\n\x81\x05Hello"), "{text}");
    }
    Ok(())
}

/// adapter-IO3: The core judges a request, also one that another library has read.
#[tokio::test]
async fn hyper_answers_what_the_core_decides() -> Outcome {
    let other_version = String::from_utf8(request("/echo", KEY))?.replace("Version: 13", "Version: 12");
    for (asked, status, contains) in [
        (request("/elsewhere", KEY), 404, "content-length: 0"),
        (request("/chat", KEY), 500, ""),
        (request("/echo", "short"), 400, ""),
        (other_version.into_bytes(), 426, "sec-websocket-version: 13"),
        (b"GET /echo HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec(), 426, "upgrade: websocket"),
        (b"GET /echo HTTP/1.0\r\n\r\n".to_vec(), 505, ""),
    ] {
        let (listener, at) = listen().await?;
        // hyper keeps some connections alive until a request asks for their end.
        let last: &[u8] = b"GET /elsewhere HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        let asked = [&asked, last].concat();
        let (answer, served) = tokio::join!(ask(at, &asked), serve(listener));
        served?;
        let answer = String::from_utf8(answer?)?.to_ascii_lowercase();
        assert!(answer["http/1.1".len()..].starts_with(&format!(" {status} ")), "{answer}");
        assert!(answer.contains(contains), "{answer}");
    }
    Ok(())
}

#[tokio::test]
async fn compression_and_subprotocols_are_agreed() -> Outcome {
    let (listener, at) = listen().await?;
    let connect = Connect::new(&format!("ws://{at}/chat"))?.subprotocol("chat")?;
    let talk = async {
        let config = Config::new().compression(Compression::default());
        let mut ws = ws_tokio::connect_with(&connect, config).await?;
        assert_eq!(ws.status().agreement.subprotocol.as_deref(), Some("chat"));
        assert!(ws.status().agreement.deflate.is_some());
        let long = "again and ".repeat(1000);
        ws.send(&*long).await?;
        assert_eq!(ws.recv().await?, Some(long.as_str().into()));
        Ok::<(), Error>(())
    };
    let (talked, served) = tokio::join!(talk, serve(listener));
    talked?;
    served
}

#[tokio::test]
async fn an_axum_handler_gets_the_web_socket() -> Outcome {
    let echo = async |upgrade: WebSocketUpgrade| {
        assert_eq!(upgrade.request().path(), "/echo");
        upgrade.subprotocols(["v2", "v1"]).on_upgrade(async |mut ws| {
            while let Ok(Some(message)) = ws.recv().await {
                if ws.send(message).await.is_err() {
                    break;
                }
            }
        })
    };
    let refuse = async |upgrade: WebSocketUpgrade| upgrade.reject(Reject::new(Status::FORBIDDEN));
    let misfit = async |upgrade: WebSocketUpgrade| {
        upgrade.accept(Accept::new().subprotocol("unasked")).on_upgrade(async |_| {})
    };
    let app = axum::Router::new()
        .route("/echo", axum::routing::get(echo))
        .route("/refuse", axum::routing::get(refuse))
        .route("/misfit", axum::routing::get(misfit));
    let (listener, at) = listen().await?;
    let server = tokio::spawn(async move { axum::serve(listener, app).await });

    let connect = Connect::new(&format!("ws://{at}/echo"))?.subprotocol("v1")?.subprotocol("v2")?;
    let mut ws = ws_tokio::connect_with(&connect, Config::default()).await?;
    assert_eq!(ws.status().agreement.subprotocol.as_deref(), Some("v1"));
    ws.send("hello").await?;
    assert_eq!(ws.recv().await?, Some("hello".into()));
    ws.close(None).await?;
    assert_eq!(ws.recv().await?, None);
    assert!(ws.status().was_clean);

    for (path, status) in [("refuse", 403), ("misfit", 500)] {
        let Err(Error::Rejected(response)) = ws_tokio::connect(&format!("ws://{at}/{path}")).await else {
            panic!("{path} opens nothing");
        };
        assert_eq!(response.status, status);
    }
    let ordinary = ask(at, b"GET /echo HTTP/1.1\r\nHost: localhost\r\n\r\n").await?;
    assert!(ordinary.starts_with(b"HTTP/1.1 426 "), "{}", String::from_utf8_lossy(&ordinary));
    server.abort();
    Ok(())
}

/// A request that did not come from a connection cannot open one.
#[test]
fn a_request_without_a_connection_is_a_500() -> Outcome {
    let mut asked = hyper::Request::builder().uri("/echo").body(())?;
    let fields = [
        ("host", "localhost"),
        ("connection", "upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", KEY),
    ];
    for (name, value) in fields {
        asked.headers_mut().insert(name, value.parse()?);
    }
    let (response, opening): (hyper::Response<Full<Bytes>>, _) = ws_tokio::hyper::upgrade(&mut asked);
    assert_eq!(response.status(), 500);
    assert!(opening.is_none());
    Ok(())
}
