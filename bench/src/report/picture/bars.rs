//! Panels of horizontal bars, one under the other. A name stands above its bar, so that the picture can be read where it is narrow.

use std::fmt::Write as _;

/// Bars on one scale.
pub(super) struct Panel {
    pub(super) title: &'static str,
    pub(super) note: &'static str,
    pub(super) bars: Vec<Bar>,
}

/// One figure.
pub(super) struct Bar {
    pub(super) name: String,
    pub(super) value: f64,
    /// Where it should be.
    pub(super) goal: Option<f64>,
    pub(super) more_is_better: bool,
    /// A yardstick.
    pub(super) muted: bool,
}

impl Bar {
    fn is_reached(&self) -> bool {
        match self.goal {
            None => true,
            Some(goal) if self.more_is_better => self.value >= goal,
            Some(goal) => self.value <= goal,
        }
    }
}

const STYLE: &str = "svg{--ink:#1c2430;--soft:#5b6675;--bar:#2f6fde;--mute:#a9b4c2;--miss:#c8501e;--goal:#1c2430;--paper:#fff}
@media (prefers-color-scheme: dark){svg{--ink:#e8edf4;--soft:#a3afbe;--bar:#6ea2ff;--mute:#4c5868;--miss:#ff9d6b;--goal:#fff;--paper:#12171f}}
text{font-family:system-ui,sans-serif;fill:var(--ink);font-size:15px}.title{font-weight:650;font-size:19px}.soft{fill:var(--soft);font-size:13.5px}
.value{text-anchor:end;font-variant-numeric:tabular-nums;font-weight:600}.paper{fill:var(--paper)}.bar{fill:var(--bar)}.mute{fill:var(--mute)}.miss{fill:var(--miss)}
.goal,.key{stroke:var(--goal);stroke-width:2.5}";

const WIDTH: f64 = 480.0;
const MARGIN: f64 = 16.0;
const ROW: f64 = 46.0;
const HEAD: f64 = 66.0;

/// The whole picture.
pub(super) fn draw(panels: &[Panel]) -> String {
    let panels: Vec<&Panel> = panels
        .iter()
        .filter(|panel| !panel.bars.is_empty())
        .collect();
    let rows: usize = panels.iter().map(|panel| panel.bars.len()).sum();
    let height = panels.len() as f64 * HEAD + rows as f64 * ROW + 44.0;
    // Writing to a string cannot fail.
    let mut out = String::new();
    let _ = write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-labelledby=\"t d\">\n<title id=\"t\">How fast grantor is</title>\n<desc id=\"d\">{}</desc>\n<style>{STYLE}</style>\n<rect class=\"paper\" width=\"{WIDTH}\" height=\"{height}\" rx=\"10\"/>\n",
        escape(&words(&panels))
    );
    let mut y = 0.0;
    for panel in panels {
        draw_panel(&mut out, panel, y);
        y += HEAD + panel.bars.len() as f64 * ROW;
    }
    let y = y + 26.0;
    let _ = write!(
        out,
        "<line x1=\"{0}\" x2=\"{0}\" y1=\"{1}\" y2=\"{2}\" class=\"key\"/>\n<text x=\"26\" y=\"{y}\" class=\"soft\">the goal; grey: a bare handler; orange: a goal that is missed</text>\n</svg>\n",
        MARGIN + 1.0,
        y - 13.0,
        y + 3.0
    );
    out
}

fn draw_panel(out: &mut String, panel: &Panel, top: f64) {
    let _ = writeln!(
        out,
        "<text x=\"{MARGIN}\" y=\"{}\" class=\"title\">{}</text>\n<text x=\"{MARGIN}\" y=\"{}\" class=\"soft\">{}</text>",
        top + 34.0,
        panel.title,
        top + 53.0,
        panel.note
    );
    let most = panel.bars.iter().fold(0.0_f64, |most, bar| {
        most.max(bar.value).max(bar.goal.unwrap_or(0.0))
    });
    let scale = (WIDTH - 2.0 * MARGIN) / most.max(f64::MIN_POSITIVE);
    for (index, bar) in panel.bars.iter().enumerate() {
        let y = top + HEAD + index as f64 * ROW;
        let class = match bar {
            bar if bar.muted => "bar mute",
            bar if bar.is_reached() => "bar",
            _ => "bar miss",
        };
        let _ = writeln!(
            out,
            "<text x=\"{MARGIN}\" y=\"{}\">{}</text><text x=\"{}\" y=\"{0}\" class=\"value\">{}</text>\n<rect x=\"{MARGIN}\" y=\"{}\" width=\"{:.1}\" height=\"12\" rx=\"3\" class=\"{class}\"/>",
            y + 16.0,
            escape(&bar.name),
            WIDTH - MARGIN,
            number(bar.value),
            y + 23.0,
            (bar.value * scale).max(2.0)
        );
        if let Some(goal) = bar.goal {
            let _ = writeln!(
                out,
                "<line x1=\"{0:.1}\" x2=\"{0:.1}\" y1=\"{1}\" y2=\"{2}\" class=\"goal\"/>",
                MARGIN + goal * scale,
                y + 19.0,
                y + 39.0
            );
        }
    }
}

fn words(panels: &[&Panel]) -> String {
    let mut text = String::new();
    for panel in panels {
        let _ = write!(text, "{}: ", panel.title);
        let figures: Vec<String> = panel
            .bars
            .iter()
            .map(|bar| format!("{} {}", bar.name, number(bar.value)))
            .collect();
        let _ = write!(text, "{}. ", figures.join(", "));
    }
    text
}

/// `30,000`, or `2.50` where that is little.
fn number(value: f64) -> String {
    if value < 100.0 {
        return format!("{value:.2}");
    }
    let digits = format!("{value:.0}");
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
