//! Serving: the clients that a server accepts, its answers to requests, and its end.

use core::time::Duration;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;

use certificates::Authority;

use super::{Outcome, UPGRADE, beside, head, masked, next, rest};
use crate::adapter::serve::{Handle, Limits, Listener, Server, Socket};
use crate::adapter::ws_core::handshake::Origins;
use crate::adapter::{
    Accept, Config, Connect, Connector, Error, NetStream, Reject, Status, WebSocket, connect, connect_with,
};
use crate::on;

/// A time that only a failure would reach.
const GRACE: Duration = Duration::from_secs(60);

fn url(listener: &Listener) -> String {
    format!("ws://{}/", listener.local_addrs()[0])
}

/// Echoes on all connections, each in the background.
fn echo(listener: Listener) {
    on::background(async move {
        while let Some(mut ws) = wait!(listener.accept()) {
            on::background(async move {
                while let Ok(Some(message)) = wait!(ws.recv()) {
                    let _ = wait!(ws.send(message));
                }
            });
        }
    });
}

async fn talk(ws: &mut WebSocket<NetStream>) -> Result<(), Error> {
    wait!(ws.send("hello"))?;
    assert_eq!(wait!(ws.recv())?, Some("hello".into()));
    Ok(())
}

/// Lets the other tasks work until as many connections are left.
#[track_caller]
fn until_left(handle: &Handle, count: usize) {
    /// More turns than the work of any test needs.
    const TURNS: usize = 20_000_000;
    for _ in 0..TURNS {
        if handle.connections() == count {
            return;
        }
        thread::yield_now();
    }
    panic!("{} connections rather than {count}", handle.connections());
}

/// adapter-P1: silent clients do not delay others, and a connection that ends gives its place back.
#[test]
fn slow_handshakes_hold_up_no_other_client() -> Outcome {
    on::run(async {
        let listener = wait!(Server::new().bind("127.0.0.1:0"))?;
        let (url, address, handle) = (url(&listener), listener.local_addrs()[0], listener.handle());
        echo(listener);
        let silent: Vec<_> = (0..100).map(|_| TcpStream::connect(address)).collect::<Result<_, _>>()?;
        let mut ws = wait!(connect(&url))?;
        talk(&mut ws).await?;
        until_left(&handle, 101);
        wait!(ws.close(None))?;
        assert_eq!(wait!(ws.recv())?, None);
        drop((silent, ws));
        until_left(&handle, 0);
        Ok(())
    })
}

/// A client is refused when the server is full, in total or for its address; room comes back.
#[test]
fn connections_are_limited() -> Outcome {
    on::run(async {
        let in_all = Limits::new().connections(1);
        let for_each = Limits::new().per_address(1);
        for limits in [in_all, for_each] {
            let listener = wait!(Server::new().limits(limits).bind("127.0.0.1:0"))?;
            let (url, handle) = (url(&listener), listener.handle());
            echo(listener);
            let mut first = wait!(connect(&url))?;
            assert!(wait!(connect(&url)).is_err());
            talk(&mut first).await?;
            drop(first);
            until_left(&handle, 0);
            talk(&mut wait!(connect(&url))?).await?;
        }
        Ok(())
    })
}

/// More connections than a server holds open for the application all come in the end.
#[test]
fn connections_that_are_not_accepted_wait() -> Outcome {
    const COUNT: usize = 100;
    on::run(async {
        let listener = wait!(Server::new().bind("127.0.0.1:0"))?;
        let (address, handle) = (listener.local_addrs()[0], listener.handle());
        let mut peers = Vec::new();
        for _ in 0..COUNT {
            let mut peer = TcpStream::connect(address)?;
            peer.write_all(UPGRADE.as_bytes())?;
            peers.push(peer);
        }
        for peer in &mut peers {
            assert!(head(peer)?.starts_with("HTTP/1.1 101 "));
        }
        let mut taken = Vec::new();
        for _ in 0..COUNT {
            taken.push(wait!(listener.accept()).expect("one waits"));
        }
        assert_eq!(handle.connections(), COUNT);
        drop(taken);
        until_left(&handle, 0);
        Ok(())
    })
}

/// 6455-10.2-1: pages of other origins are answered 403; ordinary requests reach the hook, with the address
/// of the client.
#[test]
fn origins_are_checked_and_requests_answered() -> Outcome {
    on::run(async {
        let server =
            Server::new().origins(Origins::new(["https://example.com"])).decide(|request, stream| {
                assert!(stream.peer_addr().is_some_and(|address| address.ip().is_loopback()));
                match request.path() {
                    "/health" => Reject::new(Status::OK).body("well").into(),
                    _ => Accept::new().into(),
                }
            });
        let listener = wait!(server.bind("127.0.0.1:0"))?;
        let (url, address) = (url(&listener), listener.local_addrs()[0]);
        echo(listener);
        for (origin, status) in [
            (Some("https://example.com"), None),
            (Some("https://evil.example"), Some(403)),
            (None, Some(403)),
        ] {
            let mut connect = Connect::new(&url)?;
            if let Some(origin) = origin {
                connect = connect.origin(origin)?;
            }
            match wait!(connect_with(&connect, Config::default())) {
                Ok(mut ws) => {
                    assert_eq!(status, None, "{origin:?} was let in");
                    talk(&mut ws).await?;
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
    })
}

/// 6455-7.4.1-0: a server that is shut down sends 1001 on all connections, and ends once the peers have
/// answered; a client in its handshake is dropped, and nothing listens any more.
#[test]
fn a_shutdown_closes_all_connections() -> Outcome {
    on::run(async {
        let listener = wait!(Server::new().bind("127.0.0.1:0"))?;
        let (url, address, handle) = (url(&listener), listener.local_addrs()[0], listener.handle());
        echo(listener);
        let mut silent = TcpStream::connect(address)?;
        let mut clients = Vec::new();
        for _ in 0..10 {
            let mut ws = wait!(connect(&url))?;
            talk(&mut ws).await?;
            clients.push(ws);
        }
        let (said, ended) = mpsc::channel();
        for mut ws in clients {
            let said = said.clone();
            on::background(async move {
                let ended = wait!(ws.recv());
                let _ = said.send((ended, ws.status().close_code, ws.status().was_clean));
            });
        }
        until_left(&handle, 11);
        wait!(handle.shutdown(GRACE));
        assert_eq!(handle.connections(), 0);
        for _ in 0..10 {
            let (ended, code, was_clean) = ended.recv()?;
            assert_eq!((ended?, code, was_clean), (None, 1001, true));
        }
        assert_eq!(silent.read(&mut [0])?, 0);
        assert!(wait!(connect(&url)).is_err());
        Ok(())
    })
}

/// Halves notice a shutdown too, and so does a connection whose peer reads nothing.
#[test]
fn a_shutdown_reaches_halves_and_stuck_senders() -> Outcome {
    on::run(async {
        let config = Config::new().close_timeout(Duration::from_secs(1));
        let listener = wait!(Server::new().config(config).bind("127.0.0.1:0"))?;
        let (url, handle) = (url(&listener), listener.handle());
        let mut client = wait!(connect(&url))?;
        let (sender, mut receiver) = on::split(wait!(listener.accept()).expect("one has come"));
        let deaf = wait!(connect(&url))?;
        let mut stuck = wait!(listener.accept()).expect("one more has come");
        let (said, halves) = mpsc::channel();
        on::background(async move {
            let _ = said.send(wait!(receiver.recv()));
        });
        // The close timer ends it: its peer reads nothing.
        on::background(async move { while wait!(stuck.send(vec![0; 1 << 20])).is_ok() {} });
        let ending = handle.clone();
        let (ended, over) = mpsc::channel();
        on::background(async move {
            wait!(ending.shutdown(GRACE));
            let _ = ended.send(());
        });
        assert_eq!(wait!(client.recv())?, None);
        assert_eq!(client.status().close_code, 1001);
        assert_eq!(halves.recv()??, None);
        drop(sender);
        over.recv()?;
        assert_eq!(handle.connections(), 0);
        drop(deaf);
        Ok(())
    })
}

/// A connection whose peer sends without end notices the shutdown, and ends.
#[test]
fn a_peer_that_never_stops_is_ended() -> Outcome {
    on::run(async {
        let config = Config::new().close_timeout(Duration::from_secs(3600));
        let listener = wait!(Server::new().config(config).bind("127.0.0.1:0"))?;
        let (address, handle) = (listener.local_addrs()[0], listener.handle());
        let mut peer = TcpStream::connect(address)?;
        peer.write_all(UPGRADE.as_bytes())?;
        head(&mut peer)?;
        let has_heard = Arc::new(AtomicBool::new(false));
        let (hears, writes) = (Arc::clone(&has_heard), peer.try_clone()?);
        let writing = beside(writes, move |peer| {
            while !has_heard.load(Ordering::SeqCst) {
                peer.write_all(&masked(0x81, b"more"))?;
            }
            Ok(peer.write_all(&masked(0x88, &[0x03, 0xE9]))?)
        });
        let reading = beside(peer, move |peer| {
            let close = next::<4>(peer)?;
            hears.store(true, Ordering::SeqCst);
            rest(peer)?;
            Ok(close)
        });
        let mut ws = wait!(listener.accept()).expect("one has come");
        assert_eq!(wait!(ws.recv())?, Some("more".into()));
        on::background(async move { while let Ok(Some(_)) = wait!(ws.recv()) {} });
        wait!(handle.shutdown(GRACE));
        assert_eq!(handle.connections(), 0);
        assert_eq!(reading.join().expect("no panic")?, [0x88, 2, 0x03, 0xE9]);
        writing.join().expect("no panic")
    })
}

/// A connection whose peer does not answer ends when the time is up.
#[test]
fn a_peer_that_does_not_answer_is_given_up() -> Outcome {
    on::run(async {
        let config = Config::new().close_timeout(Duration::from_secs(3600));
        let listener = wait!(Server::new().config(config).bind("127.0.0.1:0"))?;
        let (url, handle) = (url(&listener), listener.handle());
        let _silent = wait!(connect(&url))?;
        let mut ws = wait!(listener.accept()).expect("one has come");
        let (ended, ()) =
            on::both(async { wait!(ws.recv()) }, async { wait!(handle.shutdown(Duration::from_millis(10))) })
                .await;
        assert!(ended.is_err());
        assert_eq!(wait!(ws.recv())?, None);
        drop(ws);
        assert_eq!(handle.connections(), 0);
        assert!(wait!(listener.accept()).is_none());
        Ok(())
    })
}

/// A listener that is dropped accepts no more, and drops connections that were not taken; those that were
/// taken go on.
#[test]
fn a_dropped_listener_leaves_its_connections() -> Outcome {
    on::run(async {
        let listener = wait!(Server::new().bind("127.0.0.1:0"))?;
        let (url, handle) = (url(&listener), listener.handle());
        let mut client = wait!(connect(&url))?;
        let mut ws = wait!(listener.accept()).expect("one has come");
        let mut untaken = wait!(connect(&url))?;
        drop(listener);
        until_left(&handle, 1);
        assert!(wait!(untaken.recv()).is_err());
        assert!(wait!(connect(&url)).is_err());
        wait!(client.send("on"))?;
        assert_eq!(wait!(ws.recv())?, Some("on".into()));
        Ok(())
    })
}

/// adapter-U1: one server listens on TCP sockets and Unix sockets.
#[cfg(unix)]
#[test]
fn unix_sockets_are_served_too() -> Outcome {
    use std::os::unix::net::{UnixListener, UnixStream};

    on::run(async {
        let name = format!("ws-{}-{}.socket", on::NAME, std::process::id());
        let path = std::env::temp_dir().join(name);
        let _ = std::fs::remove_file(&path);
        let (tcp, unix) = (TcpListener::bind("127.0.0.1:0")?, UnixListener::bind(&path)?);
        let sockets: [Socket; 2] = [on::tcp_listener(tcp).into(), on::unix_listener(unix).into()];
        let listener = on::started(Server::new().start(sockets))?;
        assert_eq!(listener.local_addrs().len(), 1);
        let url = url(&listener);
        echo(listener);
        talk(&mut wait!(connect(&url))?).await?;
        let mut peer = UnixStream::connect(&path)?;
        peer.write_all(UPGRADE.as_bytes())?;
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            peer.read_exact(&mut byte)?;
            answer.extend(byte);
        }
        peer.write_all(&masked(0x81, b"hello"))?;
        let mut echoed = [0; 7];
        peer.read_exact(&mut echoed)?;
        assert_eq!(echoed, *b"\x81\x05hello");
        std::fs::remove_file(&path)?;
        Ok(())
    })
}

/// TLS on every listener; a client without TLS is refused, and a silent one is dropped at the end.
#[test]
fn servers_speak_tls() -> Outcome {
    on::run(async {
        let authority = Authority::new();
        let listener = wait!(Server::new().tls(authority.server(&["127.0.0.1"])).bind("127.0.0.1:0"))?;
        let (address, handle) = (listener.local_addrs()[0], listener.handle());
        echo(listener);
        let connector = Connector::new().tls(authority.client());
        let mut ws = wait!(connector.connect(Connect::new(&format!("wss://{address}/"))?))?;
        talk(&mut ws).await?;
        assert!(wait!(connect(&format!("ws://{address}/"))).is_err());
        until_left(&handle, 1);
        let mut silent = TcpStream::connect(address)?;
        until_left(&handle, 2);
        let (said, ended) = mpsc::channel();
        on::background(async move {
            let ended = wait!(ws.recv());
            let _ = said.send((ended, ws.status().close_code));
        });
        wait!(handle.shutdown(GRACE));
        assert_eq!(handle.connections(), 0);
        let (ended, code) = ended.recv()?;
        assert_eq!((ended?, code), (None, 1001));
        assert_eq!(silent.read(&mut [0])?, 0);
        Ok(())
    })
}

/// Bytes after a request are not lost on the way to the task that takes the connection (D7).
#[test]
fn what_comes_early_is_handed_out() -> Outcome {
    on::run(async {
        let listener = wait!(Server::new().bind("127.0.0.1:0"))?;
        let mut peer = TcpStream::connect(listener.local_addrs()[0])?;
        peer.write_all(&[UPGRADE.as_bytes(), &masked(0x81, b"early")].concat())?;
        let mut ws = wait!(listener.accept()).expect("one has come");
        assert_eq!(wait!(ws.recv())?, Some("early".into()));
        head(&mut peer)?;
        wait!(ws.send("welcome"))?;
        assert_eq!(next(&mut peer)?, *b"\x81\x07welcome");
        Ok(())
    })
}
