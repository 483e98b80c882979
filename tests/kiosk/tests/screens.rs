//! The kiosk's screens: what they say and offer, what a touch sends, how they look. No window is needed.

mod screens {
    mod gallery;
}
