use serde::{Serialize, de::DeserializeOwned};
use tokio::io::{AsyncRead, AsyncWrite};
use ws_core::Owned;

use crate::{Error, Receiver, Sender, WebSocket};

/// Values as JSON.
impl<S: AsyncRead + AsyncWrite + Unpin> WebSocket<S> {
    /// The next message as the value that it holds as JSON, whether it is a text or in bytes; `None` once the connection has
    /// closed. Cancel safe.
    ///
    /// # Errors
    /// [`Error::NotJson`] with the message, after which the connection goes on; else as [`recv`](Self::recv).
    pub async fn recv_json<T: DeserializeOwned>(&mut self) -> Result<Option<T>, Error> {
        read(self.recv().await?)
    }
}

impl<S: AsyncWrite + Unpin> WebSocket<S> {
    /// Sends `value` as JSON, in a text. It is written down when this is called, and sent when that is awaited.
    ///
    /// # Errors
    /// [`Error::Json`] if it cannot be written as JSON; else as [`send`](Self::send).
    pub fn send_json<'a, T: Serialize + ?Sized>(
        &'a mut self,
        value: &T,
    ) -> impl Future<Output = Result<(), Error>> + use<'a, S, T> {
        let message = Owned::json(value);
        async move { self.send(message?).await }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Receiver<S> {
    /// The next message as the value that it holds as JSON: see [`WebSocket::recv_json`].
    ///
    /// # Errors
    /// As [`WebSocket::recv_json`].
    pub async fn recv_json<T: DeserializeOwned>(&mut self) -> Result<Option<T>, Error> {
        read(self.recv().await?)
    }
}

impl<S: AsyncWrite + Unpin> Sender<S> {
    /// Sends `value` as JSON, in a text. It is written down when this is called, and sent when that is awaited.
    ///
    /// # Errors
    /// As [`WebSocket::send_json`].
    pub fn send_json<'a, T: Serialize + ?Sized>(
        &'a self,
        value: &T,
    ) -> impl Future<Output = Result<(), Error>> + use<'a, S, T> {
        let message = Owned::json(value);
        async move { self.send(message?).await }
    }
}

fn read<T: DeserializeOwned>(message: Option<Owned>) -> Result<Option<T>, Error> {
    Ok(message.map(Owned::parse_json).transpose()?)
}
