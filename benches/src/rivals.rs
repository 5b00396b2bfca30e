//! Echo servers of other libraries, each as fast as its documentation knows how to make it, and none doing less than the
//! protocol asks for: all of them check text.

pub(crate) mod ratchet;
pub(crate) mod sockudo;
pub(crate) mod wtx;
pub(crate) mod yawc;
