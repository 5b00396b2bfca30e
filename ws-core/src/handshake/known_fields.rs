use super::{Fields, grammar::elements};

/// The fields that the handshake uses.
#[derive(Clone, Copy, Debug)]
pub(super) enum Name {
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

/// The names, in the order of [`Name`].
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

impl Name {
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
pub(super) struct Known<'a> {
    fields: Fields<'a>,
    places: Places,
}

/// The positions of their values in the lines of all fields. It does not borrow the lines.
#[derive(Clone, Copy, Debug)]
pub(super) struct Places([Place; NAMES.len()]);

#[derive(Clone, Copy, Debug)]
enum Place {
    Missing,
    Once { start: u32, len: u32 },
    Repeated,
}

/// The value of a field that may be missing or repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found<'a> {
    Missing,
    Once(&'a [u8]),
    Repeated,
}

impl<'a> Known<'a> {
    /// Finds the fields. `parsed` are the names and values of `fields`.
    pub(super) fn new(fields: Fields<'a>, parsed: impl IntoIterator<Item = (&'a [u8], &'a [u8])>) -> Self {
        let mut places = [Place::Missing; NAMES.len()];
        for (name, value) in parsed {
            let Some(known) = Name::of(name) else { continue };
            let place = &mut places[known as usize];
            *place = match (*place, fields.position(value)) {
                (Place::Missing, Some((start, len))) => Place::Once { start, len },
                (Place::Missing | Place::Once { .. } | Place::Repeated, _) => Place::Repeated,
            };
        }
        Self { fields, places: Places(places) }
    }

    /// Returns what was found in `fields` before.
    pub(super) fn found(fields: Fields<'a>, places: Places) -> Self {
        Self { fields, places }
    }

    pub(super) fn places(&self) -> Places {
        self.places
    }

    pub(super) fn get(&self, name: Name) -> Found<'a> {
        match self.places.0[name as usize] {
            Place::Missing => Found::Missing,
            Place::Once { start, len } => Found::Once(self.fields.value_at(start, len)),
            Place::Repeated => Found::Repeated,
        }
    }

    /// Returns the values of all fields of that name.
    pub(super) fn lines(&self, name: Name) -> impl Iterator<Item = &'a [u8]> + Clone + use<'a> {
        let (once, fields) = match self.get(name) {
            Found::Missing => (None, Fields::default()),
            Found::Once(value) => (Some(value), Fields::default()),
            Found::Repeated => (None, self.fields),
        };
        once.into_iter().chain(fields.get_all(NAMES[name as usize]))
    }

    /// Returns the elements of the list in all fields of that name, without empty ones.
    pub(super) fn elements(&self, name: Name) -> impl Iterator<Item = &'a [u8]> + Clone + use<'a> {
        self.lines(name).flat_map(elements).filter(|element| !element.is_empty())
    }

    /// Returns whether the list holds `token`, in any case.
    pub(super) fn lists(&self, name: Name, token: &str) -> bool {
        self.elements(name).any(|element| element.eq_ignore_ascii_case(token.as_bytes()))
    }
}
