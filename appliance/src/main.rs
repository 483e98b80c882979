//! The daemon's command line.

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::Parser;
use hinamori_appliance::{Config, run};
use hinamori_net_tls::act_as_owner;

/// The daemon of a Hinamori box.
#[derive(Debug, Parser)]
#[command(version)]
struct Options {
    /// The box's configuration.
    #[arg(long, default_value = "/etc/hinamori/box.toml")]
    config: PathBuf,
}

fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_unset| "info".into()),
        )
        .init();
    let config = Config::read(&options.config)?;
    act_as_owner(&config.data).context("root cannot act as the daemon's user")?;
    run(config, || {
        // Whoever started the daemon may not listen.
        writeln!(std::io::stdout(), "ready").ok();
    })
    .context("the box cannot begin")
}
