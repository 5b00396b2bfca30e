use ws_core::{Connection, Instant};

use crate::Inbox;

/// What a receiving loop works on.
pub trait Ends {
    /// Calls `look` on the connection and on what it has received. `look` does no I/O.
    fn with<R>(&mut self, look: impl FnOnce(&mut Connection, &mut Inbox) -> R) -> R;

    /// Passes the shutdown of the server to the connection, and returns whether it took a step.
    fn follow_shutdown(&mut self) -> bool;

    /// Writes what is queued, as far as the transport takes it without a long wait. Returns whether the loop
    /// may report a failure now: all output was written, or the loop waits for that in its report.
    ///
    /// A failed write does not stop the loop: the peer's Close frame may still be in the transport.
    fn write(&mut self) -> bool;

    /// Returns the current time.
    fn now() -> Instant;
}

/// What a receiving loop does when nothing more can be done without a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Return: an event waits in the inbox.
    Deliver,
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

/// Works on a connection in the order that all receiving loops have: receive, follow the server's shutdown,
/// write, report a failure, read, wait. Returns the action that comes next.
///
/// A loop over blocking sockets and a loop over futures differ in how they wait, not in this order.
#[inline]
pub fn next_action<E: Ends>(ends: &mut E) -> Action {
    loop {
        let (is_ready, was_held_up) = ends.with(|conn, inbox| {
            let is_ready = inbox.is_ready(conn);
            if !is_ready && !conn.is_open() {
                // The peer's Close frame may have waited in the buffer while the application did something
                // else.
                conn.handle_clock(E::now());
            }
            (is_ready, !conn.wants_input())
        });
        if is_ready {
            return Action::Deliver;
        }
        if ends.follow_shutdown() {
            // The connection may have an event or a failure now.
            continue;
        }
        let may_report = ends.write();
        if let Some(action) = ends.with(|conn, inbox| after_write(conn, inbox, was_held_up, may_report)) {
            return action;
        }
    }
}

/// Returns the action after a write, or `None` if there may be something to receive.
#[inline]
fn after_write(conn: &mut Connection, inbox: &Inbox, was_held_up: bool, may_report: bool) -> Option<Action> {
    let is_closed = conn.is_closed();
    if inbox.failure.is_pending() && (may_report || is_closed) {
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
