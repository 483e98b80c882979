//! Bytes to sign: one way to write a value, and no two values that are written alike.

/// Grows by fields: numbers as 8 bytes, most significant first; texts as the number of their bytes and the bytes.
pub(crate) struct Canonical(Vec<u8>);

impl Canonical {
    /// Begins with what the bytes are.
    pub(crate) fn new(title: &str) -> Self {
        let mut bytes = Self(Vec::new());
        bytes.text(title);
        bytes
    }

    pub(crate) fn number(&mut self, number: u64) -> &mut Self {
        self.0.extend(number.to_be_bytes());
        self
    }

    pub(crate) fn length(&mut self, length: usize) -> &mut Self {
        self.number(u64::try_from(length).unwrap_or(u64::MAX))
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.length(bytes.len());
        self.0.extend(bytes);
        self
    }

    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        self.bytes(text.as_bytes())
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}
