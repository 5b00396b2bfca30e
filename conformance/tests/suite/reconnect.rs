//! Connecting again after a loss.

use core::time::Duration;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::Outcome;
use crate::adapter::serve::Server;
use crate::adapter::{Accept, Connect, Connector, Decision, Error, Reconnect, Reject};
use crate::on;

/// A server that answers its first requests with these, and accepts all others; and how many there were.
fn refusing(first: &'static [u16]) -> (Server, Arc<AtomicUsize>) {
    let requests = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&requests);
    let server = Server::new().decide(move |_, _| -> Decision {
        match first.get(count.fetch_add(1, Ordering::SeqCst)) {
            Some(&status) => Reject::new(status).expect("a status").into(),
            None => Accept::new().into(),
        }
    });
    (server, requests)
}

/// Delays that no test would notice.
fn reconnect(url: &str) -> Outcome<Reconnect> {
    const DELAY: Duration = Duration::from_millis(1);
    let reconnect = Reconnect::new(Connector::new(), Connect::new(url)?)?;
    Ok(reconnect.delays(|delays| delays.first(DELAY).most(DELAY)))
}

/// 6455-7.2.3-1: a client tries again until the server takes it, and again after it has lost the connection.
#[test]
fn a_client_connects_again() -> Outcome {
    on::run(async {
        let (server, requests) = refusing(&[503, 500, 429]);
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

/// What another attempt would not mend is an error at once; the caller may try again all the same.
#[test]
fn a_client_gives_up_where_it_is_not_wanted() -> Outcome {
    on::run(async {
        let (server, requests) = refusing(&[404]);
        let listener = wait!(server.bind("127.0.0.1:0"))?;
        let mut reconnect = reconnect(&format!("ws://{}/", listener.local_addrs()[0]))?;
        let refused = wait!(reconnect.open());
        assert!(matches!(refused, Err(Error::Rejected(response)) if response.status == 404));
        assert_eq!(requests.load(Ordering::SeqCst), 1);
        wait!(reconnect.open())?;
        Ok(())
    })
}
