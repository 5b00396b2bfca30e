use std::sync::{Arc, Mutex};

use ws_blocking::{Connector, NetStream, Sender};
use ws_core::CloseCode;

use super::asked::Asked;
use super::input::{self, Input};
use super::not_opened::not_opened;
use super::session::Session;
use crate::failure::Failure;
use crate::signals;

pub(super) fn run(asked: Asked, session: &Arc<Session>) -> Result<(), Failure> {
    let Asked { connect, config, tls, linger } = asked;
    let mut connector = Connector::new().config(config);
    if let Some(tls) = tls {
        connector = connector.tls(tls.clone()).proxy_tls(tls);
    }
    let target = connect.target().clone();
    let ws = connector.connect(connect).map_err(|error| not_opened(&target, error))?;
    let (sender, mut receiver) = ws.split().map_err(Failure::System)?;

    signals::on_stop({
        let (session, sender) = (Arc::clone(session), sender.clone());
        move || give_up(&session, &sender, Failure::Interrupted)
    })?;
    // This lock is held while a line is sent.
    let sending = Arc::new(Mutex::new(()));
    input::read(session, linger, {
        let (session, sender, sending) = (Arc::clone(session), sender.clone(), Arc::clone(&sending));
        move |input| {
            let _sending = sending.lock();
            send(input, &session, &sender)
        }
    })?;

    loop {
        match receiver.event_ref() {
            Ok(Some(event)) => {
                if let Err(error) = session.receive(event) {
                    give_up(session, &sender, Failure::Output(error));
                }
            }
            Ok(None) => break,
            Err(error) => session.fail(Failure::Broken(error.into())),
        }
    }
    // A line that is being sent now is waited for, so that the outcome of the last line is certain.
    drop(sending.lock());
    if receiver.status().was_clean {
        session.closed_cleanly();
    }
    Ok(())
}

/// Sends the lines of standard input. Returns `false` if the connection takes no more.
fn send(input: Input, session: &Session, sender: &Sender<NetStream>) -> bool {
    match input {
        Input::Line { number, text } => {
            session.begin_line(number);
            if sender.send(text).is_err() {
                // The receiver returns the reason.
                return false;
            }
            if !sender.is_open() {
                // `send` also succeeds for a line that the close timer cuts off: only a clean end shows that
                // the line was written.
                session.line_queued();
                return false;
            }
            session.line_written();
        }
        Input::End { .. } => close(sender, CloseCode::NORMAL),
        Input::Failed(failure) => give_up(session, sender, failure),
    }
    true
}

/// Closes the connection because of a failure at this end.
fn give_up(session: &Session, sender: &Sender<NetStream>, failure: Failure) {
    session.fail(failure);
    close(sender, CloseCode::GOING_AWAY);
}

fn close(sender: &Sender<NetStream>, code: CloseCode) {
    // If the connection is closing already, the failure is noted all the same.
    let _ = sender.close(code);
}
