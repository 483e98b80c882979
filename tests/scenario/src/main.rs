//! `make sim SEEDS=10000`: towns one after another, until one breaks.

use std::time::Instant;

use clap::Parser;
use hinamori_scenario::{Plan, Summary, run};

#[derive(Parser)]
#[command(about = "Runs towns in virtual time, each from its number")]
struct Options {
    /// How many towns.
    #[arg(long, default_value_t = 1_000)]
    seeds: u64,
    /// The number of the first one.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Things that happen in each.
    #[arg(long, default_value_t = Plan::default().steps)]
    steps: usize,
    /// Boxes of each.
    #[arg(long, default_value_t = Plan::default().boxes)]
    boxes: usize,
}

fn main() -> anyhow::Result<()> {
    let Options { seeds, from, steps, boxes } = Options::parse();
    let plan = Plan { steps, boxes, ..Plan::default() };
    let (began, mut sum) = (Instant::now(), Summary::default());
    for seed in from..from.saturating_add(seeds) {
        let of = run(seed, plan)?;
        sum.acknowledged = sum.acknowledged.saturating_add(of.acknowledged);
        sum.gone_with_a_disk = sum.gone_with_a_disk.saturating_add(of.gone_with_a_disk);
        sum.power_cuts = sum.power_cuts.saturating_add(of.power_cuts);
        sum.servers_lost = sum.servers_lost.saturating_add(of.servers_lost);
        sum.clones = sum.clones.saturating_add(of.clones);
        sum.forks = sum.forks.saturating_add(of.forks);
        sum.broken_lines = sum.broken_lines.saturating_add(of.broken_lines);
        sum.meetings = sum.meetings.saturating_add(of.meetings);
        sum.sticks = sum.sticks.saturating_add(of.sticks);
        sum.retentions = sum.retentions.saturating_add(of.retentions);
        sum.rulings = sum.rulings.saturating_add(of.rulings);
        sum.closings = sum.closings.saturating_add(of.closings);
        sum.handed_over = sum.handed_over.saturating_add(of.handed_over);
        sum.erased = sum.erased.saturating_add(of.erased);
        sum.drills_ended = sum.drills_ended.saturating_add(of.drills_ended);
        sum.overlaps = sum.overlaps.saturating_add(of.overlaps);
        sum.nights = sum.nights.saturating_add(of.nights);
        sum.bytes = sum.bytes.saturating_add(of.bytes);
    }
    println!("{seeds} towns from {from} in {:.1} s: {sum:?}", began.elapsed().as_secs_f64());
    Ok(())
}
