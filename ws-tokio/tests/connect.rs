//! Connecting over loopback: proxies, redirects, names.

use core::time::Duration;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use ws_tokio::serve::Server;
use ws_tokio::{Connect, ConnectError, Connector, Error, NetStream, Proxy, Reconnect};

type Outcome = Result<(), Box<dyn core::error::Error>>;

/// Starts a server that echoes, and returns its port.
async fn echo() -> io::Result<u16> {
    let listener = Server::new().bind("127.0.0.1:0").await?;
    let port = listener.local_addrs()[0].port();
    tokio::spawn(async move {
        while let Some(mut ws) = listener.accept().await {
            tokio::spawn(async move {
                while let Ok(Some(message)) = ws.recv().await {
                    let _ = ws.send(message).await;
                }
            });
        }
    });
    Ok(port)
}

/// Reads a head, byte by byte.
async fn head(stream: &mut TcpStream) -> io::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

/// Starts a proxy that reads one HTTP request and answers with `answer`. After a 200 it connects
/// the client to `port`.
async fn http_proxy(port: u16, answer: &'static str) -> io::Result<(u16, tokio::task::JoinHandle<String>)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let own = listener.local_addr()?.port();
    let proxy = tokio::spawn(async move {
        let (mut client, _) = listener.accept().await.expect("a client");
        let seen = head(&mut client).await.expect("a head");
        client.write_all(answer.as_bytes()).await.expect("written");
        if answer.contains(" 200 ") {
            let mut server = TcpStream::connect(("127.0.0.1", port)).await.expect("a server");
            tokio::spawn(async move {
                let _ = copy_bidirectional(&mut client, &mut server).await;
            });
        }
        seen
    });
    Ok((own, proxy))
}

/// 6455-4.1-5, 9110-9.3.6-1, 9110-9.3.6-2, 6455-4.1-3p:
/// An HTTP proxy is asked for a tunnel, for plain `ws:` too, and gets its own credentials.
#[tokio::test]
async fn an_http_proxy_is_asked_for_a_tunnel() -> Outcome {
    let port = echo().await?;
    let (proxy, seen) = http_proxy(port, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n").await?;
    let proxy = Proxy::parse(&format!("http://user:pass%21@127.0.0.1:{proxy}"))?;
    let connect = Connect::new("ws://server.example:81/")?.proxy(proxy);
    let mut ws = Connector::new().connect(connect).await?;
    ws.send("through").await?;
    assert_eq!(ws.recv().await?, Some("through".into()));
    let seen = seen.await?;
    assert!(seen.starts_with("CONNECT server.example:81 HTTP/1.1\r\n"), "{seen}");
    assert!(seen.contains("Proxy-Authorization: Basic dXNlcjpwYXNzIQ=="), "{seen}");
    Ok(())
}

/// 9110-9.3.6-3: The refusal of a proxy is an error that holds the proxy's answer.
#[tokio::test]
async fn a_refusal_of_the_proxy_is_an_error() -> Outcome {
    let (proxy, _seen) = http_proxy(0, "HTTP/1.1 407 Who\r\nContent-Length: 0\r\n\r\n").await?;
    let proxy = Proxy::parse(&format!("http://127.0.0.1:{proxy}"))?;
    let refused = Connector::new().connect(Connect::new("ws://server.example/")?.proxy(proxy)).await;
    let Err(Error::Connect(error)) = refused else { panic!("{refused:?}") };
    let ConnectError::ProxyRefused(response) = *error else { panic!("{error}") };
    assert_eq!(response.status, 407);
    Ok(())
}

/// A SOCKS5 proxy gets the name, and connects the client to the server.
#[tokio::test]
async fn a_socks_proxy_leads_to_the_server() -> Outcome {
    let port = echo().await?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let proxy = Proxy::parse(&format!("socks5h://127.0.0.1:{}", listener.local_addr()?.port()))?;
    let seen = tokio::spawn(async move {
        let (mut client, _) = listener.accept().await?;
        let (mut hello, mut asked) = ([0; 3], [0; 5 + 14 + 2]);
        client.read_exact(&mut hello).await?;
        client.write_all(&[5, 0]).await?;
        client.read_exact(&mut asked).await?;
        client.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await?;
        let mut server = TcpStream::connect(("127.0.0.1", port)).await?;
        tokio::spawn(async move { copy_bidirectional(&mut client, &mut server).await });
        io::Result::Ok((hello, asked))
    });
    let connect = Connect::new("ws://server.example/")?.proxy(proxy);
    let mut ws = Connector::new().connect(connect).await?;
    ws.send("through").await?;
    assert_eq!(ws.recv().await?, Some("through".into()));
    let (hello, asked) = seen.await??;
    assert_eq!(hello, [5, 1, 0]);
    assert_eq!(asked[..], [&[5, 1, 0, 3, 14][..], b"server.example", &[0, 80]].concat());
    Ok(())
}

/// A redirect is followed on request only; otherwise it is an error.
#[tokio::test]
async fn redirects_are_followed_on_request() -> Outcome {
    let port = echo().await?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("ws://{}/", listener.local_addr()?);
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let _ = head(&mut client).await;
            let answer = format!(
                "HTTP/1.1 302 Found\r\nLocation: ws://127.0.0.1:{port}/\r\nContent-Length: 0\r\n\r\n"
            );
            let _ = client.write_all(answer.as_bytes()).await;
        }
    });
    let refused = ws_tokio::connect(&url).await;
    assert!(matches!(&refused, Err(Error::Rejected(response)) if response.status == 302), "{refused:?}");
    let ws = Connector::new().connect(Connect::new(&url)?.follow_redirects(1)).await?;
    assert_eq!(ws.get_ref().peer_addr().map(|address| address.port()), Some(port));
    Ok(())
}

/// 6455-4.1-6: If an address refuses, the next one is tried. The program may look up names and connect
/// to addresses itself.
#[tokio::test]
async fn names_and_transports_may_be_the_programs() -> Outcome {
    let port = echo().await?;
    let closed = TcpListener::bind("127.0.0.1:0").await?.local_addr()?;
    let connector = Connector::new().resolver(move |host, asked| {
        assert_eq!((host, asked), ("server.example", 80));
        core::future::ready(Ok(vec![closed, ([127, 0, 0, 1], port).into()]))
    });
    let mut ws = connector.connect(Connect::new("ws://server.example/")?).await?;
    ws.send("hello").await?;
    assert_eq!(ws.recv().await?, Some("hello".into()));
    let connector = connector
        .dialer(move |_| async move { Ok(NetStream::new(TcpStream::connect(("127.0.0.1", port)).await?)) });
    let ws = connector.connect(Connect::new("ws://server.example/")?).await?;
    assert_eq!(ws.get_ref().peer_addr(), None);
    Ok(())
}

/// 6455-7.2.3-1: A client that reconnects tries again after a delay, until it reaches the server.
#[tokio::test(start_paused = true)]
async fn a_client_connects_again() -> Outcome {
    let port = echo().await?;
    let attempts = AtomicU32::new(0);
    let connector = Connector::new().dialer(move |address| {
        let is_first = attempts.fetch_add(1, Ordering::Relaxed) == 0;
        async move {
            if is_first {
                return Err(io::ErrorKind::ConnectionRefused.into());
            }
            Ok(TcpStream::connect(address).await?.into())
        }
    });
    let connect = Connect::new(&format!("ws://127.0.0.1:{port}/"))?.timeout(None);
    let mut reconnect = Reconnect::new(connector, connect)?;
    let begin = tokio::time::Instant::now();
    drop(reconnect.open().await?);
    assert!(begin.elapsed() > Duration::ZERO);
    drop(reconnect.open().await?);
    Ok(())
}

/// A caller that gives up its wait, again and again, does not put off the next attempt.
#[tokio::test(start_paused = true)]
async fn a_dropped_wait_goes_on_where_it_was() -> Outcome {
    let attempts = Arc::<AtomicU32>::default();
    let counted = Arc::clone(&attempts);
    let connector = Connector::new().dialer(move |_| {
        counted.fetch_add(1, Ordering::Relaxed);
        async { Err(io::ErrorKind::ConnectionRefused.into()) }
    });
    let mut reconnect = Reconnect::new(connector, Connect::new("ws://127.0.0.1:1/")?)?;
    // The first four delays take at most 75 seconds in all, and the first five at least 65.
    for _ in 0..80 {
        assert!(tokio::time::timeout(Duration::from_secs(1), reconnect.open()).await.is_err());
    }
    let attempts = attempts.load(Ordering::Relaxed);
    assert!((5..=6).contains(&attempts), "{attempts} attempts");
    Ok(())
}
