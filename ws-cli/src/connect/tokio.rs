use std::sync::Arc;

use tokio::runtime::Builder;
use tokio::sync::{Mutex, mpsc, oneshot};
use ws_core::CloseCode;
use ws_tokio::{Connector, NetStream, Sender};

use super::{Asked, Input, Session, input, not_opened};
use crate::failure::Failure;
use crate::signals;

pub(super) fn run(asked: Asked, session: &Arc<Session>) -> Result<(), Failure> {
    // Whoever does not read the output holds up only the printing.
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.map_err(Failure::System)?;
    let talked = runtime.block_on(talk(asked, session));
    // A look-up of the host's name that is under way is not waited for.
    runtime.shutdown_background();
    talked
}

async fn talk(asked: Asked, session: &Arc<Session>) -> Result<(), Failure> {
    let Asked { connect, config, tls } = asked;
    let mut connector = Connector::new().config(config);
    if let Some(tls) = tls {
        connector = connector.tls(tls.clone()).proxy_tls(tls);
    }
    let target = connect.target().clone();
    let ws = connector.connect(connect).await.map_err(|error| not_opened(&target, error))?;
    let (sender, mut receiver) = ws.split();

    let (stop, stopped) = oneshot::channel();
    signals::on_stop(move || {
        // Once the connection is over, there is nothing to stop.
        let _ = stop.send(());
    })?;
    tokio::spawn(close_when(stopped, sender.clone(), Arc::clone(session)));
    let (line, lines) = mpsc::channel(1);
    input::read(move |input| line.blocking_send(input).is_ok())?;
    // Held while a line is on its way.
    let sending = Arc::new(Mutex::new(()));
    tokio::spawn(send(lines, sender.clone(), Arc::clone(session), Arc::clone(&sending)));

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
    // The line that was on its way has been sent, or has not.
    drop(sending.lock().await);
    Ok(())
}

/// Sends what standard input gives, until it ends or the connection does.
async fn send(
    mut lines: mpsc::Receiver<Input>,
    sender: Sender<NetStream>,
    session: Arc<Session>,
    sending: Arc<Mutex<()>>,
) {
    while let Some(input) = lines.recv().await {
        let _sending = sending.lock().await;
        match input {
            Input::Line { number, text } => {
                session.begin_line(number);
                if sender.send(text).await.is_err() {
                    // The receiver hears why.
                    return;
                }
                session.end_line();
            }
            Input::End => close(&sender, CloseCode::NORMAL).await,
            Input::Failed(failure) => give_up(&session, &sender, failure).await,
        }
    }
}

async fn close_when(stopped: oneshot::Receiver<()>, sender: Sender<NetStream>, session: Arc<Session>) {
    if stopped.await.is_ok() {
        give_up(&session, &sender, Failure::Interrupted).await;
    }
}

/// Closes because of what went wrong at this end.
async fn give_up(session: &Session, sender: &Sender<NetStream>, failure: Failure) {
    session.fail(failure);
    close(sender, CloseCode::GOING_AWAY).await;
}

async fn close(sender: &Sender<NetStream>, code: CloseCode) {
    // If the connection is closing already, that is as good.
    let _ = sender.close(Some(code.into())).await;
}
