use clap::Args;
use ws_core::deflate::{ClientWindow, Compression, Offer, WindowBits};

/// The options of compression, which is negotiated by default.
#[derive(Debug, Args)]
pub(crate) struct Deflate {
    /// Neither offer nor accept permessage-deflate.
    #[arg(long)]
    no_deflate: bool,
    /// The largest window of permessage-deflate in each direction, as the base-2 logarithm of its size: 8 to
    /// 15. The default is 15, which is 32 KiB.
    #[arg(long, value_name = "BITS", value_parser = window, conflicts_with = "no_deflate")]
    deflate_window: Option<WindowBits>,
    /// Compress each message separately, in both directions.
    #[arg(long, conflicts_with = "no_deflate")]
    no_context_takeover: bool,
}

impl Deflate {
    /// Returns the compression to negotiate; `None` for none.
    pub(crate) fn compression(&self) -> Option<Compression> {
        let offer = Offer::new()
            .server_no_context_takeover(self.no_context_takeover)
            .client_no_context_takeover(self.no_context_takeover)
            .server_max_window_bits(self.deflate_window)
            .client_max_window_bits(self.deflate_window.map_or(ClientWindow::Any, ClientWindow::AtMost));
        (!self.no_deflate).then(|| {
            Compression::new()
                .offers([offer])
                .server_no_context_takeover(self.no_context_takeover)
                .client_no_context_takeover(self.no_context_takeover)
                .server_max_window_bits(self.deflate_window.unwrap_or_default())
                .client_max_window_bits(self.deflate_window.unwrap_or_default())
        })
    }
}

fn window(text: &str) -> Result<WindowBits, &'static str> {
    text.parse().ok().and_then(WindowBits::new).ok_or("not a number from 8 to 15")
}
