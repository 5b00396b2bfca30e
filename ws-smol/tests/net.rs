//! Connecting over loopback: names, proxies, redirects; and taking connections apart.
#![cfg(feature = "runtime")]

use std::io;

use async_net::{TcpListener, TcpStream};
use futures_util::future::{join, try_join};
use futures_util::{AsyncReadExt as _, AsyncWriteExt as _};
use smol::block_on;
use ws_smol::{
    CloseCode, CloseFrame, Config, Connect, ConnectError, Connector, Error, NetStream, Proxy, WebSocket,
};

type Outcome = Result<(), Box<dyn core::error::Error>>;

/// Starts a server that echoes, and returns its port.
async fn echo() -> io::Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let port = listener.local_addr()?.port();
    let serving = smol::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            smol::spawn(async move {
                let Ok(mut ws) = ws_smol::accept(stream).await else { return };
                while let Ok(Some(message)) = ws.recv().await {
                    let _ = ws.send(message).await;
                }
            })
            .detach();
        }
    });
    serving.detach();
    Ok(port)
}

/// Returns both ends of an open connection: the client, the server.
async fn pair() -> Result<(WebSocket<NetStream>, WebSocket<TcpStream>), Error> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("ws://{}/", listener.local_addr()?);
    let server = async { ws_smol::accept(listener.accept().await?.0).await };
    try_join(ws_smol::connect(&url), server).await
}

/// Reads a head, byte by byte.
async fn head(stream: &mut TcpStream) -> io::Result<String> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).await?;
        head.extend(byte);
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

/// 6455-4.1-5, 9110-9.3.6-1: An HTTP proxy is asked for a tunnel, and connects the client to the server.
#[test]
fn an_http_proxy_is_asked_for_a_tunnel() -> Outcome {
    block_on(async {
        let port = echo().await?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let proxy = Proxy::parse(&format!("http://{}", listener.local_addr()?))?;
        let seen = smol::spawn(async move {
            let (mut client, _) = listener.accept().await?;
            let seen = head(&mut client).await?;
            client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
            let server = TcpStream::connect(("127.0.0.1", port)).await?;
            let (from_client, mut to_server) = (client.clone(), server.clone());
            let there = futures_util::io::copy(from_client, &mut to_server);
            let back = futures_util::io::copy(server, &mut client);
            let _ = futures_util::future::select(Box::pin(there), Box::pin(back)).await;
            io::Result::Ok(seen)
        });
        let connect = Connect::new("ws://server.example:81/")?.proxy(proxy);
        let mut ws = Connector::new().connect(connect).await?;
        ws.send("through").await?;
        assert_eq!(ws.recv().await?, Some("through".into()));
        drop(ws);
        let seen = seen.await?;
        assert!(seen.starts_with("CONNECT server.example:81 HTTP/1.1\r\n"), "{seen}");
        Ok(())
    })
}

/// 6455-4.1-6, 6455-4.1-7: Names are looked up. If an address refuses, the next one is tried. A server that
/// is not reached is an error.
#[test]
fn names_and_transports_may_be_the_programs() -> Outcome {
    block_on(async {
        let port = echo().await?;
        let ws = ws_smol::connect(&format!("ws://localhost:{port}/")).await?;
        assert_eq!(ws.get_ref().peer_addr().map(|address| address.port()), Some(port));
        assert_eq!(ws.get_ref().tcp().map(TcpStream::nodelay).transpose()?, Some(true));

        let closed = TcpListener::bind("127.0.0.1:0").await?.local_addr()?;
        let refused = ws_smol::connect(&format!("ws://{closed}/")).await;
        assert!(matches!(&refused, Err(error @ Error::Connect(_)) if error.is_temporary()), "{refused:?}");

        let connector = Connector::new().resolver(move |host, asked| {
            assert_eq!((host, asked), ("server.example", 80));
            core::future::ready(Ok(vec![closed, ([127, 0, 0, 1], port).into()]))
        });
        let mut ws = connector.connect(Connect::new("ws://server.example/")?).await?;
        ws.send("hello").await?;
        assert_eq!(ws.recv().await?, Some("hello".into()));
        Ok(())
    })
}

/// A name without addresses is an error of its own.
#[test]
fn a_name_without_addresses_is_an_error() -> Outcome {
    block_on(async {
        let connector = Connector::new().resolver(|_, _| async { Err(io::ErrorKind::NotFound.into()) });
        let missing = connector.connect(Connect::new("ws://server.example/")?).await;
        let Err(Error::Connect(error)) = missing else { panic!("{missing:?}") };
        assert!(matches!(*error, ConnectError::Resolve { host, .. } if host == "server.example"));
        Ok(())
    })
}

/// A redirect is followed on request only; otherwise it is an error.
#[test]
fn redirects_are_followed_on_request() -> Outcome {
    block_on(async {
        let port = echo().await?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("ws://{}/", listener.local_addr()?);
        let serving = smol::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let _ = head(&mut client).await;
                let answer = format!(
                    "HTTP/1.1 302 Found\r\nLocation: ws://127.0.0.1:{port}/\r\nContent-Length: 0\r\n\r\n"
                );
                let _ = client.write_all(answer.as_bytes()).await;
            }
        });
        serving.detach();
        let refused = ws_smol::connect(&url).await;
        assert!(matches!(&refused, Err(Error::Rejected(response)) if response.status == 302), "{refused:?}");
        let ws = Connector::new().connect(Connect::new(&url)?.follow_redirects(1)).await?;
        assert_eq!(ws.get_ref().peer_addr().map(|address| address.port()), Some(port));
        Ok(())
    })
}

#[test]
fn what_follows_a_message_and_what_is_not_written_is_handed_over() -> Outcome {
    block_on(async {
        let (client, mut server) = pair().await?;
        let mut client = client.into_inner().io;
        client.write_all(b"\x81\x85\0\0\0\0Helloand then something else").await?;
        assert_eq!(server.recv().await?, Some("Hello".into()));
        drop(server.feed("bye"));

        let mut parts = server.into_inner();
        assert_eq!(parts.read, b"and then something else");
        assert_eq!(parts.unwritten, b"\x81\x03bye");
        parts.io.write_all(&parts.unwritten).await?;
        let mut came = [0; 5];
        client.read_exact(&mut came).await?;
        assert_eq!(&came, b"\x81\x03bye");
        Ok(())
    })
}

#[test]
fn only_the_two_halves_of_one_connection_are_reunited() -> Outcome {
    block_on(async {
        let ((mut client, server), (_peer, other)) = (pair().await?, pair().await?);
        let (sender, receiver) = server.split();
        let (stranger, _other_receiver) = other.split();

        let error = stranger.reunite(receiver).expect_err("they do not belong together");
        let (_, receiver) = error.into_halves();
        let another = sender.clone();
        let error = sender.reunite(receiver).expect_err("another sender lives");
        drop(another);
        let (sender, receiver) = error.into_halves();
        let mut server = sender.reunite(receiver).expect("no other sender lives");
        client.send("still there").await?;
        assert_eq!(server.recv().await?, Some("still there".into()));
        Ok(())
    })
}

#[test]
fn how_it_ended_is_known_after_the_end() -> Outcome {
    block_on(async {
        let (mut client, mut server) = pair().await?;
        assert_eq!(server.peer_addr().ok(), client.get_ref().local_addr());
        assert_eq!(server.status().close_frame, None);
        let frame = CloseFrame { code: CloseCode::GOING_AWAY, reason: "lunch" };
        client.close(frame).await?;
        let (ended, _) = try_join(server.recv(), client.recv()).await?;
        assert!(ended.is_none());
        assert_eq!((server.status().close_frame, server.status().failure), (Some(frame.into()), None));

        let (client, mut server) = pair().await?;
        client.abort();
        assert!(server.recv().await.is_err());
        assert_eq!(server.status().failure, Some(ws_core::Error::UnexpectedEof));

        let (client, _server) = pair().await?;
        let (sender, mut receiver) = client.split();
        let (received, ()) = join(receiver.recv(), async { sender.abort() }).await;
        assert_eq!(received?, None);
        Ok(())
    })
}

#[cfg(feature = "serde")]
#[test]
fn values_go_as_json_both_ways() -> Outcome {
    block_on(async {
        let (mut client, mut server) = pair().await?;
        client.send_json(&[1, 2, 3]).await?;
        client.send("[1, 2").await?;
        assert_eq!(server.recv_json::<Vec<u32>>().await?, Some(vec![1, 2, 3]));
        let Err(Error::NotJson(error)) = server.recv_json::<Vec<u32>>().await else {
            panic!("it is not a list")
        };
        assert_eq!(error.message.as_text(), Some("[1, 2"));
        let (sender, _receiver) = server.split();
        sender.send_json("text").await?;
        assert_eq!(client.recv_json::<String>().await?.as_deref(), Some("text"));
        Ok(())
    })
}

/// The configuration of a connector is that of its connections.
#[test]
fn limits_are_those_of_the_connector() -> Outcome {
    block_on(async {
        let port = echo().await?;
        let connector = Connector::new().config(Config::new().max_message(3));
        let mut ws = connector.connect(Connect::new(&format!("ws://127.0.0.1:{port}/"))?).await?;
        ws.send("four").await?;
        assert!(matches!(ws.recv().await, Err(Error::WebSocket(_))));
        Ok(())
    })
}
