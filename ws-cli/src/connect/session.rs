use std::io::{self, Write as _};
use std::sync::{Mutex, PoisonError};

use ws_core::{CloseCode, Event, Message};

use crate::failure::{Failure, note};

/// What a connection has come to so far. Whatever goes wrong first is what went wrong.
#[derive(Debug, Default)]
pub(super) struct Session(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    failure: Option<Failure>,
    /// The first line that was read and not sent.
    unsent: Option<u64>,
}

impl Session {
    /// Prints a message; notes how the peer closes.
    ///
    /// # Errors
    /// The output cannot be written.
    pub(super) fn receive(&self, event: Event<'_>) -> io::Result<()> {
        if let Event::Message(message) = event {
            return print(message);
        }
        if let Event::Close(Some(frame)) = event
            && frame.code != CloseCode::NORMAL
        {
            self.fail(Failure::Closed { code: frame.code, reason: frame.reason.into() });
        }
        Ok(())
    }

    /// Notes what went wrong, unless something has before.
    pub(super) fn fail(&self, failure: Failure) {
        self.with(|state| {
            state.failure.get_or_insert(failure);
        });
    }

    /// Notes that a line is to be sent.
    pub(super) fn begin_line(&self, number: u64) {
        self.with(|state| state.unsent = Some(number));
    }

    /// Notes that the line is sent.
    pub(super) fn end_line(&self) {
        self.with(|state| state.unsent = None);
    }

    /// How it all ended.
    pub(super) fn outcome(&self) -> Result<(), Failure> {
        let State { failure, unsent } = self.with(core::mem::take);
        match (failure, unsent) {
            (None, None) => Ok(()),
            (None, Some(line)) => {
                note(&format!("closed by the peer; input may be unsent from line {line} on"));
                Ok(())
            }
            (Some(failure), None) => Err(failure),
            (Some(failure), Some(line)) => Err(Failure::Unsent { failure: Box::new(failure), line }),
        }
    }

    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Prints a message as a line, at once.
fn print(message: Message<'_>) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match message {
        Message::Text(text) => writeln!(out, "{text}")?,
        Message::Binary(bytes) => {
            let hex: String =
                bytes.iter().flat_map(|byte| [byte >> 4, byte & 0xF]).filter_map(digit).collect();
            writeln!(out, "binary: {hex}")?;
        }
    }
    out.flush()
}

fn digit(value: u8) -> Option<char> {
    char::from_digit(value.into(), 16)
}

#[cfg(test)]
mod tests {
    use ws_core::CloseFrame;

    use super::*;

    fn closed(code: CloseCode) -> Event<'static> {
        Event::Close(Some(CloseFrame { code, reason: "bye" }))
    }

    #[test]
    fn the_first_failure_counts() {
        let session = Session::default();
        session.fail(Failure::NotUtf8 { line: 7 });
        session.receive(closed(CloseCode::GOING_AWAY)).unwrap();
        assert_eq!(session.outcome().unwrap_err().to_string(), "line 7 of standard input is not UTF-8");
    }

    #[test]
    fn a_close_is_a_failure_unless_it_is_normal_or_says_nothing() {
        for (event, is_ok) in [
            (closed(CloseCode::NORMAL), true),
            (Event::Close(None), true),
            (closed(CloseCode::POLICY), false),
        ] {
            let session = Session::default();
            session.receive(event).unwrap();
            assert_eq!(session.outcome().is_ok(), is_ok, "{event:?}");
        }
    }

    #[test]
    fn a_line_on_its_way_is_named() {
        let session = Session::default();
        session.begin_line(1);
        session.end_line();
        session.begin_line(2);
        session.receive(closed(CloseCode::POLICY)).unwrap();
        let failure = session.outcome().unwrap_err().to_string();
        assert_eq!(failure, "closed by the peer: 1008 bye (input may be unsent from line 2 on)");
    }
}
