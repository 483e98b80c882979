//! Writes the seeds of every target into its corpus.

use std::fs;

use anyhow::Context;
use hinamori_fuzz::{TARGETS, seeds_of};

fn main() -> anyhow::Result<()> {
    for target in TARGETS {
        for (path, bytes) in seeds_of(target) {
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder)?;
            }
            fs::write(&path, bytes).with_context(|| path.display().to_string())?;
        }
    }
    Ok(())
}
