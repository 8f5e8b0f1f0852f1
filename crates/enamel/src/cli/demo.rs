//! `enamel demo`: its words.

use clap::Args;

/// `enamel demo`.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// How many practices
    #[arg(long, value_name = "N", default_value_t = 40, value_parser = clap::value_parser!(u16).range(1..=500))]
    pub practices: u16,

    /// Draw other practices; the same seed draws the same ones
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
}
