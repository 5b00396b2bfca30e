use core::fmt;
use std::io::{self, ErrorKind, Write as _};

use ws_core::{CloseCode, EscapedText};

/// An error of one of the adapters, or of a library below it.
pub(crate) type Cause = Box<dyn core::error::Error + Send + Sync>;

/// The reason why a command failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The arguments on the command line do not fit each other.
    CommandLine(Cause),
    /// The server cannot listen.
    NotListening { address: String, cause: io::Error },
    /// A file that the command line names cannot be used.
    File { path: String, cause: Cause },
    /// The TLS settings cannot be used.
    Tls(Cause),
    /// The connection did not open.
    NotOpened { url: String, cause: Cause },
    /// The connection did not close cleanly.
    Broken(Cause),
    /// The peer closed the connection with a code other than 1000.
    Closed { code: CloseCode, reason: String },
    /// The peer closed the connection before all input was sent.
    ClosedEarly,
    /// A line of the input is not UTF-8.
    NotUtf8 { line: u64 },
    /// A failure, and the first line of the input that may not have been sent.
    Unsent { failure: Box<Self>, line: u64 },
    /// The input cannot be read.
    Input(io::Error),
    /// The output cannot be written.
    Output(io::Error),
    /// The user, or the system, stopped the command.
    Interrupted,
    /// The system refused something that every command needs.
    System(io::Error),
    /// This number of pairs of adapters did not pass the demonstration.
    Demo { failed: usize },
}

impl Failure {
    /// Reports the failure on standard error.
    pub(crate) fn report(&self) {
        if !self.is_known() {
            note(&self.to_string());
        }
    }

    /// Returns whether the user has caused it by closing the pipe of the output, so that a report is not
    /// needed.
    fn is_known(&self) -> bool {
        match self {
            Self::Output(error) => error.kind() == ErrorKind::BrokenPipe,
            Self::Unsent { failure, .. } => failure.is_known(),
            Self::CommandLine(_)
            | Self::NotListening { .. }
            | Self::File { .. }
            | Self::Tls(_)
            | Self::NotOpened { .. }
            | Self::Broken(_)
            | Self::Closed { .. }
            | Self::ClosedEarly
            | Self::NotUtf8 { .. }
            | Self::Input(_)
            | Self::Interrupted
            | Self::System(_)
            | Self::Demo { .. } => false,
        }
    }
}

/// Writes one line on standard error, whatever characters `text` contains.
pub(crate) fn note(text: &str) {
    // If standard error is closed, the line is lost.
    let _ = writeln!(io::stderr(), "ws: {}", EscapedText(text));
}

/// An error and its sources, with `: ` between them.
///
/// Some libraries repeat the source in their message: a source whose message stands there already is left
/// out.
pub(crate) struct Chain<'a>(pub(crate) &'a (dyn core::error::Error + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut chain = self.0.to_string();
        let sources = core::iter::successors(self.0.source(), |&error| error.source());
        for message in sources.map(ToString::to_string) {
            if !chain.contains(&message) {
                chain.push_str(": ");
                chain.push_str(&message);
            }
        }
        f.write_str(&chain)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CommandLine(cause) => Chain(&**cause).fmt(f),
            Self::NotListening { address, cause } => {
                write!(f, "cannot listen on {address}: {}", Chain(cause))
            }
            Self::File { path, cause } => write!(f, "{path}: {}", Chain(&**cause)),
            Self::Tls(cause) => Chain(&**cause).fmt(f),
            Self::NotOpened { url, cause } => write!(f, "cannot connect to {url}: {}", Chain(&**cause)),
            Self::Broken(cause) => write!(f, "the connection failed: {}", Chain(&**cause)),
            Self::Closed { code, reason } if reason.is_empty() => write!(f, "closed by the peer: {code}"),
            Self::Closed { code, reason } => write!(f, "closed by the peer: {code} {reason}"),
            Self::ClosedEarly => f.write_str("closed by the peer"),
            Self::NotUtf8 { line } => write!(f, "line {line} of standard input is not UTF-8"),
            Self::Unsent { failure, line } => {
                write!(f, "{failure} (input may be unsent from line {line} on)")
            }
            Self::Input(cause) => write!(f, "cannot read standard input: {}", Chain(cause)),
            Self::Output(cause) => write!(f, "cannot write standard output: {}", Chain(cause)),
            Self::Interrupted => f.write_str("interrupted"),
            Self::System(cause) => Chain(cause).fmt(f),
            Self::Demo { failed } => write!(f, "{failed} of the pairs did not pass"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An error with this message, and a source if there is one.
    #[derive(Debug)]
    struct Link(&'static str, Option<Box<Self>>);

    impl fmt::Display for Link {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    impl core::error::Error for Link {
        fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
            self.1.as_deref().map(|link| link as _)
        }
    }

    #[test]
    fn a_failure_names_all_its_causes_once() {
        let refused = Link("refused", None);
        let proxy = Link("the proxy did not answer: refused", Some(Box::new(refused)));
        let cause = Box::new(Link("no way", Some(Box::new(proxy))));
        let failure = Failure::NotOpened { url: "ws://h/".into(), cause };
        assert_eq!(
            failure.to_string(),
            "cannot connect to ws://h/: no way: the proxy did not answer: refused"
        );
    }

    #[test]
    fn a_closed_output_is_known_whatever_waits_for_it() {
        let closed = || Failure::Output(ErrorKind::BrokenPipe.into());
        assert!(closed().is_known());
        assert!(Failure::Unsent { failure: Box::new(closed()), line: 7 }.is_known());
        assert!(!Failure::Output(ErrorKind::StorageFull.into()).is_known());
        assert!(!Failure::Unsent { failure: Box::new(Failure::Interrupted), line: 7 }.is_known());
    }
}
