use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::ops::Deref;

use bytes::Bytes;

use crate::{Message, MessageKind, Prepared};

/// A whole message that owns its payload.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Owned {
    /// Text.
    Text(Text),
    /// Bytes.
    Binary(Payload),
}

/// The bytes of a message; up to 30 of them lie in the value itself, without allocation. Reads as `[u8]`.
#[derive(Clone)]
pub struct Payload(Repr<Bytes>);

/// The text of a message; up to 30 bytes of it lie in the value itself, without allocation. Reads as `str`.
#[derive(Clone)]
pub struct Text(Repr<String>);

/// How many bytes fit beside the length and the tag in four words.
const INLINE: usize = 30;

#[derive(Clone)]
enum Repr<T> {
    Inline(u8, [u8; INLINE]),
    Heap(T),
}

impl<T> Repr<T> {
    #[inline]
    fn inline(bytes: &[u8]) -> Option<Self> {
        let mut array = [0; INLINE];
        array.get_mut(..bytes.len())?.copy_from_slice(bytes);
        Some(Self::Inline(bytes.len() as u8, array))
    }
}

impl Owned {
    /// The message, lent.
    pub fn as_message(&self) -> Message<'_> {
        match self {
            Self::Text(text) => Message::Text(text),
            Self::Binary(payload) => Message::Binary(payload),
        }
    }

    /// What the message is.
    pub const fn kind(&self) -> MessageKind {
        match self {
            Self::Text(_) => MessageKind::Text,
            Self::Binary(_) => MessageKind::Binary,
        }
    }

    /// The text, if the message is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Binary(_) => None,
        }
    }

    /// The payload: a text's UTF-8, or the bytes.
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Binary(payload) => payload,
        }
    }
}

impl Payload {
    /// The bytes, shared or moved rather than copied where there are many.
    pub fn into_bytes(self) -> Bytes {
        match self.0 {
            Repr::Inline(len, bytes) => Bytes::copy_from_slice(&bytes[..usize::from(len)]),
            Repr::Heap(bytes) => bytes,
        }
    }
}

impl Text {
    /// The UTF-8 of the text, without the check that reading it as `str` makes.
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Repr::Inline(len, bytes) => &bytes[..usize::from(*len)],
            Repr::Heap(text) => text.as_bytes(),
        }
    }

    /// The text as a `String`, moved where it is one.
    pub fn into_string(self) -> String {
        match self.0 {
            Repr::Inline(..) => String::from(&*self),
            Repr::Heap(text) => text,
        }
    }

    /// The UTF-8 of the text, moved where it is long.
    pub fn into_bytes(self) -> Bytes {
        match self.0 {
            Repr::Inline(len, bytes) => Bytes::copy_from_slice(&bytes[..usize::from(len)]),
            Repr::Heap(text) => Bytes::from(text.into_bytes()),
        }
    }
}

impl Deref for Payload {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        match &self.0 {
            Repr::Inline(len, bytes) => &bytes[..usize::from(*len)],
            Repr::Heap(bytes) => bytes,
        }
    }
}

impl Deref for Text {
    type Target = str;

    #[inline]
    fn deref(&self) -> &str {
        match &self.0 {
            Repr::Inline(len, bytes) => {
                crate::utf8::text(&bytes[..usize::from(*len)]).expect("it was made of a text")
            }
            Repr::Heap(text) => text,
        }
    }
}

macro_rules! reads_as {
    ($owned:ty, $target:ty) => {
        impl AsRef<$target> for $owned {
            fn as_ref(&self) -> &$target {
                self
            }
        }
        impl fmt::Debug for $owned {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                <$target as fmt::Debug>::fmt(self, f)
            }
        }
        impl PartialEq for $owned {
            fn eq(&self, other: &Self) -> bool {
                **self == **other
            }
        }
        impl Eq for $owned {}
        impl core::hash::Hash for $owned {
            fn hash<H: core::hash::Hasher>(&self, state: &mut H) {
                <$target as core::hash::Hash>::hash(self, state);
            }
        }
        impl PartialEq<$target> for $owned {
            fn eq(&self, other: &$target) -> bool {
                **self == *other
            }
        }
        impl PartialEq<&$target> for $owned {
            fn eq(&self, other: &&$target) -> bool {
                **self == **other
            }
        }
    };
}
reads_as!(Payload, [u8]);
reads_as!(Text, str);

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self)
    }
}

impl From<&[u8]> for Payload {
    #[inline]
    fn from(bytes: &[u8]) -> Self {
        Self(Repr::inline(bytes).unwrap_or_else(|| Repr::Heap(Bytes::copy_from_slice(bytes))))
    }
}

impl From<Bytes> for Payload {
    fn from(bytes: Bytes) -> Self {
        Self(Repr::Heap(bytes))
    }
}

impl From<Vec<u8>> for Payload {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Repr::Heap(bytes.into()))
    }
}

impl From<&str> for Text {
    #[inline]
    fn from(text: &str) -> Self {
        Self(Repr::inline(text.as_bytes()).unwrap_or_else(|| Repr::Heap(text.into())))
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(Repr::Heap(text))
    }
}

impl From<Message<'_>> for Owned {
    #[inline]
    fn from(message: Message<'_>) -> Self {
        match message {
            Message::Text(text) => Self::Text(text.into()),
            Message::Binary(bytes) => Self::Binary(bytes.into()),
        }
    }
}

impl From<&str> for Owned {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Owned {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl From<&[u8]> for Owned {
    fn from(bytes: &[u8]) -> Self {
        Self::Binary(bytes.into())
    }
}

impl From<Vec<u8>> for Owned {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Binary(bytes.into())
    }
}

impl From<Bytes> for Owned {
    fn from(bytes: Bytes) -> Self {
        Self::Binary(bytes.into())
    }
}

impl<'a> From<&'a Owned> for Message<'a> {
    fn from(message: &'a Owned) -> Self {
        message.as_message()
    }
}

/// A message to send: lent, given away, or prepared. Most things that look like one convert into it.
#[derive(Clone, Debug)]
pub enum Outgoing<'a> {
    /// A payload on loan; it is copied, or written from where it lies.
    Lent(Message<'a>),
    /// A payload on loan that is sent uncompressed, whatever was agreed: for secrets (RFC 7692 §8).
    Plain(Message<'a>),
    /// A payload given away; where it is long, it leaves from where it lies.
    Owned(Owned),
    /// A message that was encoded before.
    Prepared(&'a Prepared),
}

impl<'a> Outgoing<'a> {
    /// The message if it is on loan, and may be compressed; else all of it again.
    ///
    /// Asked first, a short message can travel in registers to where it is copied.
    ///
    /// ```
    /// use ws_core::{Message, Outgoing};
    /// assert_eq!(Outgoing::from("hello").into_lent().ok(), Some(Message::Text("hello")));
    /// assert!(matches!(Outgoing::plain("secret").into_lent(), Err(Outgoing::Plain(Message::Text("secret")))));
    /// ```
    ///
    /// # Errors
    /// Any other form, as it was.
    // Where the form is known, nothing is left of this.
    #[inline(always)]
    pub fn into_lent(self) -> Result<Message<'a>, Self> {
        match self {
            Self::Lent(message) => Ok(message),
            Self::Plain(_) | Self::Owned(_) | Self::Prepared(_) => Err(self),
        }
    }

    /// A message that is sent uncompressed, whatever was agreed.
    pub fn plain(message: impl Into<Message<'a>>) -> Self {
        Self::Plain(message.into())
    }

    /// How many bytes the payload has.
    pub fn len(&self) -> usize {
        match self {
            Self::Lent(message) | Self::Plain(message) => message.as_bytes().len(),
            Self::Owned(message) => message.as_bytes().len(),
            Self::Prepared(message) => message.as_bytes().len(),
        }
    }

    /// Whether the payload is empty.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

macro_rules! outgoing {
    ($($lent:ty),* ; $($owned:ty),*) => {
        $(impl<'a> From<$lent> for Outgoing<'a> {
            #[inline]
            fn from(message: $lent) -> Self {
                Self::Lent(message.into())
            }
        })*
        $(impl From<$owned> for Outgoing<'_> {
            #[inline]
            fn from(message: $owned) -> Self {
                Self::Owned(message.into())
            }
        })*
    };
}
outgoing!(Message<'a>, &'a str, &'a [u8], &'a String, &'a Vec<u8>, &'a Owned; Owned, String, Vec<u8>, Bytes);

impl<'a, const N: usize> From<&'a [u8; N]> for Outgoing<'a> {
    fn from(bytes: &'a [u8; N]) -> Self {
        Self::Lent(bytes.into())
    }
}

impl<'a> From<&'a Prepared> for Outgoing<'a> {
    fn from(message: &'a Prepared) -> Self {
        Self::Prepared(message)
    }
}
