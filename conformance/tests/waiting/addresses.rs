//! The addresses of a socket whose peer has gone.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};

use crate::adapter::serve::Server;
use crate::adapter::{Decision, Reject, Status};
use crate::on;
use crate::suite::Outcome;

/// The addresses of a TCP client are known to `decide`, even after the client has reset the connection and
/// the system has forgotten them.
#[test]
fn a_client_that_has_reset_its_connection_keeps_its_address() -> Outcome {
    const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n";
    let (resets, is_reset) = channel();
    let (finds, found) = channel::<[Option<SocketAddr>; 2]>();
    let (is_reset, finds, asked) = (Mutex::new(is_reset), Mutex::new(finds), Arc::new(Mutex::new(0)));
    on::run(async {
        let server = Server::new().decide(move |_, stream| -> Decision {
            let mut asked = asked.lock().expect("no panic");
            *asked += 1;
            if *asked == 2 {
                is_reset.lock().expect("no panic").recv().expect("the client resets it");
                let addresses = [stream.peer_addr(), stream.local_addr()];
                finds.lock().expect("no panic").send(addresses).expect("it is waited for");
            }
            Reject::new(Status::OK).keep_alive().into()
        });
        let listener = server.bind("127.0.0.1:0").await?;
        let address = listener.local_addrs()[0];
        let mut client = TcpStream::connect(address)?;
        let ends = [Some(client.local_addr()?), Some(address)];
        client.write_all(REQUEST)?;
        client.read_exact(&mut [0])?;
        // The rest of the answer is not read, so that the end of this socket is a reset.
        client.write_all(REQUEST)?;
        drop(client);
        resets.send(())?;
        assert_eq!(found.recv()?, ends);
        Ok(())
    })
}
