use core::pin::Pin;
use core::task::{Context, Poll, Waker, ready};
use std::sync::Arc;

use futures_core::Stream;
use futures_sink::Sink;
use ws_adapter::NextMessage;
use ws_core::{CloseCode, Outgoing, OwnedMessage, SendError};

use crate::drive::{In, Out};
use crate::tasks::Tasks;
use crate::web_socket::Inner;
use crate::{Error, Runtime, WebSocket};

impl<S, T> Inner<S, T> {
    /// Returns the connection, the tasks that wait for it, and a waker of all these tasks.
    fn shared(&mut self) -> (&mut Out<S, T>, &mut In, &Tasks, Waker) {
        let Self { out, input, tasks } = self;
        let tasks = tasks.get_or_insert_default();
        let all = Waker::from(Arc::clone(tasks));
        (out, input, tasks, all)
    }
}

impl<S, T: Runtime<S>> Stream for WebSocket<S, T> {
    type Item = Result<OwnedMessage, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let inner = &mut *self.0;
        loop {
            if !inner.input.is_ready(&mut inner.out.conn) || !inner.out.conn.is_open() {
                let (out, input, tasks, all) = inner.shared();
                ready!(tasks.poll_receiving(&all, out, cx, |out, cx| input.poll_drive(out, cx)))?;
            }
            match inner.input.inbox.buf.skip_to_message()? {
                NextMessage::NotYet => {}
                NextMessage::Ended => return Poll::Ready(None),
                NextMessage::Waits => match inner.input.inbox.buf.take_message() {
                    Some(Ok(message)) => return Poll::Ready(Some(Ok(message.into()))),
                    Some(Err(not_text)) => inner.out.refuse(not_text, &mut inner.input.inbox.failure),
                    None => {}
                },
            }
        }
    }
}

impl<S, T: Runtime<S>, M: Into<Outgoing<'static>>> Sink<M> for WebSocket<S, T> {
    type Error = Error;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        match self.0.out.conn.check_send() {
            Ok(()) => Poll::Ready(Ok(())),
            Err(SendError::Full) => self.0.poll_flush(cx),
            Err(error) => Poll::Ready(Err(error.into())),
        }
    }

    fn start_send(mut self: Pin<&mut Self>, message: M) -> Result<(), Error> {
        let out = &mut self.0.out;
        out.prepare();
        Ok(out.conn.send_outgoing(message.into())?)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.0.poll_flush(cx)
    }

    /// Sends a Close frame with 1000, unless one was sent before. The [`Stream`] ends when
    /// the peer has answered.
    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        match self.0.out.conn.close(T::now(), CloseCode::NORMAL) {
            Ok(()) | Err(SendError::Closed) => self.0.poll_flush(cx),
            Err(error) => Poll::Ready(Err(error.into())),
        }
    }
}

impl<S, T: Runtime<S>> Inner<S, T> {
    fn poll_flush(&mut self, cx: &Context<'_>) -> Poll<Result<(), Error>> {
        let (out, _, tasks, all) = self.shared();
        tasks.poll_flush_sink(&all, out, cx)
    }
}
