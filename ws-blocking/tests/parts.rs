//! Taking connections apart, putting halves together, and what is known after the end.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use ws_blocking::ws_core::handshake::Agreement;
use ws_blocking::ws_core::{self, Connection, Role};
use ws_blocking::{CloseCode, CloseFrame, Config, Error, WebSocket};

fn sockets() -> io::Result<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let client = TcpStream::connect(listener.local_addr()?)?;
    Ok((client, listener.accept()?.0))
}

fn conn(role: Role) -> Connection {
    Connection::upgraded(ws_blocking::now(), role, Config::default(), Agreement::default(), [7; 32])
}

fn pair() -> io::Result<(WebSocket<TcpStream>, WebSocket<TcpStream>)> {
    let (client, server) = sockets()?;
    Ok((WebSocket::new(client, conn(Role::Client)), WebSocket::new(server, conn(Role::Server))))
}

/// adapter-IO3: bytes that another HTTP server has read are not lost, nor are those after the WebSocket.
#[test]
fn what_follows_a_message_and_what_is_not_written_is_handed_over() -> Result<(), Error> {
    let (mut client, server) = sockets()?;
    let conn = conn(Role::Server);
    // All bytes are there before the server reads, so that the test does not depend on how they arrive.
    let read = b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58and then something else";
    let mut server = WebSocket::resume(server, conn, read);
    assert_eq!(server.recv()?, Some("Hello".into()));
    server.feed("bye")?;

    let mut parts = server.into_inner();
    assert_eq!(parts.read, b"and then something else");
    assert_eq!(parts.unwritten, b"\x81\x03bye");
    parts.io.write_all(&parts.unwritten)?;
    let mut came = [0; 5];
    client.read_exact(&mut came)?;
    assert_eq!(&came, b"\x81\x03bye");
    Ok(())
}

#[test]
fn only_the_two_halves_of_one_connection_are_reunited() -> Result<(), Error> {
    let (mut client, server) = pair()?;
    let (other, _peer) = pair()?;
    let (sender, receiver) = server.split()?;
    let (stranger, _other_receiver) = other.split()?;

    let error = stranger.reunite(receiver).expect_err("they do not belong together");
    let (_, receiver) = error.into_halves();
    let another = sender.clone();
    let error = sender.reunite(receiver).expect_err("another sender lives");
    drop(another);
    let (sender, receiver) = error.into_halves();
    let mut server = sender.reunite(receiver).expect("no other sender lives");

    client.send("still there")?;
    assert_eq!(server.recv()?, Some("still there".into()));
    server.send("and here")?;
    assert_eq!(client.recv()?, Some("and here".into()));
    Ok(())
}

#[test]
fn an_aborted_connection_ends_without_a_close_frame() -> Result<(), Error> {
    let (client, mut server) = pair()?;
    client.abort();
    assert!(matches!(server.recv(), Err(Error::WebSocket(ws_core::Error::UnexpectedEof))));
    assert_eq!(server.recv()?, None);
    assert_eq!(
        (server.status().close_code, server.status().failure),
        (1006, Some(ws_core::Error::UnexpectedEof))
    );
    Ok(())
}

#[test]
fn an_abort_reaches_the_receiver_that_waits() -> Result<(), Error> {
    let (client, mut server) = pair()?;
    let (sender, mut receiver) = client.split()?;
    let waits = thread::spawn(move || receiver.recv());
    sender.abort();
    assert_eq!(waits.join().expect("it does not panic")?, None);
    assert!(sender.send("too late").is_err());
    assert!(matches!(server.recv(), Err(Error::WebSocket(ws_core::Error::UnexpectedEof))));
    Ok(())
}

#[test]
fn the_close_frame_and_the_addresses_are_known_after_the_end() -> Result<(), Error> {
    let (mut client, mut server) = pair()?;
    let (near, far) = (client.local_addr()?, client.peer_addr()?);
    assert_eq!((server.peer_addr()?, server.local_addr()?), (near, far));
    let frame = CloseFrame { code: CloseCode::GOING_AWAY, reason: "lunch" };
    client.close(frame)?;
    let server = thread::spawn(move || server.recv().map(|message| (message, server)));
    assert_eq!(client.recv()?, None);
    let (ended, server) = server.join().expect("it does not panic")?;
    assert_eq!(ended, None);
    assert_eq!((server.status().close_frame, server.status().failure), (Some(frame.into()), None));
    Ok(())
}

#[cfg(feature = "serde")]
#[test]
fn values_go_as_json_and_other_messages_come_back() -> Result<(), Error> {
    let (mut client, mut server) = pair()?;
    client.send_json(&[1, 2, 3])?;
    client.send("[1, 2")?;
    client.send_json(&[4])?;
    assert_eq!(server.recv_json::<Vec<u32>>()?, Some(vec![1, 2, 3]));
    let Err(Error::NotJson(error)) = server.recv_json::<Vec<u32>>() else { panic!("it is not a list") };
    assert_eq!(error.message.as_text(), Some("[1, 2"));
    assert_eq!(server.recv_json::<Vec<u32>>()?, Some(vec![4]));
    Ok(())
}
