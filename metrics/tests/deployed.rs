//! What dashboards and alerts go by is what there is.

use std::{collections::BTreeSet, fs, io, path::Path};

use ashlar_metrics::names;

/// Lines of a name, a kind and labels, each of these perhaps with `=` and its values; `#` begins a remark.
fn listed(text: &str) -> BTreeSet<String> {
    let lines = text.lines().map(str::trim);
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    let without_values = |line: &str| {
        let words = line.split_whitespace();
        let names = words.map(|word| word.split_once('=').map_or(word, |(name, _)| name));
        names.collect::<Vec<_>>().join(" ")
    };
    lines.map(without_values).collect()
}

#[test]
fn the_deployment_s_list_of_metrics_is_that_of_the_program() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/prometheus/metrics.txt");
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return, // a crate without the deployment beside it
        Err(error) => panic!("{}: {error}", path.display()),
    };
    let declared = names::ALL.iter().map(|metric| {
        let words = [metric.name, metric.kind.name()].into_iter();
        words
            .chain(metric.labels.iter().copied())
            .collect::<Vec<_>>()
            .join(" ")
    });
    assert_eq!(listed(&text), declared.collect());
}
