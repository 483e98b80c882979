//! Tests of the kiosk: by label, by picture, in a real window.
