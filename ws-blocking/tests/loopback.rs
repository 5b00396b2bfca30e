//! Connections over sockets of the loopback interface.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread::{self, JoinHandle};

use ws_blocking::ws_core::handshake::HandshakeError;
use ws_blocking::ws_core::{self, ProtocolError};
use ws_blocking::{
    Accept, Chunk, CloseCode, CloseFrame, Config, Connect, Error, Event, Message, MessageKind, NetStream,
    PreparedMessage, Reject, SendError, Status, WebSocket,
};

type Ws = WebSocket<TcpStream>;

/// Runs `server` on the first connection to the address that is returned.
fn serve<T: Send + 'static>(server: impl FnOnce(TcpStream) -> T + Send + 'static) -> (String, JoinHandle<T>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    (address, thread::spawn(move || server(listener.accept().unwrap().0)))
}

/// Returns a client whose server runs `server`.
fn client_of<T: Send + 'static>(
    server: impl FnOnce(Ws) -> T + Send + 'static,
) -> (WebSocket<NetStream>, JoinHandle<T>) {
    let (address, server) = serve(|stream| server(ws_blocking::accept(stream).unwrap()));
    (ws_blocking::connect(&format!("ws://{address}/")).unwrap(), server)
}

fn echo(mut ws: Ws) -> Ws {
    while let Some((message, mut reply)) = ws.message_ref().unwrap() {
        reply.feed(message).unwrap();
    }
    ws
}

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

/// Returns a raw client that has read the head of the server's 101.
fn upgraded(address: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(REQUEST).unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    stream
}

/// 6455-5.5.1-11, 6455-5.5.1-12: messages of all lengths come back, and both ends see a clean close.
#[test]
fn messages_of_all_lengths_come_back() {
    let (mut ws, server) = client_of(echo);
    for len in [0, 1, 30, 31, 125, 126, 4095, 4096, 65_535, 65_536, 1 << 20] {
        let payload: Vec<u8> = (0..len).map(|i| i as u8).collect();
        ws.send(&payload).unwrap();
        assert_eq!(ws.recv().unwrap().unwrap().as_bytes(), payload);
        let text = "x".repeat(len);
        ws.send(text.clone()).unwrap();
        assert_eq!(ws.recv().unwrap().unwrap().as_text(), Some(&text[..]));
    }
    ws.send(&PreparedMessage::new("again")).unwrap();
    assert_eq!(ws.recv().unwrap().unwrap().as_text(), Some("again"));
    ws.close(CloseFrame { code: CloseCode::NORMAL, reason: "done" }).unwrap();
    assert_eq!(ws.recv().unwrap(), None);
    assert_eq!(ws.recv().unwrap(), None);
    assert!(ws.status().is_closed && ws.status().was_clean);
    assert_eq!(ws.status().close_code, 1000);
    let server = server.join().unwrap();
    assert!(server.status().is_closed && server.status().was_clean);
    assert_eq!(server.status().close_code, 1000);
}

/// adapter-BP2: what is fed leaves before the next wait, however much it is.
#[test]
fn what_is_fed_leaves_before_the_next_wait() {
    let config = Config::new().max_output(1000);
    let (address, server) = serve(|stream| echo(ws_blocking::accept(stream).unwrap()));
    let mut ws =
        ws_blocking::connect_with(&Connect::new(&format!("ws://{address}/")).unwrap(), config).unwrap();
    for i in 0..1000_u32 {
        ws.feed(&i.to_be_bytes()).unwrap();
        assert!(ws.status().queued < 1000 + 10);
    }
    for i in 0..1000_u32 {
        assert_eq!(ws.recv().unwrap().unwrap().as_bytes(), i.to_be_bytes());
    }
    ws.close(None).unwrap();
    assert_eq!(ws.recv().unwrap(), None);
    assert_eq!(ws.status().close_code, 1005);
    server.join().unwrap();
}

/// 6455-7.1.1-3, 6455-7.1.1-5: a server that closes ends its stream first, and the client answers.
#[test]
fn a_server_closes_too() {
    let (mut ws, server) = client_of(|mut ws| {
        ws.send("last").unwrap();
        ws.close(CloseCode::GOING_AWAY).unwrap();
        assert!(matches!(ws.send("later"), Err(Error::Send(SendError::Closed))));
        ws.closed().unwrap();
        assert!(ws.status().was_clean);
    });
    assert_eq!(ws.recv().unwrap().unwrap().as_text(), Some("last"));
    assert_eq!(ws.recv().unwrap(), None);
    assert_eq!(ws.status().close_code, 1001);
    server.join().unwrap();
}

/// 6455-5.5.1-12, 6455-7.1.1-6: a client waits for the server to end its stream before it ends its own.
#[test]
fn a_client_waits_for_the_servers_end() {
    let (address, server) = serve(|mut stream| {
        drop(ws_blocking::accept(stream.try_clone().unwrap()).unwrap());
        stream.write_all(b"\x88\x00").unwrap();
        let mut reply = [0; 6];
        stream.read_exact(&mut reply).unwrap();
        assert_eq!(reply[..2], [0x88, 0x80]);
        stream.set_nonblocking(true).unwrap();
        let error = stream.read(&mut reply).expect_err("the client's stream has not ended");
        assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
        stream.set_nonblocking(false).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        assert_eq!(stream.read(&mut reply).unwrap(), 0);
    });
    let mut ws = ws_blocking::connect(&format!("ws://{address}/")).unwrap();
    assert_eq!(ws.recv().unwrap(), None);
    assert!(ws.status().was_clean);
    server.join().unwrap();
}

/// adapter-IO2: frames behind either head are kept.
#[test]
fn bytes_behind_the_head_are_kept() {
    let (address, server) = serve(|stream| {
        let mut ws = ws_blocking::accept(stream).unwrap();
        assert_eq!(ws.recv().unwrap().unwrap().as_text(), Some("Hello"));
        // The answer and the first message leave in one write.
        ws.close(None).unwrap();
        ws.closed().unwrap();
    });
    let mut raw = TcpStream::connect(&address).unwrap();
    raw.write_all(&[REQUEST, b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58\x88\x80abcd"].concat()).unwrap();
    let mut all = Vec::new();
    raw.read_to_end(&mut all).unwrap();
    assert!(all.ends_with(b"\x88\x00"));
    drop(raw);
    server.join().unwrap();
}

/// adapter-IO2: a client keeps the frames that come with the 101.
#[test]
fn frames_behind_the_101_are_kept() {
    let (address, server) = serve(|mut stream| {
        let mut request = [0; 1024];
        let n = stream.read(&mut request).unwrap();
        let text = String::from_utf8_lossy(&request[..n]).into_owned();
        let key = text.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).unwrap();
        let accept = ws_core::handshake::accept_key(key.as_bytes());
        let mut answer =
            b"HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ".to_vec();
        answer.extend_from_slice(&accept);
        answer.extend_from_slice(b"\r\n\r\n\x81\x02hi\x88\x00");
        stream.write_all(&answer).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).unwrap();
        assert_eq!(rest[..2], [0x88, 0x80]);
    });
    let mut ws = ws_blocking::connect(&format!("ws://{address}/")).unwrap();
    assert_eq!(ws.recv().unwrap().unwrap().as_text(), Some("hi"));
    assert_eq!(ws.recv().unwrap(), None);
    server.join().unwrap();
}

/// A client gets a refusal with its whole body.
#[test]
fn a_refusal_is_handed_over_whole() {
    let (address, server) = serve(|stream| {
        let decision = || Reject::new(Status::FORBIDDEN).field("X-Why", "no").unwrap().body("go away");
        match ws_blocking::accept_with(stream, Config::default(), |_| decision().into()) {
            Err(Error::NotUpgraded) => {}
            other => panic!("{other:?}"),
        }
    });
    let Err(Error::Rejected(response)) = ws_blocking::connect(&format!("ws://{address}/")) else { panic!() };
    assert_eq!((response.status, &response.body[..]), (403, &b"go away"[..]));
    assert_eq!(response.field("x-why"), Some(&b"no"[..]));
    assert!(response.body_is_complete);
    server.join().unwrap();
}

/// A request that asks for no WebSocket is answered, and the connection ends without a WebSocket.
#[test]
fn an_ordinary_request_gets_426() {
    let (address, server) = serve(ws_blocking::accept);
    let mut raw = TcpStream::connect(&address).unwrap();
    raw.write_all(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
    let mut answer = String::new();
    raw.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 426 "), "{answer}");
    drop(raw);
    assert!(matches!(server.join().unwrap(), Err(Error::NotUpgraded)));
}

/// 6455-7.1.1-7: the answer to what is not HTTP reaches a client that has sent more than was read.
#[test]
fn a_malformed_request_is_answered_before_the_error() {
    let (address, server) = serve(ws_blocking::accept);
    let mut raw = TcpStream::connect(&address).unwrap();
    raw.write_all(b"GET / HTTP/1.1\r\n bad\r\n\r\n").unwrap();
    raw.write_all(&[b'x'; 200_000]).unwrap();
    let mut answer = String::new();
    raw.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    drop(raw);
    let error = server.join().unwrap().unwrap_err();
    assert!(
        matches!(error, Error::WebSocket(ws_core::Error::Handshake(HandshakeError::SpaceBeforeFields))),
        "{error:?}"
    );
}

/// Subprotocols are agreed on. An answer that does not fit is an error.
#[test]
fn decisions_see_the_request() {
    let (address, server) = serve(|stream| {
        ws_blocking::accept_with(stream, Config::default(), |request| {
            assert_eq!(request.path(), "/chat");
            Accept::new().subprotocol("b").into()
        })
        .map(|ws| ws.status().agreement.subprotocol.clone())
    });
    let connect = Connect::new(&format!("ws://{address}/chat")).unwrap();
    let connect = connect.subprotocol("a").unwrap().subprotocol("b").unwrap();
    let ws = ws_blocking::connect_with(&connect, Config::default()).unwrap();
    assert_eq!(ws.status().agreement.subprotocol.as_deref(), Some("b"));
    assert_eq!(server.join().unwrap().unwrap().as_deref(), Some("b"));

    let (address, server) = serve(|stream| {
        ws_blocking::accept_with(stream, Config::default(), |_| Accept::new().subprotocol("c").into())
    });
    let failed = ws_blocking::connect(&format!("ws://{address}/"));
    assert!(failed.is_err());
    assert!(matches!(server.join().unwrap(), Err(Error::Answer(_))));
}

/// 6455-7.1.1-1, 6455-7.1.1-7: an error is reported after the Close frame with its reason has left. What the
/// peer sends meanwhile is discarded, so that it can read that frame.
#[test]
fn an_error_is_reported_after_the_close_frame_has_left() {
    let (address, server) = serve(|stream| {
        let mut ws = ws_blocking::accept(stream).unwrap();
        assert_eq!(ws.recv().unwrap().unwrap().as_text(), Some("Hello"));
        let error = ws.recv().unwrap_err();
        assert!(
            matches!(error, Error::WebSocket(ws_core::Error::Protocol(ProtocolError::UnmaskedFrame))),
            "{error:?}"
        );
        assert_eq!(ws.status().queued, 0);
        assert_eq!(ws.recv().unwrap(), None);
        assert!(ws.status().is_closed && !ws.status().was_clean);
    });
    let mut raw = upgraded(&address);
    raw.write_all(b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58\x81\x00").unwrap();
    raw.write_all(&[0; 300_000]).unwrap();
    let mut all = Vec::new();
    raw.read_to_end(&mut all).unwrap();
    assert_eq!(all, b"\x88\x02\x03\xea");
    drop(raw);
    server.join().unwrap();
}

/// Pings, pongs, Close frames and chunks are events. `recv` does not lose chunks.
#[test]
fn events_show_everything() {
    let config = Config::new().stream(true).auto_pong(false);
    let (address, server) = serve(|stream| {
        let mut ws = ws_blocking::accept_with(stream, config, |_| Accept::new().into()).unwrap();
        let Some((Event::Ping(payload), mut reply)) = ws.event_ref().unwrap() else { panic!() };
        reply.pong(payload).unwrap();
        assert!(matches!(ws.recv(), Err(Error::Streaming)));
        assert!(matches!(ws.message_ref(), Err(Error::Streaming)));
        let mut all = Vec::new();
        loop {
            let Some((Event::Chunk(chunk), mut reply)) = ws.event_ref().unwrap() else { panic!() };
            all.extend_from_slice(chunk.bytes);
            reply.send_chunk(chunk).unwrap();
            if chunk.fin {
                break;
            }
        }
        assert_eq!(all, "one, two".as_bytes());
        let Some((Event::Close(Some(frame)), _)) = ws.event_ref().unwrap() else { panic!() };
        assert_eq!(frame.reason, "bye");
        assert!(ws.event_ref().unwrap().is_none());
    });
    let mut ws = ws_blocking::connect(&format!("ws://{address}/")).unwrap();
    ws.ping(b"are you there").unwrap();
    let Some((Event::Pong(payload), _)) = ws.event_ref().unwrap() else { panic!() };
    assert_eq!(payload, b"are you there");
    ws.send_chunk(Chunk { kind: MessageKind::Text, bytes: b"one, ", fin: false }).unwrap();
    ws.send_chunk(Chunk { kind: MessageKind::Text, bytes: b"two", fin: true }).unwrap();
    let Some((message, mut reply)) = ws.message_ref().unwrap() else { panic!() };
    assert_eq!(message, Message::Text("one, two"));
    reply.close(CloseFrame { code: CloseCode::NORMAL, reason: "bye" }).unwrap();
    assert!(ws.message_ref().unwrap().is_none());
    server.join().unwrap();
}

/// A request that waits for its answer does not end the connection, and can still be answered.
#[test]
fn an_undecided_request_reads_no_further() {
    let (address, server) = serve(|stream| {
        let conn = ws_core::Connection::server(ws_blocking::now(), Config::default());
        let mut ws = WebSocket::new(stream, conn);
        assert!(matches!(ws.recv(), Err(Error::Send(SendError::NotOpen))));
        assert!(matches!(ws.send("early"), Err(Error::Send(SendError::NotOpen))));
        let Some((Event::Request(_), _)) = ws.event_ref().unwrap() else { panic!() };
        assert!(matches!(ws.event_ref(), Err(Error::Send(SendError::NotOpen))));
        assert!(matches!(ws.recv(), Err(Error::Send(SendError::NotOpen))));
    });
    let failed = ws_blocking::connect(&format!("ws://{address}/"));
    assert!(failed.is_err());
    server.join().unwrap();
}

/// 6455-7.1.5-1: if a peer is dropped, the stream ends without a Close frame. That is an error, once.
#[test]
fn a_dropped_connection_ends_without_a_close_frame() {
    let (mut ws, server) = client_of(drop);
    server.join().unwrap();
    let error = ws.recv().unwrap_err();
    assert!(matches!(error, Error::WebSocket(ws_core::Error::UnexpectedEof) | Error::Io(_)), "{error:?}");
    assert_eq!(ws.recv().unwrap(), None);
    assert!(ws.status().is_closed);
    assert_eq!(ws.status().close_code, 1006);
}

/// adapter-U1: Unix sockets are transports, and can be split.
#[cfg(unix)]
#[test]
fn unix_sockets_are_transports() {
    use std::os::unix::net::UnixStream;
    use ws_blocking::ClientRequest;

    let (here, there) = UnixStream::pair().unwrap();
    let server = thread::spawn(move || {
        let mut ws = ws_blocking::accept(there).unwrap();
        while let Some(message) = ws.recv().unwrap() {
            ws.send(message).unwrap();
        }
    });
    let request = ClientRequest::new("localhost", "/").unwrap();
    let ws = ws_blocking::client(here, &request, Config::default()).unwrap();
    let (sender, mut receiver) = ws.split().unwrap();
    sender.send("over a Unix socket").unwrap();
    assert_eq!(receiver.recv().unwrap().unwrap().as_text(), Some("over a Unix socket"));
    sender.close(None).unwrap();
    assert_eq!(receiver.recv().unwrap(), None);
    server.join().unwrap();
}

/// 6455-4.1-9: a failure to connect is an error, before and after there is a socket.
#[test]
fn failures_to_connect_are_errors() {
    assert!(matches!(ws_blocking::connect("http://h/"), Err(Error::Url(_))));
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    assert!(matches!(ws_blocking::connect(&format!("ws://127.0.0.1:{port}/")), Err(Error::Connect(_))));
}

/// 6455-4.1-2c: the client gives up on a server that does not answer within the time limit.
#[test]
fn a_silent_server_is_given_up_on() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    let connect = Connect::new(&url).unwrap().timeout(Some(core::time::Duration::from_millis(20)));
    assert!(
        matches!(ws_blocking::connect_with(&connect, Config::default()), Err(Error::Connect(error)) if error.is_timeout())
    );
    let connect = connect.timeout(Some(core::time::Duration::ZERO));
    assert!(
        matches!(ws_blocking::connect_with(&connect, Config::default()), Err(Error::Connect(error)) if error.is_timeout())
    );
}

/// Names of hosts are resolved.
#[test]
fn names_are_looked_up() {
    let (address, server) = serve(|stream| echo(ws_blocking::accept(stream).unwrap()));
    let port = address.rsplit(':').next().unwrap();
    let mut ws = ws_blocking::connect(&format!("ws://localhost:{port}/")).unwrap();
    ws.close(None).unwrap();
    assert_eq!(ws.recv().unwrap(), None);
    server.join().unwrap();
}
