use super::{Fields, grammar::elements};

/// The fields that the handshake looks at.
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

/// In the order of [`Name`].
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
    /// The field called `name`, if the handshake looks at it.
    fn of(name: &[u8]) -> Option<Self> {
        // Length and first letter leave one candidate, so that most fields are compared with none.
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

/// Those fields of a head that the handshake looks at, found in one pass.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known<'a> {
    fields: Fields<'a>,
    places: Places,
}

/// Where the values of those fields lie in the lines of all fields, which need not be at hand.
#[derive(Clone, Copy, Debug)]
pub(super) struct Places([Place; NAMES.len()]);

#[derive(Clone, Copy, Debug)]
enum Place {
    Missing,
    Once { start: u32, len: u32 },
    Repeated,
}

/// How often a field occurs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found<'a> {
    Missing,
    Once(&'a [u8]),
    Repeated,
}

impl<'a> Known<'a> {
    /// `parsed` are the names and values of `fields`.
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

    /// What was found in `fields` before.
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

    /// The values of all fields of that name.
    pub(super) fn lines(&self, name: Name) -> impl Iterator<Item = &'a [u8]> + Clone + use<'a> {
        let (once, fields) = match self.get(name) {
            Found::Missing => (None, Fields::default()),
            Found::Once(value) => (Some(value), Fields::default()),
            Found::Repeated => (None, self.fields),
        };
        once.into_iter().chain(fields.get_all(NAMES[name as usize]))
    }

    /// The elements of the list that all fields of that name make up, without empty ones.
    pub(super) fn elements(&self, name: Name) -> impl Iterator<Item = &'a [u8]> + Clone + use<'a> {
        self.lines(name).flat_map(elements).filter(|element| !element.is_empty())
    }

    /// Does the list hold `token`, in any case?
    pub(super) fn lists(&self, name: Name, token: &str) -> bool {
        self.elements(name).any(|element| element.eq_ignore_ascii_case(token.as_bytes()))
    }
}
