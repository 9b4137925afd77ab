//! The contract that computes a state root on L1, beside plonky2's hash and the state that payments keep. Needs Node and
//! the compilers of `verifier-contracts/package.json`.

mod support;

use std::{path::PathBuf, sync::LazyLock};

use ashlar_evm as evm;
use ashlar_payments::{
    account::Account,
    state::{AccountStore, MemoryStore, Overlay},
};
use ashlar_statement::hash::{F, Hash, Role, hash_to_bytes32, two_to_one};
use plonky2::field::types::{Field, Field64};
use rand::{Rng, SeedableRng, rngs::StdRng};
use revm::{
    context::result::ExecutionResult,
    primitives::{Bytes, keccak256},
};
use support::{compile, execute};

const SIGNATURE: &str = "root(uint32,uint8,uint64,uint256,address,uint64,bytes32[8],bytes32[28])";
const P: u64 = F::ORDER;

static CONTRACT: LazyLock<Bytes> =
    LazyLock::new(|| compile(&evm::path_solidity(), &["--contract", "PoseidonPath"]));

type Word = [u8; 32];

fn word(value: u64) -> Word {
    let mut word = [0; 32];
    word[24..].copy_from_slice(&value.to_be_bytes());
    word
}

fn digest(elements: [u64; 4]) -> Hash {
    Hash {
        elements: elements.map(F::from_canonical_u64),
    }
}

/// What the contract is called with: account, token, balance, auth, owner, meta, eight siblings, 28 siblings.
#[derive(Clone)]
struct Opening(Vec<Word>);

const ACCOUNT: usize = 0;
const TOKEN: usize = 1;
const BALANCE: usize = 2;
const AUTH: usize = 3;
const OWNER: usize = 4;
const META: usize = 5;
const SIBLINGS: usize = 6;
const WORDS: usize = SIBLINGS + 8 + 28;

impl Opening {
    fn of(state: &Overlay<MemoryStore>, index: u32, token: u8) -> Self {
        let account = state.account(index).expect("read").expect("there");
        let mut owner = [0; 32];
        owner[12..].copy_from_slice(&account.l1_owner);
        let mut words = vec![
            word(index.into()),
            word(token.into()),
            word(account.balance(token)),
            hash_to_bytes32(&account.auth),
            owner,
            word(u64::from(account.nonce) | u64::from(account.flags) << 32),
        ];
        words.extend(account.balance_path(token).siblings.iter().map(hash_to_bytes32));
        let path = state.account_path(index).expect("read");
        words.extend(path.siblings.iter().map(hash_to_bytes32));
        assert_eq!(words.len(), WORDS);
        Self(words)
    }

    fn call(&self) -> ExecutionResult {
        let selector = &keccak256(SIGNATURE)[..4];
        execute(&CONTRACT, [selector, &self.0.concat()].concat())
    }

    fn root(&self) -> Word {
        match self.call() {
            ExecutionResult::Success { output, .. } => output.data()[..].try_into().expect("a word"),
            refused => panic!("{refused:?}"),
        }
    }

    /// What the contract says when it refuses.
    fn refusal(&self) -> Vec<u8> {
        match self.call() {
            ExecutionResult::Revert { output, .. } => output.to_vec(),
            other => panic!("{other:?}"),
        }
    }

    fn with(&self, place: usize, word: Word) -> Self {
        let mut other = self.clone();
        assert_ne!(other.0[place], word);
        other.0[place] = word;
        other
    }
}

fn error(signature: &str, words: &[Word]) -> Vec<u8> {
    [&keccak256(signature)[..4], &words.concat()].concat()
}

fn not_canonical(word: Word) -> Vec<u8> {
    error("HashNotCanonical(uint256)", &[word])
}

/// Accounts at both ends of the tree, beside each other and anywhere, with many tokens, one and none.
fn state(random: &mut StdRng) -> (Overlay<MemoryStore>, Vec<(u32, u8)>) {
    let mut state = Overlay::new(MemoryStore::new());
    let mut places = vec![];
    for index in [0, 1, (1 << 28) - 1, random.gen_range(2..1 << 27), 77, 76] {
        let auth = digest([(); 4].map(|()| random.gen_range(0..P)));
        let mut account = Account::new(random.r#gen(), auth);
        account.nonce = random.r#gen();
        account.flags = random.r#gen();
        for token in [0, 255, random.r#gen()].iter().take(index as usize % 4) {
            account.set_balance(*token, random.gen_range(1..1 << 62));
            places.push((index, *token));
        }
        places.push((index, random.r#gen())); // of which it has nothing, most likely
        state.set_account(index, account).expect("written");
    }
    state.commit();
    state.hash().expect("hashed");
    (state, places)
}

#[test]
fn a_hash_is_plonky2_s_in_each_role_of_a_path() {
    let mut random = StdRng::seed_from_u64(1);
    let extremes = [0, 1, P - 1, P - 2, u32::MAX.into(), 1 << 32, 1 << 63];
    let mut inputs: Vec<[u64; 8]> = extremes.iter().map(|value| [*value; 8]).collect();
    for place in 0..8 {
        let mut one = [0; 8];
        one[place] = P - 1;
        inputs.push(one);
        inputs.push(one.map(|value| P - 1 - value));
    }
    inputs.extend((0..50).map(|_| [(); 8].map(|()| extremes[random.gen_range(0..extremes.len())])));
    inputs.extend((0..200).map(|_| [(); 8].map(|()| random.gen_range(0..P))));
    for role in [
        Role::AccountNode,
        Role::BalanceNode,
        Role::AccountHead,
        Role::AccountLeaf,
    ] {
        let contract = compile(&evm::hash_solidity(role), &["--contract", "PoseidonHash"]);
        for input in &inputs {
            let [left, right] = [0, 4].map(|at| digest(core::array::from_fn(|element| input[at + element])));
            let selector = &keccak256("hash(uint256,uint256)")[..4];
            let pair = [hash_to_bytes32(&left), hash_to_bytes32(&right)].concat();
            let result = execute(&contract, [selector, &pair].concat());
            let expected = hash_to_bytes32(&two_to_one(role, left, right));
            assert_eq!(
                result.output().map(|output| output.to_vec()),
                Some(expected.to_vec()),
                "{role:?} {input:?}"
            );
        }
    }
}

#[test]
fn every_opening_of_a_state_leads_to_its_root() {
    for seed in 0..4 {
        let (state, places) = state(&mut StdRng::seed_from_u64(seed));
        let root = hash_to_bytes32(&state.root().expect("read"));
        for (account, token) in places {
            let opening = Opening::of(&state, account, token);
            assert_eq!(opening.root(), root, "{account}, {token}");
        }
    }
}

/// Every input but the root's own: whatever is altered leads elsewhere.
#[test]
fn each_altered_input_leads_to_another_root() {
    let random = &mut StdRng::seed_from_u64(7);
    let (state, places) = state(random);
    let (account, token) = places[1];
    let honest = Opening::of(&state, account, token);
    let root = honest.root();
    let with = |place: usize, bit: usize| {
        let mut word = honest.0[place];
        word[31 - bit / 8] ^= 1 << (bit % 8);
        honest.with(place, word).root()
    };
    let flipped = [(ACCOUNT, 28), (TOKEN, 8), (BALANCE, 62), (OWNER, 160), (META, 40)];
    let mut roots = vec![];
    for (place, bits) in flipped {
        roots.extend((0..bits).map(|bit| with(place, bit)));
    }
    // The lowest bit of each element.
    for place in [AUTH].into_iter().chain(SIBLINGS..WORDS) {
        roots.extend([0, 64, 128, 192].map(|bit| with(place, bit)));
    }
    assert!(!roots.contains(&root));
    // Siblings of one level are not those of another.
    for place in (SIBLINGS..WORDS - 1).filter(|place| honest.0[*place] != honest.0[place + 1]) {
        let mut swapped = honest.clone();
        swapped.0.swap(place, place + 1);
        assert_ne!(swapped.root(), root, "{place}");
    }
}

/// An element plus p is another encoding of the same element, so it would lead to the same root.
#[test]
fn no_element_has_a_second_encoding() {
    let (state, places) = state(&mut StdRng::seed_from_u64(8));
    let mut honest = Opening::of(&state, places[1].0, places[1].1);
    for place in [AUTH].into_iter().chain(SIBLINGS..WORDS) {
        for limb in 0..4 {
            let mut opening = honest.clone();
            for (value, canonical) in [(P - 1, true), (P, false), (P + 1, false), (u64::MAX, false)] {
                opening.0[place][24 - 8 * limb..32 - 8 * limb].copy_from_slice(&value.to_be_bytes());
                if canonical {
                    opening.root();
                } else {
                    assert_eq!(opening.refusal(), not_canonical(opening.0[place]));
                }
            }
        }
    }
    honest.0[BALANCE] = word(5);
    honest.0[META] = word(6);
    honest.root();
    assert_eq!(
        honest.with(BALANCE, word(P + 5)).refusal(),
        not_canonical(word(P + 5))
    );
    // As the head has it: the owner's words, then nonce and flags.
    let owner = &honest.0[OWNER][12..];
    let [mut low, mut middle, mut high] = [[0; 8]; 3];
    low[1..].copy_from_slice(&owner[..7]);
    middle[1..].copy_from_slice(&owner[7..14]);
    high[2..].copy_from_slice(&owner[14..]);
    let head = [(P + 6).to_be_bytes(), high, middle, low].concat();
    let refusal = honest.with(META, word(P + 6)).refusal();
    assert_eq!(refusal, not_canonical(head.try_into().expect("a word")));
}

#[test]
fn an_account_beyond_the_tree_is_refused() {
    let (state, places) = state(&mut StdRng::seed_from_u64(9));
    let honest = Opening::of(&state, places[0].0, places[0].1);
    for account in [1 << 28, u64::from(u32::MAX)] {
        let expected = error(
            "AccountOutOfRange(uint32,uint256)",
            &[word(account), word(1 << 28)],
        );
        assert_eq!(honest.with(ACCOUNT, word(account)).refusal(), expected);
    }
    // Beyond their types: Solidity's decoder refuses, without a word.
    for (place, bits) in [(ACCOUNT, 32), (TOKEN, 8), (BALANCE, 64), (OWNER, 160), (META, 64)] {
        let mut wide = honest.0[place];
        wide[31 - bits / 8] |= 1;
        assert_eq!(honest.with(place, wide).refusal(), Vec::<u8>::new());
    }
}

#[test]
fn a_path_costs_less_than_half_of_what_an_exit_may() {
    let (state, places) = state(&mut StdRng::seed_from_u64(10));
    let opening = Opening::of(&state, places[1].0, places[1].1);
    let gas = opening.call().tx_gas_used();
    println!("{gas} gas, {} bytes of code", CONTRACT.len());
    assert!(gas < 900_000, "{gas} gas");
    assert!(CONTRACT.len() < evm::MAX_RUNTIME_BYTES);
}

fn contracts() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../verifier-contracts")
}

/// Compares, or writes with `ASHLAR_RENEW_GENERATED=1`.
fn up_to_date(path: &str, text: &str) {
    let path = contracts().join(path);
    if std::env::var_os("ASHLAR_RENEW_GENERATED").is_some() {
        std::fs::write(&path, text).expect("written");
    }
    let stored = std::fs::read_to_string(&path).expect("stored");
    assert!(stored == text, "{} differs from what this writes", path.display());
}

/// `script/build` then compiles it.
#[test]
fn the_generated_contract_is_up_to_date() {
    up_to_date("generated/path/PoseidonPath.sol", &evm::path_solidity());
}

/// What the contract's own tests start from.
#[test]
fn the_stored_openings_are_of_today_s_state() {
    let (state, places) = state(&mut StdRng::seed_from_u64(11));
    let hex = |word: &Word| Bytes::copy_from_slice(word).to_string();
    let decimal = |word: &Word| u64::from_be_bytes(word[24..].try_into().expect("8 bytes")).to_string();
    let opening = |(account, token)| {
        let Opening(words) = Opening::of(&state, account, token);
        serde_json::json!({
            "account": decimal(&words[ACCOUNT]),
            "token": decimal(&words[TOKEN]),
            "balance": decimal(&words[BALANCE]),
            "auth": hex(&words[AUTH]),
            "owner": Bytes::copy_from_slice(&words[OWNER][12..]).to_string(),
            "meta": decimal(&words[META]),
            "balance_siblings": words[SIBLINGS..SIBLINGS + 8].iter().map(hex).collect::<Vec<_>>(),
            "account_siblings": words[SIBLINGS + 8..].iter().map(hex).collect::<Vec<_>>(),
        })
    };
    let openings: Vec<_> = places.into_iter().map(opening).collect();
    let vectors = serde_json::json!({
        "root": hex(&hash_to_bytes32(&state.root().expect("read"))),
        "openings": openings,
    });
    let text = serde_json::to_string_pretty(&vectors).expect("JSON") + "\n";
    up_to_date("test/vectors/paths.json", &text);
}
