use ws_core::{Connection, Instant};

use crate::Inbox;

/// The order in which a receiving loop works, without I/O.
///
/// The loop carries out one [`Action`] after the other, until an action ends it. The order is always the
/// same: receive, follow the server's shutdown, write, report a failure, read, wait. A loop over blocking
/// sockets and a loop over futures differ in how they wait, not in this order.
#[derive(Debug, Default)]
pub struct Turn {
    stage: Stage,
}

/// The next thing to do for a receiving loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Return: an event waits in the buffer.
    Deliver,
    /// Pass the shutdown of the server to the connection, if there is one, then call
    /// [`Turn::handle_shutdown`] if it took a step.
    Follow,
    /// Write what is queued, then call [`Turn::handle_written`]. A failed write does not stop the loop: the
    /// peer's Close frame may still be in the socket.
    Write,
    /// Return the failure.
    Report,
    /// Return: the connection has closed.
    Close,
    /// Return an error: a request waits for the application's answer.
    Decide,
    /// Read once. Before that, wait for bytes or for the next deadline.
    Read,
    /// Wait for room to write, or for the next deadline: the connection does not want input.
    Wait,
}

#[derive(Clone, Copy, Debug, Default)]
enum Stage {
    #[default]
    Receive,
    Write {
        was_held_up: bool,
    },
    Rest {
        was_held_up: bool,
        is_written: bool,
    },
}

impl Turn {
    /// Returns the order from its beginning.
    pub const fn new() -> Self {
        Self { stage: Stage::Receive }
    }

    /// Returns the next action. `clock` returns the current time.
    #[inline]
    pub fn next(&mut self, conn: &mut Connection, inbox: &mut Inbox, clock: fn() -> Instant) -> Action {
        loop {
            match self.stage {
                Stage::Receive => {
                    if inbox.is_ready(conn) {
                        return Action::Deliver;
                    }
                    if !conn.is_open() {
                        // The peer's Close frame may have waited in the buffer while the application did
                        // something else.
                        conn.handle_clock(clock());
                    }
                    self.stage = Stage::Write { was_held_up: !conn.wants_input() };
                    return Action::Follow;
                }
                Stage::Write { was_held_up } => {
                    self.stage = Stage::Rest { was_held_up, is_written: true };
                    return Action::Write;
                }
                Stage::Rest { was_held_up, is_written } => {
                    self.stage = Stage::Receive;
                    if let Some(action) = after_write(conn, inbox, was_held_up, is_written) {
                        return action;
                    }
                }
            }
        }
    }

    /// Notes that the shutdown of the server took a step: the turn begins anew, since the connection may have
    /// an event or a failure now.
    pub const fn handle_shutdown(&mut self) {
        self.stage = Stage::Receive;
    }

    /// Notes whether all output was written. Without this call it was.
    pub const fn handle_written(&mut self, is_written: bool) {
        if let Stage::Rest { was_held_up, .. } = self.stage {
            self.stage = Stage::Rest { was_held_up, is_written };
        }
    }
}

/// Returns the action after a write, or `None` if the turn begins anew.
fn after_write(conn: &mut Connection, inbox: &Inbox, was_held_up: bool, is_written: bool) -> Option<Action> {
    let is_closed = conn.is_closed();
    if inbox.failure.is_some() && (is_written || is_closed) {
        return Some(Action::Report);
    }
    if is_closed {
        return Some(Action::Close);
    }
    if conn.is_undecided() {
        return Some(Action::Decide);
    }
    if conn.poll_timeout().is_some_and(|at| at <= inbox.now) {
        conn.handle_timeout(inbox.now);
        return None;
    }
    if !conn.wants_input() {
        return Some(Action::Wait);
    }
    // The write may have made room for the answer to a request that has come already.
    if was_held_up { None } else { Some(Action::Read) }
}

#[cfg(test)]
mod tests;
