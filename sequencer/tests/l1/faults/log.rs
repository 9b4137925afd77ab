//! What the sequencer says while it suffers, on standard error: to find out what happened under a seed.

use std::{fmt::Debug, time::Instant};

use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};

/// Where this variable is set, all is told.
const VARIABLE: &str = "ASHLAR_FAULT_LOG";

struct Log(Instant);

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0 += &format!(" {}={value:?}", field.name());
    }
}

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        let target = metadata.target();
        *metadata.level() <= Level::INFO && (target.starts_with("ashlar") || target.starts_with("l1"))
    }

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(String::new());
        event.record(&mut line);
        let seconds = self.0.elapsed().as_secs_f64();
        eprintln!("{seconds:.2} {}{}", event.metadata().level(), line.0);
    }

    // Nobody looks at spans.
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

pub fn start() {
    if std::env::var_os(VARIABLE).is_some() {
        let _ = tracing::subscriber::set_global_default(Log(Instant::now())); // another test may have one
    }
}
