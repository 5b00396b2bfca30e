//! Inside TLS: the trusted peers, the protocols, and the end of the stream.

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use certificates::{Authority, Identity};

use super::halves::talk;
use super::{Outcome, frame, now, sockets};
use crate::adapter::ws_core::{self, Connection, Role};
use crate::adapter::ws_tls::ServerTlsBuilder;
use crate::adapter::ws_tls::rustls::{
    self, AlertDescription, ClientConfig, ProtocolVersion, RootCertStore, ServerConfig,
};
use crate::adapter::{
    Agreement, ClientTls, Config, Connect, Connector, Error, NetStream, ServerTls, TlsError, WebSocket,
    accept,
};
use crate::on;

/// An open connection inside TLS.
type Net = WebSocket<NetStream>;

const LENGTHS: [usize; 8] = [0, 1, 125, 126, 16_384, 65_535, 65_536, 1 << 20];

/// Carries out the TLS handshake between `client` and `server`; returns both ends' streams.
async fn shake_hands(
    client: &ClientTls,
    server: &ServerTls,
    host: &str,
) -> (io::Result<NetStream>, io::Result<NetStream>) {
    let (near, far) = sockets();
    let far = on::stream(far);
    on::both(on::start_tls(near, client, host), on::accept_tls(far, server)).await
}

fn tls_error<T>(result: io::Result<T>) -> TlsError {
    TlsError::from_io(result.err().expect("a failure")).expect("one of TLS")
}

/// The other end of a connection: TLS over a plain socket, free to break rules that adapters keep.
struct Peer {
    session: rustls::Connection,
    socket: TcpStream,
}

impl Peer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.session.writer().write_all(bytes)?;
        self.flush()
    }

    fn flush(&mut self) -> io::Result<()> {
        while self.session.wants_write() {
            self.session.write_tls(&mut self.socket)?;
        }
        Ok(())
    }

    /// Ends its stream inside TLS, as required.
    fn close_notify(&mut self) -> io::Result<()> {
        self.session.send_close_notify();
        self.flush()
    }

    /// Ends its stream, but not TLS.
    fn cut_off(&self) -> io::Result<()> {
        self.socket.shutdown(Shutdown::Write)
    }

    /// Returns all bytes up to the end of the stream, which has to be an end inside TLS.
    fn read_to_end(&mut self) -> io::Result<Vec<u8>> {
        let mut all = Vec::new();
        loop {
            match self.session.reader().read_to_end(&mut all) {
                Ok(_) => return Ok(all),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.session.read_tls(&mut self.socket)?;
                    self.session.process_new_packets().map_err(io::Error::other)?;
                }
                Err(error) => return Err(error),
            }
        }
    }
}

/// Returns an end in this role, open inside TLS, and its peer.
async fn open(role: Role) -> Outcome<(Net, Peer)> {
    let authority = Authority::new();
    let (client, server) = (authority.client(), authority.server(&["localhost"]));
    let (near, mut socket) = sockets();
    let mut session: rustls::Connection = match role {
        Role::Server => client.session("localhost")?.into(),
        Role::Client => server.session()?.into(),
    };
    let shaking = thread::spawn(move || {
        while session.is_handshaking() {
            session.complete_io(&mut socket)?;
        }
        io::Result::Ok(Peer { session, socket })
    });
    let stream = match role {
        Role::Server => on::accept_tls(near, &server).await?,
        Role::Client => on::start_tls(near, &client, "localhost").await?,
    };
    let conn = Connection::upgraded(now(), role, Config::default(), Agreement::default(), [0; 32]);
    Ok((WebSocket::new(stream, conn), shaking.join().expect("no panic")?))
}

const ROLES: [Role; 2] = [Role::Client, Role::Server];

/// Returns the port of a server that echoes inside TLS to one client, and the outcome of that.
fn echo(tls: ServerTls) -> io::Result<(u16, impl Future<Output = Result<bool, Error>>)> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let port = listener.local_addr()?.port();
    let served = on::spawn(async move {
        let stream = on::accept_tls(on::stream(listener.accept()?.0), &tls).await?;
        let mut ws = wait!(accept(stream))?;
        while let Some(message) = wait!(ws.recv())? {
            wait!(ws.send(message))?;
        }
        Ok(ws.status().was_clean)
    });
    Ok((port, served))
}

/// Returns a client with one version of TLS.
fn speaks(authority: &Authority, version: &'static rustls::SupportedProtocolVersion) -> Outcome<ClientTls> {
    let mut roots = RootCertStore::empty();
    roots.add(authority.root())?;
    let provider = Arc::clone(authority.client().config().crypto_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[version])?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config).into())
}

/// 6455-10.6-1, 6455-10.6-2, 6455-10.6-3, 6455-4.1-9c, 6455-3-3:
/// `wss:` takes one call, everything is inside TLS 1.3, or 1.2 if an end supports nothing newer, messages of
/// all lengths come back, and both ends close cleanly.
#[test]
fn messages_come_back_inside_tls() -> Outcome {
    on::run(async {
        for (version, spoken) in [
            (&rustls::version::TLS13, ProtocolVersion::TLSv1_3),
            (&rustls::version::TLS12, ProtocolVersion::TLSv1_2),
        ] {
            let authority = Authority::new();
            let (port, served) = echo(authority.server(&["localhost"]))?;
            let connector = Connector::new().tls(speaks(&authority, version)?);
            let mut ws = wait!(connector.connect(Connect::new(&format!("WSS://localhost:{port}/"))?))?;
            let stream = ws.get_ref();
            assert!(stream.is_tls());
            assert_eq!(stream.protocol_version(), Some(spoken));
            assert!(stream.alpn_protocol().is_some_and(|protocol| protocol == b"http/1.1"));
            assert_eq!(stream.peer_certificates().map(|chain| chain.len()), Some(1));
            assert_eq!(stream.peer_addr().map(|address| address.port()), Some(port));
            assert!(stream.tcp().expect("TCP").nodelay()?);
            for len in LENGTHS {
                let payload: Vec<u8> = (0..len).map(|at| at as u8).collect();
                wait!(ws.send(&payload))?;
                assert_eq!(wait!(ws.recv())?, Some(payload.into()));
            }
            wait!(ws.close(None))?;
            assert_eq!(wait!(ws.recv())?, None);
            assert!(ws.status().was_clean && served.await?);
        }
        Ok(())
    })
}

/// A client asks for TLS 1.3 by default.
#[test]
fn tls_1_3_is_preferred() -> Outcome {
    on::run(async {
        let authority = Authority::new();
        let (client, server) =
            shake_hands(&authority.client(), &authority.server(&["localhost"]), "localhost").await;
        assert_eq!(client?.protocol_version(), Some(ProtocolVersion::TLSv1_3));
        assert_eq!(server?.protocol_version(), Some(ProtocolVersion::TLSv1_3));
        Ok(())
    })
}

/// adapter-BP3, adapter-BP4: halves send far more than any buffer holds both ways at once, inside TLS.
#[test]
fn halves_send_and_receive_at_once_inside_tls() -> Outcome {
    on::run(async {
        let authority = Authority::new();
        let (client, server) =
            shake_hands(&authority.client(), &authority.server(&["localhost"]), "localhost").await;
        let conn = |role| Connection::upgraded(now(), role, Config::default(), Agreement::default(), [0; 32]);
        let client = WebSocket::new(client?, conn(Role::Client));
        let server = WebSocket::new(server?, conn(Role::Server));
        let ended = on::both(talk(client), talk(server)).await;
        ended.0?;
        ended.1?;
        Ok(())
    })
}

/// 6455-4.1-9b: a certificate for another name, out of date or from an unknown issuer ends the connection
/// before a byte of HTTP; another attempt would not help.
#[test]
fn a_wrong_certificate_ends_the_connection_before_http() -> Outcome {
    on::run(async {
        let authority = Authority::new();
        for (server, says) in [
            (authority.server(&["example.com"]), "not valid for name"),
            (authority.issue_expired(&["localhost"]).server(), "expired"),
            (Authority::named("a stranger").server(&["localhost"]), "UnknownIssuer"),
        ] {
            let (port, served) = echo(server)?;
            let connector = Connector::new().tls(authority.client());
            let refused = wait!(connector.connect(Connect::new(&format!("wss://localhost:{port}/"))?));
            let error = refused.expect_err("no trusted issuer");
            assert!(matches!(error, Error::Connect(_)) && !error.is_temporary(), "{error}");
            assert!(error.to_string().contains(says), "{error}");
            // The server has no stream to read HTTP from.
            let Err(Error::Io(error)) = served.await else { panic!("a stream") };
            let error = tls_error::<()>(Err(error));
            assert!(matches!(error, TlsError::Rustls(rustls::Error::AlertReceived(_))), "{error}");
        }
        Ok(())
    })
}

/// A client that skips the verification accepts any server.
#[test]
fn verification_can_be_skipped() -> Outcome {
    on::run(async {
        let client = ClientTls::builder().dangerously_skip_verification().build()?;
        let server = Authority::new().server(&["example.com"]);
        let (client, server) = shake_hands(&client, &server, "localhost").await;
        client?;
        server?;
        Ok(())
    })
}

/// 6455-4.1-9d: a name is sent as SNI, in lower case; an address is checked, and not sent.
#[test]
fn names_are_sent_and_addresses_are_not() -> Outcome {
    on::run(async {
        let authority = Authority::new();
        let server = authority.server(&["localhost", "127.0.0.1", "::1"]);
        for (host, sent) in [("LocalHost", Some("localhost")), ("127.0.0.1", None), ("::1", None)] {
            let (client, accepted) = shake_hands(&authority.client(), &server, host).await;
            client?;
            assert!(accepted?.server_name().into_iter().eq(sent), "{host}");
        }
        let named = authority.server(&["localhost"]);
        let (client, _) = shake_hands(&authority.client(), &named, "127.0.0.1").await;
        let error = tls_error(client);
        assert!(error.to_string().contains("not valid for name"), "{error}");
        Ok(())
    })
}

/// 6455-10.5-1: a server can ask for certificates, accept only clients that have one, and read it.
#[test]
fn clients_show_certificates() -> Outcome {
    on::run(async {
        let authority = Authority::new();
        let Identity { chain, key } = authority.issue(&["a client"]);
        let known = ClientTls::builder().roots([authority.root()]).certificate_pem(chain, key)?.build()?;
        let stranger = authority.client();
        for requires in [true, false] {
            let Identity { chain, key } = authority.issue(&["localhost"]);
            let server = ServerTlsBuilder::from_pem(chain, key)?;
            let roots = vec![authority.root()];
            let server = if requires {
                server.require_client_certificates(roots)
            } else {
                server.ask_for_client_certificates(roots)
            };
            let server = server.build()?;
            let (client, accepted) = shake_hands(&known, &server, "localhost").await;
            client?;
            assert_eq!(accepted?.peer_certificates().map(|chain| chain.len()), Some(1));
            let (_, accepted) = shake_hands(&stranger, &server, "localhost").await;
            if requires {
                let error = tls_error(accepted);
                assert!(matches!(error, TlsError::Rustls(rustls::Error::NoCertificatesPresented)), "{error}");
            } else {
                assert!(accepted?.peer_certificates().is_none());
            }
        }
        Ok(())
    })
}

/// 7301-3.1-1, 7301-3.2-1, 7301-3.2-2: both ends support only `http/1.1`: a peer that supports only others is
/// refused, and if other settings made both ends agree on HTTP/2, HTTP/1.1 is not used.
#[test]
fn http_1_1_is_the_only_protocol() -> Outcome {
    on::run(async {
        let authority = Authority::new();
        let (client, server) = (authority.client(), authority.server(&["localhost"]));
        let mut config = ClientConfig::clone(client.config());
        config.alpn_protocols = vec![b"h2".to_vec()];
        let http_2_client = ClientTls::from(Arc::new(config));
        let mut config = ServerConfig::clone(server.config());
        config.alpn_protocols = vec![b"h2".to_vec()];
        let http_2_server = ServerTls::from(Arc::new(config));

        for (client, server) in [(&client, &http_2_server), (&http_2_client, &server)] {
            let (connected, accepted) = shake_hands(client, server, "localhost").await;
            let error = tls_error(connected);
            assert!(
                matches!(
                    error,
                    TlsError::Rustls(rustls::Error::AlertReceived(AlertDescription::NoApplicationProtocol))
                ),
                "{error}"
            );
            assert!(accepted.is_err());
        }
        let (connected, accepted) = shake_hands(&http_2_client, &http_2_server, "localhost").await;
        assert!(matches!(tls_error(connected), TlsError::OtherProtocol));
        assert!(matches!(tls_error(accepted), TlsError::OtherProtocol));
        Ok(())
    })
}

/// 6455-10.6-3: a client that supports nothing newer than TLS 1.1 is refused with the alert for that.
#[test]
fn tls_1_1_is_refused() -> Outcome {
    on::run(async {
        let (near, mut raw) = sockets();
        let random = [7; 32];
        let algorithms = [0, 8, 0, 13, 0, 4, 0, 2, 4, 3];
        let hello = [&[3, 2][..], &random, &[0, 0, 2, 0, 0x2f, 1, 0], &algorithms].concat();
        let len = u8::try_from(hello.len())?;
        raw.write_all(&[&[0x16, 3, 1, 0, len + 4, 1, 0, 0, len][..], &hello].concat())?;
        let error = tls_error(on::accept_tls(near, &Authority::new().server(&["localhost"])).await);
        assert!(matches!(error, TlsError::Rustls(rustls::Error::PeerIncompatible(_))), "{error}");
        let mut alert = [0; 7];
        raw.read_exact(&mut alert)?;
        assert_eq!((alert[0], alert[5], alert[6]), (0x15, 2, 70));
        Ok(())
    })
}

/// 6455-4.2.2-1: input without TLS is refused at either end, and gets no answer outside TLS.
#[test]
fn what_is_no_tls_is_refused() -> Outcome {
    on::run(async {
        let authority = Authority::new();
        for role in ROLES {
            let (near, mut raw) = sockets();
            raw.write_all(super::UPGRADE.as_bytes())?;
            let refused = match role {
                Role::Server => on::accept_tls(near, &authority.server(&["localhost"])).await,
                Role::Client => on::start_tls(near, &authority.client(), "localhost").await,
            };
            let error = tls_error(refused);
            assert!(matches!(error, TlsError::NotTls), "{error}");
            let mut answer = Vec::new();
            // The stream may end by a reset, because not all was read.
            let _ = raw.read_to_end(&mut answer);
            assert!(!answer.starts_with(b"HTTP"));
        }
        Ok(())
    })
}

/// A peer that goes away during the handshake is an error of the stream.
#[test]
fn a_peer_that_goes_away_is_noticed() -> Outcome {
    on::run(async {
        let authority = Authority::new();
        for role in ROLES {
            let (near, raw) = sockets();
            drop(raw);
            let gone = match role {
                Role::Server => on::accept_tls(near, &authority.server(&["localhost"])).await,
                Role::Client => on::start_tls(near, &authority.client(), "localhost").await,
            };
            let kind = gone.expect_err("no peer").kind();
            assert!(
                matches!(kind, ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::BrokenPipe),
                "{role:?}: {kind:?}"
            );
        }
        Ok(())
    })
}

/// adapter-IO2: a stream that was cut off is distinguished from one that has ended; earlier messages are
/// delivered either way.
#[test]
fn a_truncation_is_no_end() -> Outcome {
    on::run(async {
        for role in ROLES {
            let (mut ws, mut peer) = open(role).await?;
            peer.write(&frame(role, 0x81, b"last"))?;
            peer.cut_off()?;
            assert_eq!(wait!(ws.recv())?, Some("last".into()));
            let Err(Error::Io(error)) = wait!(ws.recv()) else { panic!("an error of the stream") };
            assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
            assert_eq!(wait!(ws.recv())?, None);
            assert!(!ws.status().was_clean);

            let (mut ws, mut peer) = open(role).await?;
            peer.write(&frame(role, 0x81, b"last"))?;
            peer.close_notify()?;
            assert_eq!(wait!(ws.recv())?, Some("last".into()));
            let error = wait!(ws.recv()).expect_err("no Close frame");
            assert!(matches!(error, Error::WebSocket(ws_core::Error::UnexpectedEof)), "{error}");
            assert!(!ws.status().was_clean);
        }
        Ok(())
    })
}

/// 6455-7.1.1-1: after the Close frames the end of the stream is announced inside TLS.
#[test]
fn the_end_after_the_close_frames_is_announced() -> Outcome {
    on::run(async {
        for role in ROLES {
            let (mut ws, mut peer) = open(role).await?;
            let closing = thread::spawn(move || {
                peer.write(&frame(role, 0x88, b""))?;
                // A client waits for the end of its server's stream, so a server that waited for the client's
                // would wait long.
                if role == Role::Client {
                    peer.close_notify()?;
                }
                // Without the announcement this would be an error.
                let all = peer.read_to_end()?;
                if role == Role::Server {
                    peer.close_notify()?;
                }
                io::Result::Ok(all)
            });
            assert_eq!(wait!(ws.recv())?, None, "{role:?}");
            assert!(ws.status().was_clean);
            let close = closing.join().expect("no panic")?;
            assert_eq!(close.first(), Some(&0x88));
        }
        Ok(())
    })
}

/// After the Close frames a truncation changes nothing: no message is lost.
#[test]
fn a_truncation_after_the_close_frames_is_clean() -> Outcome {
    on::run(async {
        for role in ROLES {
            let (mut ws, mut peer) = open(role).await?;
            peer.write(&frame(role, 0x88, b""))?;
            peer.cut_off()?;
            assert_eq!(wait!(ws.recv())?, None, "{role:?}");
            assert!(ws.status().was_clean);
        }
        Ok(())
    })
}

/// A record with a wrong code is an error of the stream, and the other end gets an alert.
#[test]
fn a_forged_record_ends_the_connection() -> Outcome {
    on::run(async {
        for role in ROLES {
            let (mut ws, mut peer) = open(role).await?;
            peer.write(&frame(role, 0x81, b"good"))?;
            peer.socket.write_all(&[&[0x17, 3, 3, 0, 32][..], &[0; 32]].concat())?;
            // What came whole before the record is received before the error, although both have come.
            assert_eq!(wait!(ws.recv())?, Some("good".into()));
            let Err(Error::Io(error)) = wait!(ws.recv()) else { panic!("an error of the stream") };
            let error = tls_error::<()>(Err(error));
            assert!(matches!(error, TlsError::Rustls(rustls::Error::DecryptError)), "{error}");
            let told = peer.read_to_end().expect_err("an alert");
            let told = told.downcast::<rustls::Error>()?;
            assert_eq!(told, rustls::Error::AlertReceived(AlertDescription::BadRecordMac));
        }
        Ok(())
    })
}
