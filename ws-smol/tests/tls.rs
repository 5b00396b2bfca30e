//! TLS, over loopback.
#![cfg(all(feature = "runtime", feature = "tls"))]

use std::io;

use async_net::{TcpListener, TcpStream};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use smol::block_on;
use ws_smol::{ClientTls, Connect, Connector, Error, NetStream, ServerTls, TlsError, accept_tls, start_tls};

type Outcome = Result<(), Box<dyn core::error::Error>>;

/// A server by this name, and a client that trusts only who issued its certificate.
fn settings(name: &str) -> Result<(ServerTls, ClientTls), Box<dyn core::error::Error>> {
    let mut params = CertificateParams::new([])?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
    let key = KeyPair::generate()?;
    let chain = CertificateParams::new([name.into()])?.signed_by(&key, &issuer)?.pem();
    let client = ClientTls::builder().roots([issuer.der().clone()]).build()?;
    Ok((ServerTls::from_pem(chain, key.serialize_pem())?, client))
}

/// The port of a server that echoes over TLS to one client.
async fn echo(tls: ServerTls) -> io::Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let port = listener.local_addr()?.port();
    let serving = smol::spawn(async move {
        let (stream, _) = listener.accept().await?;
        let mut ws = ws_smol::accept(accept_tls(stream, &tls).await?).await?;
        while let Some(message) = ws.recv().await? {
            ws.send(message).await?;
        }
        Ok::<(), Error>(())
    });
    serving.detach();
    Ok(port)
}

/// 6455-10.6-1, 6455-10.6-2, 6455-10.6-3, 6455-4.1-9c: `wss:` takes one call, all is inside TLS, and both ends close cleanly.
#[test]
fn messages_go_through_tls() -> Outcome {
    let (server, client) = settings("localhost")?;
    block_on(async {
        let port = echo(server).await?;
        let connect = Connect::new(&format!("wss://localhost:{port}/"))?;
        let mut ws = Connector::new().tls(client).connect(connect).await?;
        assert!(ws.get_ref().is_tls());
        assert_eq!(ws.get_ref().alpn_protocol(), Some(&b"http/1.1"[..]));
        assert_eq!(ws.get_ref().peer_certificates().map(<[_]>::len), Some(1));
        assert_eq!(ws.get_ref().tcp().map(TcpStream::nodelay).transpose()?, Some(true));
        for len in [0, 1, 125, 126, 16_384, 65_536, 1 << 20] {
            let payload = vec![7; len];
            ws.send(&payload).await?;
            assert_eq!(ws.recv().await?, Some(payload.into()));
        }
        ws.close(None).await?;
        assert_eq!(ws.recv().await?, None);
        assert!(ws.was_clean());
        Ok(())
    })
}

/// 6455-4.1-9b: a certificate for another name ends it, and another attempt would not help.
#[test]
fn a_certificate_for_another_name_is_refused() -> Outcome {
    let (server, client) = settings("example.com")?;
    block_on(async {
        let port = echo(server).await?;
        let connect = Connect::new(&format!("wss://localhost:{port}/"))?;
        let refused = Connector::new().tls(client).connect(connect).await;
        let error = refused.expect_err("another name");
        assert!(matches!(error, Error::Connect(_)) && !error.is_temporary(), "{error}");
        assert!(error.to_string().contains("not valid for name"), "{error}");
        Ok(())
    })
}

/// 6455-4.1-9d: the name is sent as SNI; what fails is an error of TLS.
#[test]
fn tls_starts_over_any_stream() -> Outcome {
    let (server, client) = settings("localhost")?;
    block_on(async {
        for (host, sent) in [("LocalHost", Some("localhost")), ("example.com", None)] {
            let listener = TcpListener::bind("127.0.0.1:0").await?;
            let near = async {
                let stream = TcpStream::connect(listener.local_addr()?).await?;
                start_tls(NetStream::new(stream), &client, host).await
            };
            let far = async { accept_tls(listener.accept().await?.0, &server).await };
            let (near, far) = futures_util::future::join(near, far).await;
            match sent {
                Some(_) => {
                    near?;
                    assert_eq!(far?.server_name(), sent);
                }
                None => {
                    let error = near.expect_err("another name");
                    assert!(matches!(TlsError::from_io(error), Ok(TlsError::Rustls(_))));
                }
            }
        }
        Ok(())
    })
}
