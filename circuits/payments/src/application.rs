//! Payments as the sequencer runs them.

use ashlar_statement::{
    Application,
    application::{
        BatchSize, Both, CloseError, Closed, Effects, ExecuteBothError, ExecuteError, Next, Turn, Withdrawal,
    },
    hash::Hash,
    queue::L1Operation,
    state::{StateError, StateStore},
};

use crate::{
    batch::{BlockBuilder, BlockConfig, BuildError},
    leaves::PaymentCircuits,
    serve::serve,
    state::{AccountStore, Stored},
    transaction::{DecodeError, Operation, Served, SignedTransaction, Transaction},
    validate::{self, TransactionError},
};

/// The application, for one deployment.
#[derive(Debug, Clone)]
pub struct Payments(pub BlockConfig);

type Outcome<E> = Result<Effects, ExecuteError<TransactionError, StateError<E>>>;

impl Application for Payments {
    type Leaf = PaymentCircuits;
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

    fn set_time<S: StateStore>(open: &mut Self::Open<S>, time: u32) {
        open.set_time(time);
    }

    fn verify(&self, signed: &SignedTransaction) -> Result<(), TransactionError> {
        validate::verify(&self.0.domain, signed)
    }

    fn execute<S: StateStore>(open: &mut Self::Open<S>, signed: &SignedTransaction) -> Outcome<S::Error> {
        open.push_verified(signed.clone().into()).map_err(outcome)?;
        Ok(effects(signed))
    }

    fn execute_both<S: StateStore>(
        open: &mut Self::Open<S>,
        both: [&SignedTransaction; 2],
    ) -> Both<TransactionError, StateError<S::Error>> {
        let pushed = open.push_both_verified(both.map(|signed| signed.clone().into()));
        pushed.map_err(|(which, error)| match (which, error) {
            (_, validate::ExecuteError::State(error)) => ExecuteBothError::State(error.0),
            (0, validate::ExecuteError::Refused(refusal)) => ExecuteBothError::First(refusal),
            (_, validate::ExecuteError::Refused(refusal)) => ExecuteBothError::Second(refusal),
        })?;
        Ok(both.map(effects))
    }

    fn execute_l1<S: StateStore>(open: &mut Self::Open<S>, operation: &L1Operation) -> Outcome<S::Error> {
        let served = serve(open.state(), operation).map_err(|error| ExecuteError::State(error.0))?;
        open.push_verified(served.into()).map_err(outcome)?;
        let withdrawal = match operation {
            L1Operation::ForcedWithdrawal(forced) if served.paid > 0 => Some(Withdrawal {
                recipient: forced.sender,
                token: forced.token,
                amount: served.paid,
            }),
            _ => None,
        };
        Ok(Effects {
            withdrawal,
            account: Some(served.account),
        })
    }

    fn root<S: StateStore>(open: &mut Self::Open<S>) -> Result<Hash, StateError<S::Error>> {
        open.root().map_err(|error| error.0)
    }

    fn size<S: StateStore>(open: &Self::Open<S>, next: Option<Next<'_, SignedTransaction>>) -> BatchSize {
        let next: Vec<Operation> = match next {
            None => Vec::new(),
            // Which account it goes to and what it pays do not matter.
            Some(Next::L1(operation)) => {
                let served = Served {
                    operation: *operation,
                    account: 0,
                    paid: 0,
                };
                vec![served.into()]
            }
            Some(Next::Signed(signed)) => vec![signed.clone().into()],
            Some(Next::Both(both)) => both.map(|signed| signed.clone().into()).into(),
        };
        open.size(&next)
    }

    fn turn(signed: &SignedTransaction) -> Option<Turn> {
        let tx = &signed.tx;
        Some(Turn {
            account: tx.from().into(),
            nonce: tx.nonce().into(),
            fee_token: tx.token(),
            fee: tx.fee().value(),
        })
    }

    fn parties(signed: &SignedTransaction) -> Vec<u64> {
        match &signed.tx {
            Transaction::Transfer(transfer) if transfer.to != transfer.from => {
                vec![transfer.from.into(), transfer.to.into()]
            }
            tx => vec![tx.from().into()],
        }
    }

    fn expected_nonce<S: StateStore>(
        open: &Self::Open<S>,
        signed: &SignedTransaction,
    ) -> Result<Option<u64>, StateError<S::Error>> {
        let account = open.state().account(signed.tx.from())?;
        let own = account.filter(|account| account.auth == signed.auth());
        Ok(own.map(|account| account.nonce.into()))
    }

    fn close<S: StateStore>(open: Self::Open<S>) -> Closed<Self, S::Error> {
        match open.close() {
            Ok((batch, changes)) => Ok((batch.map(Into::into), changes.into())),
            Err(BuildError::State(error)) => Err(CloseError::State(error.0)),
            Err(error @ (BuildError::FeeAccount { .. } | BuildError::NoFeeAccount { .. })) => {
                Err(CloseError::Corrupt(error.to_string()))
            }
        }
    }
}

fn effects(signed: &SignedTransaction) -> Effects {
    let withdrawal = match &signed.tx {
        Transaction::Transfer(_) => None,
        Transaction::Withdraw(withdraw) => Some(Withdrawal {
            recipient: withdraw.to_l1,
            token: withdraw.token,
            amount: withdraw.amount,
        }),
    };
    Effects {
        withdrawal,
        account: None,
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
