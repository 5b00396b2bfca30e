//! The adapter over streams in memory and over loopback; time is simulated.

use core::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::net::{TcpListener, TcpStream};
use ws_tokio::ws_core::{self, Connection, Instant, ProtocolError, Role, Timer};
use ws_tokio::{
    Accept, Agreement, Chunk, ClientRequest, CloseCode, CloseFrame, Config, Connect, Error, Event, KeepAlive,
    MessageKind, Owned, Prepared, Reject, SendError, WebSocket, accept, accept_with, client,
};

type Outcome = Result<(), Box<dyn core::error::Error>>;

fn request() -> ClientRequest<'static> {
    ClientRequest::new("server.example.com", "/chat").expect("a request")
}

/// Both ends of an open connection.
async fn pair(config: Config) -> (WebSocket<DuplexStream>, WebSocket<DuplexStream>) {
    let (near, far) = duplex(64 * 1024);
    let request = request();
    let (one, other) = tokio::join!(
        client(near, &request, config.clone()),
        accept_with(far, config, |_| Accept::new().into())
    );
    (one.expect("connected"), other.expect("accepted"))
}

/// An open server end, and the stream of its peer.
fn server(config: Config) -> (WebSocket<DuplexStream>, DuplexStream) {
    let (near, far) = duplex(64 * 1024);
    let conn = Connection::upgraded(Instant::ORIGIN, Role::Server, config, Agreement::default(), [0; 32]);
    // The clock of the adapter began before; a timer that was armed at its origin is moved by the first frame.
    (WebSocket::new(near, conn), far)
}

/// A frame with a key of zeros.
fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    [&[first, 0x80 | payload.len() as u8, 0, 0, 0, 0], payload].concat()
}

/// adapter-U1: messages of all kinds go both ways over a stream in memory.
#[tokio::test]
async fn messages_go_both_ways() -> Outcome {
    let (mut one, mut other) = pair(Config::default()).await;
    let long = vec![7; 300_000];
    one.send("text").await?;
    one.feed(&b"bytes"[..]).await?;
    one.feed(String::from("owned")).await?;
    let prepared = Prepared::new("prepared");
    one.feed(&prepared).await?;
    let (sent, received) = tokio::join!(one.send(&long), async {
        let mut received = Vec::new();
        for _ in 0..5 {
            received.push(other.recv().await?.expect("open"));
        }
        Ok::<_, Error>(received)
    });
    sent?;
    let expected: [Owned; 5] =
        ["text".into(), b"bytes"[..].into(), "owned".into(), "prepared".into(), long.clone().into()];
    assert_eq!(received?, expected);
    let (sent, received) = tokio::join!(other.send(long.clone()), one.recv());
    sent?;
    assert_eq!(received?, Some(long.into()));
    Ok(())
}

/// 6455-5.5.1-11, 6455-5.5.1-12: the server ends the stream first, and both ends see a clean close.
#[tokio::test]
async fn a_close_is_clean_on_both_sides() -> Outcome {
    let (mut one, mut other) = pair(Config::default()).await;
    one.close(CloseFrame { code: CloseCode::NORMAL, reason: "done" }).await?;
    let Some((Event::Close(Some(frame)), _)) = other.event_ref().await? else { panic!("a Close frame") };
    assert_eq!((frame.code, frame.reason), (CloseCode::NORMAL, "done"));
    let (one_end, other_end) = tokio::join!(one.recv(), other.recv());
    assert_eq!((one_end?, other_end?), (None, None));
    assert!(one.was_clean() && other.was_clean());
    assert_eq!((one.close_code(), other.close_code()), (1000, 1000));
    assert!(matches!(one.send("late").await, Err(Error::Send(SendError::Closed))));
    Ok(())
}

/// hs-H3, adapter-IO2: what comes behind the heads, in the same segment, is not lost.
#[tokio::test]
async fn bytes_behind_the_heads_are_kept() -> Outcome {
    let (near, mut far) = duplex(4096);
    let key = "dGhlIHNhbXBsZSBub25jZQ==";
    let head = format!(
        "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
    );
    far.write_all(&[head.as_bytes(), &masked(0x81, b"early")].concat()).await?;
    let mut ws = accept(near).await?;
    assert_eq!(ws.recv().await?, Some("early".into()));
    ws.send("welcome").await?;
    let mut bytes = vec![0; 4096];
    let n = far.read(&mut bytes).await?;
    let text = String::from_utf8_lossy(&bytes[..n]).into_owned();
    assert!(text.starts_with("HTTP/1.1 101 "), "{text}");
    assert!(text.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "{text}");
    Ok(())
}

/// 6455-4.2.2-2, 6455-4.1-29: the server sees the whole request and refuses as it likes; the client gets all of it.
#[tokio::test]
async fn a_refusal_reaches_the_client_whole() -> Outcome {
    let (near, far) = duplex(4096);
    let server = accept_with(far, Config::default(), |request| {
        assert_eq!(request.path(), "/chat");
        let reject = Reject::new(401).expect("a status").field("WWW-Authenticate", "Basic").expect("a field");
        reject.body("who are you?").into()
    });
    let request = request();
    let (refused, served) = tokio::join!(client(near, &request, Config::default()), server);
    let Err(Error::Rejected(response)) = refused else { panic!("{refused:?}") };
    assert_eq!((response.status, &response.body[..]), (401, &b"who are you?"[..]));
    assert_eq!(response.field("www-authenticate"), Some(&b"Basic"[..]));
    assert!(matches!(served, Err(Error::NotUpgraded)), "{served:?}");
    Ok(())
}

/// hs-H5: an ordinary request is answered by the application, and the upgrade is the next on the same connection.
#[tokio::test]
async fn an_upgrade_may_follow_an_ordinary_request() -> Outcome {
    let (near, mut far) = duplex(4096);
    let upgrade = "GET /ws HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    far.write_all(format!("GET /health HTTP/1.1\r\nHost: h\r\n\r\n{upgrade}").as_bytes()).await?;
    let ws = accept_with(near, Config::default(), |request| match request.path() {
        "/health" => Reject::new(200).expect("a status").body("fine").keep_alive().into(),
        _ => Accept::new().into(),
    })
    .await?;
    assert!(ws.is_open());
    let mut bytes = vec![0; 4096];
    let n = far.read(&mut bytes).await?;
    let text = String::from_utf8_lossy(&bytes[..n]);
    let (first, second) = text.split_once("fine").expect("the first answer");
    assert!(first.starts_with("HTTP/1.1 200 "), "{text}");
    assert!(second.starts_with("HTTP/1.1 101 "), "{text}");
    Ok(())
}

/// 6455-5.1-2, 6455-7.1.7-5: the Close frame is with the peer before the error is reported, and what came before is delivered.
#[tokio::test]
async fn a_violation_is_reported_after_the_close_frame_left() -> Outcome {
    let (mut ws, mut peer) = server(Config::default());
    peer.write_all(&[&masked(0x81, b"before")[..], b"\x81\x05Hello"].concat()).await?;
    assert_eq!(ws.recv().await?, Some("before".into()));
    let error = ws.recv().await;
    assert!(
        matches!(error, Err(Error::WebSocket(ws_core::Error::Protocol(ProtocolError::UnmaskedFrame)))),
        "{error:?}"
    );
    let mut bytes = Vec::new();
    peer.read_to_end(&mut bytes).await?;
    assert_eq!(bytes, b"\x88\x02\x03\xea");
    drop(peer);
    assert_eq!(ws.recv().await?, None);
    assert_eq!(ws.close_code(), 1006);
    Ok(())
}

/// adapter-BP1, adapter-BP2: a peer that does not read makes a sender wait, and the queue stays within its bounds.
#[tokio::test]
async fn a_peer_that_does_not_read_stops_the_sender() -> Outcome {
    let (mut ws, mut peer) = server(Config { max_output: 10_000, ..Config::default() });
    let message = vec![1; 1000];
    let mut fed = 0;
    while futures_util::FutureExt::now_or_never(ws.feed(&message)).is_some() {
        fed += 1;
        assert!(fed < 1000, "the queue has no bounds");
    }
    assert!(ws.queued() <= 10_000 + 1004, "{}", ws.queued());
    let reader = async {
        let mut bytes = vec![0; 1004 * (fed + 1)];
        peer.read_exact(&mut bytes).await
    };
    let (flushed, read) = tokio::join!(ws.flush(), reader);
    flushed?;
    read?;
    Ok(())
}

/// adapter-BP3, adapter-BP4: both ends send at once, far more than any buffer holds, from one task while another receives.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn halves_send_and_receive_at_once() -> Outcome {
    let (one, other) = pair(Config::default()).await;
    let mut tasks = Vec::new();
    for ws in [one, other] {
        let (sender, mut receiver) = ws.split();
        let closer = sender.clone();
        tasks.push(tokio::spawn(async move {
            let message = vec![3; 60_000];
            for _ in 0..300 {
                sender.send(&message).await?;
            }
            sender.ping(b"still there?").await
        }));
        tasks.push(tokio::spawn(async move {
            let (mut messages, mut pings, mut pongs) = (0, 0, 0);
            while messages < 300 || pings < 1 || pongs < 1 {
                match receiver.event_ref().await?.expect("open") {
                    Event::Message(message) => {
                        assert_eq!(message.as_bytes().len(), 60_000);
                        messages += 1;
                    }
                    Event::Pong(payload) => {
                        assert_eq!(payload, b"still there?");
                        pongs += 1;
                    }
                    Event::Ping(_) => pings += 1,
                    _ => {}
                }
            }
            // Whichever end is later finds the closing handshake begun.
            match closer.close(CloseFrame::from(CloseCode::NORMAL)).await {
                Ok(()) | Err(Error::Send(SendError::Closed)) => {}
                Err(error) => return Err(error),
            }
            while receiver.recv().await?.is_some() {}
            Ok(())
        }));
    }
    for task in tasks {
        task.await??;
    }
    Ok(())
}

/// adapter-BP4: what a sender feeds leaves although nothing arrives.
#[tokio::test(start_paused = true)]
async fn a_waiting_receiver_writes_what_is_fed() -> Outcome {
    let (one, mut other) = pair(Config::default()).await;
    let (sender, mut receiver) = one.split();
    let receiving = tokio::spawn(async move { receiver.recv().await });
    tokio::task::yield_now().await;
    sender.feed("news").await?;
    assert_eq!(other.recv().await?, Some("news".into()));
    other.send("thanks").await?;
    assert_eq!(receiving.await??, Some("thanks".into()));
    Ok(())
}

/// close-H2: a peer that neither reads nor answers is given up when the close timer ends, also from a half.
#[tokio::test(start_paused = true)]
async fn a_close_without_an_answer_ends_in_time() -> Outcome {
    let (ws, _peer) = server(Config::default());
    let (sender, mut receiver) = ws.split();
    let receiving = tokio::spawn(async move { receiver.recv().await });
    tokio::task::yield_now().await;
    let began = tokio::time::Instant::now();
    sender.close(None).await?;
    let error = receiving.await?;
    assert!(matches!(error, Err(Error::WebSocket(ws_core::Error::TimedOut(Timer::Close)))), "{error:?}");
    assert_eq!(began.elapsed().as_secs(), 5);
    Ok(())
}

/// adapter-T1, close-H2: a message that the peer does not read does not keep the connection from ending.
#[tokio::test(start_paused = true)]
async fn a_stuck_writer_is_freed_by_the_close_timer() -> Outcome {
    let (mut ws, _peer) = server(Config::default());
    let message = vec![0; 200_000];
    assert!(futures_util::FutureExt::now_or_never(ws.send(&message)).is_none());
    let error = ws.close(None).await;
    assert!(matches!(error, Err(Error::WebSocket(ws_core::Error::TimedOut(Timer::Close)))), "{error:?}");
    let error = ws.recv().await;
    assert!(matches!(error, Err(Error::WebSocket(ws_core::Error::TimedOut(Timer::Close)))), "{error:?}");
    assert_eq!(ws.recv().await?, None);
    assert!(!ws.was_clean());
    Ok(())
}

/// adapter-K1: a silent peer is pinged, and given up when it does not answer; a peer that answers is measured.
#[tokio::test(start_paused = true)]
async fn a_silent_peer_is_given_up_and_a_live_one_is_measured() -> Outcome {
    let keep_alive = KeepAlive { interval: Duration::from_secs(20), timeout: Duration::from_secs(7) };
    let config = Config { keep_alive: Some(keep_alive), ..Config::default() };
    let (mut one, mut other) = pair(config.clone()).await;
    let waiting =
        tokio::time::timeout(Duration::from_secs(100), async { tokio::join!(one.recv(), other.recv()) });
    assert!(waiting.await.is_err());
    assert!(one.round_trip().is_some() && other.round_trip().is_some());

    let (near, mut far) = duplex(4096);
    far.write_all(b"GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n").await?;
    let mut ws = accept_with(near, config, |_| Accept::new().into()).await?;
    let began = tokio::time::Instant::now();
    let error = ws.recv().await;
    assert!(matches!(error, Err(Error::WebSocket(ws_core::Error::TimedOut(Timer::Pong)))), "{error:?}");
    assert_eq!(began.elapsed().as_secs(), 27);
    Ok(())
}

/// hs-H6: a request that does not arrive in time is answered with 408.
#[tokio::test(start_paused = true)]
async fn a_slow_request_times_out() -> Outcome {
    let (near, mut far) = duplex(4096);
    far.write_all(b"GET / HT").await?;
    let began = tokio::time::Instant::now();
    let (error, text) = tokio::join!(accept(near), async move {
        let mut text = String::new();
        far.read_to_string(&mut text).await.map(|_| text)
    });
    assert!(matches!(error, Err(Error::WebSocket(ws_core::Error::TimedOut(Timer::Opening)))), "{error:?}");
    assert_eq!(began.elapsed().as_secs(), 10);
    let text = text?;
    assert!(text.starts_with("HTTP/1.1 408 "), "{text}");
    Ok(())
}

/// 6455-4.1-2c: the time limit bounds connecting and the handshake.
#[tokio::test(start_paused = true)]
async fn a_server_that_says_nothing_is_given_up() -> Outcome {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("ws://{}/", listener.local_addr()?);
    let connect = Connect::new(&url)?.timeout(Some(Duration::from_secs(3)));
    let error = ws_tokio::connect_with(&connect, Config::default()).await.map(drop);
    assert!(matches!(&error, Err(Error::Connect(error)) if error.is_timeout()), "{error:?}");
    Ok(())
}

/// 6455-5.4-17: chunks are handed out as they come, and a receiver of messages is told, with nothing lost.
#[tokio::test]
async fn chunks_are_for_those_who_ask() -> Outcome {
    let (mut ws, mut peer) = server(Config { stream: true, ..Config::default() });
    peer.write_all(b"\x82\x84\0\0\0\0ab").await?;
    assert!(matches!(ws.recv().await, Err(Error::Streaming)));
    assert!(matches!(ws.message_ref().await, Err(Error::Streaming)));
    let mut bytes = Vec::new();
    let Some((Event::Chunk(chunk), _)) = ws.event_ref().await? else { panic!("a chunk") };
    assert!(!chunk.fin);
    bytes.extend_from_slice(chunk.bytes);
    peer.write_all(b"cd").await?;
    let Some((Event::Chunk(chunk), mut reply)) = ws.event_ref().await? else { panic!("a chunk") };
    assert!(chunk.fin);
    bytes.extend_from_slice(chunk.bytes);
    assert_eq!(bytes, b"abcd");
    reply.send_chunk(Chunk { kind: MessageKind::Text, bytes: b"x", fin: false }).await?;
    reply.ping(b"p").await?;
    assert!(matches!(reply.send("y").await, Err(Error::Send(SendError::MessageInProgress))));
    reply.send_chunk(Chunk { kind: MessageKind::Text, bytes: b"z", fin: true }).await?;
    let mut sent = [0; 9];
    peer.read_exact(&mut sent).await?;
    assert_eq!(&sent, b"\x01\x01x\x89\x01p\x80\x01z");
    Ok(())
}

/// A `Stream` of messages goes into the `Sink` that is the same connection; both end with it.
#[tokio::test]
async fn a_connection_is_a_stream_and_a_sink() -> Outcome {
    let (mut one, other) = pair(Config::default()).await;
    let echo = async {
        let (sink, stream) = StreamExt::split::<Owned>(other);
        stream.forward(sink).await
    };
    let talk = async {
        SinkExt::send(&mut one, "hello").await?;
        assert_eq!(one.next().await.transpose()?, Some("hello".into()));
        SinkExt::<Owned>::close(&mut one).await?;
        assert!(one.next().await.is_none());
        Ok::<(), Error>(())
    };
    let (echoed, talked) = tokio::join!(echo, talk);
    talked?;
    // The echo's sink finds the connection closed by then, if it looks.
    assert!(matches!(echoed, Ok(()) | Err(Error::Send(SendError::Closed))), "{echoed:?}");
    Ok(())
}

/// 6455-7.2.1-1: a transport that ends without a Close frame is an error of its own.
#[tokio::test]
async fn an_abrupt_end_is_an_error() -> Outcome {
    let (mut ws, mut peer) = server(Config::default());
    peer.write_all(&masked(0x82, b"last words")).await?;
    drop(peer);
    assert_eq!(ws.recv().await?, Some(b"last words"[..].into()));
    let error = ws.recv().await;
    assert!(matches!(error, Err(Error::WebSocket(ws_core::Error::UnexpectedEof))), "{error:?}");
    assert_eq!((ws.recv().await?, ws.close_code()), (None, 1006));
    Ok(())
}

/// 6455-7.2.1-1: the same for a reset, with the error of the transport.
#[tokio::test]
async fn a_reset_is_the_transports_error() -> Outcome {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let peer = TcpStream::connect(listener.local_addr()?).await?;
    let (stream, _) = listener.accept().await?;
    let conn =
        Connection::upgraded(Instant::ORIGIN, Role::Server, Config::default(), Agreement::default(), [0; 32]);
    let mut ws = WebSocket::new(stream, conn);
    peer.set_zero_linger()?;
    drop(peer);
    let error = ws.recv().await;
    assert!(
        matches!(&error, Err(Error::Io(error)) if error.kind() == std::io::ErrorKind::ConnectionReset),
        "{error:?}"
    );
    assert_eq!(ws.recv().await?, None);
    Ok(())
}

/// A request that waits for its answer is the application's to answer, not to be read past.
#[tokio::test]
async fn an_undecided_request_waits() -> Outcome {
    let (near, mut far) = duplex(4096);
    far.write_all(b"GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n").await?;
    let mut ws = WebSocket::new(
        near,
        Connection::server(Instant::ORIGIN, Config { opening_timeout: None, ..Config::default() }),
    );
    assert!(matches!(ws.recv().await, Err(Error::Send(SendError::NotOpen))));
    let Some((Event::Request(request), mut reply)) = ws.event_ref().await? else { panic!("a request") };
    assert!(request.is_upgrade());
    assert!(matches!(reply.accept(&Accept::new().subprotocol("unasked")), Err(Error::Answer(_))));
    reply.accept(&Accept::new())?;
    ws.send("hello").await?;
    assert!(ws.is_open());
    Ok(())
}

/// Futures go to any thread, with any stream that does.
#[test]
fn futures_are_send() {
    fn is_send<T: Send>(_: &T) {}
    fn check(mut ws: WebSocket<TcpStream>) {
        is_send(&ws.recv());
        is_send(&ws.message_ref());
        is_send(&ws.send("text"));
        is_send(&ws.close(None));
        is_send(&ws_tokio::connect("ws://127.0.0.1/"));
        let (sender, mut receiver) = ws.split();
        is_send(&receiver.recv());
        is_send(&sender.send("text"));
    }
    let _ = check;
}

/// 6455-4.2.2-8, 6455-7.2.2-1: an answer that does not fit the request is the server's fault, and the client is told so.
#[tokio::test]
async fn an_answer_that_does_not_fit_is_a_500() -> Outcome {
    let (near, far) = duplex(4096);
    let server = accept_with(far, Config::default(), |_| Accept::new().subprotocol("unasked").into());
    let request = request();
    let (refused, served) = tokio::join!(client(near, &request, Config::default()), server);
    assert!(matches!(served, Err(Error::Answer(_))), "{served:?}");
    let Err(Error::Rejected(response)) = refused else { panic!("{refused:?}") };
    assert_eq!(response.status, 500);
    Ok(())
}

/// 6455-7.1.1-2: whoever is under attack drops the connection, and the transport is closed at once, with nothing said.
#[tokio::test]
async fn a_dropped_connection_closes_the_transport() -> Outcome {
    let (mut ws, mut peer) = server(Config::default());
    peer.write_all(&masked(0x81, b"attack")).await?;
    assert_eq!(ws.recv().await?, Some("attack".into()));
    drop(ws);
    let mut bytes = Vec::new();
    peer.read_to_end(&mut bytes).await?;
    assert_eq!(bytes, b"");
    Ok(())
}
