//! Deployment of a rollup: generated verifier, `VerifierRouter`, what computes paths, then `Rollup` or one of its kinds.

use std::ops::RangeInclusive;

use alloy::{
    contract::{self, RawCallBuilder},
    primitives::{Address, B256, Bytes, U256},
    providers::Provider,
    sol_types::SolConstructor,
};

use crate::{
    BlobRollup, DataMode, MintableToken, OptimisticTerms, Rollup, SeatTerms, SeatTermsError, TermsError,
    TokenListing, ValidiumRollup, ValidiumTerms, VerifierRouter,
    generated::{
        IVerifierRouter::InitialRoute, OperatorSeat, challenges::ChallengeModule, optimistic, validium,
    },
};

/// Seconds that an operation of the queue may wait unproven before anybody may enter exit mode: a week.
pub const DEFAULT_EXIT_DEADLINE_SECS: u64 = 7 * 24 * 3600;

/// Seconds between the announcement of a circuit set and the earliest time it may prove: two weeks, so that a week is left
/// to notice it and to queue what the exit deadline then runs for.
pub const DEFAULT_NOTICE_SECS: u64 = 2 * DEFAULT_EXIT_DEADLINE_SECS;

/// The exit deadlines that the contract takes, in seconds.
const EXIT_DEADLINES_SECS: RangeInclusive<u64> = 60..=30 * 24 * 3600;

/// The sizes of committees that the contract takes.
const COMMITTEE_SIZES: RangeInclusive<usize> = 4..=32;

/// Creation code of a contract of one invalid instruction: it computes no root, so no path leads anywhere.
const NO_PATHS: Bytes = Bytes::from_static(&[0x60, 0xfe, 0x60, 0x00, 0x53, 0x60, 0x01, 0x60, 0x00, 0xf3]);

/// What distinguishes one deployment from another.
#[derive(Clone, Debug)]
pub struct DeployConfig {
    /// Creation code of the generated Halo2 verifier.
    pub verifier_code: Bytes,
    /// What the router knows the verifier by: `GeneratedVerifier::route` of the generated one.
    pub circuit_set: B256,
    /// Seconds between the announcement of another circuit set and the earliest time it may prove.
    pub notice_secs: u64,
    /// Seconds that an operation of the queue may wait unproven: from a minute to 30 days, and less than the notice.
    pub exit_deadline_secs: u64,
    /// Creation code of the contract that computes the root of a path, `IPoseidonPath`, for exits without a proof; without
    /// one the rollup refuses every exit by path, for ever.
    pub path_code: Option<Bytes>,
    /// State root before the first batch, as [`crate::encoding::hash_to_word`] encodes it.
    pub genesis_root: U256,
    /// Who may commit and revert batches, register tokens, set flags and announce circuit sets; owns the router, too.
    pub operator: Address,
    /// Where batches have their public data: each mode is a contract of its own.
    pub data: DataMode,
    /// Who keeps a validium's rollup streams, in any order; nobody in any other mode.
    pub committee: Vec<Address>,
    /// The operator is a seat that `operator` holds first, on these terms; without terms it is `operator` itself, for ever.
    pub seat: Option<SeatTerms>,
    /// Batches are final by time on these terms, unless somebody challenges them; without terms by proof alone.
    pub optimistic: Option<OptimisticTerms>,
    /// ERC-20 tokens to register as numbers 1, 2, …; a unit of zero is chosen by the token's decimals.
    pub tokens: Vec<TokenListing>,
}

impl DeployConfig {
    /// Without tokens and exits by path, with the usual notice and exit deadline and data in calldata.
    pub fn new(verifier_code: Bytes, circuit_set: B256, genesis_root: U256, operator: Address) -> Self {
        Self {
            verifier_code,
            circuit_set,
            notice_secs: DEFAULT_NOTICE_SECS,
            exit_deadline_secs: DEFAULT_EXIT_DEADLINE_SECS,
            path_code: None,
            genesis_root,
            operator,
            data: DataMode::Calldata,
            committee: Vec::new(),
            seat: None,
            optimistic: None,
            tokens: Vec::new(),
        }
    }
}

/// Where a deployment's contracts are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deployment {
    /// `Rollup`.
    pub rollup: Address,
    /// The generated `Halo2Verifier` that checks the rollup's proofs.
    pub proof_verifier: Address,
    /// The `VerifierRouter` that names it to the rollup.
    pub router: Address,
    /// The contract that computes the roots of paths.
    pub path: Address,
    /// The rollup's operator: a key's address, or the seat.
    pub operator: Address,
}

/// A deployment that stopped; contracts that were deployed before it stay unused on the chain.
#[derive(Debug, thiserror::Error)]
pub enum DeployError {
    /// The contract would refuse the exit deadline.
    #[error("an exit deadline of {secs} s is not between {} and {} s", EXIT_DEADLINES_SECS.start(), EXIT_DEADLINES_SECS.end())]
    ExitDeadline {
        /// The deadline asked for, in seconds.
        secs: u64,
    },
    /// Users could not leave before a new circuit set proves; the contract would refuse it.
    #[error(
        "a notice of {notice_secs} s is not longer than the exit deadline of {exit_deadline_secs} s: give a longer notice or a shorter deadline"
    )]
    Notice {
        /// The notice asked for, in seconds.
        notice_secs: u64,
        /// The deadline asked for, in seconds.
        exit_deadline_secs: u64,
    },
    /// The contract would refuse the terms of an optimistic rollup.
    #[error(transparent)]
    Terms(#[from] TermsError),
    /// The contract would refuse the terms of the operator's seat.
    #[error(transparent)]
    Seat(#[from] SeatTermsError),
    /// The contract would refuse the committee.
    #[error(transparent)]
    Committee(#[from] CommitteeTermsError),
    /// The chain refused a creation transaction, or the connection to it failed.
    #[error("cannot deploy {contract}")]
    Creation {
        /// Which of the contracts.
        contract: &'static str,
        /// What the node said.
        #[source]
        source: contract::Error,
    },
}

/// A committee that the contract of the data mode would refuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommitteeTermsError {
    /// Too few to outvote a liar, or more than an attestation has bits.
    #[error("a validium's committee has from {} to {} members, {size} are given", COMMITTEE_SIZES.start(), COMMITTEE_SIZES.end())]
    Size {
        /// Members given.
        size: usize,
    },
    /// Nobody has two votes.
    #[error("{member} is no member of a committee, or is named twice")]
    Member {
        /// Whose address is zero, or occurs twice.
        member: Address,
    },
    /// L1 has all data of such a rollup.
    #[error("a rollup with its data in {data} has no committee: it would keep what L1 has")]
    Unneeded {
        /// Where the data are.
        data: DataMode,
    },
}

/// Deploys the contracts, four and with a seat or for an optimistic rollup five (`Rollup` creates its module itself), from the provider's default signer and waits until they are mined.
pub async fn deploy<P: Provider>(provider: P, config: DeployConfig) -> Result<Deployment, DeployError> {
    let (notice_secs, exit_deadline_secs) = (config.notice_secs, config.exit_deadline_secs);
    if !EXIT_DEADLINES_SECS.contains(&exit_deadline_secs) {
        return Err(DeployError::ExitDeadline {
            secs: exit_deadline_secs,
        });
    }
    if notice_secs <= exit_deadline_secs {
        return Err(DeployError::Notice {
            notice_secs,
            exit_deadline_secs,
        });
    }
    if let Some(terms) = &config.optimistic {
        if config.data != DataMode::Calldata {
            return Err(TermsError::Data.into());
        }
        terms.check(exit_deadline_secs)?;
    }
    let committee = ascending(config.data, config.committee)?;
    if let Some(terms) = &config.seat {
        terms.check(config.optimistic.is_some())?;
    }
    let failed = |contract| move |source| DeployError::Creation { contract, source };
    let proof_verifier = RawCallBuilder::new_raw_deploy(&provider, config.verifier_code)
        .deploy()
        .await
        .map_err(failed("Halo2Verifier"))?;
    let route = InitialRoute {
        digest: config.circuit_set,
        verifier: proof_verifier,
    };
    let seat = match &config.seat {
        None => None,
        Some(of) => {
            let (owner, guardian) = (of.owner, of.guardian);
            let seat =
                OperatorSeat::deploy(&provider, config.operator, owner, guardian, of.notice_secs).await;
            Some(seat.map_err(failed("OperatorSeat"))?)
        }
    };
    let operator = seat.as_ref().map_or(config.operator, |seat| *seat.address());
    let router_owner = config.seat.map_or(config.operator, |seat| seat.owner);
    let router = VerifierRouter::deploy(&provider, router_owner, notice_secs, vec![route])
        .await
        .map_err(failed("VerifierRouter"))?;
    let path = RawCallBuilder::new_raw_deploy(&provider, config.path_code.unwrap_or(NO_PATHS))
        .deploy()
        .await
        .map_err(failed("PoseidonPath"))?;
    let creation = match config.optimistic {
        Some(terms) => {
            let module = ChallengeModule::deploy(&provider)
                .await
                .map_err(failed("ChallengeModule"))?;
            let listing = |of: &TokenListing| optimistic::IRollup::TokenListing {
                token: of.token,
                unit: of.unit,
            };
            let arguments = optimistic::OptimisticRollup::constructorCall {
                router: *router.address(),
                firstCircuitSet: config.circuit_set,
                genesisRoot: config.genesis_root,
                operator,
                terms: terms.encode(exit_deadline_secs, *module.address()),
                path,
                tokens: config.tokens.iter().map(listing).collect(),
            };
            let code = &optimistic::OptimisticRollup::BYTECODE;
            [&code[..], &arguments.abi_encode()].concat()
        }
        None if config.data == DataMode::Validium => {
            let listing = |of: &TokenListing| validium::IRollup::TokenListing {
                token: of.token,
                unit: of.unit,
            };
            let arguments = ValidiumRollup::constructorCall {
                router: *router.address(),
                firstCircuitSet: config.circuit_set,
                genesisRoot: config.genesis_root,
                operator,
                terms: ValidiumTerms {
                    exitDeadline: exit_deadline_secs,
                    committee,
                },
                path,
                tokens: config.tokens.iter().map(listing).collect(),
            };
            [&ValidiumRollup::BYTECODE[..], &arguments.abi_encode()].concat()
        }
        None => {
            // One constructor for both modes.
            let arguments = Rollup::constructorCall {
                router: *router.address(),
                firstCircuitSet: config.circuit_set,
                genesisRoot: config.genesis_root,
                operator,
                exitDeadline: exit_deadline_secs,
                path,
                tokens: config.tokens,
            };
            let code = match config.data {
                DataMode::Blob => &BlobRollup::BYTECODE,
                DataMode::Calldata | DataMode::Validium => &Rollup::BYTECODE,
            };
            [&code[..], &arguments.abi_encode()].concat()
        }
    };
    let rollup = RawCallBuilder::new_raw_deploy(&provider, creation.into())
        .deploy()
        .await
        .map_err(failed("Rollup"))?;
    if let Some(seat) = seat {
        let setting = async {
            let sent = seat.setRollup(rollup).send().await?;
            sent.get_receipt().await.map_err(contract::Error::from)
        };
        setting.await.map_err(failed("OperatorSeat"))?;
    }
    Ok(Deployment {
        rollup,
        proof_verifier,
        router: *router.address(),
        path,
        operator,
    })
}

/// The members in the order that the contract asks for.
fn ascending(data: DataMode, mut committee: Vec<Address>) -> Result<Vec<Address>, CommitteeTermsError> {
    let size = committee.len();
    if data != DataMode::Validium {
        return match size {
            0 => Ok(committee),
            _ => Err(CommitteeTermsError::Unneeded { data }),
        };
    }
    if !COMMITTEE_SIZES.contains(&size) {
        return Err(CommitteeTermsError::Size { size });
    }
    committee.sort_unstable();
    let twice = committee.windows(2).find(|pair| pair[0] == pair[1]);
    match committee[0]
        .is_zero()
        .then_some(committee[0])
        .or(twice.map(|pair| pair[0]))
    {
        Some(member) => Err(CommitteeTermsError::Member { member }),
        None => Ok(committee),
    }
}

/// Deploys an ERC-20 that anybody can mint; for demonstrations and tests.
pub async fn deploy_token<P: Provider>(
    provider: P,
    name: &str,
    symbol: &str,
    decimals: u8,
) -> Result<Address, DeployError> {
    let token = MintableToken::deploy(provider, name.to_owned(), symbol.to_owned(), decimals)
        .await
        .map_err(|source| DeployError::Creation {
            contract: "MintableToken",
            source,
        })?;
    Ok(*token.address())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(byte: u8) -> Address {
        Address::repeat_byte(byte)
    }

    #[test]
    fn a_committee_is_put_in_order_and_one_that_the_contract_would_refuse_is_refused() {
        let given = [7, 1, 9, 3].map(member).to_vec();
        let sorted = ascending(DataMode::Validium, given.clone()).expect("four members");
        assert_eq!(sorted, [1, 3, 7, 9].map(member));
        let refused =
            |data, members: Vec<Address>| ascending(data, members).expect_err("refused").to_string();
        for size in [0, 3, 33] {
            let members = (1..=size).map(member).collect();
            let error = refused(DataMode::Validium, members);
            assert_eq!(
                error,
                format!("a validium's committee has from 4 to 32 members, {size} are given")
            );
        }
        for (double, at) in [(7, 0), (0, 3)] {
            let mut members = given.clone();
            members.push(member(double));
            members.rotate_left(at);
            let error = refused(DataMode::Validium, members);
            assert!(error.starts_with(&member(double).to_string()), "{error}");
        }
        for data in [DataMode::Calldata, DataMode::Blob] {
            assert!(ascending(data, Vec::new()).expect("none").is_empty());
            let error = refused(data, given.clone());
            assert!(
                error.contains(&format!("data in {data} has no committee")),
                "{error}"
            );
        }
    }
}
