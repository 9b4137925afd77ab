//! The rollup contract as a quorum of nodes shows it.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use alloy::{
    eips::{BlockId, BlockNumberOrTag},
    primitives::{Address, B256, Bytes, U256},
    providers::Provider,
    rpc::types::TransactionRequest,
    signers::local::PrivateKeySigner,
    sol_types::SolCall,
};
use ashlar_beacon::Beacons;
use ashlar_committee::Readers;
use ashlar_contracts::{Halo2Verifier, Rollup, Rollup::RollupErrors, revert::Revert};

use super::{Finality, L1Error, L1Settings, endpoints::Endpoints};
use crate::metrics::HeadTime;

/// A member reads a stream of megabytes from its disk.
const STREAM_LIMIT: Duration = Duration::from_secs(30);

/// A block by number and hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockRef {
    /// Its height.
    pub number: u64,
    /// Its hash.
    pub hash: B256,
}

/// The contract's state after one block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View {
    /// The block.
    pub head: BlockRef,
    /// Number of the last committed batch.
    pub committed: u64,
    /// Number of the last proven batch.
    pub proven: u64,
    /// State root of the last committed batch.
    pub committed_root: U256,
    /// Whether the rollup is in exit mode. Then nothing is committed that is not proven, and batches behind the last one
    /// before it are exits.
    pub exit_mode: bool,
}

/// The rollup contract, and the operator's account.
#[derive(Clone, Debug)]
pub struct L1Client {
    pub(super) endpoints: Endpoints,
    pub(super) beacons: Beacons,
    members: Readers,
    pub(super) rollup: Address,
    pub(super) signer: PrivateKeySigner,
    pub(super) settings: L1Settings,
    chain_id: u64,
    newest: HeadTime,
    /// The seat that the operator's key holds, once that is known.
    pub(super) seat: Arc<OnceLock<Address>>,
}

impl L1Client {
    /// Connects, and checks that the contract is there.
    pub async fn connect(
        settings: L1Settings,
        rollup: [u8; 20],
        operator_key: [u8; 32],
    ) -> Result<Self, L1Error> {
        let endpoints = Endpoints::new(&settings.endpoints, settings.quorum, settings.request_timeout)?;
        let beacons = Beacons::new(&settings.beacons, settings.request_timeout)?;
        let members = Readers::new(&settings.members, STREAM_LIMIT.max(settings.request_timeout));
        let signer =
            PrivateKeySigner::from_bytes(&B256::from(operator_key)).map_err(|_| L1Error::OperatorKey)?;
        let chain_id = endpoints
            .agree("eth_chainId", |node| async move { node.get_chain_id().await })
            .await?;
        let client = Self {
            endpoints,
            beacons,
            members,
            rollup: rollup.into(),
            signer,
            settings,
            chain_id,
            newest: HeadTime::default(),
            seat: Arc::default(),
        };
        client.require_code().await?;
        Ok(client)
    }

    /// Checks that the contract is there.
    pub(super) async fn require_code(&self) -> Result<(), L1Error> {
        let address = self.rollup;
        let code = self
            .endpoints
            .agree(
                "eth_getCode",
                |node| async move { node.get_code_at(address).await },
            )
            .await?;
        if code.is_empty() {
            let chain_id = self.chain_id;
            return Err(L1Error::NoRollup { address, chain_id });
        }
        Ok(())
    }

    /// Who keeps the rollup streams that are not on L1.
    pub fn members(&self) -> &Readers {
        &self.members
    }

    /// The chain's id.
    pub fn chain_id(&self) -> u64 {
        self.chain_id
    }

    /// The operator's L1 address.
    pub fn operator(&self) -> Address {
        self.signer.address()
    }

    /// What takes the operator's calls: his seat, if he has one, or else the rollup.
    pub(super) fn driven(&self) -> Address {
        self.seat.get().copied().unwrap_or(self.rollup)
    }

    /// Where reading the queue begins, if that is configured.
    pub(super) fn start_block(&self) -> Option<u64> {
        self.settings.start_block
    }

    /// Notes when the newest block was made with `newest`, each time that it is asked for.
    pub fn noting(mut self, newest: HeadTime) -> Self {
        self.newest = newest;
        self
    }

    /// The newest block that a quorum has reached.
    pub async fn head(&self) -> Result<BlockRef, L1Error> {
        Ok(self.head_and_time().await?.0)
    }

    /// The same with its timestamp, in seconds since 1970.
    pub async fn head_and_time(&self) -> Result<(BlockRef, u64), L1Error> {
        let number = self
            .endpoints
            .reached(
                "eth_blockNumber",
                |node| async move { node.get_block_number().await },
            )
            .await?;
        let (block, time) = self.block_and_time(number).await?;
        self.newest.set(time);
        Ok((block, time))
    }

    /// The block of this height.
    pub async fn block(&self, number: u64) -> Result<BlockRef, L1Error> {
        Ok(self.block_and_time(number).await?.0)
    }

    /// The same with its timestamp, in seconds since 1970.
    pub async fn block_and_time(&self, number: u64) -> Result<(BlockRef, u64), L1Error> {
        let found = self
            .endpoints
            .agree("eth_getBlockByNumber", |node| async move {
                let block = node.get_block_by_number(number.into()).await?;
                Ok(block.map(|block| (block.header.hash, block.header.timestamp)))
            })
            .await?;
        let (hash, time) = found.ok_or_else(|| L1Error::NoBlock {
            block: number.to_string(),
        })?;
        Ok((BlockRef { number, hash }, time))
    }

    /// The newest block that is final by configuration; `None` while there is none.
    pub async fn final_block(&self, head: BlockRef) -> Result<Option<BlockRef>, L1Error> {
        let (tag, name) = match self.settings.finality {
            Finality::Depth(0) => return Ok(Some(head)),
            Finality::Depth(depth) => {
                return match head.number.checked_sub(depth) {
                    Some(number) => self.block(number).await.map(Some),
                    None => Ok(None),
                };
            }
            Finality::Safe => (BlockNumberOrTag::Safe, "safe"),
            Finality::Finalized => (BlockNumberOrTag::Finalized, "finalized"),
        };
        let number = self
            .endpoints
            .reached("eth_getBlockByNumber", |node| async move {
                let block = node.get_block_by_number(tag).await?;
                Ok(block.map(|block| block.header.number))
            })
            .await?;
        let number = number.ok_or_else(|| L1Error::NoBlock { block: name.into() })?;
        self.block(number).await.map(Some)
    }

    /// Calls a method of the rollup on the state after a block.
    pub(super) async fn read<C: SolCall>(
        &self,
        name: &'static str,
        call: C,
        at: BlockRef,
    ) -> Result<C::Return, L1Error> {
        self.read_from(self.rollup, name, call, at).await
    }

    pub(super) async fn read_from<C: SolCall>(
        &self,
        to: Address,
        name: &'static str,
        call: C,
        at: BlockRef,
    ) -> Result<C::Return, L1Error> {
        let request = TransactionRequest::default()
            .from(self.operator())
            .to(to)
            .input(Bytes::from(call.abi_encode()).into());
        let bytes = self.simulate(name, &request, at).await?;
        C::abi_decode_returns(&bytes).map_err(|_| L1Error::Answer {
            call: name,
            bytes: bytes.len(),
        })
    }

    /// Executes a call on the state after a block, without a transaction; a revert is decoded.
    pub(super) async fn simulate(
        &self,
        name: &'static str,
        request: &TransactionRequest,
        at: BlockRef,
    ) -> Result<Bytes, L1Error> {
        let answer = self
            .endpoints
            .agree(name, |node| async move {
                match node.call(request.clone()).block(BlockId::hash(at.hash)).await {
                    Ok(bytes) => Ok(Ok(bytes)),
                    // A revert is an answer, not a failure: it counts when a quorum gives it.
                    Err(error) => match error.as_error_resp().and_then(|refusal| refusal.as_revert_data()) {
                        Some(data) => Ok(Err(data)),
                        None => Err(error),
                    },
                }
            })
            .await?;
        answer.map_err(|data| reverted(name, &data))
    }

    /// The contract's state after the newest block.
    pub async fn view(&self) -> Result<View, L1Error> {
        self.view_at(self.head().await?).await
    }

    pub(crate) async fn view_at(&self, head: BlockRef) -> Result<View, L1Error> {
        let (committed, proven, committed_root, exit_mode) = tokio::try_join!(
            self.read("committedBatches", Rollup::committedBatchesCall {}, head),
            self.proven_batches(head),
            self.read("committedRoot", Rollup::committedRootCall {}, head),
            self.exit_mode(head),
        )?;
        Ok(View {
            head,
            committed,
            proven,
            committed_root,
            exit_mode,
        })
    }

    /// Number of the last proven batch, after this block.
    pub async fn proven_batches(&self, at: BlockRef) -> Result<u64, L1Error> {
        self.read("provenBatches", Rollup::provenBatchesCall {}, at).await
    }

    /// State root of the last proven batch, after this block.
    pub async fn state_root(&self, at: BlockRef) -> Result<U256, L1Error> {
        self.read("stateRoot", Rollup::stateRootCall {}, at).await
    }

    /// Operations ever queued, after this block.
    pub async fn queued_operations(&self, at: BlockRef) -> Result<u64, L1Error> {
        self.read("queuedOperations", Rollup::queuedOperationsCall {}, at)
            .await
    }

    /// What the contract keeps of a queued operation: 216 bits of its record's hash above its expiry.
    pub async fn queued_operation(&self, index: u64, at: BlockRef) -> Result<B256, L1Error> {
        self.read("queuedOperation", Rollup::queuedOperationCall { index }, at)
            .await
    }

    /// Hash of the header that was committed last under this number.
    pub async fn header_hash(&self, number: u64, at: BlockRef) -> Result<B256, L1Error> {
        self.read("headerHash", Rollup::headerHashCall { number }, at)
            .await
    }

    /// The contract's proof verifier, and the digest of the key that it verifies for.
    pub(super) async fn key_digest(&self, at: BlockRef) -> Result<(Address, B256), L1Error> {
        let verifier = self.read("verifier", Rollup::verifierCall {}, at).await?;
        let digest = self
            .read_from(verifier, "KEY_DIGEST", Halo2Verifier::KEY_DIGESTCall {}, at)
            .await?;
        Ok((verifier, digest))
    }
}

/// A revert with its decoded reason.
pub(super) fn reverted(call: &'static str, data: &Bytes) -> L1Error {
    let named = Revert::decode(data);
    if let Some(Revert::Rollup(RollupErrors::RefusedInExitMode(_))) = named {
        return L1Error::ExitMode { call };
    }
    L1Error::Reverted {
        call,
        by_verifier: matches!(named, None | Some(Revert::ProofVerifier(_))),
        reason: named.map_or_else(|| format!("reverted with {data}"), |named| named.to_string()),
    }
}
