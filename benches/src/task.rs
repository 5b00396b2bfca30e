//! The tasks of a server.

use std::fmt;
use std::str::FromStr;

use crate::workload::Context;

/// The work of a server on its connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Task {
    /// Sends back each message; a message takes this many bytes on the wire.
    Echo(usize),
    /// The same over TLS.
    Tls(usize),
    /// Sends back each message, compressed.
    Deflate(Context),
    /// Sends the messages of its last connection, `burst` at a time, to the `receivers` before it.
    Broadcast { receivers: usize, burst: usize },
    /// Opens and closes connections.
    Open,
}

/// Returns the task as one word of a command line.
impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Echo(len) => write!(f, "echo:{len}"),
            Self::Tls(len) => write!(f, "tls:{len}"),
            Self::Deflate(Context::Kept) => write!(f, "kept"),
            Self::Deflate(Context::Alone) => write!(f, "alone"),
            Self::Broadcast { receivers, burst } => write!(f, "broadcast:{receivers}:{burst}"),
            Self::Open => write!(f, "open"),
        }
    }
}

impl FromStr for Task {
    type Err = anyhow::Error;

    fn from_str(word: &str) -> anyhow::Result<Self> {
        let parts: Vec<&str> = word.split(':').collect();
        Ok(match parts[..] {
            ["echo", len] => Self::Echo(len.parse()?),
            ["tls", len] => Self::Tls(len.parse()?),
            ["kept"] => Self::Deflate(Context::Kept),
            ["alone"] => Self::Deflate(Context::Alone),
            ["broadcast", receivers, burst] => {
                Self::Broadcast { receivers: receivers.parse()?, burst: burst.parse()? }
            }
            ["open"] => Self::Open,
            _ => anyhow::bail!("no task is called {word:?}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_is_one_word_of_a_command_line() {
        let tasks = [
            Task::Echo(22),
            Task::Tls(22),
            Task::Deflate(Context::Kept),
            Task::Deflate(Context::Alone),
            Task::Broadcast { receivers: 1000, burst: 8 },
            Task::Open,
        ];
        for task in tasks {
            assert_eq!(task.to_string().parse::<Task>().unwrap(), task);
        }
    }
}
