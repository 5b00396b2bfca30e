//! Connecting over loopback: TLS, proxies, redirects.

use std::io::{self, Read, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread::{self, JoinHandle};

#[cfg(feature = "tls")]
use certificates::Authority;
use ws_blocking::serve::Server;
use ws_blocking::{Connect, ConnectError, Connector, Error, NetStream, Proxy, WebSocket};

type Outcome = Result<(), Box<dyn core::error::Error>>;

/// Starts a server that echoes, and returns its port.
fn echo(server: Server) -> io::Result<u16> {
    let listener = server.bind("127.0.0.1:0")?;
    let port = listener.local_addrs()[0].port();
    thread::spawn(move || {
        while let Some(mut ws) = listener.accept() {
            thread::spawn(move || {
                while let Ok(Some(message)) = ws.recv() {
                    let _ = ws.send(message);
                }
            });
        }
    });
    Ok(port)
}

fn talk(mut ws: WebSocket<NetStream>) -> Result<(), Error> {
    for len in [1, 1 << 20] {
        let payload = vec![7; len];
        ws.send(&payload)?;
        assert_eq!(ws.recv()?, Some(payload.into()));
    }
    ws.close(None)?;
    assert_eq!(ws.recv()?, None);
    assert!(ws.status().was_clean);
    Ok(())
}

/// Reads a head, byte by byte.
fn head(stream: &mut impl Read) -> io::Result<String> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        head.extend(byte);
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

/// Starts a proxy that reads one request and answers it with `answer`; after a 200 it forwards to `port`.
fn http_proxy(port: u16, answer: &'static str) -> io::Result<(Proxy, JoinHandle<String>)> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("http://user:pass%21@{}", listener.local_addr()?);
    let proxy = thread::spawn(move || {
        let (mut client, _) = listener.accept().expect("a client");
        let seen = head(&mut client).expect("a head");
        client.write_all(answer.as_bytes()).expect("written");
        if answer.contains(" 200 ") {
            let server = TcpStream::connect(("127.0.0.1", port)).expect("a server");
            for (from, to) in [(&client, &server), (&server, &client)] {
                let (mut from, mut to) = (from.try_clone().expect("a file"), to.try_clone().expect("a file"));
                thread::spawn(move || {
                    let _ = io::copy(&mut from, &mut to);
                    let _ = to.shutdown(Shutdown::Write);
                });
            }
        }
        seen
    });
    Ok((Proxy::parse(&url).expect("a URL"), proxy))
}

/// 6455-4.1-9c: `wss:` takes one call, by name and by address.
#[cfg(feature = "tls")]
#[test]
fn wss_takes_one_call() -> Outcome {
    let authority = Authority::new();
    let port = echo(Server::new().tls(authority.server(&["localhost", "127.0.0.1"])))?;
    let connector = Connector::new().tls(authority.client());
    for host in ["localhost", "127.0.0.1"] {
        let ws = connector.connect(Connect::new(&format!("wss://{host}:{port}/"))?)?;
        assert!(ws.get_ref().is_tls());
        talk(ws)?;
    }
    let stranger = Connector::new().tls(Authority::named("a stranger").client());
    let refused = stranger.connect(Connect::new(&format!("wss://localhost:{port}/"))?);
    assert!(
        matches!(&refused, Err(error @ Error::Connect(cause))
            if matches!(**cause, ConnectError::Tls { .. }) && !error.is_temporary()),
        "{refused:?}"
    );
    Ok(())
}

/// 6455-4.1-5, 9110-9.3.6-1, 9110-9.3.6-2, 6455-4.1-3p:
/// An HTTP proxy is asked for a tunnel, and gets only its own credentials.
#[test]
fn an_http_proxy_is_asked_for_a_tunnel() -> Outcome {
    let port = echo(Server::new())?;
    let (proxy, seen) = http_proxy(port, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")?;
    talk(Connector::new().connect(Connect::new("ws://server.example:81/")?.proxy(proxy))?)?;
    let seen = seen.join().expect("no panic");
    assert!(seen.starts_with("CONNECT server.example:81 HTTP/1.1\r\n"), "{seen}");
    assert!(seen.contains("Proxy-Authorization: Basic dXNlcjpwYXNzIQ=="), "{seen}");
    Ok(())
}

/// TLS with the server goes through the tunnel of a proxy.
#[cfg(feature = "tls")]
#[test]
fn an_http_proxy_leads_to_a_wss_server() -> Outcome {
    let authority = Authority::new();
    let port = echo(Server::new().tls(authority.server(&["server.example"])))?;
    let (proxy, seen) = http_proxy(port, "HTTP/1.1 200 OK\r\n\r\n")?;
    let connector = Connector::new().tls(authority.client());
    talk(connector.connect(Connect::new("wss://server.example/")?.proxy(proxy))?)?;
    assert!(seen.join().expect("no panic").starts_with("CONNECT server.example:443 HTTP/1.1\r\n"));
    Ok(())
}

/// 9110-9.3.6-3: a proxy that refuses is an error with its answer.
#[test]
fn a_refusal_of_the_proxy_is_reported() -> Outcome {
    let (proxy, _seen) = http_proxy(0, "HTTP/1.1 407 Who\r\nContent-Length: 0\r\n\r\n")?;
    let refused = Connector::new().connect(Connect::new("ws://server.example/")?.proxy(proxy));
    let Err(Error::Connect(error)) = refused else { panic!("{refused:?}") };
    let ConnectError::ProxyRefused(response) = *error else { panic!("{error}") };
    assert_eq!(response.status, 407);
    Ok(())
}

/// A redirect is followed if the caller asked for that, and is an error otherwise.
#[test]
fn redirects_are_followed_on_request() -> Outcome {
    let port = echo(Server::new())?;
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("ws://{}/", listener.local_addr()?);
    thread::spawn(move || {
        while let Ok((mut client, _)) = listener.accept() {
            let _ = head(&mut client);
            let answer = format!(
                "HTTP/1.1 302 Found\r\nLocation: ws://127.0.0.1:{port}/\r\nContent-Length: 0\r\n\r\n"
            );
            let _ = client.write_all(answer.as_bytes());
        }
    });
    let refused = ws_blocking::connect(&url);
    assert!(matches!(&refused, Err(Error::Rejected(response)) if response.status == 302), "{refused:?}");
    let ws = Connector::new().connect(Connect::new(&url)?.follow_redirects(1))?;
    assert_eq!(ws.get_ref().peer_addr().map(|address| address.port()), Some(port));
    talk(ws)?;
    Ok(())
}
