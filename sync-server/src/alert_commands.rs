//! The commands by which the town prepares alerts and lets officers' devices in.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Subcommand;
use hinamori_alert::ReceiverCode;
use hinamori_model::{HouseholdId, UnixMillis};
use hinamori_server::{
    DataFolder, InForce, NewStation, PolicyChange, TriggerSource, TriggerStation, add_officer, add_station,
    admit_device, bind_television, broadcast_certificate, change_staff, export_alerts, invite_officer,
    new_trigger_key, note_staff_command, officer_list, read_plan, remove_officer, remove_station, set_policy,
    staff_table, station_list,
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
        /// Whose keys they are that were made at a box: the officer's number.
        #[arg(long)]
        officer: Option<u32>,
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
    /// Prints who may sign, in the order in which they are called.
    Staff {
        /// The data folder.
        #[arg(long)]
        data: PathBuf,
    },
    /// Makes the table of officers what a file (TOML) says: who leaves, who joins, in which order they are called.
    ChangeStaff {
        /// The data folder.
        #[arg(long)]
        data: PathBuf,
        /// The whole table: see docs/desk.md §5.
        file: PathBuf,
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
    /// Prints the code by which a household's receiver is installed: where it asks, and the town's root, by which it believes.
    ReceiverCode {
        /// The data folder.
        #[arg(long)]
        data: PathBuf,
        /// Where televisions reach this server, as HOST:PORT.
        #[arg(long)]
        address: String,
    },
    /// Adds a broadcaster's station, and prints the secret of its account.
    AddStation {
        /// The data folder.
        #[arg(long)]
        data: PathBuf,
        /// Its name.
        #[arg(long)]
        name: String,
        /// Where alerts are pushed to (https); without, the station reads the feed.
        #[arg(long)]
        push: Option<String>,
        /// The only root certificates that the server there may have (PEM file); without, those of the system.
        #[arg(long, requires = "push")]
        roots: Option<PathBuf>,
        /// The station asked for counts: rounded, and five minutes late.
        #[arg(long)]
        counts: bool,
    },
    /// Takes a station off.
    RemoveStation {
        /// The data folder.
        #[arg(long)]
        data: PathBuf,
        /// Its number.
        #[arg(long)]
        id: u32,
    },
    /// Prints the stations.
    Stations {
        /// The data folder.
        #[arg(long)]
        data: PathBuf,
    },
    /// Writes every alert with its signatures, and what became of it, into a folder for whoever audits it.
    Export {
        /// The data folder.
        #[arg(long)]
        data: PathBuf,
        /// A folder that is new or empty.
        folder: PathBuf,
    },
    /// Shows the town's policy, or changes it: the root signs it with the list of officers' keys.
    Policy {
        /// The data folder.
        #[arg(long)]
        data: PathBuf,
        /// Staff leave a check-point so many minutes before a tsunami is expected: 1 to 60.
        #[arg(long, value_parser = clap::value_parser!(u8).range(1..=60))]
        staff_leave: Option<u8>,
        /// The public key of the trigger that releases what two officers signed in advance (64 digits, as `alert trigger-key` printed it).
        #[arg(long, value_parser = key)]
        trigger: Option<[u8; 32]>,
        /// Nothing is released any more.
        #[arg(long, conflicts_with = "trigger")]
        no_trigger: bool,
        /// Whether an officer on duty signs each release too.
        #[arg(long)]
        duty_officer: Option<bool>,
        /// What officers signed in advance until now is void at every receiver that hears it, whoever kept a copy; they sign anew.
        #[arg(long)]
        void_releases: bool,
        /// Also while a released order is in force that receivers which start afterwards would not show any more.
        #[arg(long)]
        although_in_force: bool,
    },
    /// Makes the trigger's key in a folder of its own, on the machine on which it will run, and prints its public half.
    TriggerKey {
        /// The trigger's folder.
        #[arg(long)]
        folder: PathBuf,
    },
    /// Reads the Meteorological Agency's messages and releases what two officers signed in advance for them, for ever. It needs nothing of the
    /// server but its address.
    Trigger {
        /// The trigger's folder.
        #[arg(long)]
        folder: PathBuf,
        /// Where officers reach the desk, such as http://127.0.0.1:8443.
        #[arg(long)]
        server: String,
        /// The town's root (64 digits, as `alert certificate` prints it).
        #[arg(long, value_parser = key)]
        root: [u8; 32],
        /// A folder into which somebody puts the messages (*.xml).
        #[arg(long, required_unless_present = "url", conflicts_with = "url")]
        messages: Option<PathBuf>,
        /// An address that answers with the latest message.
        #[arg(long)]
        url: Option<String>,
        /// The only root certificates that the server and the address may have (PEM file); without, those of the system.
        #[arg(long)]
        roots: Option<PathBuf>,
        /// How many seconds between one look and the next.
        #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=60))]
        every: u64,
    },
    /// Prints what stations pin: the certificate of alerts (PEM), and the town's root for the overlay.
    Certificate {
        /// The data folder.
        #[arg(long)]
        data: PathBuf,
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
            | Self::Staff { data }
            | Self::ChangeStaff { data, .. }
            | Self::Bind { data, .. }
            | Self::ReceiverCode { data, .. }
            | Self::AddStation { data, .. }
            | Self::RemoveStation { data, .. }
            | Self::Stations { data }
            | Self::Export { data, .. }
            | Self::Policy { data, .. }
            | Self::Certificate { data } => data,
            // The trigger has no data folder: what it has is its own.
            Self::TriggerKey { folder } | Self::Trigger { folder, .. } => folder,
        }
    }

    /// What the log of staff says of it.
    const fn of_staff(&self) -> Option<(&'static str, Option<u32>)> {
        match self {
            Self::AddOfficer { id, .. } => Some(("add-officer", Some(*id))),
            Self::RemoveOfficer { id, .. } => Some(("remove-officer", Some(*id))),
            Self::Invite { id, .. } => Some(("invite", Some(*id))),
            Self::Admit { .. } => Some(("admit", None)),
            _ => None,
        }
    }

    pub(crate) fn run(self, user: &str, now: UnixMillis) -> anyhow::Result<()> {
        let folder = DataFolder::new(self.data());
        if let Some(of_staff) = self.of_staff() {
            note_staff_command(&folder, of_staff, user, now)?;
        }
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
            Self::Admit { words, officer, .. } => {
                admit_device(&folder, &folder.keys()?, (&words, officer), now)?;
            }
            Self::Officers { .. } => print!("{}", officer_list(&folder)?),
            Self::Staff { .. } => print!("{}", staff_table(&folder, &folder.keys()?, now)?),
            Self::ChangeStaff { file, .. } => {
                println!("{}", change_staff(&folder, &folder.keys()?, &file, user, now)?);
            }
            Self::Bind { code, household, .. } => {
                bind_television(&folder, &folder.keys()?, &code, household, now)?;
            }
            Self::ReceiverCode { address, .. } => {
                let code = ReceiverCode { address, root: folder.keys()?.town_root.public() }.to_string();
                // As the receiver will read it.
                println!("{}", code.parse::<ReceiverCode>().context("the address is no HOST:PORT")?);
            }
            Self::AddStation { name, push, roots, counts, .. } => {
                let roots = roots.map(|file| {
                    std::fs::read_to_string(&file)
                        .with_context(|| format!("{} cannot be read", file.display()))
                });
                let new = NewStation { name, counts, push, roots: roots.transpose()? };
                let (id, secret) = add_station(&folder, new)?;
                println!("station {id}\nsecret {secret}");
            }
            Self::RemoveStation { id, .. } => remove_station(&folder, id)?,
            Self::Stations { .. } => print!("{}", station_list(&folder)?),
            Self::Export { folder: to, .. } => {
                let messages = export_alerts(&folder, &to, user, now)?;
                println!("{messages} alerts");
            }
            Self::Policy {
                staff_leave,
                trigger,
                no_trigger,
                duty_officer,
                void_releases,
                although_in_force,
                ..
            } => {
                let change = PolicyChange {
                    staff_leave_minutes: staff_leave,
                    trigger,
                    needs_officer: duty_officer,
                    no_trigger,
                    void_releases,
                    in_force: if although_in_force { InForce::MayBeLost } else { InForce::Kept },
                };
                println!("{}", set_policy(&folder, &folder.keys()?, &change, now)?);
            }
            Self::TriggerKey { folder } => println!("{}", new_trigger_key(&folder)?),
            Self::Trigger { folder, server, root, messages, url, roots, every } => {
                let source = match (messages, url) {
                    (Some(messages), _) => TriggerSource::Folder(messages),
                    (None, url) => TriggerSource::Url(url.unwrap_or_default()),
                };
                let roots = roots.map(|file| {
                    std::fs::read_to_string(&file)
                        .with_context(|| format!("{} cannot be read", file.display()))
                });
                let station =
                    TriggerStation::open(&folder, &server, root, source, roots.transpose()?.as_deref())?;
                run_trigger(station, std::time::Duration::from_secs(every))
            }
            Self::Certificate { .. } => {
                let (pem, root) = broadcast_certificate(&folder.keys()?);
                print!("{pem}");
                println!("root {root}");
            }
        }
        Ok(())
    }
}

/// A key, in hexadecimal.
fn key(text: &str) -> Result<[u8; 32], String> {
    let digits = text.is_ascii() && text.len() == 64;
    let bytes: Option<Vec<u8>> = digits.then(|| text.as_bytes().chunks(2)).and_then(|pairs| {
        pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
    });
    bytes.and_then(|bytes| bytes.try_into().ok()).ok_or_else(|| "64 hexadecimal digits are needed".to_owned())
}

fn run_trigger(mut station: TriggerStation, every: std::time::Duration) -> ! {
    loop {
        let at = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        if let Err(error) = station.round(UnixMillis::new(u64::try_from(at.as_millis()).unwrap_or(u64::MAX)))
        {
            tracing::error!(error = &error as &dyn std::error::Error, "the trigger tries again");
        }
        std::thread::sleep(every);
    }
}
