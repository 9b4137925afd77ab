//! Time over size, one line per backend, both axes logarithmic.

use std::fmt::Write;

use crate::Measurement;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 420.0;
const LEFT: f64 = 80.0;
const RIGHT: f64 = 190.0;
const TOP: f64 = 40.0;
const BOTTOM: f64 = 50.0;
/// Colours that also differ in brightness.
const COLOURS: [&str; 6] = ["#0b5fa5", "#d1495b", "#3c8d40", "#8a4fbf", "#c77d0a", "#555555"];

/// A chart of one operation's measurements; of several operations each gets its own, one below the other.
pub fn draw(measurements: &[Measurement]) -> String {
    let mut operations: Vec<&str> = Vec::new();
    for m in measurements {
        if !operations.contains(&m.operation.as_str()) {
            operations.push(&m.operation);
        }
    }
    let height = HEIGHT * operations.len() as f64;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" \
         font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
    );
    for (i, operation) in operations.iter().enumerate() {
        let own: Vec<&Measurement> = measurements
            .iter()
            .filter(|m| m.operation == *operation)
            .collect();
        let _ = writeln!(svg, "<g transform=\"translate(0 {})\">", HEIGHT * i as f64);
        chart(&mut svg, operation, &own);
        svg.push_str("</g>\n");
    }
    svg + "</svg>\n"
}

fn chart(svg: &mut String, operation: &str, measurements: &[&Measurement]) {
    let logs = measurements.iter().map(|m| m.seconds.log10());
    let (low, high) = (
        logs.clone().fold(f64::MAX, f64::min).floor() as i32,
        logs.fold(f64::MIN, f64::max).ceil() as i32,
    );
    let high = high.max(low + 1);
    let sizes = || measurements.iter().map(|m| m.log_size);
    let (first, last) = (sizes().min().unwrap_or(0), sizes().max().unwrap_or(0));
    let span = f64::from(last - first).max(1.0);
    let x = |log_size: u32| LEFT + f64::from(log_size - first) / span * (WIDTH - LEFT - RIGHT);
    let y = |log: f64| TOP + (f64::from(high) - log) / f64::from(high - low) * (HEIGHT - TOP - BOTTOM);
    // Writing to a string does not fail.
    let _ = writeln!(
        svg,
        "<text x=\"{LEFT}\" y=\"24\" font-size=\"15\">{operation}: seconds over size</text>"
    );
    for decade in low..=high {
        let (at, end) = (y(f64::from(decade)), WIDTH - RIGHT);
        let _ = writeln!(
            svg,
            "<line x1=\"{LEFT}\" y1=\"{at:.1}\" x2=\"{end}\" y2=\"{at:.1}\" stroke=\"#ddd\"/>"
        );
        let label = LEFT - 8.0;
        let _ = writeln!(
            svg,
            "<text x=\"{label}\" y=\"{:.1}\" text-anchor=\"end\">1e{decade}</text>",
            at + 4.0
        );
    }
    for size in first..=last {
        let (at, base) = (x(size), HEIGHT - BOTTOM);
        let _ = writeln!(
            svg,
            "<text x=\"{at:.1}\" y=\"{:.1}\" text-anchor=\"middle\">2^{size}</text>",
            base + 20.0
        );
    }
    let mut backends: Vec<&str> = Vec::new();
    for m in measurements {
        if !backends.contains(&m.backend.as_str()) {
            backends.push(&m.backend);
        }
    }
    for (i, backend) in backends.iter().enumerate() {
        let colour = COLOURS[i % COLOURS.len()];
        let mut own: Vec<&&Measurement> = measurements.iter().filter(|m| m.backend == *backend).collect();
        own.sort_by_key(|m| m.log_size);
        let points: Vec<(f64, f64)> = own
            .iter()
            .map(|m| (x(m.log_size), y(m.seconds.log10())))
            .collect();
        let path: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        let path = path.join(" ");
        let _ = writeln!(
            svg,
            "<polyline points=\"{path}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>"
        );
        for (x, y) in &points {
            let _ = writeln!(
                svg,
                "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"{colour}\"/>"
            );
        }
        let (at, line) = (WIDTH - RIGHT + 16.0, TOP + 18.0 * i as f64);
        let _ = writeln!(
            svg,
            "<rect x=\"{at}\" y=\"{line}\" width=\"12\" height=\"12\" fill=\"{colour}\"/>"
        );
        let _ = writeln!(
            svg,
            "<text x=\"{}\" y=\"{}\">{backend}</text>",
            at + 18.0,
            line + 10.0
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_measurement_is_a_point_inside_the_picture() {
        let measurement = |backend: &str, log_size, seconds| Measurement {
            operation: "msm_bn254".into(),
            backend: backend.into(),
            log_size,
            seconds,
            best_seconds: seconds,
            cold_seconds: seconds,
            runs: 1,
            peak_bytes: None,
        };
        let all = [
            ("ours", 10, 0.001),
            ("ours", 12, 0.004),
            ("peer", 10, 0.01),
            ("peer", 12, 0.05),
        ];
        let svg = draw(&all.map(|(backend, size, seconds)| measurement(backend, size, seconds)));
        assert_eq!(svg.matches("<circle").count(), 4);
        assert_eq!(svg.matches("<polyline").count(), 2);
        assert!(svg.contains(">ours</text>") && svg.contains(">2^12</text>"));
        for circle in svg.lines().filter(|line| line.starts_with("<circle")) {
            let number = |name: &str| -> f64 {
                let (_, rest) = circle.split_once(&format!("{name}=\"")).unwrap();
                rest.split('"').next().unwrap().parse().unwrap()
            };
            assert!(
                (0.0..WIDTH).contains(&number("cx")) && (0.0..HEIGHT).contains(&number("cy")),
                "{circle}"
            );
        }
        // Slower is higher up.
        let heights: Vec<&str> = svg.lines().filter(|l| l.starts_with("<circle")).collect();
        assert_ne!(heights[0], heights[2]);
    }
}
