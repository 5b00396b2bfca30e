use core::time::Duration;
use std::io::{self, IsTerminal as _, Write};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use ws_core::{CloseCode, EscapedText, Event, Message};

use crate::failure::{Failure, note};

/// The state of a connection so far. The first failure is the outcome.
#[derive(Debug, Default)]
pub(super) struct Session {
    state: Mutex<State>,
    /// Notified when a message was received or a line was sent.
    moved: Condvar,
}

#[derive(Debug, Default)]
struct State {
    failure: Option<Failure>,
    /// The first line that was read, but perhaps not written.
    unsent: Option<u64>,
    /// Whether that line was queued before our Close frame.
    is_queued: bool,
    /// Whether both Close frames were exchanged, ours behind all that was queued.
    is_clean: bool,
    /// The number of lines that were sent.
    sent: u64,
    /// The number of messages that were received.
    received: u64,
    /// The time when the last line was sent, or the last message was received.
    last: Option<Instant>,
}

/// The time to wait for the next line or message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wait {
    Over,
    AtMost(Duration),
    ForEver,
}

/// The time for which a connection stays open after the end of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Linger {
    /// Until as many messages have come as lines were sent, or none for this long.
    For(Duration),
    /// Until the server closes.
    UntilClosed,
}

impl Session {
    /// Prints a message. Notes the code with which the peer closes.
    ///
    /// # Errors
    /// Fails if the output cannot be written.
    pub(super) fn receive(&self, event: Event<'_>) -> io::Result<()> {
        if let Event::Message(message) = event {
            print(message)?;
            self.with(|state| {
                state.received += 1;
                state.last = Some(Instant::now());
            });
            self.moved.notify_all();
            return Ok(());
        }
        if let Event::Close(Some(frame)) = event
            && frame.code != CloseCode::NORMAL
        {
            self.fail(Failure::Closed { code: frame.code, reason: frame.reason.into() });
        }
        Ok(())
    }

    /// Notes a failure, unless there was one before.
    pub(super) fn fail(&self, failure: Failure) {
        self.with(|state| {
            state.failure.get_or_insert(failure);
        });
    }

    /// Notes that a line is being sent.
    pub(super) fn begin_line(&self, number: u64) {
        self.with(|state| (state.unsent, state.is_queued) = (Some(number), false));
    }

    /// Notes that the line was queued while the connection began to close. It leaves before our Close frame,
    /// if that leaves.
    pub(super) fn line_queued(&self) {
        self.with(|state| state.is_queued = true);
    }

    /// Notes that both Close frames were exchanged. Ours left after all that was queued.
    pub(super) fn closed_cleanly(&self) {
        self.with(|state| {
            state.is_clean = true;
            state.unsent = state.unsent.filter(|_| !state.is_queued);
        });
    }

    /// Notes that the line was written.
    pub(super) fn line_written(&self) {
        self.with(|state| {
            state.unsent = None;
            state.sent += 1;
            state.last = Some(Instant::now());
        });
        self.moved.notify_all();
    }

    /// Waits, after the end of an input of `lines` lines, until all of them are sent and `linger` is over. If
    /// the connection ends before, this may wait for ever.
    pub(super) fn linger(&self, lines: u64, linger: Linger) {
        let mut state = self.lock();
        loop {
            state = match state.wait_after(lines, linger) {
                Wait::Over => return,
                Wait::AtMost(limit) => {
                    self.moved.wait_timeout(state, limit).unwrap_or_else(PoisonError::into_inner).0
                }
                Wait::ForEver => self.moved.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    /// Returns how the connection ended.
    pub(super) fn outcome(&self) -> Result<(), Failure> {
        let State { failure, unsent, is_clean, .. } = self.with(core::mem::take);
        match (failure, unsent) {
            (None, None) => Ok(()),
            // The peer closed first and has read all that was queued. Later lines were never sent.
            (None, Some(line)) if is_clean => {
                note(&format!("closed by the peer; input may be unsent from line {line} on"));
                Ok(())
            }
            (Some(failure), None) => Err(failure),
            (failure, Some(line)) => {
                let failure = Box::new(failure.unwrap_or(Failure::ClosedEarly));
                Err(Failure::Unsent { failure, line })
            }
        }
    }

    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Returns how long to wait, after the end of an input of `lines` lines, for the next line to be sent or
    /// message to come.
    fn wait_after(&self, lines: u64, linger: Linger) -> Wait {
        let Linger::For(limit) = linger else { return Wait::ForEver };
        if self.sent < lines {
            return Wait::ForEver;
        }
        let silent = self.last.map_or(Duration::ZERO, |last| last.elapsed());
        if self.received >= lines || silent >= limit { Wait::Over } else { Wait::AtMost(limit - silent) }
    }
}

/// Prints a message as a line, and flushes the output.
fn print(message: Message<'_>) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let text_as = if out.is_terminal() { write_escaped } else { write_raw };
    write_line(&mut out, message, text_as)?;
    out.flush()
}

/// Writes a message as a line; a text by `write_text`.
fn write_line<W: Write>(
    out: &mut W,
    message: Message<'_>,
    write_text: fn(&mut W, &str) -> io::Result<()>,
) -> io::Result<()> {
    match message {
        Message::Text(text) => write_text(out, text)?,
        Message::Binary(bytes) => {
            let hex: String =
                bytes.iter().flat_map(|byte| [byte >> 4, byte & 0xF]).filter_map(digit).collect();
            write!(out, "binary: {hex}")?;
        }
    }
    writeln!(out)
}

/// Writes a text unchanged.
fn write_raw(out: &mut impl Write, text: &str) -> io::Result<()> {
    out.write_all(text.as_bytes())
}

/// Writes a text with its control characters escaped, except line feeds and tabs.
fn write_escaped(out: &mut impl Write, text: &str) -> io::Result<()> {
    text.split_inclusive(['\n', '\t']).try_for_each(|piece| {
        let words = piece.trim_end_matches(['\n', '\t']);
        write!(out, "{}{}", EscapedText(words), &piece[words.len()..])
    })
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

    /// A message cannot control a terminal, except by line feeds and tabs. A pipe gets it unchanged.
    #[test]
    fn a_terminal_shows_what_it_would_obey() {
        let text = "a\tb\n\x1B[2J\r\x7F\u{9B}\u{202E}é\n";
        for (write_text, shown) in [
            (write_escaped as fn(&mut Vec<u8>, &str) -> _, "a\tb\n\\u{1b}[2J\\r\\u{7f}\\u{9b}\\u{202e}é\n\n"),
            (write_raw, "a\tb\n\x1B[2J\r\x7F\u{9B}\u{202E}é\n\n"),
        ] {
            let mut out = Vec::new();
            write_line(&mut out, Message::Text(text), write_text).unwrap();
            assert_eq!(String::from_utf8(out).unwrap(), shown);
        }
    }

    #[test]
    fn the_first_failure_counts() {
        let session = Session::default();
        session.fail(Failure::NotUtf8 { line: 7 });
        session.receive(closed(CloseCode::GOING_AWAY)).unwrap();
        assert_eq!(session.outcome().unwrap_err().to_string(), "line 7 of standard input is not UTF-8");
    }

    #[test]
    fn a_close_is_a_failure_unless_it_is_normal_or_empty() {
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

    /// Returns a session with these numbers of sent lines and received messages.
    fn session(sent: u64, received: u64) -> Session {
        let session = Session::default();
        (0..sent).for_each(|_| session.line_written());
        session.with(|state| state.received = received);
        session
    }

    const HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn the_end_of_the_input_waits_for_as_many_messages_as_lines() {
        let waits =
            |sent, received, linger| session(sent, received).with(|state| state.wait_after(3, linger));
        assert_eq!(waits(3, 3, Linger::For(HOUR)), Wait::Over);
        assert_eq!(waits(3, 4, Linger::For(HOUR)), Wait::Over);
        assert!(matches!(waits(3, 2, Linger::For(HOUR)), Wait::AtMost(left) if left <= HOUR));
        assert_eq!(waits(3, 0, Linger::For(Duration::ZERO)), Wait::Over);
        // The time limit does not cut off lines that are not sent yet.
        assert_eq!(waits(2, 3, Linger::For(Duration::ZERO)), Wait::ForEver);
        assert_eq!(waits(3, 3, Linger::UntilClosed), Wait::ForEver);
    }

    #[test]
    fn an_input_without_lines_waits_for_nothing() {
        Session::default().linger(0, Linger::For(HOUR));
    }

    #[test]
    fn a_line_that_was_not_sent_is_a_failure_if_the_close_is_not_clean() {
        let session = Session::default();
        session.begin_line(7);
        session.receive(closed(CloseCode::NORMAL)).unwrap();
        let failure = session.outcome().unwrap_err().to_string();
        assert_eq!(failure, "closed by the peer (input may be unsent from line 7 on)");
    }

    /// A queued line is written before our Close frame. A line that was not queued stays unsent if the peer
    /// closes first, which is not a failure.
    #[test]
    fn a_clean_close_is_behind_what_was_queued() {
        for (is_queued, is_clean, is_ok) in
            [(true, true, true), (true, false, false), (false, true, true), (false, false, false)]
        {
            let session = Session::default();
            session.begin_line(1);
            if is_queued {
                session.line_queued();
            }
            if is_clean {
                session.closed_cleanly();
            }
            assert_eq!(session.outcome().is_ok(), is_ok, "queued: {is_queued}, clean: {is_clean}");
        }
    }

    #[test]
    fn a_line_on_its_way_is_named() {
        let session = Session::default();
        session.begin_line(1);
        session.line_written();
        session.begin_line(2);
        session.receive(closed(CloseCode::POLICY)).unwrap();
        let failure = session.outcome().unwrap_err().to_string();
        assert_eq!(failure, "closed by the peer: 1008 bye (input may be unsent from line 2 on)");
    }
}
