//! A hyper server that answers ordinary requests and opens WebSockets, and a client of both.

use std::convert::Infallible;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use ws_tokio::hyper::Opening;
use ws_tokio::{CloseCode, Error};

async fn handle(mut request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    if request.uri().path() != "/echo" {
        return Ok(Response::new("there is an echo at /echo\n".into()));
    }
    let (response, opening) = ws_tokio::hyper::upgrade(&mut request);
    if let Some(opening) = opening {
        tokio::spawn(async move {
            if let Err(error) = echo(opening).await {
                eprintln!("a connection ended: {error}");
            }
        });
    }
    Ok(response)
}

async fn echo(opening: Opening) -> Result<(), Error> {
    let mut ws = opening.await?;
    while let Some((message, mut reply)) = ws.message_ref().await? {
        reply.feed(message).await?;
    }
    Ok(())
}

async fn serve(listener: TcpListener) -> std::io::Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(async move {
            let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(handle));
            if let Err(error) = connection.with_upgrades().await {
                eprintln!("a connection failed: {error}");
            }
        });
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let at = listener.local_addr()?;
    let server = tokio::spawn(serve(listener));

    let mut ws = ws_tokio::connect(&format!("ws://{at}/echo")).await?;
    ws.send("hello, hyper").await?;
    println!("echoed: {:?}", ws.recv().await?.ok_or("the server closed")?.as_message());
    ws.close(CloseCode::NORMAL).await?;
    ws.closed().await?;
    println!("closed: {}", ws.status().close_code);

    // A request that is not an upgrade gets the answer 426.
    let stream = TcpStream::connect(at).await?;
    let answer = examples::get(stream, "/echo").await?;
    println!("without an upgrade: {}", answer.lines().next().unwrap_or_default());
    server.abort();
    Ok(())
}
