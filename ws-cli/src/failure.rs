use core::fmt;
use std::io::{self, ErrorKind, Write as _};

use ws_core::CloseCode;

/// An error of one of the adapters, or of a library below it.
pub(crate) type Cause = Box<dyn core::error::Error + Send + Sync>;

/// Why a command did not do what it was asked to.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The server cannot listen.
    NotListening { address: String, cause: io::Error },
    /// A file that the command line names is of no use.
    File { path: String, cause: Cause },
    /// TLS settings are of no use.
    Tls(Cause),
    /// The connection did not open.
    NotOpened { url: String, cause: Cause },
    /// The connection ended other than by a clean close.
    Broken(Cause),
    /// The peer closed the connection with a code that says that something is wrong.
    Closed { code: CloseCode, reason: String },
    /// A line of the input is no text.
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
    /// So many pairs of adapters did not pass the demonstration.
    Demo { failed: usize },
}

impl Failure {
    /// Says on standard error what is wrong.
    pub(crate) fn report(&self) {
        // Whoever closed the pipe knows, and wants to hear no more.
        if !matches!(self, Self::Output(error) if error.kind() == ErrorKind::BrokenPipe) {
            note(&self.to_string());
        }
    }
}

/// Writes one line on standard error, whatever `text` holds.
pub(crate) fn note(text: &str) {
    // With standard error gone there is nobody to tell.
    let _ = writeln!(io::stderr(), "ws: {}", OneLine(text));
}

/// Text from a peer without its line breaks and other control characters, which are escaped.
struct OneLine<'a>(&'a str);

impl fmt::Display for OneLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|char| {
            if char.is_control() { write!(f, "{}", char.escape_default()) } else { write!(f, "{char}") }
        })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotListening { address, cause } => write!(f, "cannot listen on {address}: {cause}"),
            Self::File { path, cause } => write!(f, "{path}: {cause}"),
            Self::Tls(cause) => cause.fmt(f),
            Self::NotOpened { url, cause } => write!(f, "cannot connect to {url}: {cause}"),
            Self::Broken(cause) => cause.fmt(f),
            Self::Closed { code, reason } if reason.is_empty() => write!(f, "closed by the peer: {code}"),
            Self::Closed { code, reason } => write!(f, "closed by the peer: {code} {reason}"),
            Self::NotUtf8 { line } => write!(f, "line {line} of standard input is not UTF-8"),
            Self::Unsent { failure, line } => {
                write!(f, "{failure} (input may be unsent from line {line} on)")
            }
            Self::Input(cause) => write!(f, "cannot read standard input: {cause}"),
            Self::Output(cause) => write!(f, "cannot write standard output: {cause}"),
            Self::Interrupted => f.write_str("interrupted"),
            Self::System(cause) => cause.fmt(f),
            Self::Demo { failed } => write!(f, "{failed} of the pairs did not pass"),
        }
    }
}
