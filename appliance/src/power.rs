//! The battery, as the kernel tells it (Documentation/ABI/testing/sysfs-class-power).

use std::path::Path;
use std::thread::{Builder, sleep};
use std::time::Duration;

use hinamori_sync::Battery;

use crate::core::{Event, Inbox};

const SUPPLIES: &str = "/sys/class/power_supply";
/// Asking a battery can take the kernel a while, so that nobody does it who serves cards.
const LOOKS: Duration = Duration::from_secs(30);

/// Tells of the battery whenever it is another one than before, for as long as the process lives.
///
/// # Errors
/// When the system gives no thread.
pub(crate) fn start(core: Inbox) -> std::io::Result<()> {
    Builder::new().name("power".to_owned()).spawn(move || {
        let mut told = None;
        loop {
            let found = battery(Path::new(SUPPLIES));
            if told != found {
                told = found;
                if !core.send(Event::Battery(found)) {
                    return;
                }
            }
            sleep(LOOKS);
        }
    })?;
    Ok(())
}

/// The emptiest battery of this machine, not of its mouse; `None` without one.
fn battery(supplies: &Path) -> Option<Battery> {
    let of = |supply: std::io::Result<std::fs::DirEntry>| {
        let folder = supply.ok()?.path();
        let word = |name| std::fs::read_to_string(folder.join(name)).map(|text| text.trim().to_owned());
        let is_own = word("type").is_ok_and(|word| word == "Battery")
            && !word("scope").is_ok_and(|word| word == "Device");
        let percent = word("capacity").ok()?.parse::<u8>().ok()?.min(100);
        let is_on_mains = word("status").is_ok_and(|word| word != "Discharging");
        is_own.then_some(Battery { percent, is_on_mains })
    };
    std::fs::read_dir(supplies).ok()?.filter_map(of).min_by_key(|battery| battery.percent)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn supply(parent: &Path, name: &str, files: &[(&str, &str)]) {
        let folder = parent.join(name);
        std::fs::create_dir(&folder).unwrap();
        files.iter().for_each(|(file, word)| std::fs::write(folder.join(file), format!("{word}\n")).unwrap());
    }

    #[test]
    fn the_emptiest_battery_of_the_machine_counts_and_not_its_mouses() {
        let parent = tempfile::tempdir().unwrap();
        assert_eq!(battery(&parent.path().join("none")), None);
        supply(parent.path(), "AC", &[("type", "Mains"), ("online", "1")]);
        supply(parent.path(), "BAT9", &[("type", "Battery"), ("capacity", "?"), ("status", "Full")]);
        supply(parent.path(), "hid", &[("type", "Battery"), ("scope", "Device"), ("capacity", "3")]);
        assert_eq!(battery(parent.path()), None);
        supply(parent.path(), "BAT0", &[("type", "Battery"), ("capacity", "101"), ("status", "Full")]);
        assert_eq!(battery(parent.path()), Some(Battery { percent: 100, is_on_mains: true }));
        supply(parent.path(), "BAT1", &[("type", "Battery"), ("capacity", "41"), ("status", "Discharging")]);
        assert_eq!(battery(parent.path()), Some(Battery { percent: 41, is_on_mains: false }));
    }
}
