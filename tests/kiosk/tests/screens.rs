//! The kiosk's screens: what they say and offer, what a touch sends, how they look. No window is needed.

mod screens {
    mod alerts;
    mod answers;
    mod care;
    mod gallery;
    mod group;
    mod leader;
    mod leaving;
    mod link;
    mod opening;
    mod pages;
    mod pictures;
    mod registration;
    mod search;
    mod staff;
    mod stick;
    mod watch;
}
