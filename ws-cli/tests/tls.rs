//! `ws echo`, `ws connect` and `ws proxy` inside TLS.

mod support;

use core::net::SocketAddr;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::{fs, thread};

use certificates::{Authority, Files, Identity};
use support::{Peer, RUNTIMES, Ws, masked, request, switching};
use ws_blocking::TlsStream;

/// Makes the files of a server with the name `host`. Tests that run at once have different `test`s.
fn identity(host: &str, test: &str) -> Files {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    Authority::new().write(&[host], folder, &format!("{test}-{host}")).unwrap()
}

/// Starts a client that sends hello and nothing more.
fn connect(url: &str, runtime: &str, args: &[&str]) -> Ws {
    let mut ws = Ws::start(&[&["connect", url, "--runtime", runtime], args].concat());
    // A client that has given up already does not read.
    let _ = ws.take_input().write_all(b"hello\n");
    ws
}

#[test]
fn messages_come_back_inside_tls() {
    let files = identity("127.0.0.1", "echo");
    for server in RUNTIMES {
        let (_server, url) = Ws::echo_tls(server, &files);
        for client in RUNTIMES {
            for trust in [&["--ca", &files.authority][..], &["--insecure"]] {
                connect(&url, client, trust).wait().well("hello\n");
            }
        }
    }
}

/// 6455-4.1-9b: a client refuses a server whose authority it does not trust, and one whose certificate is for
/// another name.
#[test]
fn a_server_that_is_not_trusted_is_refused() {
    let (right, stranger) = (identity("127.0.0.1", "right"), identity("127.0.0.1", "stranger"));
    let other = identity("example.com", "other");
    for server in RUNTIMES {
        let (_right, right_url) = Ws::echo_tls(server, &right);
        let (_other, other_url) = Ws::echo_tls(server, &other);
        for client in RUNTIMES {
            for (url, ca, cause) in [
                (&right_url, &stranger.authority, "invalid peer certificate"),
                (&other_url, &other.authority, "not valid for name"),
            ] {
                let ended = connect(url, client, &["--ca", ca]).wait();
                assert!(
                    ended.stderr.starts_with(&format!("ws: cannot connect to {url}")),
                    "{}",
                    ended.stderr
                );
                ended.badly("", cause);
            }
        }
    }
}

/// A client without TLS gets only an alert, which names the cause, and holds up no other client.
#[test]
fn a_client_without_tls_is_turned_away() {
    let files = identity("127.0.0.1", "plain");
    for runtime in RUNTIMES {
        let (_server, url) = Ws::echo_tls(runtime, &files);
        let plain = url.replacen("wss:", "ws:", 1);
        connect(&plain, runtime, &[]).wait().badly("", "looks like TLS: try wss: rather than ws:");
        connect(&url, runtime, &["--ca", &files.authority]).wait().well("hello\n");
    }
}

/// A server without TLS answers a ClientHello with HTTP; the error names the cause.
#[test]
fn a_server_without_tls_is_recognized() {
    for runtime in RUNTIMES {
        let (_server, address) = Ws::echo(runtime, &[]);
        let ended = connect(&format!("wss://{address}/"), runtime, &["--insecure"]).wait();
        ended.badly("", "the URL begins with ws: rather than wss:");
    }
}

#[test]
fn files_without_an_identity_are_refused() {
    let files = identity("127.0.0.1", "files");
    let Files { chain, key, .. } = &files;
    let serve = |args: &[&str]| Ws::start(&[&["echo", "--listen", "127.0.0.1:0"], args].concat()).wait();
    serve(&["--tls-cert", "/nowhere", "--tls-key", key]).badly("", "/nowhere: ");
    assert_eq!(serve(&["--tls-cert", chain]).code, Some(2));

    let broken = file("broken.crt", &[section("CERTIFICATE")]);
    let unknown = file("unknown.key", &[section("PRIVATE KEY")]);
    let locked = file("locked.key", &[section("ENCRYPTED PRIVATE KEY")]);
    let cut = file("cut.crt", &["-----BEGIN CERTIFICATE-----\nAAAA\n".into()]);
    let other = identity("127.0.0.1", "other-files").key;
    for (chain, key, wrong, cause) in [
        (key, key, key, "the PEM holds no certificate"),
        (&broken, key, &broken, "certificate 1 is malformed"),
        (&cut, key, &cut, "malformed PEM"),
        (chain, chain, chain, "the PEM holds no private key"),
        (chain, &locked, &locked, "the private key is encrypted"),
        (chain, &unknown, &unknown, "the private key is unfit"),
        (chain, &other, &other, &format!("the private key is not the one of {chain}")),
        (chain, &"/nowhere".into(), &"/nowhere".into(), ""),
    ] {
        let ended = serve(&["--tls-cert", chain, "--tls-key", key]);
        assert!(ended.stderr.starts_with(&format!("ws: {wrong}: {cause}")), "{}", ended.stderr);
        ended.badly("", cause);
    }
}

/// A file of roots is checked first. A failure names the file.
#[test]
fn files_without_roots_are_refused() {
    let files = identity("127.0.0.1", "roots");
    let second = file("second.crt", &[fs::read_to_string(&files.authority).unwrap(), section("CERTIFICATE")]);
    for (ca, cause) in [
        (&second, "certificate 2 is malformed: "),
        (&files.key, "the PEM holds no certificate"),
        (&"/nowhere".into(), ""),
    ] {
        let failure = format!("ws: {ca}: {cause}");
        for command in
            [&["connect", "wss://127.0.0.1:1/"][..], &["proxy", "127.0.0.1:0", "wss://127.0.0.1:1"]]
        {
            let ended = Ws::start(&[command, &["--ca", ca]].concat()).wait();
            assert!(ended.stderr.starts_with(&failure), "{}", ended.stderr);
            ended.badly("", cause);
        }
    }
}

/// A self-signed certificate may be trusted, but that of an authority cannot stand for a server.
#[test]
fn an_authority_that_stands_for_a_server_is_named() {
    let Identity { chain, key } = Authority::self_signed(&["127.0.0.1"]);
    let chain = file("self.crt", &[chain]);
    let files = Files { authority: chain.clone(), chain, key: file("self.key", &[key]) };
    let (_server, url) = Ws::echo_tls("tokio", &files);
    for runtime in RUNTIMES {
        let ended = connect(&url, runtime, &["--ca", &files.authority]).wait();
        ended.badly("", "the peer's certificate is one of a certificate authority (CA:TRUE)");
    }
}

/// Returns a PEM section that holds three zeros.
fn section(label: &str) -> String {
    format!("-----BEGIN {label}-----\nAAAA\n-----END {label}-----\n")
}

/// Writes a file with this text, and returns its path.
fn file(name: &str, text: &[String]) -> String {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&path, text.concat()).unwrap();
    path.display().to_string()
}

/// Starts a proxy before the backend at `url`, and returns its address.
fn proxy(url: &str, args: &[&str]) -> (Ws, SocketAddr) {
    let mut ws = Ws::start(&[&["proxy", "127.0.0.1:0", url], args].concat());
    let address = ws.line().strip_prefix("listening on ws://").unwrap().parse().unwrap();
    (ws, address)
}

/// The two modes: passing bytes, and checking frames.
const MODES: [&[&str]; 2] = [&[], &["--frames"]];

#[test]
fn a_proxy_reaches_its_backend_inside_tls() {
    let files = identity("127.0.0.1", "proxy");
    let long = "x".repeat(2 << 20);
    for runtime in RUNTIMES {
        let (_echo, backend) = Ws::echo_tls(runtime, &files);
        for mode in MODES {
            for trust in [&["--ca", &files.authority][..], &["--insecure"]] {
                let (_proxy, address) = proxy(&backend, &[mode, trust].concat());
                let mut ws = Ws::start(&["connect", &format!("ws://{address}/chat")]);
                let mut input = ws.take_input();
                let lines = format!("hello\n{long}\n");
                let writing = thread::spawn(move || input.write_all(lines.as_bytes()));
                let ended = ws.wait();
                writing.join().unwrap().unwrap();
                assert_eq!(ended.stdout.len(), long.len() + 7, "{}", ended.stderr);
                ended.well(&format!("hello\n{long}\n"));
            }
        }
    }
}

/// Nothing is sent to a backend with a wrong certificate or without TLS; its clients get a 502.
#[test]
fn a_proxy_trusts_no_stranger() {
    let (right, stranger) = (identity("127.0.0.1", "backend"), identity("127.0.0.1", "elsewhere"));
    let (_secured, url) = Ws::echo_tls("tokio", &right);
    let (_plain, address) = Ws::echo("tokio", &[]);
    for (backend, ca) in [(&*url, &stranger.authority), (&format!("wss://{address}"), &right.authority)] {
        for mode in MODES {
            let (_proxy, address) = proxy(backend, &[mode, &["--ca", ca]].concat());
            let mut client = Peer::dial(address);
            client.write(&request(""));
            client.read_answer();
            assert!(client.head.starts_with("HTTP/1.1 502 "), "{}", client.head);
        }
    }
}

/// The end of the backend's stream reaches the client, whichever way it ends.
#[test]
fn a_proxy_passes_the_close_of_a_backend_inside_tls() {
    let files = identity("127.0.0.1", "closing");
    for runtime in RUNTIMES {
        let (_echo, backend) = Ws::echo_tls(runtime, &files);
        for mode in MODES {
            let (_proxy, address) = proxy(&backend, &[mode, &["--ca", &files.authority]].concat());
            let mut client = Peer::open(address, "");
            client.write(&[masked(0x81, b"last"), masked(0x88, b"\x03\xE8")].concat());
            client.expect(0x81, b"last");
            client.expect_close(Some(1000));
            assert_eq!(client.read_to_end(), b"");
        }
    }
}

/// The last bytes are written too if TLS took them while the socket to the backend took none.
#[test]
fn a_proxy_keeps_nothing_back_inside_tls() {
    let (authority, listener) = (Authority::new(), TcpListener::bind("127.0.0.1:0").unwrap());
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let files = authority.write(&["127.0.0.1"], folder, "stalled").unwrap();
    let url = format!("wss://{}", listener.local_addr().unwrap());
    let (_proxy, address) = proxy(&url, &["--ca", &files.authority]);
    let mut client = Peer::dial(address);
    client.write(&request(""));
    let stream = listener.accept().unwrap().0;
    let mut backend = TlsStream::accept(stream, &authority.server(&["127.0.0.1"]), None).unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        backend.read_exact(&mut byte).unwrap();
        head.extend(byte);
    }
    let head = String::from_utf8(head).unwrap();
    let key = head.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).unwrap();
    backend.write_all(&switching(key, "")).unwrap();
    backend.flush().unwrap();
    client.read_answer();

    let mut left = client.write_until_full();
    assert!(left > 0);
    let mut some = vec![0; 1 << 16];
    while left > 0 {
        let room = left.min(some.len());
        left -= backend.read(&mut some[..room]).unwrap();
    }
}
