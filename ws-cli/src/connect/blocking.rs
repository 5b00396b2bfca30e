use std::net::TcpStream;
use std::sync::{Arc, Mutex};

use ws_blocking::Sender;
use ws_core::connect::Connect;
use ws_core::{CloseCode, Config};

use super::{Input, Session, input, not_opened};
use crate::failure::Failure;
use crate::signals;

pub(super) fn run(connect: &Connect, config: Arc<Config>, session: &Arc<Session>) -> Result<(), Failure> {
    let ws = ws_blocking::connect_with(connect, config).map_err(|error| not_opened(connect, error))?;
    let (sender, mut receiver) = ws.split().map_err(Failure::System)?;

    signals::on_stop({
        let (session, sender) = (Arc::clone(session), sender.clone());
        move || give_up(&session, &sender, Failure::Interrupted)
    })?;
    // Held while a line is on its way.
    let sending = Arc::new(Mutex::new(()));
    input::read({
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
    // The line that was on its way has been sent, or has not.
    drop(sending.lock());
    Ok(())
}

/// Sends what standard input gives; `false` if the connection takes no more.
fn send(input: Input, session: &Session, sender: &Sender<TcpStream>) -> bool {
    match input {
        Input::Line { number, text } => {
            session.begin_line(number);
            if sender.send(text).is_err() {
                // The receiver hears why.
                return false;
            }
            session.end_line();
        }
        Input::End => close(sender, CloseCode::NORMAL),
        Input::Failed(failure) => give_up(session, sender, failure),
    }
    true
}

/// Closes because of what went wrong at this end.
fn give_up(session: &Session, sender: &Sender<TcpStream>, failure: Failure) {
    session.fail(failure);
    close(sender, CloseCode::GOING_AWAY);
}

fn close(sender: &Sender<TcpStream>, code: CloseCode) {
    // If the connection is closing already, that is as good.
    let _ = sender.close(Some(code.into()));
}
