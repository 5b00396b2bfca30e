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

/// Those fields of a head that the handshake looks at, found in one pass.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known<'a> {
    fields: Fields<'a>,
    found: [Found<'a>; NAMES.len()],
}

/// How often a field occurs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found<'a> {
    Missing,
    Once(&'a [u8]),
    Repeated,
}

impl<'a> Known<'a> {
    pub(super) fn new(fields: Fields<'a>) -> Self {
        let mut found = [Found::Missing; NAMES.len()];
        for (name, value) in fields.lines() {
            let known =
                NAMES.iter().zip(&mut found).find(|(known, _)| name.eq_ignore_ascii_case(known.as_bytes()));
            if let Some((_, found)) = known {
                *found = match found {
                    Found::Missing => Found::Once(value),
                    Found::Once(_) | Found::Repeated => Found::Repeated,
                };
            }
        }
        Self { fields, found }
    }

    pub(super) fn get(&self, name: Name) -> Found<'a> {
        self.found[name as usize]
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
