//! Ports, L1, farm.

use std::{
    io::ErrorKind,
    net::{SocketAddr, TcpListener},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use alloy::{
    eips::BlockNumberOrTag,
    providers::{Provider, ProviderBuilder},
};
use ashlar_report::chain;
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};

use super::finding::{Finding, Status};
use crate::farm_link::FarmLink;

/// Longest that a neighbour may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// A block may be this far ahead of a right clock, in seconds.
const CLOCK_SLACK_SECS: u64 = 15;

/// Whether `address` is free to listen on.
pub fn port(address: &SocketAddr) -> Finding {
    match TcpListener::bind(address) {
        Ok(_) => Finding::ok("port", format!("{address} is free")),
        Err(error) if error.kind() == ErrorKind::AddrInUse => Finding::new(
            "port",
            Status::Warning,
            format!("{address} is in use"),
            "if that is not Ashlar already running, choose another with --listen",
        ),
        Err(error) => Finding::new(
            "port",
            Status::Failed,
            format!("{address} cannot be listened on: {error}"),
            "choose another address with --listen",
        ),
    }
}

/// Whether L1 answers, and whether its newest block is from the future.
pub async fn l1(url: &str) -> Vec<Finding> {
    let unreachable = |reason: String| {
        let fact = format!("{url}: {reason}");
        let remedy = "check the address, and that the node serves JSON-RPC over HTTP there";
        vec![Finding::new("l1", Status::Failed, fact, remedy)]
    };
    let endpoint = match url.parse() {
        Ok(endpoint) => endpoint,
        Err(error) => return unreachable(format!("not an address: {error}")),
    };
    let provider = ProviderBuilder::new().connect_http(endpoint);
    let ask = async {
        let chain = provider.get_chain_id().await?;
        let block = provider.get_block_by_number(BlockNumberOrTag::Latest).await?;
        Ok::<_, alloy::transports::TransportError>((chain, block))
    };
    match tokio::time::timeout(PATIENCE, ask).await {
        Err(_) => unreachable(format!("no answer within {} s", PATIENCE.as_secs())),
        Ok(Err(error)) => unreachable(error.to_string()),
        Ok(Ok((_, None))) => unreachable("the node has no block yet".to_owned()),
        Ok(Ok((chain, Some(block)))) => {
            let number = block.header.number;
            let fact = format!("chain {chain}, block {number}");
            vec![
                Finding::ok("l1", fact),
                clock(block.header.timestamp, SystemTime::now()),
            ]
        }
    }
}

/// L1 never runs ahead of the true time, so a clock behind its newest block is wrong.
fn clock(block_timestamp: u64, now: SystemTime) -> Finding {
    let now = now.duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
    let behind = block_timestamp.saturating_sub(now);
    if behind > CLOCK_SLACK_SECS {
        Finding::new(
            "clock",
            Status::Failed,
            format!("this machine's clock is {behind} s behind L1's newest block"),
            "set the clock, and keep it with NTP: leases and L1 deadlines depend on it",
        )
    } else {
        Finding::ok("clock", "not behind L1's newest block")
    }
}

/// Whether the coordinator serves.
pub async fn farm(farm: &FarmLink) -> Finding {
    let url = &farm.farm;
    let ask = async {
        let link = farm.open_as_any().map_err(|error| format!("{error:#}"))?;
        let channel = link.connect(None).await.map_err(|error| chain(&error))?;
        let answer = HealthClient::new(channel)
            .check(HealthCheckRequest::default())
            .await;
        let status = answer
            .map_err(|status| link.explain(status).message().to_owned())?
            .into_inner()
            .status();
        Ok::<_, String>(status)
    };
    let failed = |reason: String| {
        let fact = format!("{url}: {reason}");
        Finding::new(
            "farm",
            Status::Failed,
            fact,
            "check the address, and that `ashlar farm` runs there",
        )
    };
    match tokio::time::timeout(PATIENCE, ask).await {
        Err(_) => failed(format!("no answer within {} s", PATIENCE.as_secs())),
        Ok(Err(reason)) => failed(reason),
        Ok(Ok(ServingStatus::Serving)) => Finding::ok("farm", format!("{url} serves")),
        Ok(Ok(status)) => failed(format!("health is {}", status.as_str_name())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_told() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap();
        assert_eq!(port(&address).status, Status::Warning);
        drop(taken);
        assert_eq!(port(&address).status, Status::Ok);
        assert_eq!(port(&"192.0.2.1:7001".parse().unwrap()).status, Status::Failed);
    }

    #[test]
    fn a_clock_behind_l1_fails() {
        let now = UNIX_EPOCH + Duration::from_secs(1_000_000);
        assert_eq!(clock(1_000_000 + CLOCK_SLACK_SECS, now).status, Status::Ok);
        assert_eq!(clock(1, now).status, Status::Ok);
        let finding = clock(1_000_000 + 3_600, now);
        assert_eq!(finding.status, Status::Failed);
        assert!(finding.fact.contains("3600 s behind"));
    }
}
