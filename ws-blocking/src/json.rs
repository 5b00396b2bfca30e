use serde::{Serialize, de::DeserializeOwned};
use ws_core::OwnedMessage;

use crate::{Error, Receiver, Sender, Transport, WebSocket};

/// Values as JSON.
impl<S: Transport> WebSocket<S> {
    /// Waits for the next message and parses it as JSON, whether it is text or binary. Returns `None`
    /// once the connection has closed.
    ///
    /// # Errors
    /// [`Error::NotJson`] with the message if it is not the JSON of a `T`, after which the connection goes
    /// on; else as [`recv`](Self::recv).
    pub fn recv_json<T: DeserializeOwned>(&mut self) -> Result<Option<T>, Error> {
        read(self.recv()?)
    }

    /// Sends `value` as JSON, in a text message.
    ///
    /// # Errors
    /// [`Error::Json`] if `value` cannot be written as JSON; else as [`send`](Self::send).
    pub fn send_json<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.send(OwnedMessage::json(value)?)
    }
}

impl<S: Transport> Receiver<S> {
    /// Waits for the next message and parses it as JSON: see [`WebSocket::recv_json`].
    ///
    /// # Errors
    /// As [`WebSocket::recv_json`].
    pub fn recv_json<T: DeserializeOwned>(&mut self) -> Result<Option<T>, Error> {
        read(self.recv()?)
    }
}

impl<S: Transport> Sender<S> {
    /// Sends `value` as JSON, in a text message.
    ///
    /// # Errors
    /// As [`WebSocket::send_json`].
    pub fn send_json<T: Serialize + ?Sized>(&self, value: &T) -> Result<(), Error> {
        self.send(OwnedMessage::json(value)?)
    }
}

fn read<T: DeserializeOwned>(message: Option<OwnedMessage>) -> Result<Option<T>, Error> {
    Ok(message.map(OwnedMessage::parse_json).transpose()?)
}
