//! A few hundred towns; more of them by `make sim SEEDS=…`.

use hinamori_scenario::{Plan, Summary, run};

#[test]
fn nothing_acknowledged_is_lost_and_nobody_counts_twice() {
    let mut sum = Summary::default();
    for seed in 0..200 {
        let of = run(seed, Plan::default()).unwrap();
        sum.power_cuts += of.power_cuts;
        sum.servers_lost += of.servers_lost;
        sum.clones += of.clones;
        sum.forks += of.forks;
        sum.broken_lines += of.broken_lines;
        sum.acknowledged += of.acknowledged;
        sum.meetings += of.meetings;
        sum.sticks += of.sticks;
        sum.rulings += of.rulings;
        sum.retentions += of.retentions;
        sum.nights += of.nights;
        sum.overlaps += of.overlaps;
        sum.drills_ended += of.drills_ended;
        sum.closings += of.closings;
        sum.handed_over += of.handed_over;
        sum.erased += of.erased;
    }
    // A simulator in which nothing happens proves nothing.
    assert!(sum.acknowledged > 4_000 && sum.power_cuts > 200 && sum.broken_lines > 200, "{sum:?}");
    assert!(sum.servers_lost > 100 && sum.clones > 50 && sum.forks > 10, "{sum:?}");
    assert!(sum.meetings > 400 && sum.sticks > 200 && sum.rulings > 200, "{sum:?}");
    assert!(sum.retentions > 150 && sum.nights > 400 && sum.overlaps > 1_000, "{sum:?}");
    assert!(
        sum.drills_ended > 80 && sum.closings > 40 && sum.handed_over > 80 && sum.erased > 150,
        "{sum:?}"
    );
}

#[test]
fn the_same_number_gives_the_same_town() {
    let plan = Plan { steps: 300, ..Plan::default() };
    assert_eq!(run(7, plan).unwrap(), run(7, plan).unwrap());
    assert_ne!(run(7, plan).unwrap(), run(8, plan).unwrap());
}
