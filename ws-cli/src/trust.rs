use std::path::PathBuf;

use ws_tls::ClientTls;

use crate::args;
use crate::failure::Failure;

/// The options of trust inside TLS.
#[derive(Debug, clap::Args)]
pub(crate) struct Trust {
    /// Trust the certificates in this PEM file instead of those that the system trusts.
    #[arg(long, value_name = "PEM", conflicts_with = "insecure")]
    ca: Option<PathBuf>,
    /// Accept any certificate from any server. For tests only.
    #[arg(long)]
    insecure: bool,
}

impl Trust {
    /// Returns the TLS settings, or `None` to trust what the system trusts.
    pub(crate) fn tls(&self) -> Result<Option<ClientTls>, Failure> {
        let builder = ClientTls::builder();
        let built = match &self.ca {
            Some(path) => {
                let built = builder.roots_pem(args::read(path)?).and_then(|builder| builder.build());
                built.map_err(|error| args::unfit(path, error))
            }
            None if self.insecure => {
                builder.dangerously_skip_verification().build().map_err(|cause| Failure::Tls(cause.into()))
            }
            None => return Ok(None),
        };
        built.map(Some)
    }
}
