//! The frame codec (§5.2), usable on its own and without allocation.
//!
//! ```
//! use ws_core::frame::{Header, Opcode};
//! let header = Header { fin: true, rsv1: false, opcode: Opcode::Text, mask: None, len: 5 };
//! let mut bytes = [0; Header::MAX_LEN];
//! assert_eq!(header.encode(&mut bytes), [0x81, 5]);
//! assert_eq!(Header::parse(&bytes), Ok(Some((header, 2))));
//! ```

mod decoder;
mod header;
mod whole;

pub use decoder::{Decoder, Part};
pub use header::{Header, MAX_CONTROL_LEN, Opcode, Rules};
pub(crate) use whole::unmask_whole;
