//! Serving, over loopback and Unix sockets.

use core::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use ws_tokio::serve::{Limits, Listener, Server};
use ws_tokio::ws_core::handshake::Origins;
use ws_tokio::{Accept, Config, Connect, Error, Reject, WebSocket};

type Outcome = Result<(), Box<dyn core::error::Error>>;

const GRACE: Duration = Duration::from_secs(5);

fn url(listener: &Listener) -> String {
    format!("ws://{}/", listener.local_addrs()[0])
}

/// Echoes on all connections, each in a task of its own.
fn echo(mut listener: Listener) {
    tokio::spawn(async move {
        while let Some(mut ws) = listener.accept().await {
            tokio::spawn(async move {
                while let Ok(Some(message)) = ws.recv().await {
                    let _ = ws.send(message).await;
                }
            });
        }
    });
}

async fn talk<S>(ws: &mut WebSocket<S>) -> Result<(), Error>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    ws.send("hello").await?;
    assert_eq!(ws.recv().await?, Some("hello".into()));
    Ok(())
}

/// Lets the other tasks work until as many connections are left.
#[track_caller]
fn until_left(handle: &ws_tokio::serve::Handle, count: usize) -> impl Future<Output = ()> {
    /// More turns than the tasks of any test need.
    const TURNS: usize = 1_000_000;
    let caller = core::panic::Location::caller();
    async move {
        for _ in 0..TURNS {
            if handle.connections() == count {
                return;
            }
            tokio::task::yield_now().await;
        }
        panic!("{} connections rather than {count} at {caller}", handle.connections());
    }
}

/// adapter-P1: clients that say nothing hold up nobody, and a connection that ends gives its place back.
#[tokio::test]
async fn slow_handshakes_hold_up_nobody() -> Outcome {
    let listener = Server::new().bind("127.0.0.1:0").await?;
    let (url, address, handle) = (url(&listener), listener.local_addrs()[0], listener.handle());
    echo(listener);
    let mut silent = Vec::new();
    for _ in 0..100 {
        silent.push(TcpStream::connect(address).await?);
    }
    let mut ws = ws_tokio::connect(&url).await?;
    talk(&mut ws).await?;
    until_left(&handle, 101).await;
    ws.close(None).await?;
    assert_eq!(ws.recv().await?, None);
    drop(silent);
    until_left(&handle, 0).await;
    Ok(())
}

/// Whoever comes when there is no room, in all or for its address, is turned away; room comes back.
#[tokio::test]
async fn connections_are_limited() -> Outcome {
    for limits in
        [Limits { connections: 1, ..Limits::default() }, Limits { per_address: 1, ..Limits::default() }]
    {
        let listener = Server::new().limits(limits).bind("127.0.0.1:0").await?;
        let (url, handle) = (url(&listener), listener.handle());
        echo(listener);
        let mut first = ws_tokio::connect(&url).await?;
        assert!(ws_tokio::connect(&url).await.is_err());
        talk(&mut first).await?;
        drop(first);
        until_left(&handle, 0).await;
        talk(&mut ws_tokio::connect(&url).await?).await?;
    }
    Ok(())
}

/// Pages of other origins are answered 403; ordinary requests come to the hook, with the address of who asks.
#[tokio::test]
async fn origins_are_checked_and_requests_answered() -> Outcome {
    let server = Server::new().origins(Origins::new(["https://example.com"])).decide(|request, stream| {
        assert!(stream.peer_addr().is_some_and(|address| address.ip().is_loopback()));
        match request.path() {
            "/health" => Reject::new(200).expect("a status").body("well").into(),
            _ => Accept::new().into(),
        }
    });
    let listener = server.bind("127.0.0.1:0").await?;
    let (url, address, _handle) = (url(&listener), listener.local_addrs()[0], listener.handle());
    echo(listener);
    for (origin, status) in
        [(Some("https://example.com"), None), (Some("https://evil.example"), Some(403)), (None, Some(403))]
    {
        let mut connect = Connect::new(&url)?;
        if let Some(origin) = origin {
            connect = connect.origin(origin)?;
        }
        match ws_tokio::connect_with(&connect, Config::default()).await {
            Ok(mut ws) => {
                assert_eq!(status, None, "{origin:?} was let in");
                talk(&mut ws).await?;
            }
            Err(Error::Rejected(response)) => assert_eq!(Some(response.status), status),
            Err(error) => return Err(error.into()),
        }
    }
    let mut plain = TcpStream::connect(address).await?;
    plain.write_all(b"GET /health HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").await?;
    let mut answer = String::new();
    plain.read_to_string(&mut answer).await?;
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("well"), "{answer}");
    Ok(())
}

/// 6455-7.4.1-0: a server that is shut down says 1001 to all, and is done once they have answered.
#[tokio::test]
async fn a_shutdown_closes_all_connections() -> Outcome {
    let listener = Server::new().bind("127.0.0.1:0").await?;
    let (url, address, handle) = (url(&listener), listener.local_addrs()[0], listener.handle());
    echo(listener);
    let silent = TcpStream::connect(address).await?;
    let mut clients = Vec::new();
    for _ in 0..10 {
        let mut ws = ws_tokio::connect(&url).await?;
        talk(&mut ws).await?;
        clients.push(tokio::spawn(async move {
            let ended = ws.recv().await;
            (ended, ws.close_code(), ws.was_clean())
        }));
    }
    handle.shutdown(GRACE).await;
    assert_eq!(handle.connections(), 0);
    for client in clients {
        let (ended, code, was_clean) = client.await?;
        assert_eq!((ended?, code, was_clean), (None, 1001, true));
    }
    drop(silent);
    assert!(ws_tokio::connect(&url).await.is_err());
    Ok(())
}

/// A peer that does not answer is given up on when the time is up.
#[tokio::test]
async fn a_peer_that_does_not_answer_is_given_up() -> Outcome {
    let config = Config { close_timeout: Duration::from_secs(3600), ..Config::default() };
    let mut listener = Server::new().config(config).bind("127.0.0.1:0").await?;
    let (url, handle) = (url(&listener), listener.handle());
    let _silent = ws_tokio::connect(&url).await?;
    let mut ws = listener.accept().await.expect("one has come");
    let (ended, ()) = tokio::join!(ws.recv(), handle.shutdown(Duration::from_millis(10)));
    assert!(ended.is_err());
    assert_eq!(ws.recv().await?, None);
    drop(ws);
    assert_eq!(handle.connections(), 0);
    assert!(listener.accept().await.is_none());
    Ok(())
}

/// adapter-U1: one server listens on TCP sockets and Unix sockets.
#[cfg(unix)]
#[tokio::test]
async fn unix_sockets_are_served_too() -> Outcome {
    use tokio::net::{UnixListener, UnixStream};
    use ws_tokio::ClientRequest;
    use ws_tokio::serve::Socket;

    let path = std::env::temp_dir().join(format!("ws-tokio-{}.socket", std::process::id()));
    let _ = std::fs::remove_file(&path);
    let sockets =
        [Socket::from(TcpListener::bind("127.0.0.1:0").await?), Socket::from(UnixListener::bind(&path)?)];
    let listener = Server::new().start(sockets);
    let url = url(&listener);
    echo(listener);
    talk(&mut ws_tokio::connect(&url).await?).await?;
    let stream = UnixStream::connect(&path).await?;
    let request = ClientRequest::new("localhost", "/")?;
    talk(&mut ws_tokio::client(stream, &request, Config::default()).await?).await?;
    std::fs::remove_file(&path)?;
    Ok(())
}

/// TLS on every listener; whoever speaks none is gone.
#[cfg(feature = "tls")]
#[tokio::test]
async fn servers_speak_tls() -> Outcome {
    use certificates::Authority;
    use ws_tokio::Connector;

    let authority = Authority::new();
    let listener = Server::new().tls(authority.server(&["127.0.0.1"])).bind("127.0.0.1:0").await?;
    let (address, handle) = (listener.local_addrs()[0], listener.handle());
    echo(listener);
    let connector = Connector::new().tls(authority.client());
    let mut ws = connector.connect(Connect::new(&format!("wss://{address}/"))?).await?;
    talk(&mut ws).await?;
    assert!(ws_tokio::connect(&format!("ws://{address}/")).await.is_err());
    ws.close(None).await?;
    assert_eq!(ws.recv().await?, None);
    drop(ws);
    until_left(&handle, 0).await;
    Ok(())
}
