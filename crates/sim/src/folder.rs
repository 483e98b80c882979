//! What a program left behind in a folder, for tests that look at every file of it.

use std::io;
use std::path::{Path, PathBuf};

/// The folder, and every folder and file below it.
///
/// # Errors
/// The system's.
pub fn everything_in(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = vec![folder.to_owned()];
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() { found.extend(everything_in(&path)?) } else { found.push(path) }
    }
    Ok(found)
}
