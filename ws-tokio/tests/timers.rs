//! Deadlines by a simulated clock. The tests for all adapters are in `conformance/tests`.

use core::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::net::TcpListener;
use tokio::runtime::Builder;
use ws_tokio::ws_core::{self, Connection, Instant, Role, Timeout};
use ws_tokio::ws_driver;
use ws_tokio::{
    Accept, Agreement, ClientRequest, Config, Connect, Error, KeepAlive, WebSocket, accept, accept_with,
    client,
};

type Outcome = Result<(), Box<dyn core::error::Error>>;

fn request() -> ClientRequest<'static> {
    ClientRequest::new("server.example.com", "/chat").expect("a request")
}

/// Returns both ends of an open connection.
async fn pair(config: Config) -> (WebSocket<DuplexStream>, WebSocket<DuplexStream>) {
    let (near, far) = duplex(64 * 1024);
    let request = request();
    let (one, other) = tokio::join!(
        client(near, &request, config.clone()),
        accept_with(far, config, |_| Accept::new().into())
    );
    (one.expect("connected"), other.expect("accepted"))
}

/// Returns an open connection of a server, and the stream of its peer.
fn server(config: Config) -> (WebSocket<DuplexStream>, DuplexStream) {
    let (near, far) = duplex(64 * 1024);
    let conn = Connection::upgraded(Instant::ORIGIN, Role::Server, config, Agreement::default(), [0; 32]);
    // The clock of the adapter began before; a timer that was armed at its origin is
    // moved by the first frame.
    (WebSocket::new(near, conn), far)
}

/// close-H2: A peer that neither reads nor answers is given up when the close timer ends,
/// also when a half waits.
#[tokio::test(start_paused = true)]
async fn a_close_without_an_answer_ends_in_time() -> Outcome {
    let (ws, _peer) = server(Config::default());
    let (sender, mut receiver) = ws.split();
    let receiving = tokio::spawn(async move { receiver.recv().await });
    tokio::task::yield_now().await;
    let began = tokio::time::Instant::now();
    sender.close(None).await?;
    let error = receiving.await?;
    assert!(matches!(error, Err(Error::WebSocket(ws_core::Error::TimedOut(Timeout::Close)))), "{error:?}");
    assert_eq!(began.elapsed().as_secs(), 5);
    Ok(())
}

/// adapter-T1, close-H2: A message that the peer does not read does not keep the connection from ending.
#[tokio::test(start_paused = true)]
async fn a_stuck_writer_is_freed_by_the_close_timer() -> Outcome {
    let (mut ws, _peer) = server(Config::default());
    let message = vec![0; 200_000];
    assert!(futures_util::FutureExt::now_or_never(ws.send(&message)).is_none());
    let error = ws.close(None).await;
    assert!(matches!(error, Err(Error::WebSocket(ws_core::Error::TimedOut(Timeout::Close)))), "{error:?}");
    let error = ws.recv().await;
    assert!(matches!(error, Err(Error::WebSocket(ws_core::Error::TimedOut(Timeout::Close)))), "{error:?}");
    assert_eq!(ws.recv().await?, None);
    assert!(!ws.status().was_clean);
    Ok(())
}

/// adapter-K1: A silent peer is pinged, and given up if it does not answer. For a peer that answers, the
/// round trip is measured.
#[tokio::test(start_paused = true)]
async fn a_silent_peer_is_given_up_and_a_live_one_is_measured() -> Outcome {
    let keep_alive = KeepAlive::new().interval(Duration::from_secs(20)).timeout(Duration::from_secs(7));
    let config = Config::new().keep_alive(keep_alive);
    let (mut one, mut other) = pair(config.clone()).await;
    let waiting =
        tokio::time::timeout(Duration::from_secs(100), async { tokio::join!(one.recv(), other.recv()) });
    assert!(waiting.await.is_err());
    assert!(one.status().round_trip.is_some() && other.status().round_trip.is_some());

    let (near, mut far) = duplex(4096);
    far.write_all(b"GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n").await?;
    let mut ws = accept_with(near, config, |_| Accept::new().into()).await?;
    let began = tokio::time::Instant::now();
    let error = ws.recv().await;
    assert!(matches!(error, Err(Error::WebSocket(ws_core::Error::TimedOut(Timeout::Pong)))), "{error:?}");
    assert_eq!(began.elapsed().as_secs(), 27);
    Ok(())
}

/// Returns how long the adapter waits for a silent peer.
async fn patience() -> Duration {
    let config = Config::new().keep_alive(KeepAlive::default());
    let (near, _silent) = duplex(1024);
    let now = <ws_tokio::Tokio as ws_driver::Timer>::now();
    let conn = Connection::upgraded(now, Role::Server, config, Agreement::default(), [0; 32]);
    let began = tokio::time::Instant::now();
    let error = WebSocket::new(near, conn).recv().await;
    assert!(matches!(error, Err(Error::WebSocket(ws_core::Error::TimedOut(Timeout::Pong)))), "{error:?}");
    began.elapsed()
}

/// adapter-T1: A runtime with a paused clock counts by that clock, whatever the clock of another runtime
/// in the process shows.
#[test]
fn each_runtime_has_a_clock_of_its_own() {
    const HOUR: Duration = Duration::from_secs(3600);
    // All runtimes begin at the same moment. The clocks of some run ahead before a connection reads the time.
    let runtimes = [HOUR, Duration::ZERO, 24 * HOUR, HOUR].map(|ahead| {
        let runtime = Builder::new_current_thread().enable_all().start_paused(true).build();
        (runtime.expect("a runtime"), ahead)
    });
    for (runtime, ahead) in runtimes {
        let waited = runtime.block_on(async {
            tokio::time::sleep(ahead).await;
            patience().await
        });
        assert_eq!(waited.as_secs(), 40, "{ahead:?} ahead");
    }
}

/// In a runtime without timers, a call that needs a timeout fails with an error that names the remedy.
/// Without a timeout it succeeds.
#[test]
fn a_runtime_without_timers_is_an_error_where_there_is_a_timeout() -> Outcome {
    fn check<V>(result: Result<V, Error>) {
        let Err(Error::Io(error)) = result else { panic!("an error of the runtime") };
        assert_eq!(error.kind(), std::io::ErrorKind::Unsupported);
        assert!(error.to_string().contains("enable_time"), "{error}");
    }
    let without_timeouts = Config::new().opening_timeout(None).close_timeout(Duration::MAX);
    Builder::new_current_thread().enable_io().build()?.block_on(async {
        let (near, _far) = duplex(1024);
        check(accept(near).await);
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let connect = Connect::new(&format!("ws://{}/", listener.local_addr()?))?;
        check(ws_tokio::connect_with(&connect, Config::default()).await);
        let keep_alive = KeepAlive::default();
        let (mut ws, _peer) = server(without_timeouts.clone().keep_alive(keep_alive));
        check(ws.recv().await);

        let serve = async {
            // The attempt above was given up.
            let _ = listener.accept().await?;
            let (stream, _) = listener.accept().await?;
            let mut ws = accept_with(stream, without_timeouts.clone(), |_| Accept::new().into()).await?;
            while let Some(message) = ws.recv().await? {
                ws.send(message).await?;
            }
            Ok::<_, Error>(())
        };
        let ask = async {
            let mut ws = ws_tokio::connect_with(&connect.timeout(None), without_timeouts.clone()).await?;
            ws.send("hello").await?;
            assert_eq!(ws.recv().await?, Some("hello".into()));
            ws.close(None).await?;
            assert_eq!(ws.recv().await?, None);
            Ok::<_, Error>(())
        };
        let (served, asked) = tokio::join!(serve, ask);
        served?;
        asked?;
        Ok(())
    })
}

/// hs-H6: A request that does not arrive in time is answered with 408.
#[tokio::test(start_paused = true)]
async fn a_slow_request_times_out() -> Outcome {
    let (near, mut far) = duplex(4096);
    far.write_all(b"GET / HT").await?;
    let began = tokio::time::Instant::now();
    let (error, text) = tokio::join!(accept(near), async move {
        let mut text = String::new();
        far.read_to_string(&mut text).await.map(|_| text)
    });
    assert!(matches!(error, Err(Error::WebSocket(ws_core::Error::TimedOut(Timeout::Opening)))), "{error:?}");
    assert_eq!(began.elapsed().as_secs(), 10);
    let text = text?;
    assert!(text.starts_with("HTTP/1.1 408 "), "{text}");
    Ok(())
}

/// 6455-4.1-2c: The time limit bounds connecting and the handshake.
#[tokio::test(start_paused = true)]
async fn a_silent_server_is_given_up() -> Outcome {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("ws://{}/", listener.local_addr()?);
    let connect = Connect::new(&url)?.timeout(Some(Duration::from_secs(3)));
    let error = ws_tokio::connect_with(&connect, Config::default()).await.map(drop);
    assert!(matches!(&error, Err(Error::Connect(error)) if error.is_timeout()), "{error:?}");
    Ok(())
}
