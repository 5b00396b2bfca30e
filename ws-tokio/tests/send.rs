//! Futures and values that may move to another thread.

use tokio::net::TcpStream;
use ws_tokio::WebSocket;

/// A future is `Send` if its stream is.
#[test]
fn futures_are_send() {
    fn is_send<T: Send>(_: &T) {}
    fn check(mut ws: WebSocket<TcpStream>) {
        is_send(&ws.recv());
        is_send(&ws.message_ref());
        is_send(&ws.send("text"));
        is_send(&ws.feed("text"));
        is_send(&ws.ping(b""));
        is_send(&ws.flush());
        is_send(&ws.event_ref());
        is_send(&ws.close(None));
        is_send(&ws_tokio::connect("ws://127.0.0.1/"));
        let (sender, mut receiver) = ws.split();
        is_send(&receiver.recv());
        is_send(&receiver.message_ref());
        is_send(&receiver.event_ref());
        is_send(&sender.send("text"));
        is_send(&sender.feed("text"));
        is_send(&sender.ping(b""));
        is_send(&sender.flush());
        is_send(&sender.close(None));
        is_send(&receiver);
        is_send(&sender.reunite(receiver));
    }
    #[cfg(feature = "serde")]
    fn check_json(mut ws: WebSocket<TcpStream>) {
        // The future holds the encoded text, not the value, which need not be `Sync`.
        is_send(&ws.send_json(&core::cell::Cell::new(1)));
        is_send(&ws.recv_json::<u32>());
        let (sender, mut receiver) = ws.split();
        is_send(&sender.send_json(&core::cell::Cell::new(1)));
        is_send(&receiver.recv_json::<u32>());
    }
    #[cfg(feature = "hyper")]
    fn check_hyper(opening: ws_tokio::hyper::Opening, mut ws: WebSocket<ws_tokio::hyper::Upgraded>) {
        is_send(&opening);
        is_send(&ws.recv());
        is_send(&ws.send("text"));
        let (sender, mut receiver) = ws.split();
        is_send(&receiver.recv());
        is_send(&sender.send("text"));
    }
    let _ = check;
    #[cfg(feature = "serde")]
    let _ = check_json;
    #[cfg(feature = "hyper")]
    let _ = check_hyper;
}
