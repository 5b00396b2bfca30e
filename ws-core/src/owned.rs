use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::ops::Deref;

use bytes::Bytes;

use crate::{Message, MessageKind, PreparedMessage};

/// A whole message that owns its payload.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum OwnedMessage {
    /// Text.
    Text(Text),
    /// Bytes.
    Binary(Payload),
}

/// The bytes of a message. Up to 30 of them lie in the value itself, without allocation. Dereferences to
/// `[u8]`.
#[derive(Clone)]
pub struct Payload(Repr<Bytes>);

/// The text of a message. Up to 30 bytes of it lie in the value itself, without allocation. Dereferences to
/// `str`.
#[derive(Clone)]
pub struct Text(Repr<String>);

/// The number of bytes that fit beside the length and the tag in four words.
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

impl OwnedMessage {
    /// Returns the message as a borrowed one.
    pub fn as_message(&self) -> Message<'_> {
        match self {
            Self::Text(text) => Message::Text(text),
            Self::Binary(payload) => Message::Binary(payload),
        }
    }

    /// Returns the kind of the message.
    pub const fn kind(&self) -> MessageKind {
        match self {
            Self::Text(_) => MessageKind::Text,
            Self::Binary(_) => MessageKind::Binary,
        }
    }

    /// Returns the text, if the message is a text.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Binary(_) => None,
        }
    }

    /// Returns the payload: the UTF-8 of a text, or the bytes.
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Binary(payload) => payload,
        }
    }
}

impl Payload {
    /// Returns the bytes. Many bytes are shared or moved, few are copied.
    pub fn into_bytes(self) -> Bytes {
        match self.0 {
            Repr::Inline(len, bytes) => Bytes::copy_from_slice(&bytes[..usize::from(len)]),
            Repr::Heap(bytes) => bytes,
        }
    }
}

impl Text {
    /// Returns the UTF-8 of the text, without the check that dereferencing to `str` makes.
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Repr::Inline(len, bytes) => &bytes[..usize::from(*len)],
            Repr::Heap(text) => text.as_bytes(),
        }
    }

    /// Returns the text as a `String`. A long one is moved, a short one is copied.
    pub fn into_string(self) -> String {
        match self.0 {
            Repr::Inline(..) => String::from(&*self),
            Repr::Heap(text) => text,
        }
    }

    /// Returns the UTF-8 of the text. A long one is moved, a short one is copied.
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

impl From<Message<'_>> for OwnedMessage {
    #[inline]
    fn from(message: Message<'_>) -> Self {
        match message {
            Message::Text(text) => Self::Text(text.into()),
            Message::Binary(bytes) => Self::Binary(bytes.into()),
        }
    }
}

impl From<&str> for OwnedMessage {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for OwnedMessage {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl From<&[u8]> for OwnedMessage {
    fn from(bytes: &[u8]) -> Self {
        Self::Binary(bytes.into())
    }
}

impl From<Vec<u8>> for OwnedMessage {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Binary(bytes.into())
    }
}

impl From<Bytes> for OwnedMessage {
    fn from(bytes: Bytes) -> Self {
        Self::Binary(bytes.into())
    }
}

impl<'a> From<&'a OwnedMessage> for Message<'a> {
    fn from(message: &'a OwnedMessage) -> Self {
        message.as_message()
    }
}

/// A message to send: lent, owned, or prepared. Most types that hold a message convert into it.
#[derive(Clone, Debug)]
pub enum Outgoing<'a> {
    /// A lent payload. It is copied, or written from where it lies.
    Lent(Message<'a>),
    /// A lent payload that is sent uncompressed, even if compression was agreed. This is for secrets (RFC
    /// 7692 §8).
    Plain(Message<'a>),
    /// An owned payload. A long one is written from where it lies.
    Owned(OwnedMessage),
    /// A message that was encoded before.
    Prepared(&'a PreparedMessage),
}

impl<'a> Outgoing<'a> {
    /// Returns the message if it is lent and may be compressed.
    ///
    /// A caller that tries this first can pass a short message in registers up to where it is copied.
    ///
    /// ```
    /// use ws_core::{Message, Outgoing};
    /// assert_eq!(Outgoing::from("hello").into_lent().ok(), Some(Message::Text("hello")));
    /// let secret = Outgoing::plain("secret").into_lent();
    /// assert!(matches!(secret, Err(Outgoing::Plain(Message::Text("secret")))));
    /// ```
    ///
    /// # Errors
    /// Returns any other form unchanged.
    // Where the form is known, this compiles to nothing.
    #[inline(always)]
    pub fn into_lent(self) -> Result<Message<'a>, Self> {
        match self {
            Self::Lent(message) => Ok(message),
            Self::Plain(_) | Self::Owned(_) | Self::Prepared(_) => Err(self),
        }
    }

    /// Returns a message that is sent uncompressed, even if compression was agreed.
    pub fn plain(message: impl Into<Message<'a>>) -> Self {
        Self::Plain(message.into())
    }

    /// Returns the length of the payload, in bytes.
    pub fn len(&self) -> usize {
        match self {
            Self::Lent(message) | Self::Plain(message) => message.as_bytes().len(),
            Self::Owned(message) => message.as_bytes().len(),
            Self::Prepared(message) => message.as_bytes().len(),
        }
    }

    /// Returns whether the payload is empty.
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
outgoing!(Message<'a>, &'a str, &'a [u8], &'a String, &'a Vec<u8>, &'a OwnedMessage; OwnedMessage, String, Vec<u8>, Bytes);

impl<'a, const N: usize> From<&'a [u8; N]> for Outgoing<'a> {
    fn from(bytes: &'a [u8; N]) -> Self {
        Self::Lent(bytes.into())
    }
}

impl<'a> From<&'a PreparedMessage> for Outgoing<'a> {
    fn from(message: &'a PreparedMessage) -> Self {
        Self::Prepared(message)
    }
}
