//! The kiosk's screens: what they say and offer, what a touch sends, how they look. No window is needed.

mod screens {
    mod answers;
    mod gallery;
    mod link;
    mod opening;
    mod pages;
    mod pictures;
    mod watch;
}
