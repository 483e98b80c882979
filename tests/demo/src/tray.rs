//! The tray of virtual cards: `hinamori-simcard serve`, spoken to as its page speaks to it.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::Context;
use serde::{Deserialize, Serialize};
use ureq::Agent;

use crate::child::Running;

/// How long virtual cards take for their answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delays {
    /// None: the script waits for the box alone.
    None,
    /// As a real card.
    Lifelike,
}

impl Delays {
    const fn argument(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Lifelike => "lifelike",
        }
    }
}

/// A reader as the tray and PC/SC know it.
#[derive(Debug, Clone)]
pub struct TrayReader {
    /// The tray's name for it.
    pub name: &'static str,
    /// Its port.
    pub port: u16,
}

/// The running tray.
#[derive(Debug)]
pub struct Tray {
    _process: Running,
    address: String,
    agent: Agent,
}

/// What a presentation came to.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Taken {
    /// Commands that the card received.
    pub commands: u32,
    /// VERIFY commands that presented a PIN.
    pub secrets_presented: u32,
}

#[derive(Serialize)]
struct Lay<'a> {
    card: &'a str,
    reader: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<TornAfter>,
}

#[derive(Serialize)]
struct TornAfter {
    torn_after: u32,
}

#[derive(Serialize)]
struct Take<'a> {
    reader: &'a str,
}

impl Tray {
    /// Starts the tray over readers that are there already.
    pub fn start(
        simcard: &Path,
        cards: &Path,
        readers: &[TrayReader],
        listen: &str,
        delays: Delays,
        folder: &Path,
    ) -> anyhow::Result<Self> {
        let mut command = Command::new(simcard);
        command.arg("serve").arg("--tray").arg(cards).args(["--listen", listen]);
        command.args(["--delays", delays.argument()]).arg("--state").arg(folder.join("cards"));
        for TrayReader { name, port } in readers {
            command.args(["--reader", &format!("{name}={port}")]);
        }
        let process =
            Running::start_ready("the card tray", &mut command, &folder.join("tray.log"), "listening")?;
        let agent = Agent::config_builder().timeout_global(Some(Duration::from_secs(30))).build().into();
        Ok(Self { _process: process, address: format!("http://{listen}"), agent })
    }

    /// The page's address.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Lays a card on a reader and leaves it there.
    pub fn lay(&self, card: &str, reader: &str) -> anyhow::Result<()> {
        self.post("lay", &Lay { card, reader, fault: None })?;
        Ok(())
    }

    /// Lays a card on a reader that is torn away after so many commands.
    pub fn lay_torn(&self, card: &str, reader: &str, torn_after: u32) -> anyhow::Result<()> {
        self.post("lay", &Lay { card, reader, fault: Some(TornAfter { torn_after }) })?;
        Ok(())
    }

    /// Takes the card off.
    pub fn take(&self, reader: &str) -> anyhow::Result<Taken> {
        Ok(serde_json::from_str(&self.post("take", &Take { reader })?)?)
    }

    fn post(&self, action: &str, body: &impl Serialize) -> anyhow::Result<String> {
        let address = format!("{}/{action}", self.address);
        let mut response =
            self.agent.post(&address).send_json(body).with_context(|| format!("ask the tray to {action}"))?;
        Ok(response.body_mut().read_to_string()?)
    }
}
