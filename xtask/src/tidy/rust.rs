//! The rules for Rust source, by the layer that it belongs to.

use super::code::{Code, has_word};
use super::finding::Finding;
use crate::workspace::Source;

/// The limit of lines in a file without its tests.
const LONGEST: usize = 500;
/// Modules of `std` that need an operating system.
const SYSTEM: [&str; 8] = ["env", "fs", "io", "net", "os", "process", "thread", "time"];
const UNIX_ONLY: [&str; 7] =
    ["os::unix", "signal::unix", "UnixStream", "UnixListener", "UnixDatagram", "libc::", "nix::"];
/// The parts of the wire format that only the core may contain.
const PROTOCOL: [&str; 8] =
    ["Opcode", "opcode", "mask::", "0x80", "0x7f", "0x0f", "from_be_bytes", "to_be_bytes"];
/// The only places where unsafe code may stand. A program without an operating system has to bring an
/// allocator and export a symbol, and one over io_uring lends its memory to the kernel. Safe code can do
/// neither.
const UNSAFE: [&str; 2] = ["conformance/no-std/", "examples/io-uring/"];

pub(super) fn check(source: &Source) -> Vec<Finding> {
    let code = Code::new(&source.text);
    let layer = Layer::of(&source.path);
    let tests_only = is_test_file(&source.path);
    let mut findings = Vec::new();
    let mut find = |line: usize, what: String| {
        findings.push(Finding { path: source.path.clone(), line: Some(line), what });
    };

    if source.path.starts_with("ws-core/src/") {
        system_modules(&code, tests_only, &mut find);
    }
    for (number, line) in code.lines() {
        let test = tests_only || code.is_test(number);
        for left in ["todo!", "unimplemented!", "dbg!"].iter().filter(|left| has_word(line, left)) {
            find(number, format!("{left} is left behind; finish it"));
        }
        if line.contains("#[ignore") {
            find(number, "an ignored test proves nothing; make it run or remove it".into());
        }
        if has_word(line, "unsafe") && !UNSAFE.iter().any(|place| source.path.starts_with(place)) {
            find(number, "safe code only; look for a safe way, or a crate that offers one".into());
        }
        let unix_file = source.path.ends_with("/unix.rs") || source.path.contains("/unix/");
        for name in UNIX_ONLY.iter().filter(|name| has_word(line, name)) {
            if !unix_file && !code.is_unix(number) {
                find(number, format!("{name} exists on Unix only; put the item under #[cfg(unix)]"));
            }
        }
        match layer {
            Layer::Core => {
                for name in ["async", ".await"].iter().filter(|name| has_word(line, name)) {
                    find(number, format!("`{name}` in the core; waiting is what adapters do"));
                }
                if line.contains("sleep(") {
                    find(number, "the core and its tests never sleep; pass another `now`".into());
                }
            }
            Layer::Adapter if !test => {
                for name in PROTOCOL.iter().filter(|name| has_word(line, name)) {
                    find(number, format!("{name} in an adapter; the wire format is the core's"));
                }
            }
            Layer::Adapter | Layer::Other => {}
        }
    }

    let length = code.lines().filter(|(number, _)| !code.is_test(*number)).count();
    if length > LONGEST && !tests_only {
        let what = format!("{length} lines without tests, and {LONGEST} are allowed; split it by ideas");
        findings.push(Finding { path: source.path.clone(), line: None, what });
    }
    findings
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Layer {
    Core,
    Adapter,
    Other,
}

impl Layer {
    fn of(path: &str) -> Self {
        match path.split('/').next().unwrap_or_default() {
            "ws-core" => Self::Core,
            "ws-cli" => Self::Other,
            package if package.starts_with("ws-") => Self::Adapter,
            _ => Self::Other,
        }
    }
}

/// Returns whether a file has only tests: an integration test, or a test module in a file of its own.
fn is_test_file(path: &str) -> bool {
    path.contains("/tests/") || path.ends_with("/tests.rs") || path.starts_with("benches/")
}

/// Finds the uses of `std` in the core. Tests of the core may use the parts that need no operating system.
fn system_modules(code: &Code, tests_only: bool, find: &mut impl FnMut(usize, String)) {
    for (at, path) in code.text().match_indices("std::") {
        if code.text()[..at].ends_with(|last: char| last.is_alphanumeric() || last == '_') {
            continue;
        }
        let line = code.line_of(at);
        let after = code.text()[at + path.len()..].trim_start();
        let names = match after.strip_prefix('{') {
            Some(group) => group.split(['}', ';']).next().unwrap_or_default(),
            None => after,
        };
        let first =
            names.split(|end: char| !(end.is_alphanumeric() || end == '_')).next().unwrap_or_default();
        let named =
            |name: &&&str| if after.starts_with('{') { has_word(names, name) } else { first == **name };
        if let Some(module) = SYSTEM.iter().find(named) {
            find(line, format!("std::{module} in the core; the caller does I/O and passes the time"));
        } else if !tests_only && !code.is_test(line) {
            find(line, "`std` in the core, which is no_std; take it from `core` or `alloc`".into());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(path: &str, text: &str) -> Vec<usize> {
        let found = check(&Source { path: path.into(), text: text.into() });
        found.into_iter().map(|finding| finding.line.unwrap_or_default()).collect()
    }

    #[test]
    fn the_core_uses_nothing_that_needs_an_operating_system() {
        for name in SYSTEM {
            assert_eq!(lines("ws-core/src/a.rs", &format!("\nuse std::{name}::x;\n")), [2], "{name}");
        }
        assert_eq!(lines("ws-core/src/a.rs", "use std::{\n    fmt,\n    io,\n};\n"), [1]);
        assert_eq!(lines("ws-core/src/a.rs", "use std::fmt;\n"), [1]);
        assert!(lines("ws-tokio/src/a.rs", "use std::io;\n").is_empty());
        assert!(lines("ws-core/src/a.rs", "//! Unlike std::io this is async.\n").is_empty());
    }

    #[test]
    fn tests_of_the_core_may_use_the_rest_of_std() {
        let test = |line: &str| format!("#[cfg(test)]\nmod tests {{\n    {line}\n}}\n");
        assert!(lines("ws-core/src/a.rs", &test("use std::collections::HashMap;")).is_empty());
        assert_eq!(lines("ws-core/src/a.rs", &test("use std::thread;")), [3]);
        assert!(lines("ws-core/src/a/tests.rs", "use std::fmt;").is_empty());
    }

    #[test]
    fn the_core_never_waits() {
        assert_eq!(lines("ws-core/src/a.rs", "async fn a() {\n    b.await;\n}\n"), [1, 2]);
        assert_eq!(lines("ws-core/tests/a.rs", "fn a() {\n    sleep(b);\n}\n"), [2]);
        assert!(lines("ws-tokio/src/a.rs", "async fn a() {\n    sleep(b).await;\n}\n").is_empty());
    }

    #[test]
    fn nothing_unfinished_is_left_behind() {
        for left in ["todo!()", "unimplemented!(\"x\")", "dbg!(x)", "#[ignore]", "#[ignore = \"x\"]"] {
            assert_eq!(lines("ws-cli/src/a.rs", &format!("{left}\n")), [1], "{left}");
        }
        assert!(lines("ws-cli/src/a.rs", "// todo!()\nlet a = \"dbg!(x)\";\n").is_empty());
    }

    #[test]
    fn an_adapter_does_not_know_the_wire_format() {
        for name in ["Opcode::Text", "mask::apply(k)", "0x80", "u16::from_be_bytes(b)"] {
            assert_eq!(lines("ws-smol/src/a.rs", &format!("let a = {name};\n")), [1], "{name}");
            assert!(lines("ws-core/src/a.rs", &format!("let a = {name};\n")).is_empty(), "{name}");
            assert!(lines("ws-smol/tests/a.rs", &format!("let a = {name};\n")).is_empty(), "{name}");
        }
    }

    #[test]
    fn code_is_safe_but_for_two_programs_outside_the_workspace() {
        assert_eq!(lines("ws-cli/src/a.rs", "unsafe { a() }\n"), [1]);
        assert!(lines("conformance/no-std/src/lib.rs", "unsafe impl A for B {}\n").is_empty());
        assert!(lines("examples/io-uring/src/ring.rs", "unsafe { a() }\n").is_empty());
        assert!(lines("ws-cli/src/a.rs", "#![forbid(unsafe_code)]\n").is_empty());
    }

    #[test]
    fn what_only_unix_has_stands_under_cfg_unix() {
        assert_eq!(lines("ws-cli/src/a.rs", "use std::os::unix::net::UnixStream;\n"), [1, 1]);
        assert!(lines("ws-cli/src/a.rs", "#[cfg(unix)]\nuse std::os::unix::net::UnixStream;\n").is_empty());
        assert!(lines("ws-cli/src/unix.rs", "use std::os::unix::net::UnixStream;\n").is_empty());
    }

    #[test]
    fn a_file_has_at_most_500_lines_without_its_tests() {
        let code = "fn a() {}\n".repeat(LONGEST);
        let tests = format!("#[cfg(test)]\nmod tests {{\n{}}}\n", "fn b() {}\n".repeat(LONGEST));
        assert!(lines("ws-cli/src/a.rs", &format!("{code}{tests}")).is_empty());
        assert_eq!(lines("ws-cli/src/a.rs", &format!("{code}\n{tests}")), [0]);
        assert!(lines("ws-cli/tests/a.rs", &format!("{code}\n")).is_empty());
    }
}
