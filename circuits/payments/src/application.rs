//! Payments as the sequencer runs them.

use ashlar_statement::{
    Application,
    application::{CloseError, Closed, Deposit, Effects, ExecuteError, Withdrawal},
    hash::Hash,
    state::{StateError, StateStore},
};

use crate::{
    batch::{BlockBuilder, BlockConfig, BuildError, SealError},
    chunk::ChunkCircuit,
    state::Stored,
    transaction::{self, DecodeError, SignedTransaction, Transaction},
    validate::{self, TransactionError},
};

/// The application, for one deployment.
#[derive(Debug, Clone)]
pub struct Payments(pub BlockConfig);

type Outcome<E> = Result<Effects, ExecuteError<TransactionError, StateError<E>>>;

impl Application for Payments {
    type Leaf = ChunkCircuit;
    type Signed = SignedTransaction;
    type DecodeError = DecodeError;
    type Refusal = TransactionError;
    type Open<S: StateStore> = BlockBuilder<Stored<S>>;

    fn decode(bytes: &[u8]) -> Result<SignedTransaction, DecodeError> {
        SignedTransaction::decode(bytes)
    }

    fn id(signed: &SignedTransaction) -> [u8; 32] {
        signed.id()
    }

    fn open<S: StateStore>(&self, store: S) -> Result<Self::Open<S>, StateError<S::Error>> {
        BlockBuilder::new(Stored(store), self.0).map_err(|error| error.0)
    }

    fn execute<S: StateStore>(open: &mut Self::Open<S>, signed: &SignedTransaction) -> Outcome<S::Error> {
        open.push(signed.clone()).map_err(outcome)?;
        let withdrawal = match &signed.tx {
            Transaction::Transfer(_) => None,
            Transaction::Withdraw(withdraw) => Some(Withdrawal {
                recipient: withdraw.to_l1,
                token: withdraw.token,
                amount: withdraw.amount,
            }),
        };
        Ok(Effects {
            withdrawal,
            account: None,
        })
    }

    fn deposit<S: StateStore>(open: &mut Self::Open<S>, deposit: &Deposit) -> Outcome<S::Error> {
        let Deposit {
            token,
            amount,
            key_hash,
        } = *deposit;
        let account = open
            .state()
            .deposit_account(&key_hash)
            .map_err(ExecuteError::State)?;
        open.push(transaction::Deposit {
            account,
            token,
            amount,
            key_hash,
        })
        .map_err(outcome)?;
        Ok(Effects {
            withdrawal: None,
            account: Some(account),
        })
    }

    fn root<S: StateStore>(open: &Self::Open<S>) -> Result<Hash, StateError<S::Error>> {
        open.state().root()
    }

    fn close<S: StateStore>(open: Self::Open<S>, number: u64) -> Closed<Self, S::Error> {
        match open.seal(number) {
            Ok((batch, changes)) => Ok((batch, changes.into())),
            Err(SealError::Build(BuildError::State(error))) => Err(CloseError::State(error.0)),
            Err(SealError::Build(error @ BuildError::FeeAccount { .. })) => {
                Err(CloseError::Corrupt(error.to_string()))
            }
            Err(SealError::Seal(error)) => Err(error.into()),
        }
    }
}

fn outcome<E: std::error::Error + 'static>(
    error: validate::ExecuteError<E>,
) -> ExecuteError<TransactionError, E> {
    match error {
        validate::ExecuteError::Refused(refusal) => ExecuteError::Refused(refusal),
        validate::ExecuteError::State(error) => ExecuteError::State(error.0),
    }
}
