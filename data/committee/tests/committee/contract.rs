//! What members have signed is taken by the real contract, and nothing else is.

use std::{path::Path, time::Duration};

use alloy::{
    network::EthereumWallet,
    primitives::{Address, B256, Bytes, Signature, U256},
    providers::{DynProvider, Provider, ProviderBuilder},
    signers::local::PrivateKeySigner,
};
use ashlar_client::{L1, L1Config};
use ashlar_committee::{Committee, Member, MemberClient, Terms, TooFewSigned, statement_of};
use ashlar_contracts::{
    CommitData, DataMode, DeployConfig, Rollup, ValidiumRollup, deploy,
    encoding::{extension_to_word, hash_to_word},
};
use ashlar_devnet::DEV_ACCOUNTS;
use ashlar_payments::{
    batch::{SHAPES, SealedBatch},
    packing::PackedFee,
    pubdata::Record,
    transaction::{Transaction, Withdraw},
    tree::empty_accounts_root,
};
use ashlar_statement::{
    Domain, TIME_BITS,
    hash::{F, Hash, hash_to_bytes32},
};
use plonky2::field::types::PrimeField64;
use tempfile::TempDir;
use tokio::time::sleep;

use super::{
    served::{LIMIT, serve_member},
    support::{DEPOSIT, EXPIRY, Item, Operator, auth_of, deposit, key, owner, signer},
};

/// A verifier that has some key digest, and gives it as its answer to every call.
fn accepts_all() -> Bytes {
    let digest = B256::repeat_byte(7);
    let code = format!("6027600a5f3960275ff37f{}5f5260205ff3", alloy::hex::encode(digest));
    alloy::hex::decode(code).expect("hexadecimal").into()
}

/// A validium on a devnet, and a state that its contract knows.
struct World {
    _node: ashlar_devnet::Handle,
    url: String,
    /// The operator's.
    provider: DynProvider,
    rollup: Address,
    committee: Committee,
    /// By place in the committee.
    signers: Vec<PrivateKeySigner>,
    operator: Operator,
}

fn connect(url: &str, user: u32) -> DynProvider {
    let key = DEV_ACCOUNTS[user as usize].secret_key;
    let wallet = EthereumWallet::from(PrivateKeySigner::from_bytes(&key).expect("a key"));
    let url = url.parse().expect("a URL");
    ProviderBuilder::new().wallet(wallet).connect_http(url).erased()
}

impl World {
    async fn new() -> Self {
        let node = ashlar_devnet::serve(([127, 0, 0, 1], 0).into(), Default::default())
            .await
            .expect("starts");
        let (url, operator) = (node.url(), DEV_ACCOUNTS[0].address);
        let provider = connect(&url, 0);
        let root = empty_accounts_root()
            .elements
            .map(|element| element.to_canonical_u64());
        let genesis = hash_to_word(root);
        let set = B256::repeat_byte(9);
        let mut signers: Vec<_> = (0..4).map(signer).collect();
        signers.sort_by_key(PrivateKeySigner::address);
        let members: Vec<_> = signers.iter().map(PrivateKeySigner::address).collect();
        let config = DeployConfig {
            data: DataMode::Validium,
            committee: members.iter().rev().copied().collect(),
            ..DeployConfig::new(accepts_all(), set, genesis, operator)
        };
        let rollup = deploy(&provider, config).await.expect("deploys").rollup;
        let domain = Domain {
            chain_id: provider.get_chain_id().await.expect("answers"),
            rollup: rollup.into_array(),
        };
        let world = Self {
            _node: node,
            url,
            provider,
            rollup,
            committee: Committee::new(members).expect("ascending"),
            signers,
            operator: Operator::new(domain),
        };
        for user in 0..3 {
            world.deposit(user).await;
        }
        world
    }

    /// Only its owner opens an account that a key signs for.
    async fn deposit(&self, user: u32) {
        let provider = match user {
            0 => self.provider.clone(), // it counts the operator's nonces
            user => connect(&self.url, user),
        };
        let contract = Rollup::new(self.rollup, provider);
        let auth = U256::from_be_bytes(hash_to_bytes32(&auth_of(user)));
        let value = U256::from(DEPOSIT) * U256::from(1_000_000_000);
        let call = contract.depositETH(owner(user).into(), auth).value(value);
        let sent = call.send().await.expect("sent");
        assert!(sent.get_receipt().await.expect("mined").status());
    }

    async fn minute(&self) -> u32 {
        let newest = self.provider.get_block_by_number(Default::default()).await;
        (newest.expect("answers").expect("there").header.timestamp / 60) as u32
    }

    fn member(&self, place: usize, folder: &Path) -> Member {
        let terms = Terms {
            domain: self.operator.domain,
            shapes: SHAPES,
        };
        Member::open(self.signers[place].clone(), terms, folder).expect("opens")
    }

    /// The commit of a batch, on L1 as a call that changes nothing or in earnest.
    async fn commit(&self, sealed: &SealedBatch, attestation: Bytes, in_earnest: bool) -> Result<(), String> {
        let inputs = &sealed.public_inputs;
        let word = |elements: [_; 4]| U256::from_be_bytes(hash_to_bytes32(&Hash { elements }));
        let both = inputs.fee_account_and_time.to_canonical_u64();
        let batch = CommitData {
            number: sealed.number,
            time: (both & ((1 << TIME_BITS) - 1)) as u32,
            newRoot: word(inputs.new_root),
            dataHash: word(inputs.data_hash),
            feeAccount: (both >> TIME_BITS) as u32,
            bridge: sealed.bridge.clone().into(),
            rollup: attestation,
        };
        let contract = Rollup::new(self.rollup, &self.provider);
        let call = contract.commitBatch(batch);
        let checked = call.call().await.map(drop);
        checked.map_err(|error| {
            let data = error.as_revert_data().unwrap_or_default();
            alloy::hex::encode(data)
        })?;
        if in_earnest {
            let sent = call.send().await.expect("sent");
            assert!(sent.get_receipt().await.expect("mined").status());
        }
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn l1_takes_a_batch_that_two_thirds_have_executed_and_no_other() {
    let mut world = World::new().await;
    let minute = world.minute().await;
    let (sealed, proposal) = world.operator.first(minute);
    let statement = proposal.statement.clone().expect("it has transfers");
    let domain = world.operator.domain;
    let folders: Vec<_> = (0..4).map(|_| TempDir::new().expect("a folder")).collect();
    let signatures: Vec<Signature> = (0..4)
        .map(|place| {
            let mut member = world.member(place, folders[place].path());
            member.attest(&proposal).expect("signs").expect("a signature")
        })
        .collect();

    // One is dead, one lies: two are not enough, here or there.
    let mut lie = statement.clone();
    lie.new_root ^= U256::from(1);
    let lied = lie.sign(&domain, &world.signers[2]).expect("signs");
    let some = [signatures[0], signatures[1], lied];
    let too_few = world.committee.attestation(&statement, &domain, &some);
    assert_eq!(too_few, Err(TooFewSigned { signed: 2, needed: 3 }));
    let good = world
        .committee
        .attestation(&statement, &domain, &signatures)
        .expect("four");
    let mut false_one = good.to_vec();
    false_one.splice(32 + 2 * 65.., lied.as_bytes());
    let refused = world.commit(&sealed, false_one.into(), false).await;
    let name = |signature: &str| alloy::hex::encode(&alloy::primitives::keccak256(signature)[..4]);
    let error = refused.expect_err("not of this batch");
    assert!(
        error.starts_with(&name("SignatureInvalid(uint256,address)")),
        "{error}"
    );
    let mut two = good[..32 + 2 * 65].to_vec();
    two[31] = 0b0011;
    let error = world.commit(&sealed, two.into(), false).await.expect_err("two");
    assert!(
        error.starts_with(&name("SignersTooFew(uint256,uint256)")),
        "{error}"
    );

    // One dead alone, or one liar alone, stops nothing.
    for silent in 0..4 {
        let some: Vec<_> = (0..4)
            .filter(|of| *of != silent)
            .map(|of| signatures[of])
            .collect();
        let attestation = world
            .committee
            .attestation(&statement, &domain, &some)
            .expect("three");
        world.commit(&sealed, attestation, false).await.expect("taken");
    }
    world.commit(&sealed, good, true).await.expect("taken");

    // The next one has nothing for them to keep, and needs nobody.
    world.deposit(1).await;
    let (sealed, proposal) = world.operator.propose(vec![Item::L1(deposit(1))], minute);
    assert_eq!(proposal.statement, None);
    world.commit(&sealed, Bytes::new(), true).await.expect("taken");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_samples_what_the_committee_of_its_contract_keeps() {
    let mut world = World::new().await;
    let minute = world.minute().await;
    let (sealed, proposal) = world.operator.first(minute);
    let statement = proposal.statement.clone().expect("it has transfers");
    let (domain, operator) = (
        world.operator.domain,
        PrivateKeySigner::from_bytes(&DEV_ACCOUNTS[0].secret_key),
    );
    let operator = operator.expect("a key");
    let (mut folders, mut served, mut signatures) = (Vec::new(), Vec::new(), Vec::new());
    for place in 0..4 {
        let folder = TempDir::new().expect("a folder");
        let member = serve_member(world.member(place, folder.path()), &operator).await;
        let client = MemberClient::connect(&member.endpoint, domain, LIMIT).await;
        let signature = client.expect("connects").attest(&proposal, &operator).await;
        signatures.push(signature.expect("signs").expect("a signature"));
        folders.push(folder);
        served.push(member);
    }
    let attestation = world.committee.attestation(&statement, &domain, &signatures);
    let attestation = attestation.expect("all of them");
    world.commit(&sealed, attestation, true).await.expect("taken");

    let config = L1Config {
        members: served.iter().map(|of| of.endpoint.clone()).collect(),
        ..L1Config::new(&world.url, world.rollup)
    };
    let l1 = L1::connect(config).await.expect("connects");
    assert_eq!(l1.committee().await.expect("a validium"), world.committee);
    let batch = l1.committed_batch(1).await.expect("committed");
    let start = std::time::Instant::now();
    let sampled = loop {
        match l1.sample(&batch, 20).await {
            Ok(sampled) if sampled.signed == 4 => break sampled,
            outcome => assert!(start.elapsed() < Duration::from_secs(120), "{outcome:?}"),
        }
        sleep(Duration::from_millis(50)).await;
    };
    assert!(sampled.is_available() && sampled.found.len() == 20, "{sampled:?}");
    for member in served {
        member.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_committee_that_lies_as_one_man_binds_no_withdrawal_that_the_circuit_has_not_executed() {
    let mut world = World::new().await;
    let minute = world.minute().await;
    let (mut sealed, _) = world.operator.first(minute);
    let domain = world.operator.domain;
    // An invented withdrawal in the bridge stream of the commit, which all of them sign for.
    let invented = Transaction::Withdraw(Withdraw {
        from: 2,
        to_l1: [0xab; 20],
        token: 0,
        amount: 90_000_000,
        fee: PackedFee::exact(0).expect("none"),
        nonce: 0,
    });
    let record = Record::new(&invented.sign(&domain, &key(1)).into());
    let honest = sealed.public_inputs;
    sealed.bridge.extend(record.to_bytes());
    let statement = statement_of(&sealed, EXPIRY).expect("it has transfers");
    let signatures: Vec<_> = world
        .signers
        .iter()
        .map(|signer| statement.sign(&domain, signer).expect("signs"))
        .collect();
    let attestation = world
        .committee
        .attestation(&statement, &domain, &signatures)
        .expect("all of them");
    world
        .commit(&sealed, attestation, true)
        .await
        .expect("L1 takes their word for what it does not see");
    // What a proof would have to state is what L1 has evaluated itself: neither z nor the bridge stream's value is that of
    // what was executed.
    let contract = ValidiumRollup::new(world.rollup, &world.provider);
    let events = contract
        .BatchCommitted_filter()
        .from_block(0)
        .query()
        .await
        .expect("answers");
    let header = &events[0].0.header;
    let value = |of: [F; 2]| extension_to_word(of.map(|element| element.to_canonical_u64()));
    assert_ne!(header.z, value(honest.z));
    assert_ne!(header.bridgeEval, value(honest.bridge_eval));
    assert_eq!(header.withdrawalCount, 1);
}
