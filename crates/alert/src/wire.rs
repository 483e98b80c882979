//! Reading bytes that anybody may have sent: nothing is read past the end, nothing is taken for granted.

use hinamori_model::UnixMillis;

/// What is left to read.
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn array<const LENGTH: usize>(&mut self) -> Option<[u8; LENGTH]> {
        let (read, rest) = self.0.split_first_chunk::<LENGTH>()?;
        self.0 = rest;
        Some(*read)
    }

    pub(crate) fn slice(&mut self, length: usize) -> Option<&'a [u8]> {
        let (read, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(read)
    }

    pub(crate) fn u8(&mut self) -> Option<u8> {
        self.array().map(u8::from_be_bytes)
    }

    pub(crate) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_be_bytes)
    }

    pub(crate) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_be_bytes)
    }

    pub(crate) fn time(&mut self) -> Option<UnixMillis> {
        self.u64().map(UnixMillis::new)
    }

    /// A byte with its length, and the text.
    pub(crate) fn text(&mut self) -> Option<&'a str> {
        let length = self.u8()?;
        std::str::from_utf8(self.slice(length.into())?).ok()
    }

    pub(crate) const fn is_at_end(&self) -> bool {
        self.0.is_empty()
    }
}

/// A byte with its length, and the text; whoever puts one looked that it is no longer than that.
pub(crate) fn put_text(out: &mut Vec<u8>, text: &str) {
    let length = u8::try_from(text.len()).unwrap_or(u8::MAX);
    out.push(length);
    out.extend(text.bytes().take(length.into()));
}
