//! The figures as Markdown.

use std::fmt::Write as _;

use super::Report;

impl Report {
    pub(crate) fn markdown(&self) -> String {
        let mut out = String::new();
        self.closed(&mut out);
        self.open(&mut out);
        if self.tokens > 0 {
            // Writing to a string cannot fail.
            let _ = writeln!(
                out,
                "\n{} tokens of {} clients: each had a `jti` of its own, and its signature and claims were verified with the keys of /jwks, after the clock had stopped.",
                self.tokens, self.clients
            );
        }
        self.parts.markdown(&mut out);
        out
    }

    fn closed(&self, out: &mut String) {
        if self.rows.is_empty() {
            return;
        }
        out.push_str(
            "| closed loop | per second | of the bare rate | server CPU, ms each | of the bare CPU | median, ms | p99, ms | resident, MiB |\n\
             |---|---:|---:|---:|---:|---:|---:|---:|\n",
        );
        for row in &self.rows {
            let _ = writeln!(
                out,
                "| {} | {:.0} | {} | {} | {} | {:.2} | {:.2} | {} |",
                row.name,
                row.per_second,
                maybe(row.rate_ratio, 2),
                maybe(row.server_cpu_ms, 3),
                maybe(row.cpu_ratio, 2),
                row.p50_ms,
                row.p99_ms,
                maybe(row.resident_mib, 0)
            );
        }
    }

    fn open(&self, out: &mut String) {
        if self.arrivals.is_empty() {
            return;
        }
        out.push_str("\n| open loop | arrivals a second | done a second | median, ms | p99, ms |\n|---|---:|---:|---:|---:|\n");
        for row in &self.arrivals {
            let _ = writeln!(
                out,
                "| {} | {} | {:.0} | {:.2} | {:.2} |",
                row.name, row.per_second, row.done_per_second, row.p50_ms, row.p99_ms
            );
        }
    }
}

fn maybe(value: Option<f64>, digits: usize) -> String {
    value.map_or(String::new(), |value| format!("{value:.digits$}"))
}

/// `old` with `text` between the marks of this engine, or `text` alone when there are none.
pub(super) fn between_marks(old: &str, engine: &str, text: &str) -> String {
    let (begin, end) = (
        format!("<!-- {engine} -->"),
        format!("<!-- end of {engine} -->"),
    );
    let parts = old
        .split_once(&begin)
        .and_then(|(before, rest)| Some((before, rest.split_once(&end)?.1)));
    match parts {
        Some((before, after)) => format!("{before}{begin}\n\n{}\n\n{end}{after}", text.trim()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::between_marks;

    #[test]
    fn figures_replace_those_of_the_same_engine_and_nothing_else() {
        let old = "a\n<!-- sqlite -->\nold\n<!-- end of sqlite -->\nb\n<!-- postgres -->\np\n<!-- end of postgres -->\n";
        let new = between_marks(old, "sqlite", "new\n");
        assert_eq!(
            new,
            "a\n<!-- sqlite -->\n\nnew\n\n<!-- end of sqlite -->\nb\n<!-- postgres -->\np\n<!-- end of postgres -->\n"
        );
        assert_eq!(between_marks("prose", "sqlite", "new"), "new");
    }
}
