use alloc::vec;
use alloc::vec::Vec;
use core::net::IpAddr;

use super::tunnel_step::TunnelStep;
use super::{Host, Proxy, ProxyError, SocksRefusal};

const VERSION: u8 = 5;
const NO_AUTHENTICATION: u8 = 0;
const USER_AND_PASSWORD: u8 = 2;
const CONNECT: u8 = 1;
const IPV4: u8 = 1;
const NAME: u8 = 3;
const IPV6: u8 = 4;

/// The exchange with a SOCKS5 proxy that is asked for a tunnel (RFC 1928), with user name and password if the
/// proxy URL has them (RFC 1929).
#[derive(Debug)]
pub(super) struct SocksProxy {
    /// The request, to be sent after the login.
    request: Vec<u8>,
    login: Option<Login>,
    stage: SocksStage,
}

/// A message that holds a password.
struct Login(Vec<u8>);

/// The stage of the exchange, by the message that is expected from the proxy.
#[derive(Clone, Copy, Debug)]
enum SocksStage {
    Method,
    Login,
    Reply,
}

impl SocksProxy {
    /// Returns the exchange, and the greeting with which it begins.
    pub(super) fn new(proxy: &Proxy, server: Host<'_>) -> Result<(Self, Vec<u8>), ProxyError> {
        let mut request = vec![VERSION, CONNECT, 0];
        match server.address() {
            Some(IpAddr::V4(address)) => {
                request.push(IPV4);
                request.extend(address.octets());
            }
            Some(IpAddr::V6(address)) => {
                request.push(IPV6);
                request.extend(address.octets());
            }
            None => {
                let length = u8::try_from(server.name.len()).map_err(|_| ProxyError::NameTooLong)?;
                request.extend([NAME, length]);
                request.extend(server.name.as_bytes());
            }
        }
        request.extend(server.port.to_be_bytes());
        let login = proxy.socks_login().map(Login);
        let greeting = match login {
            Some(_) => vec![VERSION, 2, NO_AUTHENTICATION, USER_AND_PASSWORD],
            None => vec![VERSION, 1, NO_AUTHENTICATION],
        };
        Ok((Self { request, login, stage: SocksStage::Method }, greeting))
    }

    /// Returns how many bytes complete the message that is expected, as far as `input` determines that.
    pub(super) fn wanted(&self, input: &[u8]) -> usize {
        let length = match (self.stage, input) {
            (SocksStage::Method | SocksStage::Login, _) => 2,
            (SocksStage::Reply, [_, _, _, IPV4, ..]) => 4 + 4 + 2,
            (SocksStage::Reply, [_, _, _, IPV6, ..]) => 4 + 16 + 2,
            (SocksStage::Reply, [_, _, _, _, length, ..]) => 4 + 1 + usize::from(*length) + 2,
            // Every reply is at least this long.
            (SocksStage::Reply, _) => 5,
        };
        length.saturating_sub(input.len())
    }

    /// Reads `input`, and returns what the exchange needs next.
    pub(super) fn step(&mut self, input: &[u8]) -> Result<TunnelStep, ProxyError> {
        match (self.stage, input) {
            (SocksStage::Method | SocksStage::Reply, [version, ..]) if *version != VERSION => {
                Err(ProxyError::NotSocks5)
            }
            (SocksStage::Method, [_, NO_AUTHENTICATION]) => Ok(self.send_request()),
            (SocksStage::Method, [_, USER_AND_PASSWORD]) => match self.login.take() {
                Some(Login(bytes)) => {
                    self.stage = SocksStage::Login;
                    Ok(TunnelStep::Write(bytes))
                }
                None => Err(ProxyError::MethodNotOffered),
            },
            (SocksStage::Method, [_, 0xFF]) => Err(ProxyError::NoMethod),
            (SocksStage::Method, [_, _]) => Err(ProxyError::MethodNotOffered),
            // Some proxies send the version of SOCKS in the place of the version of the login.
            (SocksStage::Login, [_, 0]) => Ok(self.send_request()),
            (SocksStage::Login, [_, _]) => Err(ProxyError::LoginRefused),
            (SocksStage::Reply, [_, code, ..]) if *code != 0 => {
                Err(ProxyError::Socks(SocksRefusal::new(*code)))
            }
            (SocksStage::Reply, [_, _, _, kind, ..]) if ![IPV4, NAME, IPV6].contains(kind) => {
                Err(ProxyError::ReplyMalformed)
            }
            (SocksStage::Reply, [_, _, _, _, _, ..]) if self.wanted(input) == 0 => Ok(TunnelStep::Open),
            (SocksStage::Method | SocksStage::Login | SocksStage::Reply, _) => Ok(TunnelStep::Read),
        }
    }

    fn send_request(&mut self) -> TunnelStep {
        self.stage = SocksStage::Reply;
        TunnelStep::Write(core::mem::take(&mut self.request))
    }
}

impl core::fmt::Debug for Login {
    /// Writes no bytes of the secret.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Login")
    }
}
