//! Exit mode on a node: an operator who leaves operations alone, balances that leave by a batch, deposits that go back.

use std::collections::BTreeSet;

use alloy::{
    contract::{CallBuilder, CallDecoder},
    primitives::{Address, B256, U256},
    providers::Provider,
    rpc::types::TransactionReceipt,
    sol_types::SolValue,
};
use ashlar_contracts::{
    BatchHeader, Claim, DEFAULT_EXIT_DEADLINE_SECS, DeployConfig, DeployError, Rollup,
    Rollup::RollupErrors,
    Withdrawal,
    bridge::exits::{self, Exit},
    deploy,
    revert::Revert,
    withdrawal,
};

use super::{ACCEPT_ALL, GENESIS, GWEI, PROOF, connect, deposit_record, hash_to_word};

const OWNERS: [Address; 2] = [Address::repeat_byte(0x77), Address::repeat_byte(0x78)];

pub async fn left_by_its_operator(url: &str) {
    let (provider, operator) = connect(url);
    let config = DeployConfig::new(ACCEPT_ALL, B256::repeat_byte(7), hash_to_word(GENESIS), operator);
    refused_terms(&provider, &config).await;
    let rollup = Rollup::new(
        deploy(&provider, config).await.expect("rollup deploys").rollup,
        &provider,
    );
    let auth = hash_to_word(super::AUTH);
    let deposit = |units: u64| rollup.depositETH(operator, auth).value(U256::from(units * GWEI));
    mined(deposit(10)).await;
    // The verifier takes everything: the state may hold what the contract owes.
    let record = deposit_record(0, 10, operator).encode();
    let header = super::commit(&rollup, record).await;
    mined(rollup.proveBatch(header, PROOF.into())).await;
    mined(deposit(5)).await;

    let none = BatchHeader::abi_decode(&[0; 15 * 32]).expect("fifteen words");
    let early = rollup
        .enterExitMode(none.clone())
        .call()
        .await
        .err()
        .expect("reverts");
    assert!(matches!(
        Revert::from_error(&early),
        Some(Revert::Rollup(RollupErrors::OperationNotExpired(error))) if error.index == 1
    ));
    let secs = DEFAULT_EXIT_DEADLINE_SECS + 1; // the second of one second expires a tenth later
    let _: serde_json::Value = provider
        .raw_request("evm_increaseTime".into(), [secs])
        .await
        .expect("the node's clock goes on");
    mined(rollup.enterExitMode(none)).await;
    assert!(rollup.exitMode().call().await.unwrap());

    let exit = |account: u32, amount, to| Exit {
        account,
        withdrawal: Withdrawal { token: 0, amount, to },
    };
    let stream = [
        exit(3, 4, OWNERS[0]),
        exit(4, 5, OWNERS[1]),
        exit(3, 4, OWNERS[0]),
    ];
    let bytes: Vec<u8> = stream.iter().flat_map(Exit::encode).collect();
    let receipt = mined(rollup.exitBatch(U256::from(5), bytes.into(), PROOF.into())).await;
    let event = receipt
        .decoded_log::<Rollup::BalancesExited>()
        .expect("is announced");
    let header = receipt
        .decoded_log::<Rollup::BatchCommitted>()
        .expect("is announced")
        .data
        .header;
    let taken = exits::take(&exits::parse(&event.bridge).expect("exits"), &mut BTreeSet::new());
    assert_eq!((header.number, header.withdrawalCount), (2, 2));
    assert_eq!(header.withdrawalsRoot, withdrawal::root(&taken));
    let siblings = withdrawal::proof_of_several(&taken, &[0, 1].into()).expect("both are there");
    let claims = (0..).zip(&taken).map(|(index, paid)| Claim {
        index,
        token: paid.token,
        amount: paid.amount,
        to: paid.to,
    });
    mined(rollup.claimWithdrawals(header, claims.collect(), siblings)).await;
    for paid in &taken {
        let balance = provider.get_balance(paid.to).await.unwrap();
        assert_eq!(balance, U256::from(paid.amount * GWEI));
    }
    let paid: Vec<u8> = [exit(4, 5, OWNERS[1]), exit(5, 1, OWNERS[0])]
        .iter()
        .flat_map(Exit::encode)
        .collect();
    let receipt = mined(rollup.exitAndPay(U256::from(5), paid.into(), PROOF.into())).await;
    let event = receipt
        .decoded_log::<Rollup::BalanceExited>()
        .expect("is announced");
    assert_eq!((event.account, event.to, event.amount), (5, OWNERS[0], 1));
    let record = deposit_record(0, 5, operator).queue_record().expect("is queued");
    mined(rollup.refundDeposit(1, record.into())).await;
    assert_eq!(provider.get_balance(*rollup.address()).await.unwrap(), U256::ZERO);
}

/// Before anything is spent on them.
async fn refused_terms(provider: &impl Provider, config: &DeployConfig) {
    for secs in [59, 30 * 24 * 3600 + 1] {
        let config = DeployConfig {
            exit_deadline_secs: secs,
            notice_secs: u64::from(u32::MAX),
            ..config.clone()
        };
        let refused = deploy(provider, config).await;
        assert!(matches!(refused, Err(DeployError::ExitDeadline { secs: told }) if told == secs));
    }
    let config = DeployConfig {
        notice_secs: config.exit_deadline_secs,
        ..config.clone()
    };
    let refused = deploy(provider, config).await;
    assert!(matches!(refused, Err(DeployError::Notice { .. })), "{refused:?}");
}

async fn mined<P: Provider, D: CallDecoder>(call: CallBuilder<P, D>) -> TransactionReceipt {
    let pending = call.send().await.expect("the call succeeds");
    let receipt = pending.get_receipt().await.expect("is mined");
    assert!(receipt.status());
    receipt
}
