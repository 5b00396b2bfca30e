//! Replaces `codec` without the feature `deflate`: a type without values.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::handshake::Agreement;
use crate::prepared::Frame;
use crate::{Config, Pool, PreparedMessage, ProtocolError, Role};

#[derive(Debug)]
pub(super) enum Codec {}

impl Codec {
    pub(super) fn new(_: &Agreement, _: Role, _: &Config) -> Option<Box<Self>> {
        None
    }

    pub(super) fn compresses(&self, _: usize) -> bool {
        match *self {}
    }

    pub(super) fn deflate(&mut self, _: &[u8], _: bool) -> Vec<u8> {
        match *self {}
    }

    pub(super) fn reclaim(&mut self, _: Vec<u8>) {
        match *self {}
    }

    pub(super) fn prepared<'m>(&mut self, _: &'m PreparedMessage) -> Option<&'m Frame> {
        match *self {}
    }

    pub(super) fn inflate(&mut self, _: &mut &[u8], _: &mut Vec<u8>) -> Result<bool, ProtocolError> {
        match *self {}
    }

    pub(super) fn finish_inflate(&mut self) -> Result<(), ProtocolError> {
        match *self {}
    }

    pub(super) fn prepare(&mut self, _: &mut Pool) {
        match *self {}
    }

    pub(super) fn park(&mut self, _: &mut Pool) {
        match *self {}
    }
}
