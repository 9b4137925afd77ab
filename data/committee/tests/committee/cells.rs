//! Cells of streams: sampled, withheld, lied about, and put together.

use std::time::Duration;

use ashlar_committee::{
    MemberClient, ReadError, Readers,
    cells::{Place, SampleError, Sampled},
};
use ashlar_contracts::BatchHeader;
use ashlar_payments::batch::SealedBatch;
use ashlar_proto::committee::v1 as pb;
use ashlar_report::chain;
use tokio::time::sleep;
use tonic::Code;

use super::{
    gather::{Members, committee, gather, header, history, proposals},
    proxy::{self, Change},
    served::LIMIT,
    support::{DOMAIN, signer},
};

const SAMPLES: u32 = 20;

/// Four members, who have signed a batch and made its cells.
struct Signed {
    members: Members,
    batch: SealedBatch,
    header: BatchHeader,
}

impl Signed {
    async fn new() -> Self {
        let members = Members::new(&[0, 1, 2, 3]).await;
        let mut batches = history(&[]);
        gather(&members, proposals(&batches)).await.expect("all sign");
        let (batch, proposal) = batches.remove(0);
        for endpoint in members.endpoints() {
            let client = MemberClient::connect(&endpoint, DOMAIN, LIMIT)
                .await
                .expect("runs");
            while !is_ready(&client, &proposal.new_root).await {
                sleep(Duration::from_millis(20)).await;
            }
        }
        let header = header(&batch);
        Self {
            members,
            batch,
            header,
        }
    }

    async fn sample(&self, endpoints: &[String], samples: u32) -> Result<Sampled, SampleError> {
        let readers = Readers::new(endpoints, LIMIT);
        readers.sample(&DOMAIN, &committee(), &self.header, samples).await
    }

    async fn stream(&self, endpoints: &[String]) -> Result<Vec<u8>, ReadError> {
        let readers = Readers::new(endpoints, LIMIT);
        let accepts = |stream: &[u8]| stream == self.batch.rollup;
        readers.stream(&DOMAIN, &self.header, accepts).await
    }

    /// In front of each member, somebody who changes what it says.
    async fn behind(&self, changes: [Change; 4]) -> Vec<String> {
        let mut endpoints = Vec::new();
        for (endpoint, change) in self.members.endpoints().iter().zip(changes) {
            endpoints.push(proxy::serve(endpoint, change).await.0);
        }
        endpoints
    }

    async fn end(self) {
        for member in self.members.served.into_iter().flatten() {
            member.end().await;
        }
    }
}

async fn is_ready(client: &MemberClient, root: &ashlar_statement::hash::Hash) -> bool {
    match client.cells(1, root, &[]).await {
        Ok(found) => found.is_some(),
        Err(ashlar_committee::ClientError::Request { source, .. }) if source.code() == Code::Unavailable => {
            assert!(source.message().contains("are being made"), "{source}");
            false
        }
        Err(error) => panic!("{}", chain(&error)),
    }
}

fn keep(answer: &mut pb::GetCellsResponse, is_kept: impl Fn(u32) -> bool) {
    answer
        .cells
        .retain(|cell| is_kept(cell.place.as_ref().expect("a place").cell));
}

fn honest(_: &mut pb::GetCellsResponse) {}

/// One cell less than would give the stream back.
fn less_than_half(answer: &mut pb::GetCellsResponse) {
    keep(answer, |cell| cell < 63);
}

fn false_cells(answer: &mut pb::GetCellsResponse) {
    for cell in &mut answer.cells {
        let mut data = cell.data.to_vec();
        data[40] ^= 1;
        cell.data = data.into();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_honest_members_keep_is_found() {
    let signed = Signed::new().await;
    let endpoints = signed.members.endpoints();
    let sampled = signed.sample(&endpoints, SAMPLES).await.expect("signed");
    assert!(sampled.is_available(), "{sampled:?}");
    assert_eq!((sampled.found.len(), sampled.blobs), (20, 1));
    assert_eq!((sampled.signed, sampled.members), (4, 4));
    let (mut asked, mut other) = (0, sampled.found.clone());
    for (of, endpoint) in sampled.asked.iter().zip(&endpoints) {
        assert_eq!((&of.endpoint, &of.failures), (endpoint, &vec![]));
        asked += of.asked;
    }
    other.dedup();
    assert_eq!((asked, other), (20, sampled.found), "each cell once");

    // There are no more than all.
    let all = signed.sample(&endpoints, 1_000).await.expect("signed");
    let places = (0..128).map(|cell| Place { blob: 0, cell });
    assert_eq!(all.found, places.collect::<Vec<_>>());

    // Cells are kept; three members are enough.
    let signed_by = signed.sample(&endpoints[1..], 1).await.expect("signed").signed;
    assert_eq!(signed_by, 3);
    signed.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withheld_half_is_found_and_gives_no_stream() {
    let signed = Signed::new().await;
    let endpoints = signed.behind([less_than_half; 4]).await;
    // By chance all samples are among the 63 cells that there are: in fewer than one run of a million.
    let sampled = signed.sample(&endpoints, SAMPLES).await.expect("signed");
    assert!(!sampled.is_available(), "{sampled:?}");
    assert_eq!(sampled.found.len() + sampled.missing.len(), 20);
    assert!(
        sampled.missing.iter().all(|place| place.cell >= 63)
            && sampled.found.iter().all(|place| place.cell < 63),
        "{sampled:?}"
    );
    for of in &sampled.asked {
        let cells: Vec<_> = of
            .failures
            .iter()
            .map(|(place, _)| place.expect("a cell"))
            .collect();
        assert_eq!(cells, sampled.missing, "everybody was asked");
        assert!(
            of.failures.iter().all(|(_, why)| why == "it has not given it"),
            "{of:?}"
        );
    }
    let error = signed.stream(&endpoints).await.expect_err("63 cells");
    assert!(
        error
            .to_string()
            .contains("nor have all together given half of its cells"),
        "{error}"
    );
    signed.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_who_withholds_or_lies_is_named_and_hides_nothing() {
    let signed = Signed::new().await;
    let endpoints = signed
        .behind([|answer| answer.cells.clear(), false_cells, honest, honest])
        .await;
    let sampled = signed.sample(&endpoints, 128).await.expect("signed");
    assert!(
        sampled.is_available() && sampled.found.len() == 128,
        "{sampled:?}"
    );
    let why = |index: usize| {
        let of = &sampled.asked[index];
        let mut why: Vec<_> = of.failures.iter().map(|(_, why)| why.as_str()).collect();
        why.dedup();
        (why.join(", "), of.asked - of.failures.len())
    };
    // Not to be asked for one of 128 cells has a chance of 2^-128.
    assert_eq!(why(0), ("it has not given it".to_owned(), 0));
    assert_eq!(why(1), ("what it gave is not the commitment's".to_owned(), 0));
    assert_eq!(why(2).0, "");
    assert_eq!(why(2).1 + why(3).1, 128);
    signed.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn members_of_whom_each_gives_a_part_give_the_stream() {
    let signed = Signed::new().await;
    // Half of the cells in all, of which 32 are among the first 64; one adds false ones, one gives the wrong half.
    let endpoints = signed
        .behind([
            |answer| keep(answer, |cell| cell % 4 == 0),
            |answer| {
                keep(answer, |cell| cell % 4 == 1 || cell % 4 == 2);
                for cell in &mut answer.cells {
                    if cell.place.as_ref().expect("a place").cell % 4 == 2 {
                        cell.proof = vec![0xc0; 48].into();
                    }
                }
            },
            false_cells,
            |answer| answer.cells.clear(),
        ])
        .await;
    let stream = signed.stream(&endpoints).await.expect("half of the cells");
    assert_eq!(stream, signed.batch.rollup);
    let error = signed.stream(&endpoints[1..]).await.expect_err("a quarter");
    assert!(matches!(error, ReadError::Nowhere { number: 1, .. }), "{error}");
    signed.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cells_are_the_batch_s_when_two_thirds_of_the_committee_sign_them() {
    let signed = Signed::new().await;
    let endpoints = signed.members.endpoints();
    let too_few = async |endpoints: &[String]| match signed.sample(endpoints, 1).await {
        Err(SampleError::TooFewSigned {
            signed: 2,
            needed: 3,
            failures,
            ..
        }) => failures.into_iter().map(|(_, why)| why).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    // Whoever is named twice has one voice.
    let twice = [&endpoints[..2], &endpoints[..2]].concat();
    assert_eq!(too_few(&twice).await, [] as [&str; 0]);

    let changed = signed
        .behind([
            honest,
            honest,
            |answer| answer.commitments[0] = vec![0xc0; 48].into(),
            |answer| answer.commitments.clear(),
        ])
        .await;
    let other = "what it signs is signed by somebody else";
    assert_eq!(too_few(&changed).await, [other, other]);

    // A member of another committee signs what it likes.
    let stranger = Members::new(&[4]).await;
    let with_stranger = [&endpoints[..2], &stranger.endpoints()].concat();
    let strange = format!("{} is no member of the rollup's committee", signer(4).address());
    assert_eq!(too_few(&with_stranger).await, [strange]);

    // What a member keeps of another batch says nothing of this one.
    let unknown = BatchHeader {
        number: 2,
        ..signed.header.clone()
    };
    let readers = Readers::new(&endpoints, LIMIT);
    let error = readers.sample(&DOMAIN, &committee(), &unknown, 1).await;
    let error = error.expect_err("not kept").to_string();
    assert!(
        error.contains("0 members") && error.contains("it has no such batch"),
        "{error}"
    );
    let empty = BatchHeader {
        rollupWords: 0,
        ..signed.header.clone()
    };
    let error = readers.sample(&DOMAIN, &committee(), &empty, 1).await;
    assert!(
        matches!(error, Err(SampleError::NoStream { number: 1 })),
        "{error:?}"
    );
    let nobody = Readers::new(&[], LIMIT)
        .sample(&DOMAIN, &committee(), &signed.header, 1)
        .await;
    assert!(
        matches!(nobody, Err(SampleError::NoMember { number: 1 })),
        "{nobody:?}"
    );
    for member in stranger.served.into_iter().flatten() {
        member.end().await;
    }
    signed.end().await;
}
