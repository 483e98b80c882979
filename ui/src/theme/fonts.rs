//! The one typeface in two weights, read from the files of Debian's packages
//! `fonts-morisawa-bizud-gothic` and `fonts-noto-cjk`. No font is shipped with the program: the packages are
//! dependencies of ours, and a missing file is said with the package to install.

use std::path::PathBuf;
use std::sync::Arc;

use egui::{FontData, FontDefinitions, FontFamily, FontId};

const REGULAR: &str = "BIZUDPGothic-Regular";
const BOLD: &str = "BIZUDPGothic-Bold";
const FALLBACK_REGULAR: &str = "NotoSansCJK-Regular";
const FALLBACK_BOLD: &str = "NotoSansCJK-Bold";

/// A font file, its face inside the file, and the Debian package that brings it.
struct FontFile {
    name: &'static str,
    path: &'static str,
    face: u32,
    package: &'static str,
}

const fn biz(name: &'static str, path: &'static str) -> FontFile {
    FontFile { name, path, face: 0, package: "fonts-morisawa-bizud-gothic" }
}

/// BIZ UDPGothic has no 𠮷 (U+20BB7) and other characters of names: the fallback is not optional. The first
/// face of Debian's collection is the Japanese one.
const fn noto(name: &'static str, path: &'static str) -> FontFile {
    FontFile { name, path, face: 0, package: "fonts-noto-cjk" }
}

const FILES: [FontFile; 4] = [
    biz(REGULAR, "/usr/share/fonts/truetype/bizud-gothic/BIZUDPGothic-Regular.ttf"),
    biz(BOLD, "/usr/share/fonts/truetype/bizud-gothic/BIZUDPGothic-Bold.ttf"),
    noto(FALLBACK_REGULAR, "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"),
    noto(FALLBACK_BOLD, "/usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc"),
];

/// A font file could not be read: without it names would be boxes.
#[derive(Debug, thiserror::Error)]
#[error("cannot read the font {path}: install the Debian package {package}")]
pub struct FontError {
    path: PathBuf,
    package: &'static str,
    #[source]
    source: std::io::Error,
}

/// Regular text of a size in points.
pub fn regular(size: f32) -> FontId {
    FontId::new(size, FontFamily::Proportional)
}

/// Bold text of a size in points.
pub fn bold(size: f32) -> FontId {
    FontId::new(size, FontFamily::Name(BOLD.into()))
}

/// Reads the fonts and gives them to egui. Called once before the first frame.
///
/// # Errors
/// [`FontError`] names the file that is missing and the package that has it.
pub fn install_fonts(context: &egui::Context) -> Result<(), FontError> {
    let mut fonts = FontDefinitions::empty();
    for file in &FILES {
        let bytes = read(file)?;
        let data = FontData::from_blob(Arc::new(bytes), file.face);
        fonts.font_data.insert(file.name.to_owned(), Arc::new(data));
    }
    let family = |first: &str, fallback: &str| vec![first.to_owned(), fallback.to_owned()];
    fonts.families.insert(FontFamily::Proportional, family(REGULAR, FALLBACK_REGULAR));
    fonts.families.insert(FontFamily::Monospace, family(REGULAR, FALLBACK_REGULAR));
    fonts.families.insert(FontFamily::Name(BOLD.into()), family(BOLD, FALLBACK_BOLD));
    context.set_fonts(fonts);
    Ok(())
}

fn read(file: &FontFile) -> Result<Vec<u8>, FontError> {
    let path = PathBuf::from(file.path);
    std::fs::read(&path).map_err(|source| FontError { path, package: file.package, source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_font_names_its_package() {
        let error = read(&biz(REGULAR, "/nonexistent.ttf")).unwrap_err();
        assert!(
            error.to_string().contains("install the Debian package fonts-morisawa-bizud-gothic"),
            "{error}"
        );
    }
}
