//! What a digest is of.

use plonky2::field::types::Field;

use crate::F;

macro_rules! roles {
    ($($(#[$doc:meta])* $role:ident = $number:literal,)*) => {
        /// What a digest is of: the domain tag of a hash.
        ///
        /// The number is the first element of the capacity, `state[8]`, before anything is absorbed; the other three are zero.
        /// So a digest of one role is none of another, whatever is hashed. Numbers are part of the statement: a change of one
        /// is another rollup, and none is used twice.
        ///
        /// | number | role | hashed |
        /// |---|---|---|
        /// | 1 | [`AccountNode`](Self::AccountNode) | two nodes of the account tree |
        /// | 2 | [`BalanceNode`](Self::BalanceNode) | two nodes of a balance tree |
        /// | 3 | [`AccountHead`](Self::AccountHead) | `auth`, then owner, nonce and flags |
        /// | 4 | [`AccountLeaf`](Self::AccountLeaf) | head, root of the balances |
        /// | 5 | [`PolicyNode`](Self::PolicyNode) | two nodes of a policy's tree |
        /// | 6 | [`ClauseSigner`](Self::ClauseSigner) | key hash, rules |
        /// | 7 | [`Clause`](Self::Clause) | signer, lock |
        /// | 8 | [`Lock`](Self::Lock) | preimage, four zeros |
        /// | 9 | [`Message`](Self::Message) | the elements that are signed |
        /// | 10 | [`ChunkData`](Self::ChunkData) | records of a chunk, eight elements at a time |
        /// | 11 | [`DataNode`](Self::DataNode) | data hashes of two neighbours of the fold tree |
        /// | 12 | [`Key`](Self::Key) | the five words of a public key |
        /// | 13 | [`Challenge`](Self::Challenge) | commitment, public key, message |
        /// | 14 | [`BlobWords`](Self::BlobWords) | all words that a blob has room for |
        ///
        /// A capacity of zeros, which no role has, is left to plonky2: Merkle caps of proofs, transcripts, public inputs, circuits'
        /// digests, and what goes into these or must equal them (hashes of verifying keys and of gates' equations).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[repr(u64)]
        pub enum Role {
            $($(#[$doc])* $role = $number,)*
        }

        impl Role {
            /// All roles, by their numbers.
            pub const ALL: &[Self] = &[$(Self::$role),*];
        }
    };
}

roles! {
    /// Inner node of the account tree.
    AccountNode = 1,
    /// Inner node of a balance tree.
    BalanceNode = 2,
    /// All of an account but its balances.
    AccountHead = 3,
    /// Leaf of the account tree.
    AccountLeaf = 4,
    /// Inner node of a policy's tree.
    PolicyNode = 5,
    /// Who signs under a clause, and what.
    ClauseSigner = 6,
    /// Leaf of a policy's tree.
    Clause = 7,
    /// What a preimage opens.
    Lock = 8,
    /// What is signed.
    Message = 9,
    /// Public data of a chunk.
    ChunkData = 10,
    /// Public data of a fold.
    DataNode = 11,
    /// Public key.
    Key = 12,
    /// Challenge of a signature.
    Challenge = 13,
    /// Public data of a blob.
    BlobWords = 14,
    /// Public data of a batch, as its chunks and as its blob have it.
    LinkedData = 15,
}

impl Role {
    /// The role with a number.
    ///
    /// # Panics
    /// If there is none; in a constant, that does not compile.
    pub const fn numbered(number: u64) -> Self {
        let role = Self::ALL[number as usize - 1];
        assert!(role as u64 == number, "roles are numbered from 1, without gaps");
        role
    }

    /// The number as an element.
    pub fn tag(self) -> F {
        F::from_canonical_u64(self as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_numbered_from_one_without_gaps() {
        for (number, role) in (1..).zip(Role::ALL) {
            assert_eq!((*role as u64, Role::numbered(number)), (number, *role));
        }
        assert_eq!(Role::ALL.len(), 15);
    }
}
