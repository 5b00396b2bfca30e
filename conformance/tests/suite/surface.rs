//! The public surface of every adapter: the same names, with the same calls on the same types. A difference
//! does not compile.

use core::time::Duration;
use std::io::Write as _;

use super::{Outcome, Ws, masked, open, pair, request, sockets};
use crate::adapter::serve::{Handle, Limits, Listener, Server, Socket};
use crate::adapter::ws_core::Connection;
use crate::adapter::{
    Accept, Agreement, AnswerError, Backoff, Chunk, ClientRequest, ClientTls, CloseCode, CloseFrame, Config,
    Connect, ConnectError, ConnectionStatus, Connector, Decision, Error, Event, HandshakeError, JsonError,
    KeepAlive, Message, MessageKind, NetStream, NotJson, Origins, Outgoing, OwnedCloseFrame, OwnedMessage,
    OwnedResponse, Parts, Payload, PreparedMessage, ProtocolError, Proxies, Proxy, Receiver, Reconnect,
    Reject, Reply, Request, RequestError, Response, ReuniteError, Role, SendError, Sender, ServerTls, Status,
    Target, Text, Timeout, TlsError, UrlError, WebSocket, accept, accept_with, client, connect, connect_with,
};
use crate::on;

/// The names at the root, used as types.
#[expect(dead_code, reason = "it has to compile")]
type Names<'n> = (
    (Accept, Agreement, AnswerError, Backoff, Chunk<'n>, ClientRequest<'n>, ClientTls, CloseCode),
    (CloseFrame<'n>, Config, Connect, ConnectError<()>, Connection, ConnectionStatus, Connector, Decision),
    (Error, Event<'n>, HandshakeError, JsonError, KeepAlive, Message<'n>, MessageKind, NetStream, NotJson),
    (
        Origins,
        Outgoing<'n>,
        OwnedCloseFrame,
        OwnedMessage,
        OwnedResponse,
        Parts<()>,
        Payload,
        PreparedMessage,
    ),
    (ProtocolError, Proxies, Proxy, Receiver<NetStream>, Reconnect, Reject, Request<'n>, RequestError),
    (
        Reply<'n, NetStream>,
        Response<'n>,
        ReuniteError<NetStream>,
        Role,
        SendError,
        Sender<NetStream>,
        ServerTls,
        Status,
        Target,
    ),
    (Text, Timeout, TlsError, UrlError, WebSocket<NetStream>, Handle, Limits, Listener, Server, Socket),
);

/// A chunk that is a whole message.
const CHUNK: Chunk<'static> = Chunk { kind: MessageKind::Binary, bytes: b"chunk", fin: true };

#[test]
fn a_web_socket_has_every_call() -> Outcome {
    on::run(async {
        let (mut one, mut other) = pair(Config::new()).await;
        assert!(one.is_open() && one.status().is_open && !one.status().is_closed);
        assert_eq!((one.status().queued, one.status().close_code, one.status().was_clean), (0, 1006, false));
        assert_eq!(
            (one.status().round_trip, one.status().failure, one.status().close_frame),
            (None, None, None)
        );
        assert_eq!(one.status().agreement, Agreement::default());
        assert_eq!(one.config().max_message, Config::new().max_message);
        assert!(one.get_ref().peer_addr().is_ok() && one.get_mut().local_addr().is_ok());
        wait!(one.send("text"))?;
        wait!(one.feed(vec![1]))?;
        wait!(one.send_chunk(CHUNK))?;
        wait!(one.send_json(&[1, 2]))?;
        wait!(one.ping(b"ping"))?;
        wait!(one.pong(b"pong"))?;
        wait!(one.flush())?;
        assert_eq!(wait!(other.recv())?, Some("text".into()));
        let (message, _reply) = wait!(other.message_ref())?.expect("open");
        assert_eq!(message, Message::Binary(&[1]));
        let (event, _reply) = wait!(other.event_ref())?.expect("open");
        assert!(matches!(event, Event::Message(Message::Binary(b"chunk"))), "{event:?}");
        assert_eq!(wait!(other.recv_json::<[u8; 2]>())?, Some([1, 2]));
        wait!(one.close(CloseCode::NORMAL))?;
        let (closed, also_closed) =
            on::both(async { wait!(one.closed()) }, async { wait!(other.closed()) }).await;
        closed?;
        also_closed?;
        let status: ConnectionStatus = other.status();
        assert!(status.is_closed && status.was_clean);
        assert_eq!(status.close_frame.map(|frame| frame.code), Some(CloseCode::NORMAL));
        let _: Parts<on::Socket> = one.into_inner();
        other.abort();
        Ok(())
    })
}

#[test]
fn a_web_socket_is_made_in_every_way() -> Outcome {
    on::run(async {
        let request = request();
        for free in [true, false] {
            let (near, far) = sockets();
            let far = on::stream(far);
            let (one, other): (Result<Ws, Error>, Result<Ws, Error>) = on::both(
                async {
                    if free {
                        wait!(client(near, &request, Config::new()))
                    } else {
                        wait!(WebSocket::client(near, &request, Config::new()))
                    }
                },
                async { if free { wait!(accept(far)) } else { wait!(WebSocket::accept(far)) } },
            )
            .await;
            assert!(one?.is_open() && other?.is_open());
        }
        let listener: Listener = wait!(Server::new().bind("127.0.0.1:0"))?;
        let url = format!("ws://{}/", listener.local_addrs()[0]);
        let connect_to = Connect::new(&url)?;
        for ws in [
            wait!(connect(&url)),
            wait!(WebSocket::connect(&url)),
            wait!(connect_with(&connect_to, Config::new())),
            wait!(WebSocket::connect_with(&connect_to, Config::new())),
            wait!(Connector::new().config(Config::new()).connect(connect_to.clone())),
            wait!(Reconnect::new(Connector::new(), connect_to)?.open()),
        ] {
            assert!(ws?.is_open());
        }
        let (near, far) = sockets();
        drop(far);
        let refused = wait!(WebSocket::accept_with(near, Config::new(), |_| Accept::new().into()));
        assert!(refused.is_err());
        let (near, far) = sockets();
        drop(far);
        assert!(wait!(accept_with(near, Config::new(), |_| Reject::new(Status::NOT_FOUND).into())).is_err());
        let (near, mut far) = sockets();
        let conn =
            Connection::upgraded(super::now(), Role::Server, Config::new(), Agreement::default(), [0; 32]);
        let mut resumed = WebSocket::resume(near, conn, &masked(0x82, b"x")[..3]);
        far.write_all(&masked(0x82, b"x")[3..])?;
        assert_eq!(wait!(resumed.recv())?, Some(b"x"[..].into()));
        Ok(())
    })
}

#[test]
fn a_reply_has_every_call() -> Outcome {
    on::run(async {
        let (mut one, mut other) = pair(Config::new()).await;
        wait!(other.send("ask"))?;
        let (_, mut reply) = wait!(one.message_ref())?.expect("open");
        assert!(reply.is_open() && reply.status().is_open && reply.get_ref().peer_addr().is_ok());
        wait!(reply.send("text"))?;
        wait!(reply.feed("fed"))?;
        wait!(reply.send_chunk(CHUNK))?;
        wait!(reply.ping(b""))?;
        wait!(reply.pong(b""))?;
        wait!(reply.flush())?;
        wait!(reply.close(None))?;
        for _ in 0..3 {
            assert!(wait!(other.recv())?.is_some());
        }
        let (near, mut far) = sockets();
        let mut ws =
            WebSocket::new(near, Connection::server(super::now(), Config::new().opening_timeout(None)));
        far.write_all(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")?;
        let (Event::Request(_), mut reply) = wait!(ws.event_ref())?.expect("a request") else {
            panic!("none")
        };
        assert!(reply.accept(&Accept::new()).is_err());
        let reject = Reject::new(Status::NOT_FOUND);
        reply.answer(&Decision::Reject(reject.clone()))?;
        assert!(matches!(reply.reject(&reject), Err(Error::Answer(AnswerError::NoRequest))));
        Ok(())
    })
}

#[test]
fn halves_have_every_call() -> Outcome {
    on::run(async {
        let (one, mut peer) = open(Role::Server, Config::new());
        let (sender, mut receiver) = on::split(one);
        assert!(sender.is_open() && sender.status().is_open);
        assert!(receiver.is_open() && receiver.status().is_open);
        wait!(sender.send("text"))?;
        wait!(sender.feed("fed"))?;
        wait!(sender.send_chunk(CHUNK))?;
        wait!(sender.send_json("json"))?;
        wait!(sender.ping(b""))?;
        wait!(sender.pong(b""))?;
        wait!(sender.flush())?;
        for payload in [&b"1"[..], b"2", b"3", b"4"] {
            peer.write_all(&masked(0x81, payload))?;
        }
        assert_eq!(wait!(receiver.recv())?, Some("1".into()));
        assert_eq!(wait!(receiver.message_ref())?, Some(Message::Text("2")));
        assert!(matches!(wait!(receiver.event_ref())?, Some(Event::Message(Message::Text("3")))));
        assert_eq!(wait!(receiver.recv_json::<u8>())?, Some(4));
        let whole: Ws = sender.clone().reunite(receiver).map_or_else(
            |error: ReuniteError<on::Socket>| {
                let (again, receiver) = error.into_halves();
                drop(again);
                sender.reunite(receiver).expect("the last sender")
            },
            |_| panic!("another sender lives"),
        );
        let (sender, mut receiver) = on::split(whole);
        wait!(sender.close(CloseFrame { code: CloseCode::GOING_AWAY, reason: "done" }))?;
        peer.write_all(&masked(0x88, &[3, 233]))?;
        peer.shutdown(std::net::Shutdown::Write)?;
        wait!(receiver.closed())?;
        assert!(receiver.status().was_clean && sender.status().is_closed);
        sender.abort();
        Ok(())
    })
}

#[test]
fn servers_have_every_call() -> Outcome {
    on::run(async {
        let server = Server::new()
            .config(Config::new())
            .limits(Limits::new().connections(9))
            .origins(Origins::new(["https://example.com"]))
            .decide(|_: &Request<'_>, _: &NetStream| Accept::new().into())
            .on_error(|_| {});
        let listener = wait!(server.clone().bind("127.0.0.1:0"))?;
        let handle: Handle = listener.handle();
        assert_eq!((handle.connections(), listener.local_addrs().len()), (0, 1));
        wait!(handle.shutdown(Duration::ZERO));
        assert!(wait!(listener.accept()).is_none());
        let socket = std::net::TcpListener::bind("127.0.0.1:0")?;
        drop(on::started(server.start([on::tcp_listener(socket)]))?);
        Ok(())
    })
}

#[test]
fn errors_can_be_classified() {
    let error = Error::Send(SendError::Closed);
    assert!(error.is_closed() && !error.is_timeout() && !error.is_temporary() && error.status().is_none());
}
