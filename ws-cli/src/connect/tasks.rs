use std::sync::Arc;

use tokio::sync::{Mutex, mpsc, oneshot};
use ws_core::CloseCode;
use ws_driver::serve::Serve;
use ws_driver::{Connector, Sender};

use super::asked::Asked;
use super::input::{self, Input};
use super::not_opened::not_opened;
use super::session::Session;
use crate::failure::Failure;
use crate::platform::Platform;
use crate::signals;

pub(super) fn run<P: Platform>(asked: Asked, session: &Arc<Session>) -> Result<(), Failure> {
    P::block_on(talk::<P::Runtime>(asked, session)).map_err(Failure::System)?
}

async fn talk<R: Serve>(asked: Asked, session: &Arc<Session>) -> Result<(), Failure> {
    let Asked { connect, config, tls, linger } = asked;
    let mut connector = Connector::<R>::new().config(config);
    if let Some(tls) = tls {
        connector = connector.tls(tls.clone()).proxy_tls(tls);
    }
    let target = connect.target().clone();
    let ws = connector.connect(connect).await.map_err(|error| not_opened(&target, error))?;
    let (sender, mut receiver) = ws.split();

    let (stop, stopped) = oneshot::channel();
    signals::on_stop(move || {
        // If the connection is over, this has no effect.
        let _ = stop.send(());
    })?;
    R::spawn(close_when(stopped, sender.clone(), Arc::clone(session)));
    let (line, lines) = mpsc::channel(1);
    input::read(session, linger, move |input| line.blocking_send(input).is_ok())?;
    // This lock is held while a line is sent.
    let sending = Arc::new(Mutex::new(()));
    R::spawn(send(lines, sender.clone(), Arc::clone(session), Arc::clone(&sending)));

    loop {
        match receiver.event_ref().await {
            Ok(Some(event)) => {
                if let Err(error) = session.receive(event) {
                    give_up(session, &sender, Failure::Output(error)).await;
                }
            }
            Ok(None) => break,
            Err(error) => session.fail(Failure::Broken(error.into())),
        }
    }
    // A line that is being sent now is waited for, so that the outcome of the last line is certain.
    drop(sending.lock().await);
    if receiver.status().was_clean {
        session.closed_cleanly();
    }
    Ok(())
}

/// Sends the lines of standard input, until the input or the connection ends.
async fn send<R: Serve>(
    mut lines: mpsc::Receiver<Input>,
    sender: Sender<R::Stream, R>,
    session: Arc<Session>,
    sending: Arc<Mutex<()>>,
) {
    while let Some(input) = lines.recv().await {
        let _sending = sending.lock().await;
        match input {
            Input::Line { number, text } => {
                session.begin_line(number);
                if sender.send(text).await.is_err() {
                    // The receiver returns the reason.
                    return;
                }
                if !sender.is_open() {
                    // `send` also succeeds for a line that the close timer cuts off: only a clean end shows
                    // that the line was written.
                    session.line_queued();
                    return;
                }
                session.line_written();
            }
            Input::End { .. } => close(&sender, CloseCode::NORMAL).await,
            Input::Failed(failure) => give_up(&session, &sender, failure).await,
        }
    }
}

async fn close_when<R: Serve>(
    stopped: oneshot::Receiver<()>,
    sender: Sender<R::Stream, R>,
    session: Arc<Session>,
) {
    if stopped.await.is_ok() {
        give_up(&session, &sender, Failure::Interrupted).await;
    }
}

/// Closes the connection because of a failure at this end.
async fn give_up<R: Serve>(session: &Session, sender: &Sender<R::Stream, R>, failure: Failure) {
    session.fail(failure);
    close(sender, CloseCode::GOING_AWAY).await;
}

async fn close<R: Serve>(sender: &Sender<R::Stream, R>, code: CloseCode) {
    // If the connection is closing already, the failure is noted all the same.
    let _ = sender.close(code).await;
}
