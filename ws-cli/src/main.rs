//! ws-cli

fn main() {}
