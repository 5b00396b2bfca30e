use super::{Fields, grammar::elements};

/// The fields that the handshake uses.
#[derive(Clone, Copy, Debug)]
pub(crate) enum FieldName {
    Host,
    Origin,
    Expect,
    Upgrade,
    Connection,
    ContentLength,
    TransferEncoding,
    Key,
    Accept,
    Version,
    Protocol,
    Extensions,
}

/// The names, in the order of [`FieldName`].
const NAMES: [&str; 12] = [
    "host",
    "origin",
    "expect",
    "upgrade",
    "connection",
    "content-length",
    "transfer-encoding",
    "sec-websocket-key",
    "sec-websocket-accept",
    "sec-websocket-version",
    "sec-websocket-protocol",
    "sec-websocket-extensions",
];

impl FieldName {
    /// Returns the field called `name`, if the handshake uses it.
    fn of(name: &[u8]) -> Option<Self> {
        // Length and first letter leave one candidate, so most names are not compared at all.
        let candidate = match (name.len(), name.first()?.to_ascii_lowercase()) {
            (4, b'h') => Self::Host,
            (6, b'o') => Self::Origin,
            (6, b'e') => Self::Expect,
            (7, b'u') => Self::Upgrade,
            (10, b'c') => Self::Connection,
            (14, b'c') => Self::ContentLength,
            (17, b't') => Self::TransferEncoding,
            (17, b's') => Self::Key,
            (20, b's') => Self::Accept,
            (21, b's') => Self::Version,
            (22, b's') => Self::Protocol,
            (24, b's') => Self::Extensions,
            (_, _) => return None,
        };
        name.eq_ignore_ascii_case(NAMES[candidate as usize].as_bytes()).then_some(candidate)
    }
}

/// The fields of a head that the handshake uses, found in one pass.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KnownFields<'a> {
    fields: Fields<'a>,
    positions: FieldPositions,
}

/// The positions of their values in the lines of all fields. It does not borrow the lines.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FieldPositions([FieldPosition; NAMES.len()]);

#[derive(Clone, Copy, Debug)]
enum FieldPosition {
    Missing,
    Once { start: u32, len: u32 },
    Repeated,
}

/// The value of a field that may be missing or repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FieldValue<'a> {
    Missing,
    Once(&'a [u8]),
    Repeated,
}

impl<'a> KnownFields<'a> {
    /// Finds the known ones of `fields`.
    pub(crate) fn of(fields: Fields<'a>) -> Self {
        Self::new(fields, fields.lines())
    }

    /// Finds the known ones of `fields`. `parsed` are the names and values of `fields`.
    pub(crate) fn new(fields: Fields<'a>, parsed: impl IntoIterator<Item = (&'a [u8], &'a [u8])>) -> Self {
        let mut positions = [FieldPosition::Missing; NAMES.len()];
        for (name, value) in parsed {
            let Some(known) = FieldName::of(name) else { continue };
            let position = &mut positions[known as usize];
            *position = match (*position, fields.position(value)) {
                (FieldPosition::Missing, Some((start, len))) => FieldPosition::Once { start, len },
                (FieldPosition::Missing | FieldPosition::Once { .. } | FieldPosition::Repeated, _) => {
                    FieldPosition::Repeated
                }
            };
        }
        Self { fields, positions: FieldPositions(positions) }
    }

    /// Returns the fields whose positions in `fields` were found before.
    pub(crate) fn at(fields: Fields<'a>, positions: FieldPositions) -> Self {
        Self { fields, positions }
    }

    pub(crate) fn positions(&self) -> FieldPositions {
        self.positions
    }

    pub(crate) fn get(&self, name: FieldName) -> FieldValue<'a> {
        match self.positions.0[name as usize] {
            FieldPosition::Missing => FieldValue::Missing,
            FieldPosition::Once { start, len } => FieldValue::Once(self.fields.value_at(start, len)),
            FieldPosition::Repeated => FieldValue::Repeated,
        }
    }

    /// Returns the values of all fields of that name.
    pub(crate) fn lines(&self, name: FieldName) -> impl Iterator<Item = &'a [u8]> + Clone + use<'a> {
        let (once, fields) = match self.get(name) {
            FieldValue::Missing => (None, Fields::default()),
            FieldValue::Once(value) => (Some(value), Fields::default()),
            FieldValue::Repeated => (None, self.fields),
        };
        once.into_iter().chain(fields.get_all(NAMES[name as usize]))
    }

    /// Returns the elements of the list in all fields of that name, without empty ones.
    pub(crate) fn elements(&self, name: FieldName) -> impl Iterator<Item = &'a [u8]> + Clone + use<'a> {
        self.lines(name).flat_map(elements).filter(|element| !element.is_empty())
    }

    /// Returns whether the list in the fields of that name holds `token`, in any case.
    pub(crate) fn has_token(&self, name: FieldName, token: &str) -> bool {
        self.elements(name).any(|element| element.eq_ignore_ascii_case(token.as_bytes()))
    }
}
