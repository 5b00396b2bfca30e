//! The attributes above an item of Rust source.

/// The attributes that stand above a line; one may cover several lines.
#[derive(Debug, Default)]
pub(crate) struct Attributes(String);

impl Attributes {
    /// Adds `line` if it begins or continues an attribute; returns whether it does.
    pub(crate) fn take(&mut self, line: &str) -> bool {
        let is_closed = self.0.matches('[').count() <= self.0.matches(']').count();
        let is_attribute = line.starts_with("#[") || !is_closed;
        if is_attribute {
            self.0.push_str(line);
        }
        is_attribute
    }

    /// Returns whether they make a function a test, with a runtime or without.
    pub(crate) fn make_a_test(&self) -> bool {
        ["#[test]", "::test]", "::test("].iter().any(|test| self.0.contains(test))
    }

    /// Removes all, because another item begins.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}
