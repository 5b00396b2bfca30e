//! A server that ends.

use core::time::Duration;
use std::net::TcpStream;
use std::sync::{Arc, OnceLock};
use std::thread;

use ws_blocking::Accept;
use ws_blocking::serve::{Handle, Server};

/// The answer that lets a client in may leave while the server is shut down.
#[test]
fn who_is_let_in_at_the_end_is_told_of_it() {
    let ending = Arc::<OnceLock<Handle>>::default();
    let ends = Arc::clone(&ending);
    let server = Server::new().decide(move |_, stream| {
        let handle = ends.get().expect("the server runs").clone();
        thread::spawn(move || handle.shutdown(Duration::from_secs(60)));
        let address = stream.local_addr().expect("over TCP");
        while TcpStream::connect(address).is_ok() {}
        Accept::new().into()
    });
    let listener = server.bind("127.0.0.1:0").unwrap();
    ending.set(listener.handle()).unwrap();
    let mut client = ws_blocking::connect(&format!("ws://{}/", listener.local_addrs()[0])).unwrap();
    assert_eq!(client.recv().unwrap(), None);
    assert_eq!((client.close_code(), client.was_clean()), (1001, true));
}
