//! Where a service shows what it counts.

use std::net::SocketAddr;

use anyhow::Context;
use ashlar_metrics::{Build, Readiness, Registry, Source, endpoint::Endpoint};
use tokio_util::sync::CancellationToken;

/// An address, or nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Off,
    At(SocketAddr),
}

fn place(text: &str) -> anyhow::Result<Place> {
    if text == "off" {
        return Ok(Place::Off);
    }
    let address = text
        .parse()
        .context("neither `off` nor an address such as 127.0.0.1:9701")?;
    Ok(Place::At(address))
}

#[derive(Debug, clap::Args)]
pub struct MetricsArgs {
    /// Where Prometheus reads the metrics of this process (/metrics), and anybody whether it is ready (/healthz), over plain
    /// HTTP. Keep it to a network of your own
    #[arg(long, value_name = "ADDRESS", default_value = "off", value_parser = place)]
    listen_metrics: Place,
}

impl MetricsArgs {
    /// Shows what `source` counts until what this gives is dropped, if it is to be shown anywhere.
    pub async fn serve(
        &self,
        role: &'static str,
        source: &impl Source,
        readiness: &Readiness,
        stop: &CancellationToken,
    ) -> anyhow::Result<Option<Endpoint>> {
        let Place::At(address) = self.listen_metrics else {
            return Ok(None);
        };
        let build = Build {
            version: env!("CARGO_PKG_VERSION"),
            commit: ashlar_report::built_commit().or(option_env!("ASHLAR_CHECKOUT")),
            role,
        };
        let registry = Registry::new(build).with(source);
        let endpoint = Endpoint::start(address, registry, readiness.clone(), stop.clone()).await?;
        Ok(Some(endpoint))
    }
}

#[cfg(test)]
mod tests {
    use ashlar_metrics::Counter;
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Program {
        #[command(flatten)]
        metrics: MetricsArgs,
    }

    #[test]
    fn an_address_is_listened_on_and_off_is_none() {
        assert_eq!(place("off").expect("nowhere"), Place::Off);
        assert_eq!(
            place("[::1]:9701").expect("an address"),
            Place::At("[::1]:9701".parse().expect("an address"))
        );
        for no_place in ["9701", "on", "localhost", ""] {
            let error = place(no_place).expect_err(no_place).to_string();
            assert!(error.contains("127.0.0.1:9701"), "{error}");
        }
    }

    #[test]
    fn nothing_listens_unless_it_is_asked_for() {
        let jobs = Counter::<0>::new(ashlar_metrics::names::WORKER_FALLBACKS, [[]]);
        let serve = |arguments: &[&str]| {
            let program = Program::try_parse_from(arguments).expect("understood");
            let runtime = tokio::runtime::Runtime::new().expect("a runtime");
            runtime.block_on(async {
                let (readiness, stop) = (Readiness::default(), CancellationToken::new());
                let served = program.metrics.serve("worker", &jobs, &readiness, &stop).await;
                served.expect("no error").map(|endpoint| endpoint.address())
            })
        };
        assert_eq!(serve(&["worker"]), None);
        assert_eq!(serve(&["worker", "--listen-metrics", "off"]), None);
        let address = serve(&["worker", "--listen-metrics", "127.0.0.1:0"]).expect("it listens");
        assert_ne!(address.port(), 0);
    }
}
