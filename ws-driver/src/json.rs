use serde::{Serialize, de::DeserializeOwned};
use ws_core::OwnedMessage;

use crate::{Error, Receiver, Runtime, Sender, WebSocket};

/// Values as JSON.
impl<S, T: Runtime<S>> WebSocket<S, T> {
    /// Returns the value that the next message, text or binary, holds as JSON; `None` once the connection has
    /// closed. Cancel safe.
    ///
    /// # Errors
    /// [`Error::NotJson`] with the message, if it is not JSON of a `V`: the connection goes on. Else as
    /// [`recv`](Self::recv).
    pub async fn recv_json<V: DeserializeOwned>(&mut self) -> Result<Option<V>, Error> {
        read(self.recv().await?)
    }
}

impl<S, T: Runtime<S>> WebSocket<S, T> {
    /// Sends `value` as JSON, in a text message. The call encodes the value; awaiting the future queues
    /// and writes the message.
    ///
    /// # Errors
    /// [`Error::Json`] if `value` cannot be encoded as JSON; else as [`send`](Self::send).
    pub fn send_json<'a, V: Serialize + ?Sized>(
        &'a mut self,
        value: &V,
    ) -> impl Future<Output = Result<(), Error>> + use<'a, S, T, V> {
        let message = OwnedMessage::json(value);
        async move { self.send(message?).await }
    }
}

impl<S, T: Runtime<S>> Receiver<S, T> {
    /// Returns the value that the next message holds as JSON: see [`WebSocket::recv_json`].
    ///
    /// # Errors
    /// As [`WebSocket::recv_json`].
    pub async fn recv_json<V: DeserializeOwned>(&mut self) -> Result<Option<V>, Error> {
        read(self.recv().await?)
    }
}

impl<S, T: Runtime<S>> Sender<S, T> {
    /// Sends `value` as JSON, in a text message. The call encodes the value; awaiting the future queues
    /// and writes the message.
    ///
    /// # Errors
    /// As [`WebSocket::send_json`].
    pub fn send_json<'a, V: Serialize + ?Sized>(
        &'a self,
        value: &V,
    ) -> impl Future<Output = Result<(), Error>> + use<'a, S, T, V> {
        let message = OwnedMessage::json(value);
        async move { self.send(message?).await }
    }
}

fn read<V: DeserializeOwned>(message: Option<OwnedMessage>) -> Result<Option<V>, Error> {
    Ok(message.map(OwnedMessage::parse_json).transpose()?)
}
