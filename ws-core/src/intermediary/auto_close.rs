use crate::Config;

impl Config {
    /// Sets whether the peer's Close frame is answered (§5.5.1); on by default.
    ///
    /// When off, nothing more is read after [`Event::Close`](crate::Event::Close), but the application can go
    /// on sending until it answers with [`Connection::close`](crate::Connection::close). It has to do so
    /// within the close timeout. This is for a gateway, whose other side has not closed yet.
    #[must_use]
    pub fn auto_close(mut self, is_on: bool) -> Self {
        self.auto_close = is_on;
        self
    }
}
