//! The end of a server, and the addresses of its clients.

use core::time::Duration;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;

use ws_blocking::serve::{Handle, Server};
use ws_blocking::{Accept, NetStream, Reject, Status};

/// The answer that accepts a client may leave while the server is shut down: the client then gets a Close
/// frame too.
#[test]
fn a_client_that_is_accepted_during_a_shutdown_gets_a_close_frame() {
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
    assert_eq!((client.status().close_code, client.status().was_clean), (1001, true));
}

/// The server has the address of a client that resets its connection before the decision. The system has
/// forgotten it.
#[test]
fn the_address_of_a_client_outlives_a_reset() {
    let ((asks, asked), (leaves, left), (says, said)) = (channel(), channel(), channel());
    let (asks, left, says) = (Mutex::new(asks), Mutex::new(left), Mutex::new(says));
    let server = Server::new().decide(move |request, stream: &NetStream| {
        if request.path() == "/first" {
            return Reject::new(Status::NOT_FOUND).keep_alive().into();
        }
        asks.lock().unwrap().send(()).unwrap();
        left.lock().unwrap().recv().unwrap();
        let forgotten = stream.tcp().expect("over TCP").peer_addr().is_err();
        says.lock().unwrap().send((forgotten, stream.peer_addr(), stream.local_addr())).unwrap();
        Accept::new().into()
    });
    let listener = server.bind("127.0.0.1:0").unwrap();
    let mut client = TcpStream::connect(listener.local_addrs()[0]).unwrap();
    let addresses = (client.local_addr().ok(), client.peer_addr().ok());
    client.write_all(b"GET /first HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
    // The rest of the answer is not read, so the close below is a reset.
    client.read_exact(&mut [0; 1]).unwrap();
    client.write_all(b"GET /second HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
    asked.recv().unwrap();
    drop(client);
    leaves.send(()).unwrap();
    assert_eq!(said.recv().unwrap(), (true, addresses.0, addresses.1));
}
