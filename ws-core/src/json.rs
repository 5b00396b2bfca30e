use alloc::boxed::Box;
use core::fmt;

use serde::{Serialize, de::DeserializeOwned};

use crate::{EscapedText, OwnedMessage};

pub use serde_json::Error as JsonError;

impl OwnedMessage {
    /// Returns a text message that holds `value` as JSON.
    ///
    /// # Errors
    /// Fails if `value` cannot be written as JSON, for example a map whose keys are not strings.
    pub fn json<T: Serialize + ?Sized>(value: &T) -> Result<Self, JsonError> {
        serde_json::to_string(value).map(Self::from)
    }

    /// Parses the message as JSON, whether it is text or binary.
    ///
    /// # Errors
    /// Returns the message, with the reason why it is not the expected JSON.
    pub fn parse_json<T: DeserializeOwned>(self) -> Result<T, NotJson> {
        serde_json::from_slice(self.as_bytes()).map_err(|error| NotJson { message: Box::new(self), error })
    }
}

/// An error: a message is not the JSON that the caller expected.
#[derive(Debug)]
#[non_exhaustive]
pub struct NotJson {
    /// The message as it came.
    pub message: Box<OwnedMessage>,
    /// What is wrong with the message, and where.
    pub error: JsonError,
}

impl fmt::Display for NotJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "a message of {} bytes is not what was asked for: {}",
            self.message.as_bytes().len(),
            // The text of the error may quote the message.
            EscapedText(&self.error)
        )
    }
}

/// `Display` contains the text of the cause, so `source` returns the cause of the cause.
impl core::error::Error for NotJson {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        self.error.source()
    }
}
