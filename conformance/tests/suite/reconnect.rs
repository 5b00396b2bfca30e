//! Connecting again after a loss.

use core::time::Duration;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use certificates::{Authority, Identity};

use super::Outcome;
use crate::adapter::serve::Server;
use crate::adapter::ws_core::Backoff;
use crate::adapter::ws_core::connect::Peer;
use crate::adapter::ws_tls::ServerTlsBuilder;
use crate::adapter::ws_tls::rustls::{self, AlertDescription};
use crate::adapter::{
    Accept, ClientTls, Connect, ConnectError, Connector, Decision, Error, Reconnect, Reject, Status, TlsError,
};
use crate::on;

/// Returns a server that answers its first requests with these statuses and accepts all others, and the
/// number of requests.
fn refusing(first: &'static [Status]) -> (Server, Arc<AtomicUsize>) {
    let requests = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&requests);
    let server = Server::new().decide(move |_, _| -> Decision {
        match first.get(count.fetch_add(1, Ordering::SeqCst)) {
            Some(&status) => Reject::new(status).into(),
            None => Accept::new().into(),
        }
    });
    (server, requests)
}

/// Returns a `Reconnect` with delays that are too short to matter to a test.
fn reconnect(url: &str) -> Outcome<Reconnect> {
    const DELAY: Duration = Duration::from_millis(1);
    let reconnect = Reconnect::new(Connector::new(), Connect::new(url)?)?;
    Ok(reconnect.delays(|delays| delays.first(DELAY).most(DELAY)))
}

/// 6455-7.2.3-1: a client tries again until the server accepts it, and again after it has lost the
/// connection.
#[test]
fn a_client_connects_again() -> Outcome {
    on::run(async {
        let (server, requests) = refusing(&[
            Status::SERVICE_UNAVAILABLE,
            Status::INTERNAL_SERVER_ERROR,
            Status::TOO_MANY_REQUESTS,
        ]);
        let listener = wait!(server.bind("127.0.0.1:0"))?;
        let mut reconnect = reconnect(&format!("ws://{}/", listener.local_addrs()[0]))?;
        for attempts in [4, 5] {
            let mut ws = wait!(reconnect.open())?;
            assert_eq!(requests.load(Ordering::SeqCst), attempts);
            let server = wait!(listener.accept()).expect("a connection");
            drop(server);
            assert!(matches!(wait!(ws.recv()), Err(Error::WebSocket(_) | Error::Io(_))));
        }
        Ok(())
    })
}

/// A client does not ask a server again before its Retry-After in seconds has passed (RFC 9110 §10.2.3), but
/// waits no longer than the longest delay.
#[test]
fn a_client_connects_again_after_the_time_in_retry_after() -> Outcome {
    const LONGEST: Duration = Duration::from_millis(30);
    on::run(async {
        let requests = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&requests);
        let server = Server::new().decide(move |_, _| -> Decision {
            match count.fetch_add(1, Ordering::SeqCst) {
                0 => Reject::new(Status::SERVICE_UNAVAILABLE)
                    .field("Retry-After", "3600")
                    .expect("a field")
                    .into(),
                _ => Accept::new().into(),
            }
        });
        let listener = wait!(server.bind("127.0.0.1:0"))?;
        let connect = Connect::new(&format!("ws://{}/", listener.local_addrs()[0]))?;
        let delays = |delays: Backoff| delays.first(Duration::ZERO).most(LONGEST);
        let mut reconnect = Reconnect::new(Connector::new(), connect)?.delays(delays);
        let began = Instant::now();
        wait!(reconnect.open())?;
        assert!(began.elapsed() >= LONGEST);
        assert_eq!(requests.load(Ordering::SeqCst), 2);
        Ok(())
    })
}

/// A failure that another attempt would repeat is an error at once; the caller may still try again.
#[test]
fn a_client_gives_up_where_it_is_not_wanted() -> Outcome {
    on::run(async {
        let (server, requests) = refusing(&[Status::NOT_FOUND]);
        let listener = wait!(server.bind("127.0.0.1:0"))?;
        let mut reconnect = reconnect(&format!("ws://{}/", listener.local_addrs()[0]))?;
        let refused = wait!(reconnect.open());
        assert!(matches!(refused, Err(Error::Rejected(response)) if response.status == 404));
        assert_eq!(requests.load(Ordering::SeqCst), 1);
        wait!(reconnect.open())?;
        Ok(())
    })
}

/// 6455-4.1-9b, 6455-7.2.3-1: a client whose certificate the server refuses stops trying. In TLS 1.3 the
/// refusal comes in place of the answer to the opening handshake.
#[test]
fn a_client_gives_up_where_its_certificate_is_refused() -> Outcome {
    on::run(async {
        let authority = Authority::new();
        let Identity { chain, key } = authority.issue(&["localhost"]);
        let tls = ServerTlsBuilder::from_pem(chain, key)?.require_client_certificates(vec![authority.root()]);
        let listener = wait!(Server::new().tls(tls.build()?).bind("127.0.0.1:0"))?;
        let connect = Connect::new(&format!("wss://localhost:{}/", listener.local_addrs()[0].port()))?;

        let shows = |identity: Identity| {
            let Identity { chain, key } = identity;
            ClientTls::builder().roots([authority.root()]).certificate_pem(chain, key)?.build()
        };
        for (tls, alert) in [
            (authority.client(), AlertDescription::CertificateRequired),
            (shows(authority.issue_expired(&["a client"]))?, AlertDescription::CertificateExpired),
            (shows(Authority::named("a stranger").issue(&["a client"]))?, AlertDescription::UnknownCA),
        ] {
            let connector = Connector::new().tls(tls);
            let refused = [
                wait!(connector.connect(connect.clone())).map(drop),
                wait!(Reconnect::new(connector, connect.clone())?.open()).map(drop),
            ];
            for refused in refused {
                let error = refused.expect_err("a certificate that the server does not take");
                assert!(!error.is_temporary(), "{error:?}");
                let Error::Connect(error) = error else { panic!("{error:?}") };
                let ConnectError::Tls { peer: Peer::Server, error } = *error else { panic!("{error:?}") };
                let error = TlsError::from_io(error)?;
                let TlsError::Rustls(rustls::Error::AlertReceived(received)) = error else {
                    panic!("{error:?}")
                };
                assert_eq!(received, alert);
            }
        }
        Ok(())
    })
}
