//! A real window: the kiosk's program under Xvfb, touched by pixels, beside the real daemon or a scripted
//! one. Each test runs in namespaces of its own (`tests/in-namespace.sh`), so that it needs nothing of the
//! machine but the packages of `packaging/install-packages.sh run test`, and the programs of `make programs`.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a step that fails ends its test"
)]

mod window {
    mod display;
    mod link;
    mod opening;
    mod programs;
    mod scripted;
    mod sounds;
    mod typed;
}
