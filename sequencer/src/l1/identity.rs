//! Whose state a database holds: compared with L1 when the sequencer starts, and again after L1 was away.

use alloy::primitives::{Address, B256, U256};
use ashlar_contracts::{DataMode, Rollup, UnknownDataMode, encoding::hash_to_word, seat::OperatorSeat};

use super::{BlockRef, L1Client, L1Error, View};
use crate::store::{Identity, Store, StoreError};

/// Why this database, this L1 and this program do not belong together. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// L1 failed.
    #[error(transparent)]
    L1(#[from] L1Error),
    /// The state database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The database is another rollup's.
    #[error(
        "the state database belongs to another deployment: its {what} is {stored}, here it is {given}; give the matching flags, or another --data-dir"
    )]
    Foreign {
        /// What differs.
        what: &'static str,
        /// As stored at the first start.
        stored: String,
        /// As configured, or as L1 says.
        given: String,
    },
    /// L1 is another chain than that of the deployment.
    #[error("L1 is chain {found}, the rollup was deployed on chain {expected}: correct the L1 endpoint")]
    Chain {
        /// As L1 says.
        found: u64,
        /// As the deployment says.
        expected: u64,
    },
    /// The contract is older than data modes.
    #[error(
        "the rollup at {rollup} does not say where its data is: it is of an earlier version; run the program that deployed it, or deploy anew"
    )]
    NoDataMode {
        /// The contract.
        rollup: Address,
    },
    /// Where the contract wants the data of batches, this program cannot publish it.
    #[error("the rollup at {rollup} cannot be served")]
    UnknownDataMode {
        /// The contract.
        rollup: Address,
        /// What it says.
        #[source]
        source: UnknownDataMode,
    },
    /// The contract has another data mode than its deployment file says.
    #[error(
        "the rollup at {rollup} has data mode `{found}`, the deployment file says `{expected}`: give the file that `ashlar deploy` wrote for it"
    )]
    DataMode {
        /// The contract.
        rollup: Address,
        /// As it says.
        found: String,
        /// As the file says.
        expected: DataMode,
    },
    /// The contract takes no batch from this operator.
    #[error("the rollup at {rollup} is driven by operator {operator}, the given key is that of {given}")]
    NotOperator {
        /// The contract.
        rollup: Address,
        /// Its operator.
        operator: Address,
        /// Address of the configured key.
        given: Address,
    },
    /// The rollup's operator is a seat that another key holds.
    #[error(
        "the rollup's operator is the seat {seat}, which {holder} holds, the given key is that of {given}: give the holder's, or take the seat (`ashlar seat take`)"
    )]
    NotHolder {
        /// The seat.
        seat: Address,
        /// Who holds it.
        holder: Address,
        /// Address of the configured key.
        given: Address,
    },
    /// The contract's verifier is of another circuit.
    #[error(
        "the verifier at {verifier} checks proofs for key {found}, this program makes them for {expected}: run the program that deployed the contract, or deploy anew"
    )]
    VerifierKey {
        /// The verifier's address.
        verifier: Address,
        /// Its key's digest.
        found: B256,
        /// This program's.
        expected: B256,
    },
    /// The verifier in this build cannot be read.
    #[error("the generated verifier in this program is damaged: {0}")]
    Build(String),
    /// The contract does not start from the application's empty state.
    #[error(
        "the rollup at {rollup} starts from state root {found}, this application from {expected}: deploy it with that root"
    )]
    GenesisRoot {
        /// The contract.
        rollup: Address,
        /// Root on L1.
        found: U256,
        /// Root of the empty state.
        expected: U256,
    },
    /// L1 has batches that an empty database cannot know.
    #[error(
        "the state database is empty, but L1 holds {batches} batches of this rollup: start with the database that sealed them (or a backup of it), or once with --rebuild-from-l1"
    )]
    EmptyDatabase {
        /// Committed batches.
        batches: u64,
    },
    /// A new sequencer has nothing to do there.
    #[error(
        "the rollup at {rollup} is in exit mode: a sequencer that begins anew can never settle there; `ashlar exit` takes the money out with what is on L1 alone, and `ashlar state` reads a database that is still there"
    )]
    ExitMode {
        /// The contract.
        rollup: Address,
    },
    /// A rebuild did not come to its end.
    #[error("the state database is half rebuilt: start once more with --rebuild-from-l1, which goes on")]
    HalfRebuilt,
    /// L1 has more batches than were sealed here.
    #[error(
        "L1 holds {on_l1} batches of this rollup, this database sealed {sealed}: it is an older copy, or another sequencer runs with this operator's key"
    )]
    Outdated {
        /// Committed batches.
        on_l1: u64,
        /// Batches here.
        sealed: u64,
    },
}

impl IdentityError {
    /// Whether L1 did not answer: to be asked again.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::L1(error) if error.is_transient())
    }
}

/// What the program expects to find.
#[derive(Clone, Copy, Debug)]
pub struct Expected {
    /// Chain of the deployment, where one was given.
    pub chain_id: Option<u64>,
    /// Data mode of the deployment, where one was given.
    pub data: Option<DataMode>,
    /// Root of the empty state.
    pub genesis_root: [u64; 4],
    /// Digest of the circuits to prove with.
    pub circuit_set: [u8; 32],
}

impl L1Client {
    /// Compares database, L1 and program; the first start stores what they are. Gives the contract's data mode.
    pub async fn identify(&self, store: &Store, expected: Expected) -> Result<DataMode, IdentityError> {
        if store.is_being_rebuilt()? {
            return Err(IdentityError::HalfRebuilt);
        }
        let (given, data) = self.identity(expected).await?;
        match store.identity()? {
            Some(stored) => same(&stored, &given)?,
            None => {
                let head = self.head().await?;
                self.require_fresh(store, head, expected.genesis_root).await?;
                store.set_identity(&given)?;
            }
        }
        let view = self.view().await?;
        let (on_l1, sealed) = (view.committed, store.next_batch()? - 1);
        // Exits have numbers of batches, and come from anybody.
        if on_l1 > sealed && !view.exit_mode {
            return Err(IdentityError::Outdated { on_l1, sealed });
        }
        Ok(data)
    }

    /// What L1 and program are, with the contract's data mode.
    ///
    /// # Errors
    /// If they do not belong together.
    pub async fn identity(&self, expected: Expected) -> Result<(Identity, DataMode), IdentityError> {
        if let Some(expected) = expected.chain_id.filter(|expected| *expected != self.chain_id()) {
            return Err(IdentityError::Chain {
                found: self.chain_id(),
                expected,
            });
        }
        self.require_code().await?;
        let head = self.head().await?;
        let genesis_block = self.block(0).await?;
        let data = self.require_data_mode(head, expected.data).await?;
        self.require_operator(head).await?;
        let verifier_key = self.require_verifier(head).await?;
        let given = Identity {
            chain_id: self.chain_id(),
            genesis_block: genesis_block.hash.0,
            rollup: self.rollup.into_array(),
            genesis_root: expected.genesis_root,
            circuit_set: expected.circuit_set,
            verifier_key: verifier_key.0,
        };
        Ok((given, data))
    }

    /// Who has no database of the rollup can only be late.
    pub(crate) fn require_no_exit_mode(&self, view: &View) -> Result<(), IdentityError> {
        match view.exit_mode {
            true => Err(IdentityError::ExitMode { rollup: self.rollup }),
            false => Ok(()),
        }
    }

    async fn require_data_mode(
        &self,
        head: BlockRef,
        expected: Option<DataMode>,
    ) -> Result<DataMode, IdentityError> {
        let rollup = self.rollup;
        let said = self.read("dataMode", Rollup::dataModeCall {}, head).await;
        let found = match said {
            Ok(word) => DataMode::from_word(word),
            Err(L1Error::Reverted { .. }) => return Err(IdentityError::NoDataMode { rollup }),
            Err(error) => return Err(error.into()),
        };
        match (found, expected) {
            (Ok(found), None) => Ok(found),
            (Ok(found), Some(expected)) if found == expected => Ok(found),
            (Err(source), None) => Err(IdentityError::UnknownDataMode { rollup, source }),
            (found, Some(expected)) => Err(IdentityError::DataMode {
                rollup,
                found: found.map_or_else(|unknown| unknown.name, |mode| mode.to_string()),
                expected,
            }),
        }
    }

    async fn require_operator(&self, head: BlockRef) -> Result<(), IdentityError> {
        let operator = self.read("OPERATOR", Rollup::OPERATORCall {}, head).await?;
        let (rollup, given) = (self.rollup, self.operator());
        if operator == given {
            return Ok(());
        }
        let not_operator = IdentityError::NotOperator {
            rollup,
            operator,
            given,
        };
        // Where there is no seat there is no answer.
        let of = self.read_from(operator, "rollup", OperatorSeat::rollupCall {}, head);
        match of.await {
            Ok(of) if of == rollup => {}
            Ok(_) | Err(L1Error::Answer { .. } | L1Error::Reverted { .. }) => return Err(not_operator),
            Err(error) => return Err(error.into()),
        }
        let holder = self.read_from(operator, "holder", OperatorSeat::holderCall {}, head);
        let holder = holder.await?;
        if holder != given {
            let seat = operator;
            return Err(IdentityError::NotHolder { seat, holder, given });
        }
        let _ = self.seat.set(operator); // the contract's operator is always the same
        Ok(())
    }

    async fn require_verifier(&self, head: BlockRef) -> Result<B256, IdentityError> {
        let generated = ashlar_contracts::generated_verifier()
            .map_err(|error| IdentityError::Build(error.to_string()))?;
        let expected: B256 = generated
            .digest
            .parse()
            .map_err(|_| IdentityError::Build(format!("key digest `{}`", generated.digest)))?;
        let (verifier, found) = self.key_digest(head).await?;
        if found != expected {
            return Err(IdentityError::VerifierKey {
                verifier,
                found,
                expected,
            });
        }
        Ok(found)
    }

    /// A database without a past goes with a contract without one.
    async fn require_fresh(
        &self,
        store: &Store,
        head: BlockRef,
        genesis_root: [u64; 4],
    ) -> Result<(), IdentityError> {
        let view = self.view_at(head).await?;
        if store.next_batch()? > 1 {
            return Ok(()); // of a version that stored no identity: its batches are compared one by one
        }
        self.require_no_exit_mode(&view)?;
        if view.committed > 0 {
            let batches = view.committed;
            return Err(IdentityError::EmptyDatabase { batches });
        }
        let (found, expected) = (view.committed_root, hash_to_word(genesis_root));
        if found != expected {
            return Err(IdentityError::GenesisRoot {
                rollup: self.rollup,
                found,
                expected,
            });
        }
        Ok(())
    }
}

pub(crate) fn same(stored: &Identity, given: &Identity) -> Result<(), IdentityError> {
    let hex = |bytes: &[u8]| format!("0x{}", alloy::hex::encode(bytes));
    let root = |root: &[u64; 4]| format!("{:#x}", hash_to_word(*root));
    let parts = [
        (
            "chain id",
            stored.chain_id.to_string(),
            given.chain_id.to_string(),
        ),
        ("rollup contract", hex(&stored.rollup), hex(&given.rollup)),
        (
            "L1 genesis block",
            hex(&stored.genesis_block),
            hex(&given.genesis_block),
        ),
        (
            "empty state's root",
            root(&stored.genesis_root),
            root(&given.genesis_root),
        ),
        ("circuit set", hex(&stored.circuit_set), hex(&given.circuit_set)),
        (
            "verifier key",
            hex(&stored.verifier_key),
            hex(&given.verifier_key),
        ),
    ];
    for (what, stored, given) in parts {
        if stored != given {
            return Err(IdentityError::Foreign { what, stored, given });
        }
    }
    Ok(())
}
