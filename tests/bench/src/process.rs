//! What the kernel says about a process.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context;
use hinamori_demo::child::wait_until;

/// Anonymous resident memory in MiB (proc_pid_status(5), RssAnon).
pub(crate) fn anonymous_mib(process: u32) -> anyhow::Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).context("no RssAnon")?;
    let kib: f64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kib / 1024.0)
}

/// Percent of one core that a process used during `over`.
pub(crate) fn processor_percent(process: u32, over: Duration) -> anyhow::Result<f64> {
    let (before, began) = (processor_seconds(process)?, Instant::now());
    std::thread::sleep(over);
    Ok((processor_seconds(process)? - before) / began.elapsed().as_secs_f64() * 100.0)
}

/// User and system time of all its threads: proc_pid_schedstat counts nanoseconds, clock ticks are too coarse.
pub(crate) fn processor_seconds(process: u32) -> anyhow::Result<f64> {
    Ok(processor_seconds_by_thread(process)?.values().sum())
}

/// The same for the threads of each name.
pub(crate) fn processor_seconds_by_thread(process: u32) -> anyhow::Result<BTreeMap<String, f64>> {
    let mut seconds = BTreeMap::new();
    for task in std::fs::read_dir(format!("/proc/{process}/task"))? {
        let task = task?.path();
        let schedstat = std::fs::read_to_string(task.join("schedstat"))?;
        let nanos = schedstat.split_whitespace().next().context("an empty schedstat")?.parse::<f64>()?;
        let name = std::fs::read_to_string(task.join("comm"))?.trim().to_owned();
        *seconds.entry(name).or_insert(0.0) += nanos / 1e9;
    }
    Ok(seconds)
}

/// strace(1) on a running process, counting calls that wait for the disk.
pub(crate) struct SyncCounter {
    strace: Child,
    log: std::path::PathBuf,
}

impl SyncCounter {
    pub(crate) fn attach(process: u32, log: &Path) -> anyhow::Result<Self> {
        let strace = Command::new("strace")
            .args(["-f", "-qq", "-e", "trace=fsync,fdatasync,sync_file_range,msync", "-o"])
            .arg(log)
            .args(["-p", &process.to_string()])
            .stdin(Stdio::null())
            .spawn()
            .context("start strace")?;
        let status = format!("/proc/{process}/status");
        wait_until("strace", Duration::from_secs(10), || {
            let status = std::fs::read_to_string(&status)?;
            let tracer = status.lines().find_map(|line| line.strip_prefix("TracerPid:"));
            Ok(tracer.filter(|tracer| tracer.trim() != "0").map(|_| ()))
        })?;
        Ok(Self { strace, log: log.to_owned() })
    }

    /// Lets the process go and says how often it waited for the disk.
    pub(crate) fn finish(mut self) -> anyhow::Result<usize> {
        let asked = Command::new("kill").args(["-INT", &self.strace.id().to_string()]).status()?;
        anyhow::ensure!(asked.success(), "strace cannot be told to end");
        self.strace.wait()?;
        let log = std::fs::read_to_string(&self.log)?;
        Ok(log.lines().filter(|line| line.contains("sync(") || line.contains("sync_file_range(")).count())
    }
}
