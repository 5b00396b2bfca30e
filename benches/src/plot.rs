//! Figures as SVG.

use std::fmt::Write as _;

use crate::report::Table;

const FONT: &str = "font-family=\"sans-serif\" font-size=\"12\"";
const COLOURS: [&str; 6] = ["#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377"];

/// Draws a bar for each row of each table: the multiple of its floor. The longest bars are cut off.
pub(crate) fn bars(tables: &[Table]) -> String {
    const LONGEST: f64 = 4.0;
    const UNIT: f64 = 140.0;
    let (mut body, mut y) = (String::new(), 20.0);
    for table in tables {
        let _ =
            writeln!(body, "<text x=\"10\" y=\"{y}\" font-weight=\"bold\">{}</text>", escape(&table.title));
        y += 8.0;
        for row in &table.rows {
            let Some(ratio) = row.to_floor else { continue };
            let is_ours = row.verdict.is_some();
            let (width, colour) = (ratio.min(LONGEST) * UNIT, COLOURS[usize::from(is_ours)]);
            let _ = writeln!(
                body,
                "<rect x=\"200\" y=\"{y}\" width=\"{width:.1}\" height=\"14\" fill=\"{colour}\"/>\
                 <text x=\"190\" y=\"{:.1}\" text-anchor=\"end\">{}</text>\
                 <text x=\"{:.1}\" y=\"{:.1}\">{ratio:.2}</text>",
                y + 12.0,
                escape(row.title),
                width + 206.0,
                y + 12.0,
            );
            y += 18.0;
        }
        y += 26.0;
    }
    document(820.0, y, &body)
}

/// One line of a plot: the cost of each unit by the number of units.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) name: &'static str,
    pub(crate) points: Vec<(f64, f64)>,
}

impl Line {
    pub(crate) const fn new(name: &'static str) -> Self {
        Self { name, points: Vec::new() }
    }
}

/// Draws lines over logarithmic axes, each followed by its floor, which is dashed. A level line is a cost
/// that grows linearly.
pub(crate) fn lines(lines: &[Line]) -> String {
    let all: Vec<(f64, f64)> = lines.iter().flat_map(|line| line.points.iter().copied()).collect();
    let (left, right) = bounds(all.iter().map(|point| point.0));
    let (low, high) = bounds(all.iter().map(|point| point.1));
    let place = |(x, y): (f64, f64)| {
        let x = 60.0 + 600.0 * (x.log10() - left) / (right - left).max(1.0);
        (x, 420.0 - 380.0 * (y.log10() - low) / (high - low).max(1.0))
    };
    let mut body = String::new();
    for decade in left as i32..=right as i32 {
        let (x, _) = place((10_f64.powi(decade), 1.0));
        let _ = writeln!(body, "<text x=\"{x:.1}\" y=\"440\" text-anchor=\"middle\">1e{decade}</text>");
    }
    for decade in low as i32..=high as i32 {
        let (_, y) = place((1.0, 10_f64.powi(decade)));
        let _ = writeln!(
            body,
            "<text x=\"50\" y=\"{y:.1}\" text-anchor=\"end\">1e{decade}</text>\
             <path d=\"M60 {y:.1}H660\" stroke=\"#dddddd\"/>"
        );
    }
    for (index, line) in lines.iter().enumerate() {
        // Each line and its floor have one colour.
        let (colour, dashes) = (COLOURS[index / 2 % COLOURS.len()], ["none", "4"][index % 2]);
        let points: Vec<String> = line
            .points
            .iter()
            .map(|point| {
                let (x, y) = place(*point);
                format!("{x:.1},{y:.1}")
            })
            .collect();
        let _ = writeln!(
            body,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\" stroke-dasharray=\"{dashes}\"/>\
             <text x=\"680\" y=\"{}\" fill=\"{colour}\">{}</text>",
            points.join(" "),
            40 + index * 18,
            escape(line.name),
        );
    }
    document(980.0, 460.0, &body)
}

/// Returns the decades around all values.
fn bounds(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (least, most) =
        values.fold((f64::MAX, f64::MIN), |(least, most), value| (least.min(value), most.max(value)));
    (least.log10().floor(), most.log10().ceil())
}

fn document(width: f64, height: f64, body: &str) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" {FONT}>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n{body}</svg>\n"
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cost_that_does_not_change_is_a_level_line() {
        let line = Line { name: "a", points: vec![(1.0, 20.0), (10.0, 20.0), (100.0, 20.0)] };
        let plot = lines(&[line]);
        let points = plot.split_once("points=\"").unwrap().1.split_once('"').unwrap().0;
        let heights: Vec<&str> = points.split(' ').map(|point| point.split_once(',').unwrap().1).collect();
        assert!(heights.iter().all(|height| *height == heights[0]), "{points}");
    }
}
