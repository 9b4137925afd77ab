//! A rollup in blob mode on the embedded devnet, and a batch for it.

use std::path::Path;

use alloy::{
    network::{EthereumWallet, TransactionBuilder4844},
    primitives::{Address, B256, Bytes, U256},
    providers::{DynProvider, Provider, ProviderBuilder},
    rpc::types::{TransactionReceipt, TransactionRequest},
    signers::local::PrivateKeySigner,
};
use ashlar_blob::stream::words_of;
use ashlar_contracts::{
    BatchHeader, CommitData, DataMode, DeployConfig, Rollup, deploy,
    encoding::{extension_to_word, hash_to_word},
    generated_verifier,
    revert::Revert,
    withdrawal,
};
use ashlar_devnet::DEV_ACCOUNTS;
use ashlar_engine::{WrapKit, wrap_k};
use ashlar_kzg::srs::Srs;
use ashlar_payments::{
    auth,
    batch::{BlockBuilder, BlockConfig, SHAPES},
    leaves::PaymentWitness,
    packing::{PackedAmount, PackedFee},
    state::MemoryStore,
    transaction::{Deposit, Domain, Operation, SecretKey, Served, Transaction, Transfer},
    tree::empty_accounts_root,
};
use ashlar_payments_engine::{Engine, load_or_build};
use ashlar_publication::Publication;
use ashlar_statement::{
    SealedBatch, Security,
    hash::{F, Hash},
};
use plonky2::field::types::PrimeField64;
use serde_json::json;

/// Base units of ETH in a unit of the rollup.
const UNIT: u64 = 1_000_000_000;
const DEPOSIT: u64 = 1_000_000;
const TRANSFERS: u32 = 5;
/// In wei.
const MAX_FEE_PER_BLOB_GAS: u128 = 1_000_000_000;

/// The devnet and the contract.
pub struct Chain {
    _node: ashlar_devnet::Handle,
    provider: DynProvider,
    pub contract: Rollup::RollupInstance<DynProvider>,
    domain: Domain,
    pub operator: Address,
    /// They pay in for themselves: nobody else may name what signs.
    users: [Address; 2],
}

/// With the circuits and keys that the processes use.
pub fn engine() -> Engine {
    let cache = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/ashlar");
    let circuits = load_or_build(&cache, Security::default(), None).expect("circuits");
    let srs = Srs::load_or_generate_insecure(&cache, wrap_k(Security::default())).expect("a string");
    let kit = WrapKit::load_or_generate(&cache, srs, &circuits.recursion).expect("keys");
    Engine::new(circuits).with_wrap(kit).expect("of these circuits")
}

impl Chain {
    pub async fn start() -> Self {
        let node = ashlar_devnet::serve(([127, 0, 0, 1], 0).into(), Default::default())
            .await
            .expect("it starts");
        let signer = |account: usize| PrivateKeySigner::from_bytes(&DEV_ACCOUNTS[account].secret_key);
        let [operator, payer, payee] = [0, 1, 2].map(|account| signer(account).expect("a key"));
        let users = [payer.address(), payee.address()];
        let mut wallet = EthereumWallet::from(operator.clone());
        for user in [payer, payee] {
            wallet.register_signer(user);
        }
        let operator = operator.address();
        let provider = ProviderBuilder::new()
            .wallet(wallet)
            .connect_http(node.url().parse().expect("a URL"))
            .erased();
        let verifier = generated_verifier().expect("committed artifact");
        let genesis = word(&empty_accounts_root());
        let config = DeployConfig {
            data: DataMode::Blob,
            ..DeployConfig::new(verifier.creation_code, verifier.route, genesis, operator)
        };
        let rollup = deploy(&provider, config).await.expect("deployed").rollup;
        Self {
            _node: node,
            operator,
            users,
            domain: Domain {
                chain_id: ashlar_devnet::Config::default().chain_id,
                rollup: rollup.into_array(),
            },
            contract: Rollup::new(rollup, provider.clone()),
            provider,
        }
    }

    /// Commits in a transaction that carries a blob; the name of the error if it reverts.
    pub async fn commit(
        &self,
        batch: &Batch,
        publication: &Publication,
        opening: Bytes,
    ) -> Result<BatchHeader, String> {
        let hash = publication.versioned_hash();
        let call = self
            .contract
            .commitBatch(batch.data(opening))
            .from(self.operator)
            .map(|request| TransactionRequest {
                blob_versioned_hashes: Some(vec![hash]),
                max_fee_per_blob_gas: Some(MAX_FEE_PER_BLOB_GAS),
                ..request
            });
        if let Err(error) = call.call().await {
            return Err(Revert::from_error(&error).expect("reverted").to_string());
        }
        let request = call
            .into_transaction_request()
            .with_blob_sidecar(publication.sidecar().expect("computed").into());
        let sent = self.provider.send_transaction(request).await.expect("accepted");
        let receipt = sent.get_receipt().await.expect("mined");
        assert!(receipt.status(), "committed");
        let event = receipt.decoded_log::<Rollup::BatchCommitted>().expect("an event");
        Ok(event.data.header)
    }

    pub async fn prove(&self, header: BatchHeader, proof: Bytes) -> TransactionReceipt {
        let sent = self
            .contract
            .proveBatch(header, proof)
            .send()
            .await
            .expect("accepted");
        sent.get_receipt().await.expect("mined")
    }

    /// As a node of the consensus layer serves it; here the devnet.
    pub async fn read_blob(&self, hash: B256) -> Bytes {
        self.provider
            .raw_request("anvil_getBlobByHash".into(), json!([hash]))
            .await
            .expect("it has the blob")
    }

    /// What the contract owes of ETH, in units.
    pub async fn balance_owed(&self) -> U256 {
        self.contract.outstanding(0).call().await.expect("answers")
    }
}

/// Two deposits and some transfers, sealed for their blob.
pub struct Batch {
    pub sealed: SealedBatch<PaymentWitness>,
    pub words: Vec<u64>,
    pub publication: Publication,
    pub deposited: u64,
    time: u32,
}

impl Batch {
    pub async fn seal(chain: &Chain) -> Self {
        let keys = ["payer", "payee"].map(|name| SecretKey::from_seed(name.as_bytes()));
        let config = BlockConfig {
            domain: chain.domain,
            fee_owner: [9; 20],
            shapes: SHAPES,
        };
        let mut builder = BlockBuilder::new(MemoryStore::new(), config).expect("in memory");
        let mut deposits = Vec::new();
        for ((account, key), owner) in (0..).zip(&keys).zip(chain.users) {
            let auth = auth::of_key(key.public_key().key_hash());
            let call = chain.contract.depositETH(owner, word(&auth)).from(owner);
            let call = call.value(U256::from(DEPOSIT) * U256::from(UNIT));
            let sent = call.send().await.expect("accepted");
            assert!(sent.get_receipt().await.expect("mined").status());
            let deposit = Deposit {
                token: 0,
                amount: DEPOSIT,
                owner: owner.into_array(),
                auth,
            };
            deposits.push(Served::deposit(account, deposit));
        }
        let latest = chain.provider.get_block_by_number(Default::default()).await;
        let latest = latest.expect("answers").expect("there is one");
        let time = u32::try_from(latest.header.timestamp / 60).expect("minutes");
        builder.set_time(time);
        for deposit in deposits {
            builder.push(deposit).expect("valid");
        }
        for nonce in 0..TRANSFERS {
            let transfer = Transfer {
                from: 0,
                to: 1,
                to_owner: chain.users[1].into_array(),
                token: 0,
                amount: PackedAmount::exact(100).expect("small"),
                fee: PackedFee::exact(0).expect("small"),
                nonce,
            };
            let signed = Transaction::Transfer(transfer).sign(&chain.domain, &keys[0]);
            builder.push(Operation::from(signed)).expect("valid");
        }
        let closed = builder.close().expect("in memory").0.map(PaymentWitness::from);
        let sealed = ashlar_publication::seal(closed, 1, time).expect("not empty");
        Self {
            words: words_of(&sealed.rollup).expect("few"),
            publication: Publication::of(&sealed.rollup).expect("some"),
            sealed,
            deposited: 2 * DEPOSIT,
            time,
        }
    }

    /// Of the batch's own blob at its point.
    pub fn opening(&self) -> Bytes {
        let z = self.sealed.public_inputs.z;
        let z = z.map(|element| element.to_canonical_u64());
        self.publication.opening(z).expect("sealed for a blob")
    }

    pub fn data(&self, opening: Bytes) -> CommitData {
        let inputs = &self.sealed.public_inputs;
        CommitData {
            number: 1,
            time: self.time,
            newRoot: word_of(inputs.new_root),
            dataHash: word_of(inputs.data_hash),
            feeAccount: 0,
            bridge: self.sealed.bridge.clone().into(),
            rollup: opening,
        }
    }

    pub fn new_root(&self) -> U256 {
        word_of(self.sealed.public_inputs.new_root)
    }
}

/// What the contract must keep of the batch, by the batch's own public inputs.
pub fn header_of(batch: &Batch) -> BatchHeader {
    let inputs = &batch.sealed.public_inputs;
    let element = |element: F| element.to_canonical_u64();
    let [y0, y1] = inputs.rollup_eval.map(element);
    let [y2, y3, y4] = inputs.blob_value.map(element);
    let value = [y0, y1, y2, y3, y4]
        .iter()
        .rev()
        .fold(U256::ZERO, |value, word| value << 56 | U256::from(*word));
    BatchHeader {
        number: 1,
        firstOperation: 0,
        withdrawalCount: 0,
        feeAccount: 0,
        time: batch.time,
        previousTime: 0,
        bridgeWords: (batch.sealed.bridge.len() / 7) as u32,
        rollupWords: count(&batch.words),
        oldRoot: word_of(inputs.old_root),
        newRoot: word_of(inputs.new_root),
        dataHash: word_of(inputs.data_hash),
        z: extension_to_word(inputs.z.map(element)),
        bridgeEval: extension_to_word(inputs.bridge_eval.map(element)),
        rollupEval: value,
        withdrawalsRoot: withdrawal::root(&[]),
    }
}

fn count(words: &[u64]) -> u32 {
    u32::try_from(words.len()).expect("of one blob")
}

fn word(hash: &Hash) -> U256 {
    word_of(hash.elements)
}

fn word_of(elements: [F; 4]) -> U256 {
    hash_to_word(elements.map(|element| element.to_canonical_u64()))
}
