//! Withdrawals sold before they are proven, and what a buyer finds out before he pays.

use alloy::{
    primitives::{Address, U256},
    providers::Provider,
};
use ashlar_client::{L1, L1Error, Market, Milestone, Offer, ProvenStateError};
use ashlar_contracts::{CommitData, MintableToken};

use super::support::{LIMIT, Rollup, fee, signer};

const SELLER: usize = 1;
const BUYER: usize = 2;
const GWEI: u64 = 1_000_000_000;

fn offer(token: u8, amount: u64, price: u64) -> Offer {
    Offer {
        seller: signer(SELLER).address(),
        token,
        amount,
        price,
        salt: 77,
    }
}

async fn balance(l1: &L1, of: Address) -> U256 {
    l1.contract().provider().get_balance(of).await.expect("answers")
}

async fn market_of(l1: &L1, market: &Market) -> Market {
    l1.market(market.address()).await.expect("it is there")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawal_is_sold_before_it_is_proven_and_another_is_not() {
    let rollup = Rollup::start(100).await;
    let mut senders = rollup.fund(&[0, SELLER]).await;
    let (client, buyer) = (rollup.client().await, rollup.l1(BUYER).await);
    let stranger = rollup.l1(3).await;
    let market = stranger.deploy_market().await.expect("deploys");
    let wrong = [rollup.address, rollup.usdc, Address::repeat_byte(9)];
    for address in wrong {
        let refused = buyer.market(address).await;
        assert!(
            matches!(refused, Err(L1Error::NoMarket { address: of }) if of == address),
            "{refused:?}"
        );
    }
    let market = market_of(&buyer, &market).await;
    let (sold, kept) = (offer(0, 700, 680), offer(0, 700, 699));
    market.announce(&sold).await.expect("announces");

    // Nothing is committed yet.
    let early = market.find(&sold).await;
    assert!(matches!(early, Err(L1Error::NotForSale { .. })), "{early:?}");
    let mut last = None;
    for offer in [&sold, &kept] {
        let receiver = market.receiver(offer).await.expect("an address");
        let sent = senders[1].withdraw(receiver, 0, 700, fee()).await;
        last = Some(sent.expect("admitted"));
    }
    let last = last.expect("two");
    client
        .wait(last, Milestone::Committed, LIMIT)
        .await
        .expect("committed");

    let found = market.find(&sold).await.expect("committed");
    buyer
        .check_committed(found.header.number)
        .await
        .expect("an honest operator's");
    let before = balance(&buyer, sold.seller).await;
    market.buy(&sold, &found).await.expect("buys");
    let price = U256::from(680 * GWEI);
    assert_eq!(balance(&buyer, sold.seller).await - before, price);
    assert_eq!(
        market.buyer(&sold).await.expect("asks"),
        Some(signer(BUYER).address())
    );
    assert_eq!(market.buyer(&kept).await.expect("asks"), None);
    let other = market_of(&stranger, &market).await;
    let again = other.buy(&sold, &found).await.expect_err("it is sold");
    assert!(again.to_string().contains("AlreadySold"), "{again}");
    let early = other.collect(&sold).await.expect_err("it is not proven");
    assert!(early.to_string().contains("NothingToCollect"), "{early}");

    let committed = buyer.state().await.expect("asks").committed_batches;
    for batch in buyer.committed(1, committed).await.expect("committed").values() {
        rollup.prove(batch.header.clone()).await;
    }
    let late = market.find(&kept).await;
    assert!(matches!(late, Err(L1Error::NotForSale { .. })), "{late:?}");

    // Anybody has them paid to whose they are.
    for (offer, payee) in [(&sold, signer(BUYER)), (&kept, signer(SELLER))] {
        let before = balance(&stranger, payee.address()).await;
        let collected = other.collect(offer).await.expect("pays");
        assert_eq!(collected, (payee.address(), 700));
        let gained = balance(&stranger, payee.address()).await - before;
        assert_eq!(gained, U256::from(700 * GWEI));
    }
    let twice = other.collect(&sold).await.expect_err("once");
    assert!(twice.to_string().contains("NothingToCollect"), "{twice}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawal_of_a_token_is_paid_for_in_the_token() {
    let rollup = Rollup::start(100).await;
    rollup.fund(&[0]).await;
    let (client, seller) = (rollup.client().await, rollup.l1(SELLER).await);
    let buyer = rollup.l1(BUYER).await;
    let token = seller.token(1).await.expect("registered");
    let usdc = MintableToken::new(rollup.usdc, seller.contract().provider());
    for (user, units) in [(SELLER, 5_000), (BUYER, 900)] {
        let mint = usdc.mint(signer(user).address(), U256::from(units));
        mint.send()
            .await
            .expect("sent")
            .get_receipt()
            .await
            .expect("mined");
    }
    let own = signer(SELLER).address();
    let queued = seller.deposit(&token, 5_000, own, &rollup.auth(SELLER)).await;
    client
        .wait_for_l1_operation(queued.expect("queued"), Milestone::Executed, LIMIT)
        .await
        .expect("executed");
    let mut sender = client.sender(own, rollup.key(SELLER)).await.expect("an account");

    let market = buyer.deploy_market().await.expect("deploys");
    let sold = offer(1, 1_000, 900);
    let receiver = market.receiver(&sold).await.expect("an address");
    let sent = sender
        .withdraw(receiver, 1, 1_000, fee())
        .await
        .expect("admitted");
    client
        .wait(sent, Milestone::Committed, LIMIT)
        .await
        .expect("committed");
    let found = market.find(&sold).await.expect("committed");
    market.buy(&sold, &found).await.expect("buys");
    let held = usdc.balanceOf(own).call().await.expect("answers");
    assert_eq!(held, U256::from(900));
    let held = usdc.balanceOf(signer(BUYER).address()).call().await;
    assert_eq!(held.expect("answers"), U256::ZERO);
}

/// Whoever buys from an operator who cannot prove what he commits loses the price.
#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_the_state_does_not_allow_is_found_out_before_it_is_bought() {
    let mut rollup = Rollup::start(100).await;
    rollup.fund(&[0, SELLER]).await;
    let buyer = rollup.l1(BUYER).await;
    let market = buyer.deploy_market().await.expect("deploys");
    let client = rollup.client().await;
    client
        .wait_for_l1_operation(1, Milestone::Committed, LIMIT)
        .await
        .expect("committed");
    rollup.stop_sequencer().await;
    let sold = offer(0, 1 << 40, 1 << 39); // nobody has so much
    let receiver = market.receiver(&sold).await.expect("an address");

    let last = buyer.state().await.expect("asks").committed_batches;
    let header = buyer.committed_batch(last).await.expect("committed").header;
    let operator = rollup.l1(0).await;
    let mut record = vec![2, 0, 0, 0, 1, 0, 0];
    record.extend(&sold.amount.to_be_bytes()[1..]);
    let (first, rest) = receiver.split_at(14);
    record.extend(first);
    record.push(0);
    record.extend(rest);
    let batch = CommitData {
        number: last + 1,
        time: header.time,
        newRoot: header.newRoot,
        dataHash: header.dataHash,
        feeAccount: 0,
        bridge: record.into(),
        rollup: Default::default(),
    };
    let commit = operator.contract().commitBatch(batch).send().await;
    let receipt = commit.expect("sent").get_receipt().await.expect("mined");
    assert!(receipt.status());

    let found = market.find(&sold).await.expect("L1 has the withdrawal");
    let checked = buyer.check_committed(found.header.number).await;
    assert!(matches!(&checked, Err(ProvenStateError::Batch(_))), "{checked:?}");
    assert!(checked.expect_err("seen").to_string().contains("not provable"));
}
