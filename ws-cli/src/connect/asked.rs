use std::sync::Arc;

use ws_core::Config;
use ws_core::connect::Connect;
use ws_tls::ClientTls;

use super::session::Linger;

/// The settings from the command line.
pub(super) struct Asked {
    pub(super) connect: Connect,
    pub(super) config: Arc<Config>,
    /// `None` to trust what the system trusts.
    pub(super) tls: Option<ClientTls>,
    pub(super) linger: Linger,
}
