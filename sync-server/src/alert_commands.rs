//! The commands by which the town prepares alerts and lets officers' devices in.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use hinamori_model::{HouseholdId, UnixMillis};
use hinamori_server::{
    DataFolder, add_officer, admit_device, bind_television, invite_officer, officer_list, read_plan,
    remove_officer,
};

#[derive(Subcommand)]
pub(crate) enum AlertCommand {
    /// Reads the alert plan in (TOML): districts, where they go, and what is said. Every message of it is judged first.
    Plan {
        /// The data folder.
        #[arg(long)]
        data: PathBuf,
        /// The plan.
        file: PathBuf,
    },
    /// Adds an officer who may sign alerts.
    AddOfficer {
        /// The data folder.
        #[arg(long)]
        data: PathBuf,
        /// Their number.
        #[arg(long)]
        id: u32,
        /// Their name, as the desk shows it.
        #[arg(long)]
        name: String,
        /// What they are in the town.
        #[arg(long)]
        title: String,
        /// Their last day, such as 2027-03-31.
        #[arg(long, value_parser = crate::end_of_day)]
        until: UnixMillis,
    },
    /// Takes an officer and all their devices off.
    RemoveOfficer {
        /// The data folder.
        #[arg(long)]
        data: PathBuf,
        /// Their number.
        #[arg(long)]
        id: u32,
    },
    /// Prints a code with which the officer enrols one device at the desk, within 15 minutes.
    Invite {
        /// The data folder.
        #[arg(long)]
        data: PathBuf,
        /// Their number.
        #[arg(long)]
        id: u32,
    },
    /// Lets a device in, after its officer read out the three words that it shows.
    Admit {
        /// The data folder.
        #[arg(long)]
        data: PathBuf,
        /// The words, as さくら・みかん・うさぎ.
        #[arg(long)]
        words: String,
    },
    /// Prints the officers and their devices.
    Officers {
        /// The data folder.
        #[arg(long)]
        data: PathBuf,
    },
    /// Gives the television that shows a code to a household.
    Bind {
        /// The data folder.
        #[arg(long)]
        data: PathBuf,
        /// The code, eight digits.
        #[arg(long)]
        code: String,
        /// The household.
        #[arg(long)]
        household: HouseholdId,
    },
}

impl AlertCommand {
    pub(crate) fn data(&self) -> &Path {
        match self {
            Self::Plan { data, .. }
            | Self::AddOfficer { data, .. }
            | Self::RemoveOfficer { data, .. }
            | Self::Invite { data, .. }
            | Self::Admit { data, .. }
            | Self::Officers { data }
            | Self::Bind { data, .. } => data,
        }
    }

    pub(crate) fn run(self, now: UnixMillis) -> anyhow::Result<()> {
        let folder = DataFolder::new(self.data());
        match self {
            Self::Plan { file, .. } => {
                let (messages, districts) = read_plan(&folder, &file, now)?;
                println!("{messages} messages, {districts} districts");
            }
            Self::AddOfficer { id, name, title, until, .. } => {
                add_officer(&folder, id, &name, &title, until)?
            }
            Self::RemoveOfficer { id, .. } => remove_officer(&folder, &folder.keys()?, id, now)?,
            Self::Invite { id, .. } => println!("{}", invite_officer(&folder, id, now)?),
            Self::Admit { words, .. } => admit_device(&folder, &folder.keys()?, &words, now)?,
            Self::Officers { .. } => print!("{}", officer_list(&folder)?),
            Self::Bind { code, household, .. } => {
                bind_television(&folder, &folder.keys()?, &code, household, now)?;
            }
        }
        Ok(())
    }
}
