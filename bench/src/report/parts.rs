//! The figures of the parts, as Markdown.

use std::fmt::Write as _;

use crate::part::Parts;

impl Parts {
    /// Adds what was measured. Writing to a string cannot fail.
    pub(super) fn markdown(&self, out: &mut String) {
        if let Some(it) = &self.sign_ins {
            let _ = writeln!(
                out,
                "\n| {} sign-ins a second offered for {:.0} s, 1000 client credentials a second beside them | |\n|---|---:|\n\
                 | client credentials, median, ms | {:.2} |\n| client credentials, p99, ms | {:.2} |\n| sign-ins that succeeded | {} |\n\
                 | answered 503 with Retry-After | {} |\n| anything else | {} |\n| a sign-in's wait, median, ms | {:.0} |\n\
                 | a sign-in's wait, longest, ms | {:.0} |\n| the server's share of all cores | {:.2} |",
                it.offered_per_second,
                it.seconds,
                it.beside_p50_ms,
                it.beside_p99_ms,
                it.succeeded,
                it.sent_away,
                it.otherwise,
                it.wait_p50_ms,
                it.wait_longest_ms,
                it.server_cpu_share
            );
        }
        if !self.cores.is_empty() {
            out.push_str(
                "\n| closed loop, the server on | 1 core (load from the others) | 2 cores (load from all) | CPU, ms each, on 1 | on 2 |\n|---|---:|---:|---:|---:|\n",
            );
            for row in &self.cores {
                let _ = writeln!(
                    out,
                    "| {} | {:.0} | {:.0} | {:.3} | {:.3} |",
                    row.name, row.one, row.two, row.one_cpu_ms, row.two_cpu_ms
                );
            }
        }
        if let Some(it) = &self.pgbench {
            let _ = writeln!(
                out,
                "\n| code with a session | whole flows a second |\n|---|---:|\n| grantor | {:.0} |\n| pgbench, the same statements in the same transactions | {:.0} |\n| the one by the other | {:.2} |",
                it.grantor, it.pgbench, it.ratio
            );
        }
        if self.start.is_some() || self.connections.is_some() {
            out.push_str("\n| process | |\n|---|---:|\n");
        }
        if let Some(it) = &self.start {
            let _ = writeln!(
                out,
                "| start to first token, existing database, median of {}, ms | {:.0} |\n| the slowest of them, ms | {:.0} |\n| idle, resident, MiB | {:.0} |",
                it.starts, it.first_token_ms, it.slowest_ms, it.idle_mib
            );
            if let Some(size) = it.binary_mib {
                let _ = writeln!(out, "| binary, MiB | {size:.1} |");
            }
        }
        if let Some(it) = &self.connections {
            let _ = writeln!(
                out,
                "| resident before connections, MiB | {:.0} |\n| resident with {} open connections, one request each, MiB | {:.0} |",
                it.before_mib, it.open, it.with_mib
            );
        }
    }
}
