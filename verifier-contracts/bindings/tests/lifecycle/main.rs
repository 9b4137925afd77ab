//! Deploys a rollup on a node and takes operations of the queue and withdrawals through commit, prove and claim.
//!
//! What is under test is the contracts' plumbing and the bindings, so the generated verifier is one that accepts, or
//! refuses, every proof; real proofs are replayed by `test/Halo2Verifier.t.sol` and the end-to-end test.

mod leaving;
mod node;

use alloy::{
    eips::BlockNumberOrTag,
    network::EthereumWallet,
    primitives::{Address, B256, Bytes, U256, address, bytes, keccak256},
    providers::{Provider, ProviderBuilder},
    signers::local::PrivateKeySigner,
    sol_types::SolValue,
};
use ashlar_contracts::{
    BatchHeader, CommitData, DEFAULT_EXIT_DEADLINE_SECS, DeployConfig, Deployment,
    Halo2Verifier::{Halo2VerifierErrors, ProofInvalid},
    MintableToken, Rollup,
    Rollup::RollupErrors,
    TokenListing, Withdrawal,
    bridge::{self, BridgeRecord},
    deploy, deploy_token,
    encoding::hash_to_word,
    revert::Revert,
    withdrawal,
};

/// Account 0 of the well-known development mnemonic.
const DEV_KEY: &str = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
/// Creation code of a contract whose code is `STOP`: every call succeeds.
const ACCEPT_ALL: Bytes = bytes!("60016000f3");
/// Creation code of a contract that reverts with `ProofInvalid()`, whose selector is 7fcdd1f4.
const REFUSE_ALL: Bytes = bytes!("6b637fcdd1f45f526004601cfd600052600c6014f3");
const PROOF: [u8; 64] = [7; 64];
const GENESIS: [u64; 4] = [1, 2, 3, 4];
const AUTH: [u64; 4] = [
    0x0123_4567_89ab_cdef,
    0xffee_ddcc_bbaa_9988,
    5,
    0xfedc_ba98_7654_3210,
];
const RECIPIENT: Address = address!("00112233445566778899aabbccddeeff00112233");
const GWEI: u64 = 1_000_000_000;
/// Units that a forced withdrawal asks for.
const FORCED: u64 = 1000;

#[tokio::test(flavor = "multi_thread")]
async fn on_anvil() {
    let anvil = node::Anvil::start()
        .expect("this test needs anvil: run `npm ci` in verifier-contracts, or put anvil on PATH");
    lifecycle(&anvil.url).await;
    refused_proof(&anvil.url).await;
    leaving::left_by_its_operator(&anvil.url).await; // the last: it moves the clock
}

async fn lifecycle(url: &str) {
    let (provider, operator) = connect(url);
    let token = deploy_token(&provider, "Demo", "DMO", 18)
        .await
        .expect("token deploys");
    let deployment = deploy_rollup(&provider, operator, ACCEPT_ALL, token).await;
    let rollup = Rollup::new(deployment.rollup, &provider);
    assert_eq!(rollup.verifier().call().await.unwrap(), deployment.proof_verifier);
    assert_eq!(rollup.ROUTER().call().await.unwrap(), deployment.router);
    assert_eq!(rollup.stateRoot().call().await.unwrap(), hash_to_word(GENESIS));
    assert_eq!(
        rollup.domain().call().await.unwrap(),
        domain(31_337, deployment.rollup)
    );

    deposit(&provider, &deployment, token, operator).await;
    force_withdrawal(&rollup, operator).await;
    let withdrawals = [
        Withdrawal {
            token: 0,
            amount: 3,
            to: RECIPIENT,
        },
        Withdrawal {
            token: 1,
            amount: 4,
            to: RECIPIENT,
        },
        Withdrawal {
            token: 0,
            amount: 1,
            to: RECIPIENT,
        },
        Withdrawal {
            token: 1,
            amount: 2,
            to: operator,
        },
    ];
    let mut records = vec![deposit_record(0, 10, operator), deposit_record(1, 20, operator)];
    records.extend(withdrawals[..3].iter().map(withdrawal_record));
    records.push(forced_record(withdrawals[3].clone()));
    for (index, queued) in (0..).zip(records.iter().filter_map(BridgeRecord::queue_record)) {
        let kept = rollup.queuedOperation(index).call().await.unwrap();
        let expiry = u64::from_be_bytes(kept[24..].try_into().unwrap()) & ((1 << 40) - 1);
        assert_eq!(kept, bridge::queue_entry(&queued, expiry));
    }
    assert_eq!(bridge::withdrawals(&records), withdrawals);
    let header = commit(&rollup, records.iter().flat_map(BridgeRecord::encode).collect()).await;
    assert_eq!(
        (header.withdrawalCount, header.bridgeWords, header.rollupWords),
        (4, 2 * 10 + 3 * 5 + 6, 4)
    );
    assert_eq!(rollup.committedOperations().call().await.unwrap(), 3);
    assert_eq!(header.withdrawalsRoot, withdrawal::root(&withdrawals));
    assert_eq!(
        rollup.headerHash(1).call().await.unwrap(),
        keccak256(header.abi_encode())
    );

    let claim = |index: u32| {
        let siblings = withdrawal::proof(&withdrawals, index).expect("index is in range");
        rollup.claimWithdrawal(
            header.clone(),
            index,
            withdrawals[index as usize].clone(),
            siblings,
        )
    };
    let early = claim(0).call().await.err().expect("the call reverts");
    let expected = RollupErrors::BatchNotProven(Rollup::BatchNotProven {
        number: 1,
        lastProven: 0,
    });
    assert_eq!(Revert::from_error(&early), Some(Revert::Rollup(expected)));

    let receipt = rollup
        .proveBatch(header.clone(), PROOF.into())
        .send()
        .await
        .unwrap()
        .get_receipt()
        .await
        .unwrap();
    assert!(receipt.status());
    assert_eq!(rollup.stateRoot().call().await.unwrap(), header.newRoot);
    for index in 0..4 {
        assert!(
            claim(index)
                .send()
                .await
                .unwrap()
                .get_receipt()
                .await
                .unwrap()
                .status()
        );
        assert!(rollup.isClaimed(1, index).call().await.unwrap());
    }
    assert_eq!(
        provider.get_balance(RECIPIENT).await.unwrap(),
        U256::from(4 * GWEI)
    );
    let token = MintableToken::new(token, &provider);
    for (holder, units) in [(RECIPIENT, 4), (operator, 2)] {
        assert_eq!(
            token.balanceOf(holder).call().await.unwrap(),
            U256::from(units * GWEI)
        );
    }
}

async fn refused_proof(url: &str) {
    let (provider, operator) = connect(url);
    let token = deploy_token(&provider, "Demo", "DMO", 6)
        .await
        .expect("token deploys");
    let deployment = deploy_rollup(&provider, operator, REFUSE_ALL, token).await;
    let rollup = Rollup::new(deployment.rollup, &provider);
    let header = commit(&rollup, Vec::new()).await;
    let refused = rollup
        .proveBatch(header, PROOF.into())
        .call()
        .await
        .err()
        .expect("the call reverts");
    let expected = Halo2VerifierErrors::ProofInvalid(ProofInvalid {});
    assert_eq!(
        Revert::from_error(&refused),
        Some(Revert::ProofVerifier(expected))
    );
    assert_eq!(rollup.stateRoot().call().await.unwrap(), hash_to_word(GENESIS));
}

fn connect(url: &str) -> (impl Provider + Clone + use<>, Address) {
    let signer: PrivateKeySigner = DEV_KEY.parse().expect("the key is well formed");
    let operator = signer.address();
    let url = url.parse().expect("the node's URL is well formed");
    (
        ProviderBuilder::new()
            .wallet(EthereumWallet::from(signer))
            .connect_http(url),
        operator,
    )
}

async fn deploy_rollup(
    provider: &impl Provider,
    operator: Address,
    verifier_code: Bytes,
    token: Address,
) -> Deployment {
    let config = DeployConfig {
        tokens: vec![TokenListing {
            token,
            unit: U256::ZERO,
        }],
        ..DeployConfig::new(
            verifier_code,
            B256::repeat_byte(7),
            hash_to_word(GENESIS),
            operator,
        )
    };
    deploy(provider, config).await.expect("rollup deploys")
}

/// Deposits 10 units of ETH and 20 of the token.
async fn deposit(provider: &impl Provider, deployment: &Deployment, token: Address, depositor: Address) {
    let rollup = Rollup::new(deployment.rollup, provider);
    let token = MintableToken::new(token, provider);
    let auth = hash_to_word(AUTH);
    let eth = rollup.depositETH(depositor, auth).value(U256::from(10 * GWEI));
    let receipt = eth.send().await.unwrap().get_receipt().await.unwrap();
    let queued = receipt
        .decoded_log::<Rollup::OperationQueued>()
        .expect("the deposit is announced");
    assert_eq!((queued.index, queued.kind, queued.sender), (0, 1, depositor));
    let deadline = rollup.EXIT_DEADLINE().call().await.unwrap();
    assert_eq!(deadline, DEFAULT_EXIT_DEADLINE_SECS);
    assert_eq!(queued.expiry, 10 * (u64::from(queued.time) + deadline));
    let record = deposit_record(0, 10, depositor).queue_record();
    assert_eq!(Some(queued.record.to_vec()), record);
    let amount = U256::from(20 * GWEI);
    token
        .mint(depositor, amount)
        .send()
        .await
        .unwrap()
        .get_receipt()
        .await
        .unwrap();
    token
        .approve(deployment.rollup, amount)
        .send()
        .await
        .unwrap()
        .get_receipt()
        .await
        .unwrap();
    let erc20 = rollup.depositERC20(*token.address(), amount, depositor, auth);
    assert!(erc20.send().await.unwrap().get_receipt().await.unwrap().status());
}

/// Asks for more of the token than there will be.
async fn force_withdrawal<P: Provider>(rollup: &Rollup::RollupInstance<P>, sender: Address) {
    let forced = rollup.forceWithdrawal(42, 1, FORCED);
    let receipt = forced.send().await.unwrap().get_receipt().await.unwrap();
    let queued = receipt
        .decoded_log::<Rollup::OperationQueued>()
        .expect("the operation is announced");
    assert_eq!((queued.index, queued.kind, queued.sender), (2, 5, sender));
}

/// Commits batch 1 with two transfers, and returns the header that the event carries.
async fn commit<P: Provider>(rollup: &Rollup::RollupInstance<P>, bridge: Vec<u8>) -> BatchHeader {
    let provider = rollup.provider();
    let head = provider
        .get_block_by_number(BlockNumberOrTag::Latest)
        .await
        .unwrap();
    let data = CommitData {
        number: 1,
        time: (head.expect("mined").header.timestamp / 60) as u32,
        newRoot: hash_to_word([9, 8, 7, 6]),
        dataHash: hash_to_word([5, 4, 3, 2]),
        feeAccount: 0,
        bridge: bridge.into(),
        rollup: vec![0x11; 28].into(),
    };
    let receipt = rollup
        .commitBatch(data)
        .send()
        .await
        .unwrap()
        .get_receipt()
        .await
        .unwrap();
    let event = receipt
        .decoded_log::<Rollup::BatchCommitted>()
        .expect("the batch is announced");
    event.data.header
}

fn deposit_record(token: u8, amount: u64, owner: Address) -> BridgeRecord {
    BridgeRecord::Deposit {
        account: 42,
        token,
        amount,
        owner,
        auth: AUTH,
    }
}

fn withdrawal_record(withdrawal: &Withdrawal) -> BridgeRecord {
    BridgeRecord::Withdrawal {
        account: 42,
        fee_bits: 0,
        withdrawal: withdrawal.clone(),
    }
}

fn forced_record(withdrawal: Withdrawal) -> BridgeRecord {
    BridgeRecord::ForcedWithdrawal {
        account: 42,
        requested: FORCED,
        withdrawal,
    }
}

/// Four 56-bit words of `keccak256("ashlar/v1" ‖ chain id ‖ address)`, as a hash.
fn domain(chain_id: u64, rollup: Address) -> U256 {
    let input = [
        b"ashlar/v1".as_slice(),
        &B256::from(U256::from(chain_id)).0,
        rollup.as_slice(),
    ]
    .concat();
    let digest = keccak256(input);
    hash_to_word([0, 1, 2, 3].map(|i| {
        digest[7 * i..7 * i + 7]
            .iter()
            .fold(0, |word, &b| word << 8 | u64::from(b))
    }))
}
