use core::str;

use super::grammar::{List, MalformedList, ascii, is_token, trim};

/// Parses the lines of a Sec-WebSocket-Extensions field, in order, as one list (§9.1).
///
/// Each extension is checked when the iterator reaches it. After an error the iterator ends. A few empty
/// elements are ignored (D4). Lines without any element are malformed.
///
/// ```
/// let mut offers = ws_core::handshake::extensions([&b"foo; bar=\"ba\\z\", qux"[..]]);
/// let foo = offers.next().unwrap().unwrap();
/// assert_eq!(foo.name(), "foo");
/// let bar = foo.params().next().unwrap();
/// assert!(bar.name() == "bar" && bar.value().unwrap().is("baz"));
/// assert_eq!(offers.next().unwrap().unwrap().name(), "qux");
/// assert!(offers.next().is_none());
/// ```
pub fn extensions<'a, I>(lines: I) -> Extensions<'a, I::IntoIter>
where
    I: IntoIterator<Item = &'a [u8]>,
{
    Extensions { list: List::new(lines.into_iter()), failed: false }
}

/// The iterator that [`extensions`] returns.
#[derive(Clone, Debug)]
pub struct Extensions<'a, I> {
    list: List<'a, I>,
    failed: bool,
}

/// An error: a list of extensions does not follow its grammar (§9.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MalformedExtensions;

impl core::fmt::Display for MalformedExtensions {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("the list of extensions is malformed")
    }
}

impl core::error::Error for MalformedExtensions {}

impl<'a, I: Iterator<Item = &'a [u8]>> Iterator for Extensions<'a, I> {
    type Item = Result<Extension<'a>, MalformedExtensions>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let extension = match self.list.next()? {
            Ok(element) => Extension::parse(element),
            Err(MalformedList) => None,
        };
        self.failed = extension.is_none();
        Some(extension.ok_or(MalformedExtensions))
    }
}

/// One extension of a list, with its name and its parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extension<'a> {
    name: &'a str,
    /// The text after the first semicolon, in which every parameter was checked.
    params: Option<&'a [u8]>,
}

impl<'a> Extension<'a> {
    /// Parses one element. Commas and semicolons are not token characters, so they are errors even inside
    /// quotes. It is therefore right to split at them first.
    fn parse(element: &'a [u8]) -> Option<Self> {
        let (name, params) = cut(element, b';');
        if !is_token(trim(name)) || !params.is_none_or(|params| split(params).all(Param::is_valid)) {
            return None;
        }
        Some(Self { name: ascii(trim(name)), params })
    }

    /// Returns the name of the extension, a token.
    pub fn name(&self) -> &'a str {
        self.name
    }

    /// Returns the parameters, in order.
    pub fn params(&self) -> impl Iterator<Item = Param<'a>> + use<'a> {
        self.params.into_iter().flat_map(split).map(Param::new)
    }
}

fn split(params: &[u8]) -> impl Iterator<Item = &[u8]> {
    params.split(|&byte| byte == b';')
}

/// Returns the parts before and after the first `at`.
fn cut(bytes: &[u8], at: u8) -> (&[u8], Option<&[u8]>) {
    match bytes.iter().position(|&byte| byte == at) {
        Some(end) => (&bytes[..end], Some(&bytes[end + 1..])),
        None => (bytes, None),
    }
}

/// One parameter of an extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Param<'a> {
    name: &'a str,
    value: Option<ParamValue<'a>>,
}

impl<'a> Param<'a> {
    fn is_valid(param: &'a [u8]) -> bool {
        let (name, value) = cut(param, b'=');
        is_token(trim(name)) && value.is_none_or(|value| ParamValue::is_valid(trim(value)))
    }

    fn new(param: &'a [u8]) -> Self {
        let (name, value) = cut(param, b'=');
        Self { name: ascii(trim(name)), value: value.map(|value| ParamValue::new(trim(value))) }
    }

    /// Returns the name of the parameter, a token.
    pub fn name(&self) -> &'a str {
        self.name
    }

    /// Returns the value after `=`.
    pub fn value(&self) -> Option<ParamValue<'a>> {
        self.value
    }
}

/// The value of a parameter: a token that may be quoted.
#[derive(Clone, Copy, Debug)]
pub struct ParamValue<'a> {
    /// The value without its quotes, but with its backslashes.
    raw: &'a str,
}

impl<'a> ParamValue<'a> {
    fn is_valid(value: &[u8]) -> bool {
        let Some(quoted) = value.strip_prefix(b"\"") else { return is_token(value) };
        let Some(mut quoted) = quoted.strip_suffix(b"\"") else { return false };
        let mut is_empty = true;
        loop {
            quoted = match quoted {
                [] => return !is_empty,
                [b'\\', byte, rest @ ..] | [byte, rest @ ..] if is_token(&[*byte]) => rest,
                [..] => return false,
            };
            is_empty = false;
        }
    }

    fn new(value: &'a [u8]) -> Self {
        let raw = value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\"")).unwrap_or(value);
        Self { raw: ascii(raw) }
    }

    /// Returns the characters, all ASCII, without quotes and backslashes.
    pub fn chars(&self) -> impl Iterator<Item = char> + use<'a> {
        // A backslash is not a token character, so it always stands before a quoted character.
        self.raw.chars().filter(|&char| char != '\\')
    }

    /// Returns whether the value is `text`.
    pub fn is(&self, text: &str) -> bool {
        self.chars().eq(text.chars())
    }
}

impl PartialEq for ParamValue<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.chars().eq(other.chars())
    }
}

impl Eq for ParamValue<'_> {}
