//! In place of `json` without the feature `serde`: its errors, without values.

use core::fmt;

/// An error of JSON. The type has no values without the feature `serde`.
#[derive(Debug)]
#[non_exhaustive]
pub enum JsonError {}

/// An error: a message is not the JSON that the caller expected. The type has no values without the feature
/// `serde`.
#[derive(Debug)]
#[non_exhaustive]
pub enum NotJson {}

impl fmt::Display for JsonError {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {}
    }
}

impl fmt::Display for NotJson {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {}
    }
}

impl core::error::Error for JsonError {}

impl core::error::Error for NotJson {}
