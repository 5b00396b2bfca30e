use alloc::boxed::Box;
use core::fmt;

use serde::{Serialize, de::DeserializeOwned};

use crate::{Escaped, Owned};

pub use serde_json::Error as JsonError;

impl Owned {
    /// A text that holds `value` as JSON.
    ///
    /// # Errors
    /// If `value` cannot be written as JSON: a map whose keys are no strings, for one.
    pub fn json<T: Serialize + ?Sized>(value: &T) -> Result<Self, JsonError> {
        serde_json::to_string(value).map(Self::from)
    }

    /// The value that the message holds as JSON, whether it is a text or in bytes.
    ///
    /// # Errors
    /// The message itself, with what is wrong with it.
    pub fn parse_json<T: DeserializeOwned>(self) -> Result<T, NotJson> {
        serde_json::from_slice(self.as_bytes()).map_err(|error| NotJson { message: Box::new(self), error })
    }
}

/// A message that is not the JSON that was asked for.
#[derive(Debug)]
#[non_exhaustive]
pub struct NotJson {
    /// The message as it came.
    pub message: Box<Owned>,
    /// What is wrong with it, and where.
    pub error: JsonError,
}

impl fmt::Display for NotJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "a message of {} bytes is not what was asked for: {}",
            self.message.as_bytes().len(),
            // It may quote the message.
            Escaped(&self.error)
        )
    }
}

/// The message holds that of the cause, so the source is the cause's own.
impl core::error::Error for NotJson {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        self.error.source()
    }
}
