//! From an officer's press to the picture of a television in a real browser, and back to nothing.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, ensure};
use serde_json::json;

use crate::alert::{Helper, Town};
use crate::desk::Officer;
use crate::report::{Better, Report};
use crate::statistics::percentile;

/// Alerts before the server is as it was: what ended something is told for a week, and a town sends some a week.
const BATCH: usize = 10;

/// Signs and takes back so often.
pub(crate) fn run(town: &mut Town, times: usize, report: &mut Report) -> anyhow::Result<()> {
    let mut browser = browser("http://localhost:22401")?;
    let (mut signed, mut cancelled) = (Vec::new(), Vec::new());
    while signed.len() < times {
        let server = town.fresh_with_officers()?;
        let code = browser.ask("open")?;
        let household = town.first_household()?;
        town.administrator.alert("bind", &["--code", &code, "--household", &household])?;
        browser.ask("see お知らせはありません")?;
        for _ in 0..BATCH.min(times.saturating_sub(signed.len())) {
            let [first, second] = &town.officers;
            let order = first.draft(
                &json!({ "class": "live", "kind": "Order", "message": "landslide-4", "districts": ["浜町"] }),
            )?;
            ensure!(!first.sign(&order)?, "one signature was enough");
            signed.push(until_seen(&mut browser, second, &order, "see 警戒レベル4 危ない !まちがいの")?);
            let thread = first.latest_thread()?;
            let cancel = second.draft(&json!({ "kind": "Cancel", "thread": thread }))?;
            cancelled.push(until_seen(&mut browser, second, &cancel, "see 取消 まちがいの !危ない")?);
            // Times of alerts are whole seconds.
            std::thread::sleep(Duration::from_millis(1_000));
        }
        browser.ask("close")?;
        drop(server);
    }
    let p95 = |samples: &[f64]| percentile(samples, 95).context("no samples");
    report.add("sign_to_tv_p95_ms", p95(&signed)?, "ms", Better::Lower);
    report.add("cancel_to_tv_p95_ms", p95(&cancelled)?, "ms", Better::Lower);
    Ok(())
}

/// A browser with one television.
pub(crate) fn browser(televisions: &str) -> anyhow::Result<Helper> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("js/television.mjs");
    Helper::start(Command::new("node").arg(script).args(["--tv", televisions]))
}

fn until_seen(
    browser: &mut Helper,
    officer: &Officer,
    draft: &(String, String),
    step: &str,
) -> anyhow::Result<f64> {
    // It looks before, so that nothing is missed.
    browser.say(step)?;
    std::thread::sleep(Duration::from_millis(50));
    let from = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs_f64() * 1e3;
    ensure!(officer.sign(draft)?, "nothing was sent");
    let at: f64 = browser.heard()?.parse()?;
    Ok(at - from)
}
