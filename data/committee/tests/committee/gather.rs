//! An operator who asks all members at once, and readers who ask one after the other.

use std::{sync::Arc, time::Duration};

use alloy::primitives::Address;
use ashlar_committee::{
    Committee, GatherError, Gatherer, Patience, Proposal, Propose, ProposeError, ReadError, Readers, may_be,
    statement_of,
};
use ashlar_contracts::BatchHeader;
use ashlar_payments::batch::SealedBatch;
use plonky2::field::types::PrimeField64;
use tempfile::TempDir;

use super::{
    served::{Served, serve},
    support::{DOMAIN, EXPIRY, Operator, TIME, signer, transfer},
};

/// Whose key is [`signer`] of this number.
pub const OPERATOR: usize = 9;
const STRANGER: usize = 4;

/// What an operator has proposed, by number from one on.
#[derive(Debug)]
struct History(Vec<Proposal>);

impl Propose for History {
    fn proposal(&self, number: u64, expiry: u64) -> Result<Proposal, ProposeError> {
        let mut proposal = self.0.get(number as usize - 1).ok_or("unknown")?.clone();
        if let Some(statement) = &mut proposal.statement {
            statement.expiry = expiry;
        }
        Ok(proposal)
    }
}

/// Members of these numbers, and what they keep.
pub struct Members {
    pub served: Vec<Option<Served>>,
    folders: Vec<TempDir>,
}

impl Members {
    pub async fn new(members: &[usize]) -> Self {
        let mut of = Self {
            served: Vec::new(),
            folders: Vec::new(),
        };
        for member in members {
            let folder = TempDir::new().expect("a folder");
            of.served
                .push(Some(serve(*member, &folder, &signer(OPERATOR)).await));
            of.folders.push(folder);
        }
        of
    }

    pub fn endpoints(&self) -> Vec<String> {
        let served = self.served.iter().flatten();
        served.map(|of| of.endpoint.clone()).collect()
    }

    async fn last(&self, place: usize) -> u64 {
        let served = self.served[place].as_ref().expect("runs");
        served.client().await.state().await.expect("answers").last_batch
    }

    async fn stop(&mut self, place: usize) {
        self.served[place].take().expect("runs").end().await;
    }

    async fn start(&mut self, place: usize, member: usize) {
        self.served[place] = Some(serve(member, &self.folders[place], &signer(OPERATOR)).await);
    }
}

pub fn committee() -> Committee {
    let mut members: Vec<Address> = (0..4).map(|member| signer(member).address()).collect();
    members.sort_unstable();
    Committee::new(members).expect("four")
}

fn gatherer(endpoints: Vec<String>) -> Gatherer {
    let patience = Patience {
        others: Duration::from_secs(30), // all of them, on a busy machine
        ..Patience::default()
    };
    Gatherer::new(committee(), DOMAIN, endpoints, signer(OPERATOR), patience)
}

pub async fn gather(members: &Members, history: Vec<Proposal>) -> Result<usize, GatherError> {
    let number = history.len() as u64;
    let history: Arc<dyn Propose> = Arc::new(History(history));
    let gatherer = gatherer(members.endpoints());
    Ok(gatherer.attestation(&history, number, EXPIRY).await?.len())
}

/// Deposits and a transfer, then transfers of these amounts, a batch each.
pub fn history(amounts: &[u64]) -> Vec<(SealedBatch, Proposal)> {
    let mut operator = Operator::new(DOMAIN);
    let mut batches = vec![operator.first(TIME)];
    for (nonce, amount) in (1..).zip(amounts) {
        let item = operator.sign(transfer(1, 2, *amount, nonce));
        batches.push(operator.propose(vec![item], TIME));
    }
    batches
}

pub fn proposals(batches: &[(SealedBatch, Proposal)]) -> Vec<Proposal> {
    batches.iter().map(|(_, proposal)| proposal.clone()).collect()
}

const THREE_SIGNED: usize = 32 + 3 * 65;

#[tokio::test(flavor = "multi_thread")]
async fn a_member_that_was_away_or_holds_another_history_is_given_what_it_lacks() {
    let mut members = Members::new(&[0, 1, 2, 3]).await;
    let first = proposals(&history(&[20, 30]));
    members.stop(3).await;
    for number in 1..=3 {
        let signed = gather(&members, first[..number].to_vec()).await;
        assert_eq!(signed.expect("three sign"), THREE_SIGNED);
    }
    members.start(3, 3).await;
    assert_eq!(members.last(3).await, 0);
    gather(&members, first.clone()).await.expect("all sign");
    for place in 0..4 {
        assert_eq!(members.last(place).await, 3, "member {place}");
    }

    // L1 has lost what came after the first batch, and the operator made others.
    let other = proposals(&history(&[25, 35, 45, 55]));
    gather(&members, other).await.expect("all sign");
    for place in 0..4 {
        assert_eq!(members.last(place).await, 5, "member {place}");
    }
    for member in members.served.into_iter().flatten() {
        member.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_sign_is_told_with_its_cause() {
    let members = Members::new(&[0, 1, STRANGER]).await;
    let mut endpoints = members.endpoints();
    endpoints.push("http://127.0.0.1:1".into());
    let first: Arc<dyn Propose> = Arc::new(History(proposals(&history(&[]))));
    let few = gatherer(endpoints.clone()).attestation(&first, 1, EXPIRY).await;
    let error = few.expect_err("two of four");
    let GatherError::TooFew {
        signed,
        needed,
        failures,
        ..
    } = &error
    else {
        panic!("{error}");
    };
    assert_eq!((*signed, *needed, failures.len()), (2, 3, 2));
    let text = error.to_string();
    let stranger = format!(
        "{}: its signature is that of {}",
        endpoints[2],
        signer(STRANGER).address()
    );
    assert!(
        text.contains("2 members of the committee have signed, 3 must") && text.contains(&stranger),
        "{text}"
    );
    assert!(text.contains("cannot reach member http://127.0.0.1:1"), "{text}");

    // What is proposed is not what comes of it: everybody refuses, and no earlier batch mends that.
    let mut wrong = proposals(&history(&[20]));
    if let Some(statement) = &mut wrong[1].statement {
        statement.words += 1;
    }
    let error = gather(&members, wrong).await.expect_err("all refuse").to_string();
    assert!(
        error.contains("0 members") && error.contains("the number of words is 2, not 3"),
        "{error}"
    );
    for member in members.served.into_iter().flatten() {
        member.end().await;
    }
}

/// What L1 has of a batch, of which readers look at no more.
pub fn header(batch: &SealedBatch) -> BatchHeader {
    use alloy::{primitives::U256, sol_types::SolValue};
    use ashlar_contracts::encoding::extension_to_word;
    let statement = statement_of(batch, 0).expect("a rollup stream");
    let z = batch.public_inputs.z.map(|element| element.to_canonical_u64());
    BatchHeader {
        number: statement.number,
        newRoot: statement.new_root,
        dataHash: statement.data_hash,
        rollupWords: statement.words,
        rollupEval: U256::from(statement.rollup_eval),
        z: extension_to_word(z),
        ..BatchHeader::abi_decode(&[0; 15 * 32]).expect("fifteen words")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_is_read_from_whoever_has_one_that_is_accepted() {
    let members = Members::new(&[0, 1, 2]).await;
    let batches = history(&[]);
    gather(&members, proposals(&batches)).await.expect("three sign");
    let (sealed, _) = &batches[0];
    let header = header(sealed);
    assert!(ashlar_committee::check(&header, &DOMAIN, &sealed.bridge));
    assert!(!ashlar_committee::check(&header, &DOMAIN, &sealed.bridge[7..]));
    assert!(may_be(&header, &sealed.rollup));
    for place in 0..sealed.rollup.len() {
        let mut other = sealed.rollup.clone();
        other[place] ^= 1;
        assert!(!may_be(&header, &other), "byte {place}");
    }
    assert!(!may_be(&header, &[]));

    let nobody = Readers::new(&[], Duration::from_secs(30));
    let error = nobody
        .stream(&DOMAIN, &header, |_| true)
        .await
        .expect_err("nobody");
    assert!(matches!(error, ReadError::NoMember { number: 1 }), "{error}");

    let mut endpoints = vec!["http://127.0.0.1:1".to_owned()];
    endpoints.extend(members.endpoints());
    let readers = Readers::new(&endpoints, Duration::from_secs(30));
    // The first that is reached is not believed, the next one is.
    let mut asked = 0;
    let accepts = |stream: &[u8]| {
        assert_eq!(stream, sealed.rollup);
        asked += 1;
        asked == 2
    };
    let stream = readers.stream(&DOMAIN, &header, accepts).await.expect("has it");
    assert_eq!((stream, asked), (sealed.rollup.clone(), 2));
    let error = readers
        .stream(&DOMAIN, &header, |_| false)
        .await
        .expect_err("none");
    let ReadError::Nowhere { failures, .. } = &error else {
        panic!("{error}");
    };
    let told: Vec<bool> = failures
        .iter()
        .map(|(_, why)| why.contains("does not lead to the batch's root"))
        .collect();
    assert_eq!(told, [false, true, true, true], "{error}");
    let unknown = BatchHeader { number: 2, ..header };
    let error = readers
        .stream(&DOMAIN, &unknown, |_| true)
        .await
        .expect_err("not kept");
    assert!(error.to_string().contains("it has no such batch"), "{error}");
    for member in members.served.into_iter().flatten() {
        member.end().await;
    }
}
