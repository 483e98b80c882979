//! The fuzzer: libFuzzer's command line, and the target that the environment's `HINAMORI_FUZZ` names.
#![no_main]

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;

static RUN: OnceLock<fn(&[u8])> = OnceLock::new();

fuzz_target!(|bytes: &[u8]| {
    let run = RUN.get_or_init(|| hinamori_fuzz::begin(&std::env::var("HINAMORI_FUZZ").unwrap_or_default()));
    hinamori_fuzz::feed(*run, bytes);
});
