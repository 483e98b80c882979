//! The commands by which the town lets officials' browsers in (docs/browsers.md).

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use hinamori_model::{StaffId, UnixMillis};
use hinamori_server::{
    BrowserSite, CertificateSource, DataFolder, invite_staff, passkey_list, remove_passkeys, set_browser_site,
};

#[derive(Subcommand)]
pub(crate) enum BrowserCommand {
    /// Says under what name browsers know this server, and makes its certificate and the authority behind it. The name stays: passkeys are
    /// bound to it.
    Certificate {
        /// The data folder.
        #[arg(long)]
        data: PathBuf,
        /// The DNS name, which also has to lead here on the town hall's own network.
        #[arg(long)]
        name: String,
        /// Addresses by which the server is reached while no name is known. No passkey works there.
        #[arg(long, num_args = 1..)]
        address: Vec<IpAddr>,
        /// The port that browsers ask.
        #[arg(long, default_value_t = 443)]
        port: u16,
        /// An ACME client brings `browser-tls/certificate.pem` and `key.pem`: they are checked and left as they are.
        #[arg(long)]
        brought: bool,
    },
    /// Prints a link by which somebody of the staff makes one passkey, within 30 minutes.
    Invite {
        /// The data folder.
        #[arg(long)]
        data: PathBuf,
        /// Whose: the id in [[staff]] of town.toml.
        #[arg(long)]
        staff: StaffId,
    },
    /// Prints whose passkeys there are.
    List {
        /// The data folder.
        #[arg(long)]
        data: PathBuf,
    },
    /// Takes somebody's passkeys away, or one of them, also if they are signed in now, and their invitation.
    Remove {
        /// The data folder.
        #[arg(long)]
        data: PathBuf,
        /// Whose.
        #[arg(long)]
        staff: StaffId,
        /// The passkey's number; all without it.
        #[arg(long)]
        passkey: Option<u32>,
    },
}

impl BrowserCommand {
    pub(crate) fn data(&self) -> &Path {
        match self {
            Self::Certificate { data, .. }
            | Self::Invite { data, .. }
            | Self::List { data }
            | Self::Remove { data, .. } => data,
        }
    }

    pub(crate) fn run(self, user: &str, now: UnixMillis) -> anyhow::Result<()> {
        let folder = DataFolder::new(self.data());
        let keys = folder.keys()?;
        match self {
            Self::Certificate { name, address, port, brought, .. } => {
                let site = BrowserSite { name, port, addresses: address };
                let source = if brought { CertificateSource::Brought } else { CertificateSource::Own };
                match set_browser_site(&folder, &keys, (site, source), user, now)? {
                    Some(authority) => println!("install on each tablet: {}", authority.display()),
                    None => println!("the certificate that was brought is good"),
                }
            }
            Self::Invite { staff, .. } => println!("{}", invite_staff(&folder, &keys, staff, user, now)?),
            Self::List { .. } => print!("{}", passkey_list(&folder, &keys)?),
            Self::Remove { staff, passkey, .. } => {
                let removed = remove_passkeys(&folder, &keys, (staff, passkey), user, now)?;
                println!("{removed} passkeys were taken away; no invitation of theirs is open");
            }
        }
        Ok(())
    }
}
