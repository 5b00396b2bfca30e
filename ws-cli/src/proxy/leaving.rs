//! Notices that a client leaves before the backend has answered.

use core::time::Duration;

use tokio::io::Interest;
use tokio::net::TcpStream;
use tokio::time::sleep;

/// The time between two checks of a client whose early bytes hide the end of its stream.
const RECHECK: Duration = Duration::from_millis(100);

/// A second handle to a client's socket, which never reads.
pub(super) struct Twin(Option<TcpStream>);

impl Twin {
    /// Returns the client and its twin. If the system refuses a second handle, the twin notices nothing.
    pub(super) fn of(client: TcpStream) -> std::io::Result<(TcpStream, Self)> {
        let client = client.into_std()?;
        let twin = client.try_clone().and_then(TcpStream::from_std).ok();
        Ok((TcpStream::from_std(client)?, Self(twin)))
    }

    /// Waits until the client's stream has ended or broken. It is cancel safe, and may be called again.
    pub(super) async fn left(&self) {
        let Some(twin) = &self.0 else { return core::future::pending().await };
        while let Ok(1..) = twin.peek(&mut [0]).await {
            if !matches!(twin.ready(Interest::READABLE).await, Ok(ready) if !ready.is_read_closed()) {
                return;
            }
            sleep(RECHECK).await;
        }
    }
}
