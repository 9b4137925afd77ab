//! Checks a balance without trusting the sequencer: the account leads to a root, and L1 has that root.
//!
//! `cargo run --release --example check -- ROLLUP_ADDRESS ACCOUNT`

use std::{env, error::Error};

use ashlar_client::{Client, L1, L1Config};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let mut next = || arguments.next().ok_or("usage: check ROLLUP_ADDRESS ACCOUNT");
    let (rollup, account) = (next()?.parse()?, next()?.parse()?);

    let client = Client::connect("http://127.0.0.1:7001").await?;
    let l1 = L1::connect(L1Config::new("http://127.0.0.1:8545", rollup)).await?;
    let included = client.inclusion(account).await??;
    let standing = l1.standing(included.batch, &included.root).await?;
    let tokens = l1.tokens().await?;
    println!("after batch {} ({standing:?}):", included.batch);
    for (token, units) in included
        .account
        .map(|account| account.balances)
        .unwrap_or_default()
    {
        println!("  {}", tokens[usize::from(token)].display(units));
    }
    Ok(())
}
