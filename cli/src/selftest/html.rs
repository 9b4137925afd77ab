//! A run as a page with plots: one file that loads nothing.

use std::fmt::Write;

use ashlar_benches::{draw, time};

use super::{
    page,
    report::{PartReport, Report, Status},
};

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b1b1b}\
h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem}table{border-collapse:collapse}\
td:nth-child(-n+3),th,.time{white-space:nowrap}td,th{padding:.15rem .8rem .15rem 0;text-align:left;vertical-align:top}pre{background:#f5f5f5;padding:.8rem;overflow-x:auto;font-size:12px}\
.passed{color:#1d6b34}.failed{color:#a31515;font-weight:600}.skipped{color:#666}svg{max-width:100%;height:auto}\
.note{border-left:4px solid #c77d0a;padding-left:.8rem}";

/// The page.
pub fn render(report: &Report) -> String {
    let mut html = String::new();
    // Writing to a string does not fail.
    let _ = write_page(&mut html, report);
    html
}

fn write_page(html: &mut String, report: &Report) -> std::fmt::Result {
    let status = if report.passed {
        Status::Passed
    } else {
        Status::Failed
    };
    let subject = report.card.as_ref().map_or("no card", |card| card.name.as_str());
    writeln!(
        html,
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>ashlar selftest: {}</title><style>{STYLE}</style></head><body>",
        escape(subject)
    )?;
    writeln!(
        html,
        "<h1>{}: {} <span class=\"{}\">{}</span></h1>\n<p class=\"note\">Computed by {}.</p>",
        escape(subject),
        report.target.run_name(),
        class(status),
        status.word(),
        escape(report.target.meaning())
    )?;
    writeln!(
        html,
        "<h2>Parts</h2>\n<table><tr><th>part</th><th>outcome</th><th>checks</th><th>time</th><th></th></tr>"
    )?;
    for part in &report.parts {
        part_row(html, part)?;
    }
    writeln!(html, "</table>")?;
    for part in &report.parts {
        checks(html, part)?;
    }
    if !report.figures.kernels.is_empty() {
        writeln!(html, "<h2>Kernels</h2>\n{}", draw(&report.figures.kernels))?;
    }
    for wrap in &report.figures.wrap {
        writeln!(
            html,
            "<h2>Wrap, k = {}, by {}: {}</h2>\n<table>",
            wrap.k,
            escape(&wrap.prover),
            time(wrap.seconds)
        )?;
        for step in &wrap.steps {
            writeln!(
                html,
                "<tr><td>{}</td><td>{}</td></tr>",
                escape(&step.name),
                time(step.seconds)
            )?;
        }
        writeln!(html, "</table>")?;
    }
    writeln!(
        html,
        "<h2>The whole run</h2>\n<pre>{}</pre>\n</body></html>",
        escape(&page::render(report, false))
    )
}

fn part_row(html: &mut String, part: &PartReport) -> std::fmt::Result {
    writeln!(
        html,
        "<tr><td>{}</td><td class=\"{}\">{}</td><td>{} of {}</td><td class=\"time\">{:.1} s of {:.1}</td><td>{}</td></tr>",
        part.part.name(),
        class(part.status),
        part.status.word(),
        part.passed_checks(),
        part.checks.len(),
        part.seconds,
        part.limit_seconds,
        escape(part.reason.as_deref().unwrap_or(part.part.question()))
    )
}

fn checks(html: &mut String, part: &PartReport) -> std::fmt::Result {
    if part.checks.is_empty() {
        return Ok(());
    }
    let open = if part.status == Status::Failed {
        " open"
    } else {
        ""
    };
    writeln!(
        html,
        "<details{open}><summary>{}: {} checks</summary><table>",
        part.part.name(),
        part.checks.len()
    )?;
    for check in &part.checks {
        writeln!(
            html,
            "<tr><td class=\"{}\">{}</td><td>{}</td><td>{:.2} s</td><td>{}</td></tr>",
            class(check.status),
            check.status.word(),
            escape(&check.check),
            check.seconds,
            escape(check.reason.as_deref().unwrap_or(""))
        )?;
    }
    writeln!(html, "</table></details>")
}

fn class(status: Status) -> &'static str {
    match status {
        Status::Passed => "passed",
        Status::Failed | Status::Running => "failed",
        Status::Skipped => "skipped",
    }
}

/// What a device, a driver or a panic says is text and nothing else.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
