//! `ws` as a process, and peers that read and write bytes on a socket.
#![allow(dead_code, reason = "each test file uses some of it")]

use core::net::SocketAddr;
use core::time::Duration;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use certificates::Files;

pub(crate) const RUNTIMES: [&str; 4] = ["tokio", "smol", "async-std", "blocking"];

/// Arguments with which `ws` waits for the peer's Close frame, however busy the machine is.
pub(crate) const PATIENTLY: &[&str] = &["--close-timeout", "3600"];

/// A Close frame with 1000.
pub(crate) const CLOSE: &[u8] = b"\x88\x02\x03\xE8";

/// A running `ws`. Dropping it ends the process.
pub(crate) struct Ws {
    child: Child,
    stdout: Option<BufReader<ChildStdout>>,
}

/// The outcome of a `ws`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ws {
    pub(crate) fn start(args: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ws"));
        command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let stdout = child.stdout.take().map(BufReader::new);
        Self { child, stdout }
    }

    /// Starts an echo server on a free port, and returns its address.
    pub(crate) fn echo(runtime: &str, args: &[&str]) -> (Self, SocketAddr) {
        Self::echo_on("127.0.0.1:0", runtime, args)
    }

    pub(crate) fn echo_on(listen: &str, runtime: &str, args: &[&str]) -> (Self, SocketAddr) {
        let mut ws = Self::start(&[&["echo", "--listen", listen, "--runtime", runtime], args].concat());
        let line = ws.line();
        let address = line.strip_prefix("listening on ws://").unwrap().parse().unwrap();
        (ws, address)
    }

    /// Starts an echo server with TLS, and returns its URL.
    pub(crate) fn echo_tls(runtime: &str, files: &Files) -> (Self, String) {
        let args = ["--runtime", runtime, "--tls-cert", &files.chain, "--tls-key", &files.key];
        let mut ws = Self::start(&[&["echo", "--listen", "127.0.0.1:0"], &args[..]].concat());
        let url = ws.line().strip_prefix("listening on ").unwrap().to_owned();
        assert!(url.starts_with("wss://"), "{url}");
        (ws, url)
    }

    /// Starts a client, and returns the server's end of the connection.
    pub(crate) fn connect(runtime: &str, args: &[&str]) -> (Self, Peer) {
        let (ws, listener) = Self::connecting(runtime, args);
        let mut peer = Peer::accept(&listener);
        let key = peer.head_field("Sec-WebSocket-Key");
        peer.write(&switching(&key, ""));
        (ws, peer)
    }

    /// Starts a client, and returns the listener that it connects to.
    pub(crate) fn connecting(runtime: &str, args: &[&str]) -> (Self, TcpListener) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("ws://{}/path?query", listener.local_addr().unwrap());
        (Self::start(&[&["connect", &url, "--runtime", runtime], args].concat()), listener)
    }

    /// Returns the next line of standard output.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.as_mut().unwrap().read_line(&mut line).unwrap();
        assert_eq!(line.pop(), Some('\n'), "standard output ended");
        line
    }

    pub(crate) fn input(&mut self, bytes: &[u8]) {
        self.child.stdin.as_mut().unwrap().write_all(bytes).unwrap();
    }

    pub(crate) fn end_input(&mut self) {
        self.child.stdin = None;
    }

    /// Returns standard input, for another thread to write.
    pub(crate) fn take_input(&mut self) -> ChildStdin {
        self.child.stdin.take().unwrap()
    }

    /// Closes our end of standard output.
    pub(crate) fn close_output(&mut self) {
        self.stdout = None;
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    #[cfg(unix)]
    pub(crate) fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }

    /// Waits for the end of the process, and leaves standard input open.
    pub(crate) fn wait(mut self) -> Ended {
        let stdin = self.child.stdin.take();
        let (mut stdout, mut stderr) = (String::new(), String::new());
        if let Some(mut pipe) = self.stdout.take() {
            pipe.read_to_string(&mut stdout).unwrap();
        }
        self.child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        let code = self.child.wait().unwrap().code();
        drop(stdin);
        Ended { code, stdout, stderr }
    }
}

impl Drop for Ws {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Ended {
    /// Checks that the process succeeds with this output, and writes nothing on standard error.
    #[track_caller]
    pub(crate) fn well(self, stdout: &str) {
        assert_eq!(self, Self { code: Some(0), stdout: stdout.into(), stderr: String::new() });
    }

    /// Checks that the process fails with one line on standard error that contains `cause`.
    #[track_caller]
    pub(crate) fn badly(self, stdout: &str, cause: &str) {
        assert_eq!((self.code, &*self.stdout), (Some(1), stdout), "{}", self.stderr);
        assert_eq!(self.stderr.lines().count(), 1, "{}", self.stderr);
        assert!(self.stderr.starts_with("ws: ") && self.stderr.contains(cause), "{}", self.stderr);
    }
}

/// The other end of a connection.
pub(crate) struct Peer {
    stream: TcpStream,
    pub(crate) head: String,
}

impl Peer {
    /// Returns a client whose opening handshake is done. Its request has these further fields.
    pub(crate) fn open(server: SocketAddr, fields: &str) -> Self {
        let mut peer = Self::dial(server);
        peer.write(&request(fields));
        peer.head = peer.read_head();
        assert!(peer.head.starts_with("HTTP/1.1 101 Switching Protocols\r\n"), "{}", peer.head);
        assert_eq!(peer.head_field("Sec-WebSocket-Accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        peer
    }

    pub(crate) fn dial(server: SocketAddr) -> Self {
        Self { stream: TcpStream::connect(server).unwrap(), head: String::new() }
    }

    /// Returns a server that has read a client's request.
    pub(crate) fn accept(listener: &TcpListener) -> Self {
        let mut peer = Self { stream: listener.accept().unwrap().0, head: String::new() };
        peer.head = peer.read_head();
        peer
    }

    /// Reads the head of the next answer.
    pub(crate) fn read_answer(&mut self) {
        self.head = self.read_head();
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
    }

    /// Writes `bytes` again and again, until `ws` answers.
    pub(crate) fn write_until_answered(&mut self, bytes: &[u8]) {
        self.stream.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        while self.stream.peek(&mut [0]).is_err() {
            self.write(bytes);
        }
        self.stream.set_read_timeout(None).unwrap();
    }

    /// Writes zeros until the socket takes no more, and returns their number.
    pub(crate) fn write_until_full(&mut self) -> usize {
        self.stream.set_write_timeout(Some(Duration::from_millis(100))).unwrap();
        let mut taken = 0;
        while let Ok(n) = self.stream.write(&[0; 1 << 16]) {
            taken += n;
        }
        self.stream.set_write_timeout(None).unwrap();
        taken
    }

    /// Ends the stream of bytes to `ws`.
    pub(crate) fn end(&self) {
        self.stream.shutdown(std::net::Shutdown::Write).unwrap();
    }

    fn read_head(&mut self) -> String {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.extend(self.read(1));
        }
        String::from_utf8(head).unwrap()
    }

    /// Returns the value of a field of the head, which must occur once.
    #[track_caller]
    pub(crate) fn head_field(&self, name: &str) -> String {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        let values: Vec<_> = lines.filter(|(field, _)| field.eq_ignore_ascii_case(name)).collect();
        assert_eq!(values.len(), 1, "{name} in {}", self.head);
        values[0].1.into()
    }

    pub(crate) fn read(&mut self, n: usize) -> Vec<u8> {
        let mut bytes = vec![0; n];
        self.stream.read_exact(&mut bytes).unwrap();
        bytes
    }

    /// Returns all bytes up to the end of the stream.
    pub(crate) fn read_to_end(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.stream.read_to_end(&mut bytes).unwrap();
        bytes
    }

    /// Returns the first byte and the payload of the next frame, which is masked if it comes from a client.
    pub(crate) fn frame(&mut self) -> (u8, Vec<u8>) {
        let header = self.read(2);
        let len = match header[1] & 0x7F {
            126 => usize::from(u16::from_be_bytes(self.read(2).try_into().unwrap())),
            127 => usize::try_from(u64::from_be_bytes(self.read(8).try_into().unwrap())).unwrap(),
            len => usize::from(len),
        };
        let mask = if header[1] & 0x80 == 0 { vec![0; 4] } else { self.read(4) };
        let payload = self.read(len).iter().zip(mask.iter().cycle()).map(|(byte, key)| byte ^ key).collect();
        (header[0], payload)
    }

    /// Checks that this is the next frame.
    #[track_caller]
    pub(crate) fn expect(&mut self, first: u8, payload: &[u8]) {
        assert_eq!(self.frame(), (first, payload.to_vec()));
    }

    /// Checks that nothing comes for a moment.
    #[track_caller]
    pub(crate) fn expect_silence(&mut self) {
        self.stream.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
        let peeked = self.stream.peek(&mut [0]);
        assert!(peeked.is_err(), "{peeked:?}");
        self.stream.set_read_timeout(None).unwrap();
    }

    /// Checks that a Close frame with this code comes, or with none. Its reason may be any.
    #[track_caller]
    pub(crate) fn expect_close(&mut self, code: Option<u16>) {
        let (first, payload) = self.frame();
        let found = payload.first_chunk().map(|&code| u16::from_be_bytes(code));
        assert_eq!((first, found), (0x88, code));
    }
}

/// Returns the request of a client with these further fields.
pub(crate) fn request(fields: &str) -> Vec<u8> {
    format!(
        "GET /any/path HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n{fields}\r\n"
    )
    .into_bytes()
}

/// Returns the answer of a server with these further fields.
pub(crate) fn switching(key: &str, fields: &str) -> Vec<u8> {
    let accept = ws_core::handshake::accept_key(key.as_bytes());
    let accept = core::str::from_utf8(&accept).unwrap();
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n{fields}\r\n"
    )
    .into_bytes()
}

/// Returns a short frame of a client. The key is zero, so the payload stays readable.
pub(crate) fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    assert!(payload.len() < 126);
    [&[first, 0x80 | payload.len() as u8, 0, 0, 0, 0], payload].concat()
}
