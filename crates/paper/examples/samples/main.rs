//! Writes every document with fictional people: `cargo run -p hinamori-paper --example samples -- FOLDER`.

mod values;

use std::path::PathBuf;

use hinamori_paper::Mode;

fn main() -> values::Outcome<()> {
    let folder: PathBuf = std::env::args_os().nth(1).ok_or("usage: samples FOLDER")?.into();
    std::fs::create_dir_all(&folder)?;
    let fonts = values::fonts()?;
    for (mode, prefix) in [(Mode::Live, "live"), (Mode::Drill, "drill")] {
        for (name, bytes) in values::documents(&values::press(&fonts, mode))? {
            std::fs::write(folder.join(format!("{prefix}-{name}.pdf")), bytes)?;
        }
    }
    Ok(())
}
