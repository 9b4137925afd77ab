//! A reader of Prometheus' text format, version 0.0.4, as strict as Prometheus' own.

use std::collections::{BTreeMap, BTreeSet};

use crate::{names, registry::Registry};

/// What an exposition says.
#[derive(Debug, Default)]
pub struct Exposition {
    kinds: BTreeMap<String, String>,
    samples: BTreeMap<Sample, f64>,
}

type Sample = (String, BTreeMap<String, String>);

impl Exposition {
    /// What a registry shows now.
    ///
    /// # Panics
    /// If it is not in the format.
    pub fn of(registry: &Registry) -> Self {
        Self::parse(&registry.text())
    }

    /// Reads a text.
    ///
    /// # Panics
    /// If it is not in the format, says something twice, or has a metric that [`names`] declares otherwise or not at all.
    pub fn parse(text: &str) -> Self {
        assert!(text.ends_with('\n'), "the last line has no end");
        let mut this = Self::default();
        let mut helped = BTreeSet::new();
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("# HELP ") {
                let (name, help) = rest.split_once(' ').expect("a name and a text");
                assert!(helped.insert(name.to_owned()) && !help.is_empty(), "help: {line}");
            } else if let Some(rest) = line.strip_prefix("# TYPE ") {
                let (name, kind) = rest.split_once(' ').expect("a name and a kind");
                let declared = names::ALL.iter().find(|metric| metric.name == name);
                assert_eq!(declared.expect(name).kind.name(), kind, "{name}");
                assert!(
                    this.kinds.insert(name.to_owned(), kind.to_owned()).is_none(),
                    "twice: {line}"
                );
            } else {
                let (sample, value) = sample(line);
                this.require_declared(&sample);
                assert!(this.samples.insert(sample, value).is_none(), "twice: {line}");
            }
        }
        this
    }

    /// A sample follows the declaration of its metric, and has that one's labels.
    fn require_declared(&self, (name, labels): &Sample) {
        let metric = names::ALL.iter().find(|metric| {
            name.strip_prefix(metric.name)
                .is_some_and(|suffix| match metric.kind {
                    names::Kind::Histogram(_) => matches!(suffix, "_bucket" | "_sum" | "_count"),
                    names::Kind::Counter | names::Kind::Gauge => suffix.is_empty(),
                })
        });
        let metric = metric.unwrap_or_else(|| panic!("{name} is not declared"));
        assert!(
            self.kinds.contains_key(metric.name),
            "{name} stands before its TYPE"
        );
        let mut expected: BTreeSet<_> = metric.labels.iter().copied().collect();
        if name.ends_with("_bucket") {
            expected.insert("le");
        }
        let found: BTreeSet<_> = labels.keys().map(String::as_str).collect();
        assert_eq!(found, expected, "labels of {name}");
    }

    /// The value of a sample, if it is there.
    pub fn get(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let labels = labels
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        self.samples.get(&(name.to_owned(), labels.collect())).copied()
    }

    /// The sum of all samples of that name.
    pub fn sum(&self, name: &str) -> f64 {
        let of_name = self.samples.iter().filter(|((of, _), _)| of == name);
        of_name.map(|(_, value)| value).sum()
    }

    /// Names of the metrics, without those that every process has.
    pub fn own_names(&self) -> BTreeSet<&str> {
        let names = self.kinds.keys().map(String::as_str);
        names
            .filter(|name| !name.starts_with("process_") && *name != names::BUILD_INFO.name)
            .collect()
    }
}

fn sample(line: &str) -> (Sample, f64) {
    let end = line.find(['{', ' ']).expect("a name and a value");
    let (name, mut rest) = line.split_at(end);
    let mut labels = BTreeMap::new();
    if let Some(inside) = rest.strip_prefix('{') {
        rest = inside;
        loop {
            let (label, after) = rest.split_once("=\"").expect("a label");
            let (value, after) = quoted(after);
            assert!(labels.insert(label.to_owned(), value).is_none(), "twice: {line}");
            rest = after;
            match rest.as_bytes()[0] {
                b',' => rest = &rest[1..],
                b'}' => break,
                _ => panic!("after a label: {line}"),
            }
        }
        rest = &rest[1..];
    }
    let value = rest.strip_prefix(' ').expect("a space before the value");
    let value = value.parse().unwrap_or_else(|_| panic!("no number: {line}"));
    ((name.to_owned(), labels), value)
}

/// A value up to its closing quote, and what follows.
fn quoted(text: &str) -> (String, &str) {
    let (mut value, mut characters) = (String::new(), text.char_indices());
    loop {
        match characters.next().expect("a closing quote") {
            (place, '"') => return (value, &text[place + 1..]),
            (_, '\\') => value.push(match characters.next().expect("an escaped character").1 {
                'n' => '\n',
                plain @ ('\\' | '"') => plain,
                other => panic!("\\{other} is no escape"),
            }),
            (_, plain) => value.push(plain),
        }
    }
}
