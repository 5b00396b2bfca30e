//! Taking connections apart, putting their halves together again, and the facts that are known after the end.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::net::{TcpListener, TcpStream};
use ws_core::handshake::Agreement;
use ws_core::{Connection, Error, Instant, Role};
use ws_tokio::{CloseCode, CloseFrame, Config, WebSocket};

fn pair() -> (WebSocket<DuplexStream>, WebSocket<DuplexStream>) {
    pair_of(Role::Client, Role::Server)
}

fn pair_of(one_role: Role, other_role: Role) -> (WebSocket<DuplexStream>, WebSocket<DuplexStream>) {
    let (one, other) = duplex(64 << 10);
    let end = |io, role| {
        let conn =
            Connection::upgraded(Instant::ORIGIN, role, Config::default(), Agreement::default(), [7; 32]);
        WebSocket::new(io, conn)
    };
    (end(one, one_role), end(other, other_role))
}

async fn tcp_pair() -> io::Result<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let (client, accepted) = tokio::try_join!(TcpStream::connect(listener.local_addr()?), listener.accept())?;
    Ok((client, accepted.0))
}

#[tokio::test]
async fn what_follows_a_message_and_what_is_not_written_is_handed_over() -> Result<(), ws_tokio::Error> {
    let (server, mut client) = duplex(1024);
    let conn =
        Connection::upgraded(Instant::ORIGIN, Role::Server, Config::default(), Agreement::default(), [0; 32]);
    let mut server = WebSocket::resume(server, conn, b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f");
    client.write_all(b"\x4d\x51\x58and then something else").await?;
    assert_eq!(
        server.recv().await?.and_then(|message| message.as_text().map(String::from)).as_deref(),
        Some("Hello")
    );
    server.feed("bye").await?;

    let mut parts = server.into_inner();
    assert_eq!(parts.read, b"and then something else");
    assert_eq!(parts.unwritten, b"\x81\x03bye");
    parts.io.write_all(&parts.unwritten).await?;
    let mut came = [0; 5];
    client.read_exact(&mut came).await?;
    assert_eq!(&came, b"\x81\x03bye");
    Ok(())
}

#[tokio::test]
async fn only_the_two_halves_of_one_connection_are_reunited() -> Result<(), ws_tokio::Error> {
    let (mut client, server) = pair();
    let (other, _peer) = pair();
    let (sender, receiver) = server.split();
    let (stranger, _other_receiver) = other.split();

    let error = stranger.reunite(receiver).expect_err("they do not belong together");
    assert_eq!(error.to_string(), "the halves are of different connections, or another sender lives");
    let (_, receiver) = error.into_halves();
    let another = sender.clone();
    let error = sender.reunite(receiver).expect_err("another sender lives");
    drop(another);
    let (sender, receiver) = error.into_halves();
    let mut server = sender.reunite(receiver).expect("no other sender lives");

    client.send("still there").await?;
    let message = server.recv().await?;
    assert_eq!(message.expect("it is open").as_text(), Some("still there"));
    Ok(())
}

#[tokio::test]
async fn an_aborted_connection_ends_without_a_close_frame() -> Result<(), ws_tokio::Error> {
    let (client, mut server) = pair();
    client.abort();
    assert!(matches!(server.recv().await, Err(ws_tokio::Error::WebSocket(Error::UnexpectedEof))));
    assert!(server.recv().await?.is_none());
    assert_eq!((server.status().close_code, server.status().failure), (1006, Some(Error::UnexpectedEof)));
    assert_eq!(server.status().close_frame, None);
    Ok(())
}

#[tokio::test]
async fn an_abort_reaches_the_receiver_that_waits() -> Result<(), ws_tokio::Error> {
    let (client, mut server) = pair();
    let (sender, mut receiver) = client.split();
    let waits = async {
        let message = receiver.recv().await;
        drop(receiver);
        message
    };
    let aborts = async {
        tokio::task::yield_now().await;
        sender.abort();
        assert!(sender.send("too late").await.is_err());
        drop(sender);
    };
    let (message, ()) = tokio::join!(waits, aborts);
    assert!(message?.is_none());
    assert!(matches!(server.recv().await, Err(ws_tokio::Error::WebSocket(Error::UnexpectedEof))));
    Ok(())
}

#[tokio::test]
async fn the_close_frame_is_known_after_the_end() -> Result<(), ws_tokio::Error> {
    let (mut client, mut server) = pair();
    assert_eq!(server.status().close_frame, None);
    let frame = CloseFrame { code: CloseCode::GOING_AWAY, reason: "lunch" };
    client.close(frame).await?;
    let (ended, _) = tokio::try_join!(server.recv(), client.recv())?;
    assert!(ended.is_none());
    assert_eq!(server.status().close_frame, Some(frame.into()));
    assert_eq!((server.status().close_code, server.status().failure), (1001, None));
    Ok(())
}

#[tokio::test]
async fn the_error_is_known_after_it_was_reported() -> Result<(), ws_tokio::Error> {
    // A server does not mask, so another server does not accept its messages.
    let (mut peer, mut server) = pair_of(Role::Server, Role::Server);
    peer.send("unmasked").await?;
    let error = server.recv().await.expect_err("it is not masked");
    let ws_tokio::Error::WebSocket(error) = error else { panic!("{error}") };
    assert_eq!(server.status().failure, Some(error));
    Ok(())
}

#[tokio::test]
async fn the_addresses_are_those_of_the_socket() -> Result<(), ws_tokio::Error> {
    let (client, server) = tcp_pair().await?;
    let request = ws_tokio::ClientRequest::new("localhost", "/")?;
    let (accepted, connected) =
        tokio::join!(ws_tokio::accept(server), ws_tokio::client(client, &request, Config::default()));
    let (server, client) = (accepted?, connected?);
    assert_eq!(server.peer_addr()?, client.local_addr()?);
    assert_eq!(server.local_addr()?, client.peer_addr()?);
    Ok(())
}

#[cfg(feature = "serde")]
mod json {
    use super::*;

    #[tokio::test]
    async fn values_go_as_json_both_ways() -> Result<(), ws_tokio::Error> {
        let (mut client, mut server) = pair();
        client.send_json(&[1, 2, 3]).await?;
        client.send(&b"[4]"[..]).await?;
        assert_eq!(server.recv_json::<Vec<u32>>().await?, Some(vec![1, 2, 3]));
        assert_eq!(server.recv_json::<Vec<u32>>().await?, Some(vec![4]));
        Ok(())
    }

    #[tokio::test]
    async fn a_message_that_is_not_such_json_comes_with_the_error() -> Result<(), ws_tokio::Error> {
        let (mut client, mut server) = pair();
        client.send("[1, 2").await?;
        client.send("[5]").await?;
        let Err(ws_tokio::Error::NotJson(error)) = server.recv_json::<Vec<u32>>().await else {
            panic!("it is not a list");
        };
        assert_eq!(error.message.as_text(), Some("[1, 2"));
        assert!(error.to_string().contains("EOF while parsing a list at line 1 column 5"), "{error}");
        assert_eq!(server.recv_json::<Vec<u32>>().await?, Some(vec![5]));
        Ok(())
    }

    #[tokio::test]
    async fn a_value_that_json_cannot_hold_is_not_sent() -> Result<(), ws_tokio::Error> {
        let (mut client, _server) = pair();
        let keys_are_lists = std::collections::BTreeMap::from([(vec![1], 2)]);
        assert!(matches!(client.send_json(&keys_are_lists).await, Err(ws_tokio::Error::Json(_))));
        assert_eq!(client.status().queued, 0);
        Ok(())
    }
}
