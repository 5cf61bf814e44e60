//! The figures as a picture: bars of rates and of 99th percentiles, the goals marked. Plain SVG: no script, no font of another host, light and dark by the
//! reader's setting, and as wide as its place.

mod bars;

use super::{Arrivals, Report, Row};
use bars::{Bar, Panel};

/// Goals of a rate, as a share of the yardstick's or as a number.
const SHARE: f64 = 1.0 / 1.6;
const FLOWS: f64 = 3000.0;
const REFRESHES: f64 = 6000.0;

impl Report {
    /// Draws it.
    pub(crate) fn picture(&self) -> String {
        let panels = [
            Panel {
                title: "Operations a second",
                note: "closed loop; more is better",
                bars: self.rows.iter().map(|row| self.rate(row)).collect(),
            },
            Panel {
                title: "99th percentile, ms",
                note: "open loop, arrivals a second in brackets; less is better",
                bars: self.arrivals.iter().map(|row| self.tail(row)).collect(),
            },
        ];
        bars::draw(&panels)
    }

    fn rate(&self, row: &Row) -> Bar {
        let sqlite = self.engine == "sqlite";
        let goal = match row.name.as_str() {
            // The goal is a share of the CPU, so of the yardstick's rate.
            "client credentials" | "introspection" => {
                row.rate_ratio.map(|ratio| row.per_second / ratio * SHARE)
            }
            "code with a session" if sqlite => Some(FLOWS),
            "refresh" if sqlite => Some(REFRESHES),
            _ => None,
        };
        Bar {
            name: row.name.clone(),
            value: row.per_second,
            goal,
            more_is_better: true,
            muted: row.name.starts_with("bare"),
        }
    }

    fn tail(&self, row: &Arrivals) -> Bar {
        let goal = match (row.name.as_str(), row.per_second) {
            ("client credentials" | "introspection", 1000) => Some(3.0),
            ("code with a session", 300) => Some(15.0),
            ("code with a session", 1000) => Some(50.0),
            _ => None,
        };
        Bar {
            name: format!("{} ({})", row.name, row.per_second),
            value: row.p99_ms,
            goal,
            more_is_better: false,
            muted: row.name.starts_with("bare"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Arrivals, Report, Row};

    fn report() -> Report {
        let row = |name: &str, per_second, rate_ratio| Row {
            name: name.to_owned(),
            per_second,
            server_cpu_ms: None,
            p50_ms: 1.0,
            p99_ms: 2.0,
            resident_mib: None,
            rate_ratio,
            cpu_ratio: None,
        };
        Report {
            engine: "sqlite".into(),
            rows: vec![
                row("bare: sign one ES256 JWT", 40_000.0, None),
                row("client credentials", 30_000.0, Some(0.75)),
                row("code with a session", 2_000.0, Some(0.05)),
            ],
            arrivals: vec![Arrivals {
                name: "a < b & c".into(),
                per_second: 1000,
                done_per_second: 1000.0,
                p50_ms: 1.0,
                p99_ms: 2.5,
            }],
            ..Report::default()
        }
    }

    #[test]
    fn the_picture_has_a_bar_for_each_figure_and_says_it_in_words() {
        let svg = report().picture();
        assert_eq!(svg.matches("class=\"bar").count(), 4);
        assert_eq!(svg.matches("class=\"goal\"").count(), 2);
        assert!(svg.contains(">30,000<") && svg.contains(">2.50<"));
        assert!(svg.contains("<title id") && svg.contains("prefers-color-scheme: dark"));
        assert!(svg.contains("a &lt; b &amp; c") && !svg.contains("<script"));
    }
}
