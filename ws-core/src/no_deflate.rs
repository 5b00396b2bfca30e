//! permessage-deflate (RFC 7692), which needs the feature `deflate`. Without it, the types of the settings,
//! the parameters and the error have no values.

use alloc::string::String;
use core::fmt;

use crate::handshake::{HandshakeError, MalformedExtensions};

/// The settings of compression. The type has no values without the feature `deflate`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Compression {}

/// The parameters that both ends agreed on. The type has no values without the feature `deflate`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Params {}

/// The reason why a client cannot accept the server's answer. The type has no values without the feature
/// `deflate`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NegotiationError {}

impl Compression {
    pub(crate) fn offer(&self) -> Option<String> {
        match *self {}
    }

    pub(crate) fn accept<'a>(
        &self,
        _: impl IntoIterator<Item = &'a [u8]>,
    ) -> Result<Option<Params>, MalformedExtensions> {
        match *self {}
    }

    pub(crate) fn agree<'a>(
        &self,
        _: impl IntoIterator<Item = &'a [u8]>,
    ) -> Result<Option<Params>, NegotiationError> {
        match *self {}
    }
}

impl fmt::Display for Params {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {}
    }
}

impl fmt::Display for NegotiationError {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {}
    }
}

impl core::error::Error for NegotiationError {}

impl From<NegotiationError> for HandshakeError {
    fn from(error: NegotiationError) -> Self {
        match error {}
    }
}
