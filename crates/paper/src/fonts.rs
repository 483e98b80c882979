//! The typeface: which font has a character, and how wide it is.

use std::sync::Arc;

use krilla::text::{Font, GlyphId};
use skrifa::charmap::{Charmap, MapVariant};
use skrifa::instance::{LocationRef, Size};
use skrifa::metrics::GlyphMetrics;
use skrifa::{FontRef, MetadataProvider};

use crate::error::{FontRole, PaperError};

/// What is drawn for a character that no font has: the printers' mark for a missing type.
const MISSING: char = '〓';

/// The files of the fonts. The first face of a collection is taken: the Japanese one in Debian's packages.
pub struct FontBytes {
    /// BIZ UDPGothic, regular.
    pub regular: Vec<u8>,
    /// BIZ UDPGothic, bold.
    pub bold: Vec<u8>,
    /// Noto Sans CJK, regular: BIZ UDPGothic has no 𠮷 and other characters of names.
    pub fallback_regular: Vec<u8>,
    /// Noto Sans CJK, bold.
    pub fallback_bold: Vec<u8>,
}

/// The fonts, read once and used for any number of documents. They take the memory of their files: drop them
/// when nothing more is to be printed.
pub struct Fonts {
    regular: Family,
    bold: Family,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weight {
    Regular,
    Bold,
}

/// A font and what stands in where it has no glyph.
pub(crate) struct Family {
    main: Face,
    fallback: Face,
}

struct Face {
    font: Font,
    bytes: Arc<Vec<u8>>,
}

/// Which font of a family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    Main,
    Fallback,
}

/// The glyph of a character.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Found {
    pub(crate) source: Source,
    pub(crate) glyph: GlyphId,
    /// How wide, as a part of the size of the text.
    pub(crate) advance: f32,
}

impl Fonts {
    /// Reads the fonts.
    ///
    /// # Errors
    /// [`PaperError::Font`] names the one whose bytes are no font.
    pub fn new(bytes: FontBytes) -> Result<Self, PaperError> {
        let FontBytes { regular, bold, fallback_regular, fallback_bold } = bytes;
        Ok(Self {
            regular: Family {
                main: Face::new(regular, FontRole::Regular)?,
                fallback: Face::new(fallback_regular, FontRole::FallbackRegular)?,
            },
            bold: Family {
                main: Face::new(bold, FontRole::Bold)?,
                fallback: Face::new(fallback_bold, FontRole::FallbackBold)?,
            },
        })
    }

    pub(crate) const fn family(&self, weight: Weight) -> &Family {
        match weight {
            Weight::Regular => &self.regular,
            Weight::Bold => &self.bold,
        }
    }
}

impl Family {
    pub(crate) fn font(&self, source: Source) -> Font {
        match source {
            Source::Main => self.main.font.clone(),
            Source::Fallback => self.fallback.font.clone(),
        }
    }

    /// A table to look up many characters of one text in.
    pub(crate) fn lookup(&self) -> Lookup<'_> {
        let fonts = [(Source::Main, &self.main), (Source::Fallback, &self.fallback)];
        let fonts = fonts.into_iter().filter_map(|(source, face)| Some((source, Glyphs::of(face)?)));
        Lookup { fonts: fonts.collect() }
    }
}

impl Face {
    fn new(bytes: Vec<u8>, role: FontRole) -> Result<Self, PaperError> {
        let bytes = Arc::new(bytes);
        let font = Font::new(Arc::clone(&bytes).into(), 0).ok_or(PaperError::Font { role })?;
        Ok(Self { font, bytes })
    }
}

/// Characters to glyphs.
pub(crate) struct Lookup<'a> {
    fonts: Vec<(Source, Glyphs<'a>)>,
}

struct Glyphs<'a> {
    map: Charmap<'a>,
    metrics: GlyphMetrics<'a>,
    units_per_em: f32,
}

impl<'a> Glyphs<'a> {
    fn of(face: &'a Face) -> Option<Self> {
        let font = FontRef::from_index(&face.bytes, 0).ok()?;
        let metrics = font.glyph_metrics(Size::unscaled(), LocationRef::default());
        Some(Self { map: font.charmap(), metrics, units_per_em: face.font.units_per_em() })
    }

    /// The variant that a selector asks for, when there is one: the shape that a family writes its name in.
    fn variant(&self, character: char, selector: char) -> Option<skrifa::GlyphId> {
        match self.map.map_variant(character, selector)? {
            MapVariant::Variant(glyph) => Some(glyph),
            MapVariant::UseDefault => self.map.map(character),
        }
    }

    fn found(&self, source: Source, glyph: skrifa::GlyphId) -> Found {
        let advance = self.metrics.advance_width(glyph).unwrap_or(self.units_per_em) / self.units_per_em;
        Found { source, glyph: GlyphId::new(glyph.to_u32()), advance }
    }
}

impl Lookup<'_> {
    /// The glyph of a character, or of the mark for a missing one. None only with fonts that have not even that.
    pub(crate) fn find(&self, character: char, selector: Option<char>) -> Option<Found> {
        selector
            .and_then(|selector| self.first(|glyphs| glyphs.variant(character, selector)))
            .or_else(|| self.first(|glyphs| glyphs.map.map(character)))
            .or_else(|| self.first(|glyphs| glyphs.map.map(MISSING)))
    }

    fn first(&self, glyph: impl Fn(&Glyphs<'_>) -> Option<skrifa::GlyphId>) -> Option<Found> {
        self.fonts.iter().find_map(|(source, glyphs)| Some(glyphs.found(*source, glyph(glyphs)?)))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::path::Path;

    use super::*;

    /// The fonts of Debian's packages.
    pub(crate) fn fonts() -> Fonts {
        let read = |path: &str| std::fs::read(Path::new("/usr/share/fonts").join(path)).unwrap();
        Fonts::new(FontBytes {
            regular: read("truetype/bizud-gothic/BIZUDPGothic-Regular.ttf"),
            bold: read("truetype/bizud-gothic/BIZUDPGothic-Bold.ttf"),
            fallback_regular: read("opentype/noto/NotoSansCJK-Regular.ttc"),
            fallback_bold: read("opentype/noto/NotoSansCJK-Bold.ttc"),
        })
        .unwrap()
    }

    #[test]
    fn what_is_no_font_is_named() {
        let none = FontBytes {
            regular: b"no font".to_vec(),
            bold: Vec::new(),
            fallback_regular: Vec::new(),
            fallback_bold: Vec::new(),
        };
        let error = Fonts::new(none).err().unwrap();
        assert!(matches!(error, PaperError::Font { role: FontRole::Regular }), "{error}");
    }
}
