//! What a transaction must pass before the executor sees it.

use ashlar_payments::Payments;

use super::{Service, convert::refusal};
use crate::executor::{SubmitError, Submitted, Verified};

type Outcome<T> = Result<T, SubmitError<Payments>>;

impl Service {
    /// Reads a transaction and verifies its signature. In exit mode none is taken, whatever it is.
    pub(super) fn verify(&self, encoded: Vec<u8>) -> Outcome<Verified<Payments>> {
        if self.executor.exit_mode().is_entered() {
            return Err(SubmitError::ExitMode);
        }
        let (given, limit) = (encoded.len(), self.config.limits.max_transaction_bytes as usize);
        if given > limit {
            return Err(SubmitError::TooLarge { given, limit });
        }
        self.executor.verify(encoded)
    }

    /// The same for a transaction and what is to pay for it.
    pub(super) fn verify_sponsored(&self, encoded: Vec<u8>, sponsor: Vec<u8>) -> Outcome<Verified<Payments>> {
        let own = self.verify(encoded)?;
        let sponsor = self.verify(sponsor).map_err(|error| match error {
            SubmitError::Refused(refusal) => SubmitError::Sponsor(refusal),
            error => error,
        })?;
        let (tx, offered) = (&own.signed().tx, own.signed().tx.fee().value());
        if offered > 0 {
            return Err(SubmitError::SponsoredPays { offered });
        }
        let account = tx.from();
        if sponsor.signed().tx.from() == account {
            return Err(SubmitError::OwnSponsor { account });
        }
        Ok(own.sponsored_by(sponsor))
    }

    /// Hands a transaction over, and waits for room if there is none.
    pub(super) async fn hand_over(&self, verified: Verified<Payments>) -> Outcome<Submitted<Payments>> {
        self.check_load()?;
        self.check_fee(&verified)?;
        self.executor.hand_over(verified).await
    }

    /// The same for a call of its own, which is refused rather than kept waiting for a batch to be sealed.
    pub(super) async fn submit(&self, verified: Verified<Payments>) -> Outcome<[u8; 32]> {
        if let Some(closed) = self.executor.blocked_by() {
            return Err(SubmitError::Busy { closed });
        }
        self.hand_over(verified).await?.outcome().await
    }

    /// Counts what a sender is told.
    pub(super) fn count(&self, outcome: &Outcome<[u8; 32]>) {
        match outcome {
            Ok(_) => self.config.metrics.accepted(),
            Err(error) => self.config.metrics.refused(refusal(error).1.code()),
        }
    }

    fn check_load(&self) -> Outcome<()> {
        let (unproven, limit) = (
            self.load.now().unproven,
            u64::from(self.config.limits.max_unproven(false)),
        );
        if unproven > limit {
            return Err(SubmitError::Lagging { unproven, limit });
        }
        Ok(())
    }

    fn check_fee(&self, verified: &Verified<Payments>) -> Outcome<()> {
        let fees = &self.config.fees;
        if fees.is_free() {
            return Ok(());
        }
        // A sponsor pays for both.
        let (payer, operations) = match verified.sponsor() {
            Some(sponsor) => (sponsor, 2),
            None => (verified, 1),
        };
        let tx = &payer.signed().tx;
        let (token, offered) = (tx.token(), tx.fee().value());
        match fees.least(self.load.now().seconds_per_operation).get(&token) {
            None => Err(SubmitError::FeeToken { token }),
            Some(&least) if offered < least.saturating_mul(operations) => Err(SubmitError::FeeTooLow {
                token,
                offered,
                needed: least.saturating_mul(operations),
            }),
            Some(_) => Ok(()),
        }
    }
}
