//! Gathering signatures: the operator's side of a commit.

use std::{
    collections::BTreeSet,
    error::Error,
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use alloy::{
    primitives::{Address, Bytes, Signature},
    signers::local::PrivateKeySigner,
};
use ashlar_report::chain;
use ashlar_statement::Domain;
use tokio::{task::JoinSet, time::timeout_at};

use crate::{ClientError, Committee, MemberClient, Proposal, Statement, chain::REACH};

/// A batch whose proposal cannot be made: its record is damaged, or it was made elsewhere.
pub type ProposeError = Box<dyn Error + Send + Sync>;

/// The batches that an operator has made, from the first on.
pub trait Propose: fmt::Debug + Send + Sync {
    /// What members are asked to sign of a batch, until `expiry` in seconds since 1970.
    ///
    /// # Errors
    /// If there is no such batch, or its operations are not known here.
    fn proposal(&self, number: u64, expiry: u64) -> Result<Proposal, ProposeError>;
}

/// How patient an operator is.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For one request: a member executes a batch for it.
    pub request: Duration,
    /// For all members together, those that catch up among them.
    pub all: Duration,
    /// For the others, when enough have signed: what they miss, they are given with the next batch.
    pub others: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            request: Duration::from_secs(60),
            all: Duration::from_secs(120),
            others: Duration::from_secs(1),
        }
    }
}

/// Asks the members of a rollup's committee.
#[derive(Clone, Debug)]
pub struct Gatherer {
    committee: Committee,
    domain: Domain,
    endpoints: Vec<String>,
    operator: PrivateKeySigner,
    patience: Patience,
}

/// Why a batch has no attestation.
#[derive(Debug, thiserror::Error)]
pub enum GatherError {
    /// The operator's own record of it.
    #[error("batch {number} cannot be proposed")]
    Propose {
        /// The batch.
        number: u64,
        /// Why.
        #[source]
        source: ProposeError,
    },
    /// It has no rollup stream, so nobody signs it.
    #[error("batch {number} has nothing that a committee signs")]
    Nothing {
        /// The batch.
        number: u64,
    },
    /// Start the members that are away, or see why they refuse.
    #[error(
        "batch {number}: {signed} members of the committee have signed, {needed} must{}",
        told(failures)
    )]
    TooFew {
        /// The batch.
        number: u64,
        /// Different members whose signature is right.
        signed: usize,
        /// Two thirds of the committee.
        needed: usize,
        /// Endpoints that gave none, and why.
        failures: Vec<(String, String)>,
    },
}

fn told(failures: &[(String, String)]) -> String {
    let each = failures
        .iter()
        .map(|(endpoint, why)| format!("; {endpoint}: {why}"));
    each.collect()
}

/// Why a member's signature is missing.
#[derive(Debug, thiserror::Error)]
enum Missing {
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error("batch {number} cannot be proposed")]
    Propose {
        number: u64,
        #[source]
        source: ProposeError,
    },
    #[error("it signed nothing")]
    Unsigned,
    #[error("its signature is that of {0}, who is no member")]
    Stranger(Address),
    #[error("its signature is none")]
    NoSignature,
}

impl Gatherer {
    /// Asks the members at these endpoints, in the name of this operator.
    pub fn new(
        committee: Committee,
        domain: Domain,
        endpoints: Vec<String>,
        operator: PrivateKeySigner,
        patience: Patience,
    ) -> Self {
        Self {
            committee,
            domain,
            endpoints,
            operator,
            patience,
        }
    }

    /// Has a batch executed, kept and signed by as many members as can be reached, all at once. A member that has missed
    /// batches is given those first.
    ///
    /// # Errors
    /// [`GatherError::TooFew`] if fewer sign than L1 asks for.
    pub async fn attestation(
        &self,
        batches: &Arc<dyn Propose>,
        number: u64,
        expiry: u64,
    ) -> Result<Bytes, GatherError> {
        let proposed = batches.proposal(number, expiry);
        let proposal = proposed.map_err(|source| GatherError::Propose { number, source })?;
        let statement = proposal.statement.clone();
        let statement = statement.ok_or(GatherError::Nothing { number })?;
        let proposal = Arc::new(proposal);
        let mut asked = JoinSet::new();
        for endpoint in &self.endpoints {
            let (of, batches) = (self.clone(), batches.clone());
            let (endpoint, proposal, statement) = (endpoint.clone(), proposal.clone(), statement.clone());
            asked.spawn(async move {
                let signature = of.ask(&endpoint, &batches, &proposal, &statement).await;
                (endpoint, signature)
            });
        }
        let (mut signatures, mut failures) = (Vec::new(), Vec::new());
        let mut silent: BTreeSet<_> = self.endpoints.iter().cloned().collect();
        let mut until = Instant::now() + self.patience.all;
        let enough = loop {
            let attestation = self.committee.attestation(&statement, &self.domain, &signatures);
            if attestation.is_ok() {
                until = until.min(Instant::now() + self.patience.others);
            }
            match timeout_at(until.into(), asked.join_next()).await {
                Ok(Some(Ok((endpoint, Ok(signature))))) => {
                    silent.remove(&endpoint);
                    signatures.push(signature);
                }
                Ok(Some(Ok((endpoint, Err(missing))))) => {
                    silent.remove(&endpoint);
                    let why = chain(&missing);
                    tracing::warn!(batch = number, endpoint, error = why, "a member did not sign");
                    failures.push((endpoint, why));
                }
                Ok(Some(Err(_))) => {} // it panicked: the log has it
                Ok(None) | Err(_) => break attestation,
            }
        };
        let limit = self.patience.all.as_secs();
        failures.extend(
            silent
                .into_iter()
                .map(|of| (of, format!("no answer within {limit} s"))),
        );
        enough.map_err(|few| GatherError::TooFew {
            number,
            signed: few.signed,
            needed: few.needed,
            failures,
        })
    }

    /// One member's signature.
    async fn ask(
        &self,
        endpoint: &str,
        batches: &Arc<dyn Propose>,
        proposal: &Arc<Proposal>,
        statement: &Statement,
    ) -> Result<Signature, Missing> {
        let client = MemberClient::connect(endpoint, self.domain, self.patience.request).await?;
        let last = client.state().await?.last_batch;
        let (mut number, mut back) = (proposal.number.min(last + 1), 1);
        let signature = loop {
            let attested = if number == proposal.number {
                client.attest(proposal, &self.operator).await
            } else {
                // What L1 has already needs no signature that L1 would take.
                let earlier = batches.proposal(number, 0);
                let earlier = earlier.map_err(|source| Missing::Propose { number, source })?;
                client.attest(&earlier, &self.operator).await
            };
            match attested {
                Ok(signature) if number == proposal.number => break signature,
                Ok(_) => (number, back) = (number + 1, REACH), // those before it are the operator's
                // It may hold others under earlier numbers, which L1 has lost.
                Err(error) if error.is_refusal() && number > 1 && back < REACH => {
                    tracing::debug!(
                        batch = number,
                        endpoint,
                        error = chain(&error),
                        "an earlier one is tried"
                    );
                    (number, back) = (number.saturating_sub(back).max(1), back * 2);
                }
                Err(error) => return Err(error.into()),
            }
        };
        let signature = signature.ok_or(Missing::Unsigned)?;
        match statement.signer(&self.domain, &signature) {
            Some(signer) if self.committee.members().binary_search(&signer).is_ok() => Ok(signature),
            Some(signer) => Err(Missing::Stranger(signer)),
            None => Err(Missing::NoSignature),
        }
    }
}
