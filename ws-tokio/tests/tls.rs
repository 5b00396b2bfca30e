//! TLS, over loopback.
#![cfg(feature = "tls")]

mod common;

use std::io::{self, ErrorKind};
use std::sync::Arc;

use common::Authority;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, copy_bidirectional, duplex};
use tokio::net::{TcpListener, TcpStream};
use ws_tokio::ws_core::{self, Connection, Role};
use ws_tokio::ws_tls::ServerTlsBuilder;
use ws_tokio::ws_tls::rustls::{self, AlertDescription, ProtocolVersion};
use ws_tokio::{
    Agreement, ClientTls, Config, Connect, Connector, Error, NetStream, Proxy, ServerTls, TlsError,
    WebSocket, accept_tls, start_tls,
};

type Outcome = Result<(), Box<dyn core::error::Error>>;

/// What both ends say of the TLS between them.
async fn shake_hands(
    client: &ClientTls,
    server: &ServerTls,
    host: &str,
) -> (io::Result<NetStream>, io::Result<NetStream>) {
    let (near, far) = duplex(4096);
    let near = start_tls(NetStream::new(near), client, host);
    tokio::join!(near, accept_tls(NetStream::new(far), server))
}

fn tls_error<T>(result: io::Result<T>) -> TlsError {
    TlsError::from_io(result.err().expect("a failure")).expect("one of TLS")
}

/// The address of a server that echoes over TLS.
async fn echo(tls: ServerTls) -> io::Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let port = listener.local_addr()?.port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(stream) = accept_tls(stream, &tls).await else { continue };
            let Ok(mut ws) = ws_tokio::accept(stream).await else { continue };
            while let Ok(Some(message)) = ws.recv().await {
                let _ = ws.send(message).await;
            }
        }
    });
    Ok(port)
}

/// 6455-10.6-1, 6455-10.6-2, 6455-10.6-3, 6455-4.1-9c, 6455-3-3: `wss:` takes one call, and all is inside TLS.
#[tokio::test]
async fn messages_go_through_tls() -> Outcome {
    let authority = Authority::new();
    let port = echo(authority.server(&["localhost"])).await?;
    let connector = Connector::new().tls(authority.client());
    let mut ws = connector.connect(Connect::new(&format!("WSS://localhost:{port}/"))?).await?;
    assert!(ws.get_ref().is_tls());
    assert_eq!(ws.get_ref().protocol_version(), Some(ProtocolVersion::TLSv1_3));
    assert_eq!(ws.get_ref().alpn_protocol(), Some(&b"http/1.1"[..]));
    assert_eq!(ws.get_ref().peer_certificates().map(<[_]>::len), Some(1));
    assert_eq!(ws.get_ref().peer_addr().map(|address| address.port()), Some(port));
    for len in [0, 1, 125, 126, 16_384, 65_536, 1 << 20] {
        let payload = vec![7; len];
        ws.send(&payload).await?;
        assert_eq!(ws.recv().await?, Some(payload.into()));
    }
    ws.close(None).await?;
    assert_eq!(ws.recv().await?, None);
    assert!(ws.was_clean());
    Ok(())
}

/// 6455-4.1-9b: a certificate for another name, out of date or from a stranger ends it, before a byte of HTTP.
#[tokio::test]
async fn a_wrong_certificate_ends_the_connection_before_http() -> Outcome {
    let authority = Authority::new();
    let (chain, key) = authority.issue_with(&["localhost"], |params| {
        params.not_before = rcgen::date_time_ymd(2000, 1, 1);
        params.not_after = rcgen::date_time_ymd(2001, 1, 1);
    });
    for (server, says) in [
        (authority.server(&["example.com"]), "not valid for name"),
        (ServerTls::from_pem(chain, key)?, "expired"),
        (Authority::named("a stranger").server(&["localhost"]), "UnknownIssuer"),
    ] {
        let port = echo(server.clone()).await?;
        let connector = Connector::new().tls(authority.client());
        let refused = connector.connect(Connect::new(&format!("wss://localhost:{port}/"))?).await;
        let error = refused.expect_err("nobody to trust");
        assert!(error.to_string().contains(says) && !error.is_temporary(), "{error}");
        let (_, accepted) = shake_hands(&authority.client(), &server, "localhost").await;
        // The server has no stream to read HTTP from.
        assert!(matches!(tls_error(accepted), TlsError::Rustls(rustls::Error::AlertReceived(_))));
    }
    Ok(())
}

/// 6455-4.1-9d: a name is sent as SNI, in lower case; an address is checked, and not sent.
#[tokio::test]
async fn names_are_sent_and_addresses_are_not() -> Outcome {
    let authority = Authority::new();
    let server = authority.server(&["localhost", "127.0.0.1", "::1"]);
    for (host, sent) in [("LocalHost", Some("localhost")), ("127.0.0.1", None), ("::1", None)] {
        let (client, accepted) = shake_hands(&authority.client(), &server, host).await;
        client?;
        assert_eq!(accepted?.server_name(), sent);
    }
    Ok(())
}

/// 6455-10.5-1: a server lets in only who has a certificate, and sees it.
#[tokio::test]
async fn clients_show_certificates() -> Outcome {
    let authority = Authority::new();
    let (chain, key) = authority.issue(&["localhost"]);
    let server = ServerTlsBuilder::from_pem(chain, key)?;
    let server = server.require_client_certificates(vec![authority.root()]).build()?;
    let (chain, key) = authority.issue(&["a client"]);
    let known = ClientTls::builder().roots([authority.root()]).certificate_pem(chain, key)?.build()?;
    let (client, accepted) = shake_hands(&known, &server, "localhost").await;
    client?;
    assert_eq!(accepted?.peer_certificates().map(<[_]>::len), Some(1));
    let (_, accepted) = shake_hands(&authority.client(), &server, "localhost").await;
    assert!(matches!(tls_error(accepted), TlsError::Rustls(rustls::Error::NoCertificatesPresented)));
    Ok(())
}

/// 7301-3.1-1, 7301-3.2-1: a server that knows only HTTP/2 is no server for us, and where other settings made both ends agree on
/// that, no HTTP/1.1 is spoken.
#[tokio::test]
async fn http_1_1_is_the_only_protocol() -> Outcome {
    let authority = Authority::new();
    let mut server = rustls::ServerConfig::clone(authority.server(&["localhost"]).config());
    server.alpn_protocols = vec![b"h2".to_vec()];
    let server = ServerTls::from(Arc::new(server));
    let (client, _) = shake_hands(&authority.client(), &server, "localhost").await;
    assert!(matches!(
        tls_error(client),
        TlsError::Rustls(rustls::Error::AlertReceived(AlertDescription::NoApplicationProtocol))
    ));
    let mut client = rustls::ClientConfig::clone(authority.client().config());
    client.alpn_protocols = vec![b"h2".to_vec()];
    let (client, accepted) = shake_hands(&Arc::new(client).into(), &server, "localhost").await;
    assert!(matches!(tls_error(client), TlsError::OtherProtocol));
    assert!(accepted.is_err());
    Ok(())
}

/// 6455-10.6-3: where a client knows nothing newer, TLS 1.2 is spoken.
#[tokio::test]
async fn tls_1_2_is_spoken_too() -> Outcome {
    let authority = Authority::new();
    let port = echo(authority.server(&["localhost"])).await?;
    let mut roots = rustls::RootCertStore::empty();
    roots.add(authority.root())?;
    let provider = Arc::clone(authority.client().config().crypto_provider());
    let mut client = rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS12])?
        .with_root_certificates(roots)
        .with_no_client_auth();
    client.alpn_protocols = vec![b"http/1.1".to_vec()];
    let connector = Connector::new().tls(Arc::new(client).into());
    let mut ws = connector.connect(Connect::new(&format!("wss://localhost:{port}/"))?).await?;
    assert_eq!(ws.get_ref().protocol_version(), Some(ProtocolVersion::TLSv1_2));
    ws.send("hello").await?;
    assert_eq!(ws.recv().await?, Some("hello".into()));
    Ok(())
}

/// 6455-4.1-5: an `https:` proxy leads to a `wss:` server, in TLS inside TLS, each with whom it should be.
#[tokio::test]
async fn an_https_proxy_leads_to_a_wss_server() -> Outcome {
    let (servers, proxies) = (Authority::named("of servers"), Authority::named("of proxies"));
    let port = echo(servers.server(&["server.example"])).await?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let proxy = Proxy::parse(&format!("https://127.0.0.1:{}", listener.local_addr()?.port()))?;
    let tls = proxies.server(&["127.0.0.1"]);
    let seen = tokio::spawn(async move {
        let mut client = accept_tls(listener.accept().await?.0, &tls).await?;
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(client.read_u8().await?);
        }
        client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
        let mut server = TcpStream::connect(("127.0.0.1", port)).await?;
        tokio::spawn(async move { copy_bidirectional(&mut client, &mut server).await });
        io::Result::Ok(head)
    });
    let connector = Connector::new().tls(servers.client()).proxy_tls(proxies.client());
    let mut ws = connector.connect(Connect::new("wss://server.example/")?.proxy(proxy)).await?;
    for len in [1, 1 << 20] {
        let payload = vec![7; len];
        ws.send(&payload).await?;
        assert_eq!(ws.recv().await?, Some(payload.into()));
    }
    assert!(seen.await??.starts_with(b"CONNECT server.example:443 HTTP/1.1\r\n"));
    Ok(())
}

/// An open server end, and the TLS stream of its peer with the pipe underneath.
async fn server() -> io::Result<(NetStream, WebSocket<NetStream>)> {
    let authority = Authority::new();
    let (client, server) =
        shake_hands(&authority.client(), &authority.server(&["localhost"]), "localhost").await;
    let config = Config::default();
    let conn =
        Connection::upgraded(ws_core::Instant::ORIGIN, Role::Server, config, Agreement::default(), [3; 32]);
    Ok((client?, WebSocket::new(server?, conn)))
}

/// A stream that is cut off is told from one that has ended.
#[tokio::test]
async fn a_truncation_is_no_end() -> Outcome {
    let (client, mut ws) = server().await?;
    drop(client);
    let Err(Error::Io(error)) = ws.recv().await else { panic!("an error of the stream") };
    assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
    assert_eq!(ws.recv().await?, None);

    let (mut client, mut ws) = server().await?;
    client.shutdown().await?;
    let error = ws.recv().await.expect_err("no Close frame");
    assert!(matches!(error, Error::WebSocket(ws_core::Error::UnexpectedEof)), "{error}");
    Ok(())
}

/// After the Close frames a truncation changes nothing, and our end of the stream is announced.
#[tokio::test]
async fn a_truncation_after_the_close_frames_is_clean() -> Outcome {
    let (mut client, mut ws) = server().await?;
    client.write_all(b"\x88\x80abcd").await?;
    client.flush().await?;
    let (closed, read) = tokio::join!(ws.recv(), async {
        let mut all = Vec::new();
        // Without the announcement this would be an error.
        client.read_to_end(&mut all).await?;
        drop(client);
        io::Result::Ok(all)
    });
    assert_eq!((closed?, &read?[..]), (None, &b"\x88\x00"[..]));
    assert!(ws.was_clean());
    Ok(())
}

/// The stream is small, for it is part of every connection.
#[test]
fn a_stream_is_small() {
    assert!(size_of::<NetStream>() <= size_of::<TcpStream>() + 4 * size_of::<usize>());
    fn check<T: Send>(_: impl Fn() -> T) {}
    check(|| ws_tokio::connect("wss://localhost/"));
    check(|| NetStream::new(duplex(1).0) as NetStream);
    let _: fn(DuplexStream) -> NetStream = NetStream::new;
}
