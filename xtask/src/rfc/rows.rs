//! The requirement tables: tab-separated files, one row for each requirement.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, bail};

use crate::workspace::Source;

const FOLDER: &str = "conformance/requirements/";
const COLUMNS: [&str; 7] = ["id", "who", "level", "layer", "requirement", "test", "not proven because"];
/// The layers of the core without extensions.
const CORE: [&str; 5] = ["url", "hs", "frame", "msg", "close"];

/// A requirement.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) id: String,
    /// The name of its table, such as `G-frame`.
    pub(crate) group: String,
    pub(crate) level: String,
    pub(crate) layer: String,
    pub(crate) requirement: String,
    /// The reason why no test proves it now.
    pub(crate) reason: Option<String>,
    /// Its file and line.
    pub(crate) place: String,
}

impl Row {
    /// Returns whether the core must do this. These rows are the strongest ones, and are counted separately.
    pub(crate) fn binds_the_core(&self) -> bool {
        let strong = ["MUST", "must", "SHALL", "ABNF", "std"];
        strong.iter().any(|word| self.level.contains(word)) && CORE.contains(&self.layer.as_str())
    }
}

/// All requirements, in the order of the tables.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) rows: Vec<Row>,
    ids: BTreeSet<String>,
    families: BTreeSet<String>,
}

impl Table {
    pub(crate) fn read(sources: &[Source]) -> Result<Self> {
        let mut rows = Vec::new();
        for source in sources {
            if let Some(group) = group_of(&source.path) {
                rows.extend(rows_of(source, group)?);
            }
        }
        Self::new(rows)
    }

    fn new(rows: Vec<Row>) -> Result<Self> {
        let mut places = BTreeMap::new();
        for row in &rows {
            if let Some(first) = places.insert(&row.id, &row.place) {
                bail!("{}: {} stands in {first} already", row.place, row.id);
            }
        }
        let ids: BTreeSet<String> = rows.iter().map(|row| row.id.clone()).collect();
        let families =
            ids.iter().filter_map(|id| id.split_once('-')).map(|(family, _)| family.into()).collect();
        Ok(Self { rows, ids, families })
    }

    pub(crate) fn has(&self, id: &str) -> bool {
        self.ids.contains(id)
    }

    /// Returns whether `word` has the form of an id of a family that the tables have, known or not.
    ///
    /// `6455-9-99` has it, and so do `frame-H9` and `E9999`; `frame-level` does not.
    pub(crate) fn looks_like_an_id(&self, word: &str) -> bool {
        if let Some(erratum) = word.strip_prefix('E') {
            let number = erratum.strip_suffix("-S").unwrap_or(erratum);
            return number.len() == 4 && number.bytes().all(|byte| byte.is_ascii_digit());
        }
        let Some((family, rest)) = word.split_once('-') else { return false };
        self.families.contains(family)
            && !rest.contains(' ')
            && rest.contains(|character: char| character.is_ascii_digit())
    }
}

/// Returns the group of the table at `path`: `conformance/requirements/G-frame.tsv` is that of `G-frame`.
fn group_of(path: &str) -> Option<&str> {
    let name = path.strip_prefix(FOLDER)?.strip_suffix(".tsv")?;
    name.starts_with(|first: char| first.is_ascii_uppercase()).then_some(name)
}

fn rows_of(source: &Source, group: &str) -> Result<Vec<Row>> {
    let mut lines = source.text.lines();
    if lines.next().unwrap_or_default() != COLUMNS.join("\t") {
        bail!("{}:1: the columns are {}", source.path, COLUMNS.join(", "));
    }
    let mut rows = Vec::new();
    for (line, number) in lines.zip(2..) {
        let place = format!("{}:{number}", source.path);
        let mut fields: Vec<&str> = line.split('\t').collect();
        if fields.len() > COLUMNS.len() {
            bail!("{place}: {} fields, and there are {} columns", fields.len(), COLUMNS.len());
        }
        fields.resize(COLUMNS.len(), "");
        let [id, who, level, layer, requirement, _test, reason] = fields[..] else {
            bail!("{place}: a row has {} fields", COLUMNS.len())
        };
        if [id, who, level, layer, requirement].contains(&"") || id.contains([' ', ',', ':']) {
            bail!("{place}: a row needs an id of one word, who, level, layer and requirement");
        }
        rows.push(Row {
            id: id.into(),
            group: group.into(),
            level: level.into(),
            layer: layer.into(),
            requirement: requirement.into(),
            reason: (!reason.is_empty()).then(|| reason.into()),
            place,
        });
    }
    Ok(rows)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Returns a table of one group with these lines under its header.
    pub(in crate::rfc) fn table(lines: &[&str]) -> Result<Table> {
        let text = format!("{}\n{}\n", COLUMNS.join("\t"), lines.join("\n"));
        Table::read(&[Source { path: format!("{FOLDER}G-frame.tsv"), text }])
    }

    #[test]
    fn a_row_may_leave_out_its_last_fields() {
        let table = table(&["6455-5.1-1\tC\tMUST\tframe\tClient masks"]).unwrap();
        assert_eq!(table.rows[0].id, "6455-5.1-1");
        assert_eq!(table.rows[0].group, "G-frame");
        assert_eq!(table.rows[0].reason, None);
        assert_eq!(table.rows[0].place, "conformance/requirements/G-frame.tsv:2");
    }

    #[test]
    fn the_last_field_is_the_reason_why_no_test_proves_the_row() {
        let table = table(&["a-1\tC\tMUST\tframe\tx\t\tnot built yet"]).unwrap();
        assert_eq!(table.rows[0].reason.as_deref(), Some("not built yet"));
    }

    #[test]
    fn an_id_stands_only_once() {
        let twice = table(&["a-1\tC\tMUST\tframe\tx", "a-1\tC\tMAY\tframe\ty"]);
        assert!(twice.unwrap_err().to_string().contains("G-frame.tsv:3: a-1 stands in"));
    }

    #[test]
    fn a_row_with_too_many_or_too_few_fields_is_refused() {
        assert!(table(&["a-1\tC\tMUST"]).is_err());
        assert!(table(&["a-1\tC\tMUST\tframe\tx\t\t\tmore"]).is_err());
    }

    #[test]
    fn only_the_tables_of_groups_hold_requirements() {
        assert_eq!(group_of("conformance/requirements/K1-deflate.tsv"), Some("K1-deflate"));
        assert_eq!(group_of("conformance/requirements/decisions.tsv"), None);
        assert_eq!(group_of("conformance/G-frame.tsv"), None);
    }

    #[test]
    fn words_of_a_known_family_with_a_number_look_like_ids() {
        let table = table(&["6455-5.1-1\tC\tMUST\tframe\tx", "frame-H1\tC\thard\tframe\tx"]).unwrap();
        for id in ["6455-9-99", "6455-5.1-1", "frame-H9", "E9999", "E9999-S"] {
            assert!(table.looks_like_an_id(id), "{id}");
        }
        for word in ["frame-level", "UTF-8", "Each", "E99", "close"] {
            assert!(!table.looks_like_an_id(word), "{word}");
        }
    }
}
