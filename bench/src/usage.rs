//! What the operating system says a process has used.

use crate::Failure;

/// CPU time and memory of a process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usage {
    /// User and system time, in seconds.
    pub(crate) cpu: f64,
    /// Resident memory, in bytes.
    pub(crate) resident: u64,
}

/// Reads /proc, where times are counted in hundredths of a second (USER_HZ on every Linux) and memory in kilobytes.
pub(crate) fn of(pid: u32) -> Result<Usage, Failure> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let (_, fields) = stat.rsplit_once(')').ok_or("unreadable /proc/PID/stat")?;
    let field = |index: usize| -> f64 {
        let text = fields.split_whitespace().nth(index);
        text.and_then(|text| text.parse().ok()).unwrap_or(0.0)
    };
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let resident = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .and_then(|text| text.trim().trim_end_matches(" kB").parse::<u64>().ok())
        .unwrap_or(0);
    Ok(Usage {
        cpu: (field(11) + field(12)) / 100.0,
        resident: resident * 1024,
    })
}
