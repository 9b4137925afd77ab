//! A verifying key that is one of a constant set, chosen by the prover.

use plonky2::{
    hash::hash_types::HashOutTarget,
    iop::{
        target::BoolTarget,
        witness::{PartialWitness, WitnessWrite},
    },
    plonk::circuit_data::VerifierCircuitTarget,
    util::serialization::{Buffer, IoResult, Read, Write},
};

use crate::{
    config::{Builder, F},
    nested::{VerifierOnly, key_hash, key_hash_circuit},
};

/// A key that the prover supplies, and which of the set it is. The set is given by hashes: a key has sixty-eight
/// elements, its hash four, so another member costs a row and not tens.
#[derive(Debug)]
pub(crate) struct KeyChoice {
    key: VerifierCircuitTarget,
    /// One for each member but the last, which is chosen where all are zero.
    flags: Vec<BoolTarget>,
}

impl KeyChoice {
    /// Allocates a key and constrains it to have the chosen one of `hashes`.
    pub(crate) fn new(builder: &mut Builder, cap_height: usize, hashes: &[HashOutTarget]) -> Self {
        let (last, others) = hashes.split_last().expect("a set has a member");
        let flags: Vec<_> = others
            .iter()
            .map(|_| builder.add_virtual_bool_target_safe())
            .collect();
        let set = builder.add_many(flags.iter().map(|flag| flag.target));
        builder.assert_bool(BoolTarget::new_unsafe(set)); // at most one of the bits
        let chosen = std::array::from_fn(|i| {
            let last = last.elements[i];
            let mut weighted = flags
                .iter()
                .zip(others)
                .map(|(flag, hash)| (flag.target, hash.elements[i]));
            let Some((flag, hash)) = weighted.next() else {
                return last;
            };
            let rest = builder.mul_sub(set, last, last); // −(1 − set)·last: for one flag, this is `select`
            let first = builder.mul_sub(flag, hash, rest);
            weighted.fold(first, |sum, (flag, hash)| builder.mul_add(flag, hash, sum))
        });
        let key = builder.add_virtual_verifier_data(cap_height);
        let hash = key_hash_circuit(builder, &key);
        builder.connect_hashes(hash, HashOutTarget { elements: chosen });
        Self { key, flags }
    }

    /// The same for constant keys. A lone one leaves nothing to choose.
    pub(crate) fn among(builder: &mut Builder, keys: &[VerifierOnly]) -> Self {
        if let [only] = keys {
            return Self {
                key: builder.constant_verifier_data(only),
                flags: Vec::new(),
            };
        }
        let hashes: Vec<_> = keys
            .iter()
            .map(|key| builder.constant_hash(key_hash(key)))
            .collect();
        let cap_height = keys[0].constants_sigmas_cap.height();
        Self::new(builder, cap_height, &hashes)
    }

    /// The chosen key.
    pub(crate) fn key(&self) -> &VerifierCircuitTarget {
        &self.key
    }

    /// Whether the `index`-th member is chosen, which is not the last.
    pub(crate) fn is(&self, index: usize) -> BoolTarget {
        self.flags[index]
    }

    /// The place of the last member.
    pub(crate) fn last(&self) -> usize {
        self.flags.len()
    }

    /// Chooses the `index`-th member, which is `key`.
    pub(crate) fn set(
        &self,
        witness: &mut PartialWitness<F>,
        index: usize,
        key: &VerifierOnly,
    ) -> anyhow::Result<()> {
        for (i, flag) in self.flags.iter().enumerate() {
            witness.set_bool_target(*flag, i == index)?;
        }
        witness.set_verifier_data_target(&self.key, key)
    }

    pub(crate) fn write(&self, buffer: &mut Vec<u8>) -> IoResult<()> {
        buffer.write_target_verifier_circuit(&self.key)?;
        buffer.write_target_bool_vec(&self.flags)
    }

    pub(crate) fn read(buffer: &mut Buffer) -> IoResult<Self> {
        Ok(Self {
            key: buffer.read_target_verifier_circuit()?,
            flags: buffer.read_target_bool_vec()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use ashlar_statement::{ProveError, Security, prove::prove_stock};
    use plonky2::{
        field::types::Field,
        hash::{hash_types::HashOut, merkle_tree::MerkleCap},
    };

    use super::*;
    use crate::config::{C, Circuit, Proof};

    /// A choice among hashes that are free inputs, so that every rule can be broken alone.
    struct Toy {
        data: Circuit,
        hashes: Vec<HashOutTarget>,
        choice: KeyChoice,
    }

    impl Toy {
        fn of(members: usize) -> Self {
            let mut builder = Builder::new(Security::default().fold());
            let hashes = builder.add_virtual_hashes(members);
            let choice = KeyChoice::new(&mut builder, 0, &hashes);
            let data = builder.build::<C>();
            Self { data, hashes, choice }
        }

        fn prove(&self, hashes: &[HashOut<F>], key: &VerifierOnly, flags: &[F]) -> Result<Proof, ProveError> {
            prove_stock("choice", &self.data, || {
                let mut witness = PartialWitness::new();
                for (target, hash) in self.hashes.iter().zip(hashes) {
                    witness.set_hash_target(*target, *hash)?;
                }
                for (flag, value) in self.choice.flags.iter().zip(flags) {
                    witness.set_target(flag.target, *value)?;
                }
                witness.set_verifier_data_target(&self.choice.key, key)?;
                Ok(witness)
            })
        }
    }

    fn key(seed: u64) -> VerifierOnly {
        let hash = |i| HashOut {
            elements: [seed, i, 2, 3].map(F::from_canonical_u64),
        };
        VerifierOnly {
            constants_sigmas_cap: MerkleCap(vec![hash(0)]),
            circuit_digest: hash(1),
        }
    }

    /// The hash, moved by a multiple of some vector.
    fn moved(hash: HashOut<F>, times: i64) -> HashOut<F> {
        let times = F::from_noncanonical_i64(times);
        HashOut {
            elements: hash.elements.map(|element| element + times),
        }
    }

    fn is_refused(result: &Result<Proof, ProveError>) -> bool {
        matches!(
            result,
            Err(ProveError::Unsatisfied { .. } | ProveError::Invalid { .. })
        )
    }

    #[test]
    fn the_key_is_the_chosen_member() {
        for members in 1..=3 {
            let toy = Toy::of(members);
            let keys: Vec<_> = (0..members as u64).map(key).collect();
            let hashes: Vec<_> = keys.iter().map(key_hash).collect();
            for chosen in 0..members {
                let flags: Vec<_> = (0..members - 1).map(|i| F::from_bool(i == chosen)).collect();
                for (i, key) in keys.iter().enumerate() {
                    let result = toy.prove(&hashes, key, &flags);
                    assert_eq!(result.is_ok(), i == chosen, "{members} members: {i} for {chosen}");
                    assert!(i == chosen || is_refused(&result), "{result:?}");
                }
                assert!(is_refused(&toy.prove(&hashes, &key(9), &flags)), "a stranger");
            }
        }
    }

    /// Flags that are no bits reach hashes between and beyond the members'.
    #[test]
    fn flags_are_bits() {
        let toy = Toy::of(3);
        let (key, hash) = (key(7), key_hash(&key(7)));
        let hashes = [moved(hash, 1), moved(hash, 2), moved(hash, 5)];
        let beyond = [F::TWO, F::NEG_ONE]; // 2·h₀ − h₁, and their sum is a bit
        assert!(is_refused(&toy.prove(&hashes, &key, &beyond)));
        let between = [F::TWO.inverse(); 2];
        let hashes = [moved(hash, 1), moved(hash, -1), moved(hash, 5)];
        assert!(is_refused(&toy.prove(&hashes, &key, &between)));
        let hashes = [hash, moved(hash, -1), moved(hash, 5)];
        toy.prove(&hashes, &key, &[F::ONE, F::ZERO]).expect("one-hot");
    }

    #[test]
    fn one_member_is_chosen() {
        let toy = Toy::of(3);
        let (key, hash) = (key(7), key_hash(&key(7)));
        let hashes = [moved(hash, 1), moved(hash, -1), hash];
        let both = [F::ONE; 2]; // h₀ + h₁ − h₂
        assert!(is_refused(&toy.prove(&hashes, &key, &both)));
        toy.prove(&hashes, &key, &[F::ZERO; 2]).expect("the last");
    }
}
