use serde::{Serialize, de::DeserializeOwned};
use ws_core::Owned;

use crate::{Error, Receiver, Runtime, Sender, WebSocket};

/// Values as JSON.
impl<S, T: Runtime<S>> WebSocket<S, T> {
    /// The next message as the value that it holds as JSON, whether it is a text or in bytes; `None` once the connection has
    /// closed. Cancel safe.
    ///
    /// # Errors
    /// [`Error::NotJson`] with the message, after which the connection goes on; else as [`recv`](Self::recv).
    pub async fn recv_json<V: DeserializeOwned>(&mut self) -> Result<Option<V>, Error> {
        read(self.recv().await?)
    }
}

impl<S, T: Runtime<S>> WebSocket<S, T> {
    /// Sends `value` as JSON, in a text. It is written down when this is called, and sent when that is awaited.
    ///
    /// # Errors
    /// [`Error::Json`] if it cannot be written as JSON; else as [`send`](Self::send).
    pub fn send_json<'a, V: Serialize + ?Sized>(
        &'a mut self,
        value: &V,
    ) -> impl Future<Output = Result<(), Error>> + use<'a, S, T, V> {
        let message = Owned::json(value);
        async move { self.send(message?).await }
    }
}

impl<S, T: Runtime<S>> Receiver<S, T> {
    /// The next message as the value that it holds as JSON: see [`WebSocket::recv_json`].
    ///
    /// # Errors
    /// As [`WebSocket::recv_json`].
    pub async fn recv_json<V: DeserializeOwned>(&mut self) -> Result<Option<V>, Error> {
        read(self.recv().await?)
    }
}

impl<S, T: Runtime<S>> Sender<S, T> {
    /// Sends `value` as JSON, in a text. It is written down when this is called, and sent when that is awaited.
    ///
    /// # Errors
    /// As [`WebSocket::send_json`].
    pub fn send_json<'a, V: Serialize + ?Sized>(
        &'a self,
        value: &V,
    ) -> impl Future<Output = Result<(), Error>> + use<'a, S, T, V> {
        let message = Owned::json(value);
        async move { self.send(message?).await }
    }
}

fn read<V: DeserializeOwned>(message: Option<Owned>) -> Result<Option<V>, Error> {
    Ok(message.map(Owned::parse_json).transpose()?)
}
