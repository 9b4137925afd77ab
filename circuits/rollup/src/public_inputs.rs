//! Public inputs of the circuits, as structs: one field order, used for values and for targets alike.

/// A slice of the wrong length was read as public inputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{actual} public inputs given, {expected} expected")]
pub struct PublicInputsError {
    /// Length of the struct.
    pub expected: usize,
    /// Length of the slice.
    pub actual: usize,
}

/// Walks a slice whose length was checked beforehand.
struct Reader<'a, T>(&'a [T]);

impl<T: Copy> Reader<'_, T> {
    fn one(&mut self) -> T {
        let value = self.0[0];
        self.0 = &self.0[1..];
        value
    }
}

fn array<T, const N: usize>(next: &mut impl FnMut() -> T) -> [T; N] {
    core::array::from_fn(|_| next())
}

/// Public inputs of a run of consecutive chunks, from one chunk upwards: chunk, lift and fold proofs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct SpanPublicInputs<T> {
    /// Account tree root before the first transaction.
    pub old_root: [T; 4],
    /// Account tree root after the last transaction and its chunk's fee credit.
    pub new_root: [T; 4],
    /// Chain and rollup address, see `transaction::Domain`.
    pub domain: [T; 4],
    /// Poseidon hash of the public data words.
    pub data_hash: [T; 4],
    /// Evaluation point of the public data, in GF(p^2).
    pub z: [T; 2],
    /// Bridge stream of this span evaluated at `z`.
    pub bridge_eval: [T; 2],
    /// Rollup stream of this span evaluated at `z`.
    pub rollup_eval: [T; 2],
    /// `z` to the number of bridge words.
    pub bridge_power: [T; 2],
    /// `z` to the number of rollup words.
    pub rollup_power: [T; 2],
    /// Account that earns the fees.
    pub fee_account: T,
    /// Number of deposits.
    pub deposit_count: T,
    /// Number of withdrawals.
    pub withdrawal_count: T,
    /// Number of transfers.
    pub transfer_count: T,
}

impl<T: Copy> SpanPublicInputs<T> {
    /// Number of elements.
    pub const LEN: usize = 30;

    /// The elements in the order in which the circuits register them.
    pub fn to_vec(&self) -> Vec<T> {
        let mut out = Vec::with_capacity(Self::LEN);
        for part in [&self.old_root, &self.new_root, &self.domain, &self.data_hash] {
            out.extend_from_slice(part);
        }
        for part in [
            &self.z,
            &self.bridge_eval,
            &self.rollup_eval,
            &self.bridge_power,
            &self.rollup_power,
        ] {
            out.extend_from_slice(part);
        }
        out.extend([
            self.fee_account,
            self.deposit_count,
            self.withdrawal_count,
            self.transfer_count,
        ]);
        out
    }

    /// Inverse of [`Self::to_vec`]; refuses any other length than [`Self::LEN`].
    pub fn from_slice(values: &[T]) -> Result<Self, PublicInputsError> {
        if values.len() != Self::LEN {
            return Err(PublicInputsError {
                expected: Self::LEN,
                actual: values.len(),
            });
        }
        let mut reader = Reader(values);
        Ok(Self::from_fn(|| reader.one()))
    }

    /// Fills every field, in order, from a source of elements.
    pub fn from_fn(mut next: impl FnMut() -> T) -> Self {
        let next = &mut next;
        Self {
            old_root: array(next),
            new_root: array(next),
            domain: array(next),
            data_hash: array(next),
            z: array(next),
            bridge_eval: array(next),
            rollup_eval: array(next),
            bridge_power: array(next),
            rollup_power: array(next),
            fee_account: next(),
            deposit_count: next(),
            withdrawal_count: next(),
            transfer_count: next(),
        }
    }

    /// Changes the type of every element.
    pub fn map<U: Copy>(&self, mut f: impl FnMut(T) -> U) -> SpanPublicInputs<U> {
        let mut values = self.to_vec().into_iter();
        // `to_vec` has exactly as many elements as `from_fn` takes.
        SpanPublicInputs::from_fn(|| values.next().map(&mut f).expect("one element per field"))
    }
}

/// Public inputs of a whole batch: what the compressed proof exposes and L1 checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct BatchPublicInputs<T> {
    /// Account tree root before the batch.
    pub old_root: [T; 4],
    /// Account tree root after the batch.
    pub new_root: [T; 4],
    /// Chain and rollup address, see `transaction::Domain`.
    pub domain: [T; 4],
    /// Root of the fold tree over the chunks' data hashes.
    pub data_hash: [T; 4],
    /// Evaluation point, in GF(p^2).
    pub z: [T; 2],
    /// The whole public data, bridge stream then rollup stream, evaluated at `z`.
    pub eval: [T; 2],
    /// Account that earns the fees.
    pub fee_account: T,
    /// Number of deposits.
    pub deposit_count: T,
    /// Number of withdrawals.
    pub withdrawal_count: T,
    /// Number of transfers.
    pub transfer_count: T,
}

impl<T: Copy> BatchPublicInputs<T> {
    /// Number of elements.
    pub const LEN: usize = 24;

    /// The elements in the order in which the circuits register them.
    pub fn to_vec(&self) -> Vec<T> {
        let mut out = Vec::with_capacity(Self::LEN);
        for part in [&self.old_root, &self.new_root, &self.domain, &self.data_hash] {
            out.extend_from_slice(part);
        }
        for part in [&self.z, &self.eval] {
            out.extend_from_slice(part);
        }
        out.extend([
            self.fee_account,
            self.deposit_count,
            self.withdrawal_count,
            self.transfer_count,
        ]);
        out
    }

    /// Inverse of [`Self::to_vec`]; refuses any other length than [`Self::LEN`].
    pub fn from_slice(values: &[T]) -> Result<Self, PublicInputsError> {
        if values.len() != Self::LEN {
            return Err(PublicInputsError {
                expected: Self::LEN,
                actual: values.len(),
            });
        }
        let mut reader = Reader(values);
        Ok(Self::from_fn(|| reader.one()))
    }

    /// Fills every field, in order, from a source of elements.
    pub fn from_fn(mut next: impl FnMut() -> T) -> Self {
        let next = &mut next;
        Self {
            old_root: array(next),
            new_root: array(next),
            domain: array(next),
            data_hash: array(next),
            z: array(next),
            eval: array(next),
            fee_account: next(),
            deposit_count: next(),
            withdrawal_count: next(),
            transfer_count: next(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn span_round_trip() {
        let values: Vec<u32> = (0..30).collect();
        let span = SpanPublicInputs::from_slice(&values).expect("30 elements");
        assert_eq!(
            (span.data_hash, span.z, span.transfer_count),
            ([12, 13, 14, 15], [16, 17], 29)
        );
        assert_eq!(span.to_vec(), values);
        let error = SpanPublicInputs::from_slice(&values[1..]).expect_err("29 elements");
        assert_eq!(
            error,
            PublicInputsError {
                expected: 30,
                actual: 29
            }
        );
    }

    #[test]
    fn batch_round_trip() {
        let values: Vec<u32> = (0..24).collect();
        let batch = BatchPublicInputs::from_slice(&values).expect("24 elements");
        assert_eq!((batch.eval, batch.fee_account), ([18, 19], 20));
        assert_eq!(batch.to_vec(), values);
        assert!(BatchPublicInputs::from_slice(&[values, vec![0]].concat()).is_err());
    }
}
