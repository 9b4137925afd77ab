//! Deposits on L1, pays another account on the rollup, and waits until L1 has the payment.
//!
//! With `ashlar up` running: `cargo run --release --example pay -- deployment.toml's rollup address`, and a funded key of
//! L1 as hex in ASHLAR_ETHEREUM_KEY.

use std::{env, error::Error, time::Duration};

use alloy::signers::local::PrivateKeySigner;
use ashlar_client::{AccountKey, Client, L1, L1Config, Milestone, auth_of, rollup_key};
use ashlar_payments::packing::{PackedAmount, PackedFee};

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let rollup = env::args().nth(1).ok_or("usage: pay ROLLUP_ADDRESS")?.parse()?;
    let ethereum: PrivateKeySigner = env::var("ASHLAR_ETHEREUM_KEY")?.parse()?;

    let client = Client::connect("http://127.0.0.1:7001").await?;
    let l1 = L1::connect(L1Config {
        signer: Some(ethereum.clone()),
        ..L1Config::new("http://127.0.0.1:8545", rollup)
    })
    .await?;
    if client.domain() != l1.domain() {
        return Err("the sequencer runs another rollup".into());
    }
    let key = rollup_key(&ethereum, l1.domain())?;

    let eth = l1.find_token("ETH").await?;
    let half = eth.parse("0.5")?.units;
    let (own, auth) = (ethereum.address(), auth_of(&key.public_key()));
    let queue_index = l1.deposit(&eth, half, own, &auth).await?;
    client
        .wait_for_l1_operation(queue_index, Milestone::Executed, MINUTE)
        .await?;

    let mut sender = client.sender(own, key).await?;
    let payee = client.payee(AccountKey::Index(0)).await?;
    println!("paying {payee}");
    let amount = PackedAmount::floor(eth.parse("0.001")?.units);
    let id = sender
        .transfer(payee, eth.id, amount, PackedFee::exact(10)?)
        .await?;
    println!("sent {id}");
    client.wait(id, Milestone::Committed, 5 * MINUTE).await?;
    println!("its data is on L1");
    Ok(())
}
