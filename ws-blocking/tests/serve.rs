//! Serving, over loopback and Unix sockets.

#[cfg(feature = "tls")]
use core::time::Duration;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;

use ws_blocking::serve::{Handle, Limits, Listener, Server};
use ws_blocking::ws_core::handshake::Origins;
use ws_blocking::{Accept, Config, Connect, Error, Reject, Transport, WebSocket};

type Outcome = Result<(), Box<dyn core::error::Error>>;

/// So long that only a failure would take it.
const GRACE: Duration = Duration::from_secs(60);

fn url(listener: &Listener) -> String {
    format!("ws://{}/", listener.local_addrs()[0])
}

/// Echoes on all connections, each on a thread of its own.
fn echo(listener: Listener) {
    thread::spawn(move || {
        while let Some(mut ws) = listener.accept() {
            thread::spawn(move || {
                while let Ok(Some(message)) = ws.recv() {
                    let _ = ws.send(message);
                }
            });
        }
    });
}

fn talk<S: Transport>(ws: &mut WebSocket<S>) -> Result<(), Error> {
    ws.send("hello")?;
    assert_eq!(ws.recv()?, Some("hello".into()));
    Ok(())
}

/// Lets the other threads work until as many connections are left.
#[track_caller]
fn until_left(handle: &Handle, count: usize) {
    /// More turns than the threads of any test need.
    const TURNS: usize = 20_000_000;
    for _ in 0..TURNS {
        if handle.connections() == count {
            return;
        }
        thread::yield_now();
    }
    panic!("{} connections rather than {count}", handle.connections());
}

/// adapter-P1: clients that say nothing hold up nobody, and a connection that ends gives its place back.
#[test]
fn slow_handshakes_hold_up_nobody() -> Outcome {
    let listener = Server::new().bind("127.0.0.1:0")?;
    let (url, address, handle) = (url(&listener), listener.local_addrs()[0], listener.handle());
    echo(listener);
    let silent: Vec<_> = (0..100).map(|_| TcpStream::connect(address)).collect::<Result<_, _>>()?;
    let mut ws = ws_blocking::connect(&url)?;
    talk(&mut ws)?;
    until_left(&handle, 101);
    ws.close(None)?;
    assert_eq!(ws.recv()?, None);
    drop(silent);
    until_left(&handle, 0);
    Ok(())
}

/// Whoever comes when there is no room, in all or for its address, is turned away; room comes back.
#[test]
fn connections_are_limited() -> Outcome {
    for limits in
        [Limits { connections: 1, ..Limits::default() }, Limits { per_address: 1, ..Limits::default() }]
    {
        let listener = Server::new().limits(limits).bind("127.0.0.1:0")?;
        let (url, handle) = (url(&listener), listener.handle());
        echo(listener);
        let mut first = ws_blocking::connect(&url)?;
        assert!(ws_blocking::connect(&url).is_err());
        talk(&mut first)?;
        drop(first);
        until_left(&handle, 0);
        talk(&mut ws_blocking::connect(&url)?)?;
    }
    Ok(())
}

/// Pages of other origins are answered 403; ordinary requests come to the hook, with the address of who asks.
#[test]
fn origins_are_checked_and_requests_answered() -> Outcome {
    let server = Server::new().origins(Origins::new(["https://example.com"])).decide(|request, stream| {
        assert!(stream.peer_addr().is_some_and(|address| address.ip().is_loopback()));
        match request.path() {
            "/health" => Reject::new(200).expect("a status").body("well").into(),
            _ => Accept::new().into(),
        }
    });
    let listener = server.bind("127.0.0.1:0")?;
    let (url, address) = (url(&listener), listener.local_addrs()[0]);
    echo(listener);
    for (origin, status) in
        [(Some("https://example.com"), None), (Some("https://evil.example"), Some(403)), (None, Some(403))]
    {
        let mut connect = Connect::new(&url)?;
        if let Some(origin) = origin {
            connect = connect.origin(origin)?;
        }
        match ws_blocking::connect_with(&connect, Config::default()) {
            Ok(mut ws) => {
                assert_eq!(status, None, "{origin:?} was let in");
                talk(&mut ws)?;
            }
            Err(Error::Rejected(response)) => assert_eq!(Some(response.status), status),
            Err(error) => return Err(error.into()),
        }
    }
    let mut plain = TcpStream::connect(address)?;
    plain.write_all(b"GET /health HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    plain.read_to_string(&mut answer)?;
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("well"), "{answer}");
    Ok(())
}

/// 6455-7.4.1-0: a server that is shut down says 1001 to all, and is done once they have answered; whoever has not finished its
/// handshake is dropped.
#[test]
fn a_shutdown_closes_all_connections() -> Outcome {
    let listener = Server::new().bind("127.0.0.1:0")?;
    let (url, address, handle) = (url(&listener), listener.local_addrs()[0], listener.handle());
    echo(listener);
    let mut silent = TcpStream::connect(address)?;
    let mut clients = Vec::new();
    for _ in 0..10 {
        let mut ws = ws_blocking::connect(&url)?;
        talk(&mut ws)?;
        clients.push(thread::spawn(move || {
            let ended = ws.recv();
            (ended, ws.close_code(), ws.was_clean())
        }));
    }
    until_left(&handle, 11);
    handle.shutdown(GRACE);
    assert_eq!(handle.connections(), 0);
    for client in clients {
        let (ended, code, was_clean) = client.join().expect("no panic");
        assert_eq!((ended?, code, was_clean), (None, 1001, true));
    }
    assert_eq!(silent.read(&mut [0])?, 0);
    assert!(ws_blocking::connect(&url).is_err());
    Ok(())
}

/// Halves hear of a shutdown too, and so does a connection whose peer reads nothing of what it is sent.
#[test]
fn a_shutdown_reaches_halves_and_stuck_senders() -> Outcome {
    let config = Config { close_timeout: Duration::from_secs(1), ..Config::default() };
    let listener = Server::new().config(config).bind("127.0.0.1:0")?;
    let (url, handle) = (url(&listener), listener.handle());
    let mut client = ws_blocking::connect(&url)?;
    let (sender, mut receiver) = listener.accept().expect("one has come").split()?;
    let deaf = ws_blocking::connect(&url)?;
    let mut stuck = listener.accept().expect("one more has come");
    let halves = thread::spawn(move || receiver.recv());
    let stuck = thread::spawn(move || while stuck.send(vec![0; 1 << 20]).is_ok() {});
    let ending = handle.clone();
    let ending = thread::spawn(move || ending.shutdown(GRACE));
    assert_eq!(client.recv()?, None);
    assert_eq!(client.close_code(), 1001);
    assert_eq!(halves.join().expect("no panic")?, None);
    // The close timer ends it: its peer reads nothing.
    stuck.join().expect("no panic");
    drop(sender);
    ending.join().expect("no panic");
    assert_eq!(handle.connections(), 0);
    drop(deaf);
    Ok(())
}

/// A peer that does not answer is given up on when the time is up.
#[test]
fn a_peer_that_does_not_answer_is_given_up() -> Outcome {
    let config = Config { close_timeout: Duration::from_secs(3600), ..Config::default() };
    let listener = Server::new().config(config).bind("127.0.0.1:0")?;
    let (url, handle) = (url(&listener), listener.handle());
    let _silent = ws_blocking::connect(&url)?;
    let mut ws = listener.accept().expect("one has come");
    let ending = handle.clone();
    let ending = thread::spawn(move || ending.shutdown(Duration::from_millis(10)));
    assert!(ws.recv().is_err());
    assert_eq!(ws.recv()?, None);
    drop(ws);
    ending.join().expect("no panic");
    assert_eq!(handle.connections(), 0);
    assert!(listener.accept().is_none());
    Ok(())
}

/// A peer whose bytes never stop hears of the end, and is ended.
#[test]
fn a_peer_that_never_stops_is_ended() -> Outcome {
    let config = Config { close_timeout: Duration::from_secs(3600), ..Config::default() };
    let listener = Server::new().config(config).bind("127.0.0.1:0")?;
    let (url, handle) = (url(&listener), listener.handle());
    let (sender, mut receiver) = ws_blocking::connect(&url)?.split()?;
    let mut ws = listener.accept().expect("one has come");
    let endless = thread::spawn(move || while sender.send("more").is_ok() {});
    let client = thread::spawn(move || {
        while let Ok(Some(_)) = receiver.recv() {}
        receiver.close_code()
    });
    assert_eq!(ws.recv()?, Some("more".into()));
    let serving = thread::spawn(move || while let Ok(Some(_)) = ws.recv() {});
    handle.shutdown(GRACE);
    assert_eq!(handle.connections(), 0);
    assert_eq!(client.join().expect("no panic"), 1001);
    serving.join().expect("no panic");
    endless.join().expect("no panic");
    Ok(())
}

/// A listener that is dropped accepts no more, and what it has handed out goes on.
#[test]
fn a_dropped_listener_leaves_its_connections() -> Outcome {
    let listener = Server::new().bind("127.0.0.1:0")?;
    let (url, handle) = (url(&listener), listener.handle());
    let mut client = ws_blocking::connect(&url)?;
    let mut ws = listener.accept().expect("one has come");
    let _untaken = ws_blocking::connect(&url)?;
    drop(listener);
    until_left(&handle, 1);
    let serving = thread::spawn(move || {
        while let Ok(Some(message)) = ws.recv() {
            let _ = ws.send(message);
        }
    });
    talk(&mut client)?;
    client.close(None)?;
    assert_eq!(client.recv()?, None);
    serving.join().expect("no panic");
    assert!(ws_blocking::connect(&url).is_err());
    Ok(())
}

/// adapter-U1: one server listens on TCP sockets and Unix sockets.
#[cfg(unix)]
#[test]
fn unix_sockets_are_served_too() -> Outcome {
    use std::os::unix::net::{UnixListener, UnixStream};
    use ws_blocking::ClientRequest;
    use ws_blocking::serve::Socket;

    let path = std::env::temp_dir().join(format!("ws-blocking-{}.socket", std::process::id()));
    let _ = std::fs::remove_file(&path);
    let sockets = [Socket::from(TcpListener::bind("127.0.0.1:0")?), Socket::from(UnixListener::bind(&path)?)];
    let listener = Server::new().start(sockets)?;
    let (url, handle) = (url(&listener), listener.handle());
    echo(listener);
    talk(&mut ws_blocking::connect(&url)?)?;
    let stream = UnixStream::connect(&path)?;
    let request = ClientRequest::new("localhost", "/")?;
    talk(&mut ws_blocking::client(stream, &request, Config::default())?)?;
    until_left(&handle, 0);
    handle.shutdown(GRACE);
    std::fs::remove_file(&path)?;
    Ok(())
}

/// TLS on every listener; whoever speaks none is gone, and whoever says nothing is dropped at the end.
#[cfg(feature = "tls")]
#[test]
fn servers_speak_tls() -> Outcome {
    use certificates::Authority;
    use ws_blocking::Connector;

    let authority = Authority::new();
    let listener = Server::new().tls(authority.server(&["127.0.0.1"])).bind("127.0.0.1:0")?;
    let (address, handle) = (listener.local_addrs()[0], listener.handle());
    echo(listener);
    let connector = Connector::new().tls(authority.client());
    let mut ws = connector.connect(Connect::new(&format!("wss://{address}/"))?)?;
    talk(&mut ws)?;
    assert!(ws_blocking::connect(&format!("ws://{address}/")).is_err());
    until_left(&handle, 1);
    let mut silent = TcpStream::connect(address)?;
    until_left(&handle, 2);
    let client = thread::spawn(move || {
        let ended = ws.recv();
        (ended, ws.close_code())
    });
    handle.shutdown(GRACE);
    assert_eq!(handle.connections(), 0);
    let (ended, code) = client.join().expect("no panic");
    assert_eq!((ended?, code), (None, 1001));
    assert_eq!(silent.read(&mut [0])?, 0);
    Ok(())
}
