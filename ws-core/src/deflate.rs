//! permessage-deflate: messages that are compressed one by one (RFC 7692).
//!
//! The negotiation needs only header values. [`Compression::offer`] returns the client's offer,
//! [`Compression::accept`] the server's answer, and [`Compression::agree`] checks the answer. Both ends then
//! have [`Params`], from which they make a [`Deflater`] and an [`Inflater`]. These process payloads, not
//! frames.
//!
//! ```
//! use ws_core::Role;
//! use ws_core::deflate::{Compression, Deflater, Inflater};
//!
//! let compression = Compression::default();
//! let offer = compression.offer().expect("one offer by default");
//! assert_eq!(offer, "permessage-deflate; client_max_window_bits");
//! let agreed = compression.accept([offer.as_bytes()])?.expect("an acceptable offer");
//! assert_eq!(agreed.to_string(), "permessage-deflate");
//!
//! let mut deflater = Deflater::new(agreed, Role::Server, &compression);
//! let mut payload = Vec::new();
//! deflater.finish(b"Hello", &mut payload);
//! assert_eq!(payload, b"\xf2\x48\xcd\xc9\xc9\x07\x00");
//!
//! let mut inflater = Inflater::new(agreed, Role::Client, 1 << 20);
//! let (mut input, mut message) = (&payload[..], Vec::new());
//! while inflater.push(&mut input, &mut message)? {}
//! inflater.finish()?;
//! assert_eq!(message, b"Hello");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Memory
//! The memory of zlib is allocated when the first bytes come. A [`DeflatePool`] passes it on to the next
//! connection. In bytes, for a window of 15 bits (and of 9):
//!
//! | of one connection | while it works | idle, parked |
//! |---|---|---|
//! | [`Deflater`], [`Context::Kept`] | 279,808 (150,784) | the same |
//! | [`Deflater`], [`Context::Shared`] or without context takeover | 279,808 (150,784) | 0 |
//! | [`Inflater`], the peer has context takeover | 80,448 (48,192) | at most 32,768 (512) |
//! | [`Inflater`], the peer has none | 80,448 (48,192) | 0 |
//!
//! # Secrets
//! If an attacker can get text of its own compressed together with a secret, the length of the result reveals
//! the secret (CRIME; RFC 7692 §8). Send such messages uncompressed.

mod codec;
mod compression;
mod deflater;
mod error;
mod inflater;
mod offer;
mod params;
mod pool;
mod window;

pub use compression::{Compression, Context, Level};
pub use deflater::{Deflater, compress_alone};
pub use error::{InflateError, NegotiationError, Parameter, ParameterError};
pub use inflater::Inflater;
pub use offer::{ClientWindow, Offer};
pub use params::{Params, WindowBits};
pub use pool::DeflatePool;

/// The name of the extension in a list of extensions.
pub const NAME: &str = "permessage-deflate";

/// The end of every flush. A sender removes it from the end of a message (RFC 7692 §7.2.1).
const TAIL: [u8; 4] = [0x00, 0x00, 0xFF, 0xFF];
