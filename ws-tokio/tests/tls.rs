//! TLS, over loopback.
#![cfg(feature = "tls")]

use std::io;

use certificates::Authority;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, copy_bidirectional, duplex};
use tokio::net::{TcpListener, TcpStream};
use ws_tokio::{Connect, Connector, NetStream, Proxy, ServerTls, accept_tls, start_tls};

type Outcome = Result<(), Box<dyn core::error::Error>>;

/// Starts a server that echoes over TLS, and returns its address.
async fn echo(tls: ServerTls) -> io::Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let port = listener.local_addr()?.port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(stream) = accept_tls(stream, &tls).await else { continue };
            let Ok(mut ws) = ws_tokio::accept(stream).await else { continue };
            while let Ok(Some(message)) = ws.recv().await {
                let _ = ws.send(message).await;
            }
        }
    });
    Ok(port)
}

/// 6455-4.1-5: An `https:` proxy leads to a `wss:` server, in TLS inside TLS. The client checks the
/// certificates of both.
#[tokio::test]
async fn an_https_proxy_leads_to_a_wss_server() -> Outcome {
    let (servers, proxies) = (Authority::named("of servers"), Authority::named("of proxies"));
    let port = echo(servers.server(&["server.example"])).await?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let proxy = Proxy::parse(&format!("https://127.0.0.1:{}", listener.local_addr()?.port()))?;
    let tls = proxies.server(&["127.0.0.1"]);
    let seen = tokio::spawn(async move {
        let mut client = accept_tls(listener.accept().await?.0, &tls).await?;
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(client.read_u8().await?);
        }
        client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
        let mut server = TcpStream::connect(("127.0.0.1", port)).await?;
        tokio::spawn(async move { copy_bidirectional(&mut client, &mut server).await });
        io::Result::Ok(head)
    });
    let connector = Connector::new().tls(servers.client()).proxy_tls(proxies.client());
    let mut ws = connector.connect(Connect::new("wss://server.example/")?.proxy(proxy)).await?;
    for len in [1, 1 << 20] {
        let payload = vec![7; len];
        ws.send(&payload).await?;
        assert_eq!(ws.recv().await?, Some(payload.into()));
    }
    assert!(seen.await??.starts_with(b"CONNECT server.example:443 HTTP/1.1\r\n"));
    Ok(())
}

/// TLS starts over any stream that the program brings.
#[tokio::test]
async fn tls_starts_over_any_stream() -> Outcome {
    let authority = Authority::new();
    let (near, far) = duplex(4096);
    let (client, server) = (authority.client(), authority.server(&["localhost"]));
    let near = start_tls(NetStream::new(near), &client, "localhost");
    let (near, far) = tokio::join!(near, accept_tls(NetStream::new(far), &server));
    let (mut near, mut far) = (near?, far?);
    assert!(near.is_tls() && near.peer_addr().is_none());
    near.write_all(b"hello").await?;
    near.shutdown().await?;
    let mut all = Vec::new();
    far.read_to_end(&mut all).await?;
    assert_eq!(all, b"hello");
    Ok(())
}

/// The stream is small, because every connection holds one.
#[test]
fn a_stream_is_small() {
    assert!(size_of::<NetStream>() <= size_of::<TcpStream>() + 6 * size_of::<usize>());
    fn check<T: Send>(_: impl Fn() -> T) {}
    check(|| ws_tokio::connect("wss://localhost/"));
    check(|| NetStream::new(duplex(1).0) as NetStream);
    let _: fn(DuplexStream) -> NetStream = NetStream::new;
}
