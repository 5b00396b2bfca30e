//! The rules for every file, and the files that must not be committed.

use std::env;

use super::finding::Finding;
use crate::workspace::{self, Source};

/// Files that are not checked: the first contains the patterns themselves, and cargo writes the other.
const EXEMPT: [&str; 2] = ["xtask/src/tidy/text.rs", "Cargo.lock"];
const HOMES: [&str; 3] = ["/home/", "/root/", "/Users/"];
const REGISTRIES: [&str; 6] = ["index", "registry", "mirror", "pypi", "npmjs", "debian"];
const GENERATED_FOLDERS: [&str; 3] = ["target", "reports", "__pycache__"];
const GENERATED_FILES: [&str; 8] = ["orig", "rej", "log", "pyc", "profraw", "profdata", "o", "a"];

pub(super) fn check(source: &Source) -> Vec<Finding> {
    if EXEMPT.contains(&source.path.as_str()) {
        return Vec::new();
    }
    let mut findings = Vec::new();
    let own = [env::var("HOME").unwrap_or_default(), workspace::root().display().to_string()];
    let own = own.iter().filter(|path| path.len() > 1).map(|path| format!("{path}/"));
    let homes: Vec<String> = HOMES.map(String::from).into_iter().chain(own).collect();
    for (number, line) in (1..).zip(source.text.lines()) {
        let mut find = |what: String| {
            findings.push(Finding { path: source.path.clone(), line: Some(number), what });
        };
        if let Some(issue) = issue_number(line) {
            find(format!("{issue} is an issue's number; describe what it is about"));
        }
        if homes.iter().any(|home| is_path(line, home)) {
            find("a path of one machine; make it relative".into());
        }
        if let Some(host) = registry(line) {
            find(format!("{host} is a package registry's host; leave the choice to the tools"));
        }
    }
    findings
}

/// Finds the tracked files that a program generated.
pub(super) fn check_paths(paths: &[String]) -> Vec<Finding> {
    let generated = |path: &&String| {
        let mut folders: Vec<&str> = path.split('/').collect();
        let name = folders.pop().unwrap_or_default();
        folders.iter().any(|folder| GENERATED_FOLDERS.contains(folder))
            || name.rsplit_once('.').is_some_and(|(_, ending)| GENERATED_FILES.contains(&ending))
    };
    let what = "generated, and tracked by git; remove it with git rm --cached";
    let finding = |path: &String| Finding { path: path.clone(), line: None, what: what.into() };
    paths.iter().filter(generated).map(finding).collect()
}

/// Returns an issue's number such as `#12`: digits after a hash that only a bracket may touch.
fn issue_number(line: &str) -> Option<&str> {
    line.match_indices('#').find_map(|(at, _)| {
        let digits = line[at + 1..].bytes().take_while(u8::is_ascii_digit).count();
        let (before, after) = (&line[..at], &line[at + 1 + digits..]);
        let alone = before.is_empty() || before.ends_with([' ', '(', '[']) || before.ends_with("issues/");
        let ended = !after.starts_with(|next: char| next.is_alphanumeric() || "-_x".contains(next));
        (digits > 0 && alone && ended).then(|| &line[at..=at + digits])
    })
}

/// Returns whether an absolute path below `home` stands in `line`, and not the path of a URL.
fn is_path(line: &str, home: &str) -> bool {
    line.match_indices(home).any(|(at, _)| {
        let (before, after) = (&line[..at], &line[at + home.len()..]);
        !before.ends_with(|last: char| last.is_alphanumeric() || ".-_~/".contains(last))
            && after.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '.')
    })
}

/// Returns the host of a URL in `line` that looks like a package registry or a mirror.
fn registry(line: &str) -> Option<&str> {
    let hosts =
        ["http://", "https://"].into_iter().flat_map(|scheme| line.split(scheme).skip(1)).map(|rest| {
            let end = rest.find(|end: char| !(end.is_ascii_alphanumeric() || ".-".contains(end)));
            &rest[..end.unwrap_or(rest.len())]
        });
    hosts.into_iter().find(|host| REGISTRIES.iter().any(|name| host.contains(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn issue_numbers_are_found_and_other_hashes_are_not() {
        assert_eq!(issue_number("mends #12."), Some("#12"));
        assert_eq!(issue_number("(#7)"), Some("#7"));
        for line in ["{:#04x}", "#0a0b0c", "r#\"x\"#", "see [a](#1-first)", "ws://h/#", "&#39;", "# 1. First"]
        {
            assert_eq!(issue_number(line), None, "{line}");
        }
    }

    #[test]
    fn paths_below_a_home_are_found_and_those_of_urls_are_not() {
        assert!(is_path("cd /home/me", "/home/") && is_path("\"/root/.cache\"", "/root/"));
        assert!(!is_path("GET http://h/home/a", "/home/") && !is_path("the /home/ folder", "/home/"));
    }

    #[test]
    fn registries_are_found_by_their_hosts() {
        assert_eq!(registry("pip -i https://pypi.example.org/simple"), Some("pypi.example.org"));
        assert_eq!(registry("see https://docs.rs/index.html"), None);
    }

    #[test]
    fn generated_files_are_not_tracked() {
        let paths =
            ["a/target/b", "reports/x.json", "a.orig", "src/target.rs", "README.md"].map(String::from);
        let found: Vec<String> = check_paths(&paths).into_iter().map(|finding| finding.path).collect();
        assert_eq!(found, ["a/target/b", "reports/x.json", "a.orig"]);
    }
}
