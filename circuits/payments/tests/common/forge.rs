//! Assignments for one account that plays every part (payer, payee, fee account), consistent in all respects
//! but those that a test chooses to break: each negative test then meets exactly one constraint.

use std::sync::LazyLock;

use ashlar_payments::{
    account::{Account, balance_digest},
    chunk::{AccountWires, ChunkAssignment, ChunkCircuit, FeeWires, SlotWires},
    transaction::SecretKey,
    tree::{AccountPath, BalancePath},
};
use ashlar_statement::{
    SpanPublicInputs,
    hash::{F, Hash, ZERO_HASH, hash_no_pad},
    prove::prove_stock,
};
use plonky2::field::types::{Field, PrimeField64};

use super::{DOMAIN, TIME, key};

/// Slots of the circuit that the negative tests share.
pub const FORGED_SLOTS: usize = 2;

/// The circuit that the negative tests share.
pub static CIRCUIT: LazyLock<ChunkCircuit> = LazyLock::new(|| ChunkCircuit::build(FORGED_SLOTS));

/// Index and token of the one account.
pub const INDEX: u32 = 0x0800_0105;
pub const TOKEN: u8 = 9;

pub fn f(value: u64) -> F {
    F::from_noncanonical_u64(value)
}

/// The account before a slot; values are field elements, so that they may be out of range.
#[derive(Debug, Clone, Copy)]
pub struct Forged {
    pub exists: bool,
    pub owner: Hash,
    pub nonce: F,
    pub balance: F,
}

impl Forged {
    pub fn new(balance: u64, nonce: u64) -> Self {
        let owner = key(INDEX).public_key().key_hash();
        Self {
            exists: true,
            owner,
            nonce: f(nonce),
            balance: f(balance),
        }
    }

    fn balances(&self) -> Account {
        let mut account = Account::new(self.owner);
        account.set_balance(TOKEN, self.balance.to_canonical_u64());
        account
    }

    fn digest(&self) -> Hash {
        if !self.exists {
            return ZERO_HASH;
        }
        let root = self.balances().balances_root();
        hash_no_pad(&[&self.owner.elements[..], &[self.nonce], &root.elements].concat())
    }

    pub fn wires(&self) -> AccountWires<F> {
        AccountWires {
            owner: self.owner.elements,
            nonce: self.nonce,
            balance: self.balance,
            balance_siblings: self
                .balances()
                .balance_path(TOKEN)
                .siblings
                .map(|hash| hash.elements),
            account_siblings: AccountPath::empty().siblings.map(|hash| hash.elements),
        }
    }
}

/// A step outside the tree: ignored by the circuit.
fn unused() -> AccountWires<F> {
    AccountWires {
        owner: ZERO_HASH.elements,
        nonce: F::ZERO,
        balance: F::ZERO,
        balance_siblings: BalancePath::empty().siblings.map(|hash| hash.elements),
        account_siblings: AccountPath::empty().siblings.map(|hash| hash.elements),
    }
}

pub fn noop() -> SlotWires<F> {
    SlotWires {
        destination_exists: F::ONE,
        source: unused(),
        destination: unused(),
        ..SlotWires::from_fn(|| F::ZERO)
    }
}

/// What one slot does, before it is placed.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    pub wires: SlotWires<F>,
    /// What the source pays, fee included.
    pub debit: F,
    /// What the destination gets.
    pub credit: F,
    /// What the fee slots get.
    pub fees: [F; 4],
    /// Their tokens.
    pub fee_tokens: [u8; 4],
}

fn step(wires: SlotWires<F>, debit: u64, credit: u64, fee: u64) -> Step {
    let place = f(INDEX.into());
    let wires = SlotWires {
        from: place,
        to: place,
        token: f(TOKEN.into()),
        ..wires
    };
    let fees = [f(fee), F::ZERO, F::ZERO, F::ZERO];
    Step {
        wires,
        debit: f(debit),
        credit: f(credit),
        fees,
        fee_tokens: [TOKEN, 0, 0, 0],
    }
}

/// A withdrawal without fee.
pub fn withdraw(amount: u64) -> Step {
    let tail_words = [f(0x11), f(0x22), f(0x33), F::ZERO, F::ZERO];
    step(
        SlotWires {
            is_withdraw: F::ONE,
            bridge_amount: f(amount),
            tail_words,
            ..noop()
        },
        amount,
        0,
        0,
    )
}

/// A transfer to itself, in packed form; `fee` is a mantissa without exponent.
pub fn transfer(amount_packed: u64, amount: u64, fee: u64) -> Step {
    let wires = SlotWires {
        is_transfer: F::ONE,
        amount_packed: f(amount_packed),
        fee_packed: f(fee << 3),
        fee_selector: [F::from_bool(fee > 0), F::ZERO, F::ZERO, F::ZERO],
        ..noop()
    };
    step(wires, amount + fee, amount, fee)
}

/// A deposit for an owner.
pub fn deposit(amount: u64, owner: &Hash) -> Step {
    let elements = owner.elements.map(|element| element.to_canonical_u64());
    let high = elements.iter().fold(0, |word, element| word << 8 | element >> 56);
    let [w2, w3, w4, w5] = elements.map(|element| f(element & ((1 << 56) - 1)));
    let tail_words = [w2, w3, w4, w5, f(high)];
    step(
        SlotWires {
            is_deposit: F::ONE,
            bridge_amount: f(amount),
            tail_words,
            ..noop()
        },
        0,
        amount,
        0,
    )
}

/// The message of a slot, from its wires.
pub fn message(wires: &SlotWires<F>) -> Hash {
    let kind = wires.is_deposit + wires.is_transfer * f(2) + wires.is_withdraw * f(3);
    let [a0, a1, a2, ..] = wires.tail_words;
    let payee = wires.is_transfer * wires.to + a0;
    let amount = wires.is_transfer * wires.amount_packed + wires.is_withdraw * wires.bridge_amount;
    let [d0, d1, d2, d3] = DOMAIN.words();
    let nonce = wires.source.nonce;
    hash_no_pad(&[
        d0,
        d1,
        d2,
        d3,
        kind,
        wires.from,
        payee,
        a1,
        a2,
        wires.token,
        amount,
        wires.fee_packed,
        nonce,
    ])
}

/// Places a step on an account, then no-ops: consistent paths, root, signature and fee credit.
pub fn forge(account: Forged, step: Step) -> ChunkAssignment {
    let (mut account, mut wires) = (account, step.wires);
    let old_root = AccountPath::empty().root(account.digest(), INDEX);
    let signed = wires.is_transfer + wires.is_withdraw != F::ZERO;
    if signed {
        wires.source = account.wires();
        account.balance -= step.debit;
        account.nonce += F::ONE;
    }
    if wires.is_deposit + wires.is_transfer != F::ZERO {
        wires.destination = account.wires();
        wires.destination_exists = F::from_bool(account.exists);
        account.balance += step.credit;
        account.exists = true;
    }
    let enabled = step.fees != [F::ZERO; 4];
    // A credit that is off must not depend on the account: it gets one of its own.
    let fee = forge_fee(if enabled { account } else { Forged::new(0, 0) }, &step);
    let fee = FeeWires {
        enabled: F::from_bool(enabled),
        ..fee
    };
    let mut assignment = ChunkAssignment {
        public_inputs: SpanPublicInputs::from_fn(|| None),
        slots: vec![noop(); FORGED_SLOTS],
        signatures: vec![None; FORGED_SLOTS],
        fee,
    };
    assignment.slots[0] = wires;
    let claim = &mut assignment.public_inputs;
    claim.old_root = old_root.elements.map(Some);
    claim.domain = DOMAIN.words().map(Some);
    claim.z = [Some(f(12345)), Some(f(67890))];
    claim.fee_account = Some(f(INDEX.into()));
    claim.time = Some(f(TIME.into()));
    if signed {
        sign(&mut assignment, &key(INDEX));
    }
    assignment
}

/// The credit of a step's fees to the account, switched on.
pub fn forge_fee(account: Forged, step: &Step) -> FeeWires<F> {
    let mut wires = FeeWires::from_fn(|| F::ZERO);
    wires.enabled = F::ONE;
    wires.owner = account.owner.elements;
    wires.nonce = account.nonce;
    wires.account_siblings = AccountPath::empty().siblings.map(|hash| hash.elements);
    let mut running = account.balances();
    for (index, token) in step.fee_tokens.into_iter().enumerate() {
        let balance = f(running.balance(token));
        wires.tokens[index] = f(token.into());
        wires.balances[index] = balance;
        wires.balance_siblings[index] = running.balance_path(token).siblings.map(|hash| hash.elements);
        running.set_balance(token, (balance + step.fees[index]).to_canonical_u64());
    }
    wires
}

/// Signs the first slot anew, after its wires were changed.
pub fn sign(assignment: &mut ChunkAssignment, key: &SecretKey) {
    let signature = key.sign(&message(&assignment.slots[0]));
    assignment.signatures[0] = Some((key.public_key(), signature));
}

/// Root that a leaf at a place in an otherwise empty tree gives.
pub fn balance_root(balance: u64) -> Hash {
    BalancePath::empty().root(balance_digest(balance), TOKEN.into())
}

fn proves(assignment: &ChunkAssignment) -> Result<SpanPublicInputs<F>, String> {
    let proof = prove_stock("chunk", &CIRCUIT.data, || CIRCUIT.set(assignment))
        .map_err(|error| format!("{error:?}"))?;
    let span = SpanPublicInputs::from_slice(&proof.public_inputs).map_err(|error| error.to_string())?;
    Ok(span)
}

/// The assignment satisfies the circuit.
#[track_caller]
pub fn accepted(assignment: &ChunkAssignment) -> SpanPublicInputs<F> {
    proves(assignment).expect("a satisfied circuit")
}

/// The assignment breaks the circuit: no proof, or none that verifies.
#[track_caller]
pub fn rejected(assignment: &ChunkAssignment, what: &str) {
    assert!(proves(assignment).is_err(), "accepted: {what}");
}
