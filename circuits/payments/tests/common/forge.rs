//! Assignments for one account that plays every part (payer, payee, fee account), consistent in all respects
//! but those that a test chooses to break: each negative test then meets exactly one constraint.

use std::sync::LazyLock;

use ashlar_payments::{
    account::{Account, balance_digest},
    chunk::{AccountWires, ChunkAssignment, ChunkCircuit, FeeWires, HeadWires, PolicyWires, SlotWires},
    policy::ClauseWitness,
    transaction::{NO_EXPIRY, SecretKey},
    tree::{AccountPath, BalancePath},
};
use ashlar_statement::{
    Security, SpanPublicInputs,
    hash::{F, Hash, Role, ZERO_HASH, hash_no_pad, two_to_one},
    prove::prove_stock,
    queue::hash_words,
};
use plonky2::field::{
    goldilocks_field::GoldilocksField,
    types::{Field, PrimeField64},
};

use super::{DOMAIN, TIME, auth_of, key};

/// Slots of the circuit that the negative tests share.
pub const FORGED_SLOTS: usize = 2;

/// The circuit that the negative tests share.
pub static CIRCUIT: LazyLock<ChunkCircuit> =
    LazyLock::new(|| ChunkCircuit::of_slots(Security::default(), FORGED_SLOTS));

/// Index and token of the one account.
pub const INDEX: u32 = 0x0800_0105;
pub const TOKEN: u8 = 9;
/// Its L1 owner.
pub const OWNER_ADDRESS: [u8; 20] = [
    0, 0, 0, 0, 0, 0x0e, 0x0e, 0, 0, 0, 0, 0, 0x0f, 0x0f, 0, 0, 0, 0, 0x1e, 0x1e,
];
/// The same in words.
pub const OWNER: [F; 3] = [
    GoldilocksField(0x0e0e),
    GoldilocksField(0x0f0f),
    GoldilocksField(0x1e1e),
];

pub fn f(value: u64) -> F {
    F::from_noncanonical_u64(value)
}

/// The account before a slot; values are field elements, so that they may be out of range.
#[derive(Debug, Clone, Copy)]
pub struct Forged {
    pub exists: bool,
    pub l1_owner: [F; 3],
    pub auth: Hash,
    pub nonce: F,
    pub flags: F,
    pub balance: F,
}

impl Forged {
    pub fn new(balance: u64, nonce: u64) -> Self {
        Self {
            exists: true,
            l1_owner: OWNER,
            auth: auth_of(INDEX),
            nonce: f(nonce),
            flags: F::ZERO,
            balance: f(balance),
        }
    }

    /// An empty leaf, of what would be an account that holds nothing.
    pub fn absent() -> Self {
        Self {
            exists: false,
            ..Self::new(0, 0)
        }
    }

    fn balances(&self) -> Account {
        let mut account = Account::new([0; 20], self.auth);
        account.set_balance(TOKEN, self.balance.to_canonical_u64());
        account
    }

    /// The root of the tree with this leaf alone.
    pub fn root_of(leaf: Hash) -> Hash {
        AccountPath::empty().root(leaf, INDEX)
    }

    pub fn digest(&self) -> Hash {
        if !self.exists {
            return ZERO_HASH;
        }
        let root = self.balances().balances_root();
        let [a0, a1, a2] = self.l1_owner;
        let meta = Hash {
            elements: [a0, a1, a2, self.nonce + self.flags * f(1 << 32)],
        };
        let head = two_to_one(Role::AccountHead, self.auth, meta);
        two_to_one(Role::AccountLeaf, head, root)
    }

    fn head(&self) -> HeadWires<F> {
        HeadWires {
            l1_owner: self.l1_owner,
            auth: self.auth.elements,
            nonce: self.nonce,
            flags: self.flags,
        }
    }

    pub fn wires(&self) -> AccountWires<F> {
        AccountWires {
            exists: F::from_bool(self.exists),
            head: self.head(),
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
        exists: F::ONE,
        head: HeadWires::from_fn(|| F::ZERO),
        balance: F::ZERO,
        balance_siblings: BalancePath::empty().siblings.map(|hash| hash.elements),
        account_siblings: AccountPath::empty().siblings.map(|hash| hash.elements),
    }
}

pub fn noop() -> SlotWires<F> {
    SlotWires {
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
    let signed = wires.is_transfer + wires.is_withdraw != F::ZERO;
    let plain = PolicyWires::new(&key(INDEX).public_key().key_hash(), &ClauseWitness::plain());
    let (valid_until, clause) = if signed {
        (f(NO_EXPIRY.into()), plain)
    } else {
        (wires.valid_until, wires.clause)
    };
    let wires = SlotWires {
        valid_until,
        clause,
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
    let tail_words = tail([f(0x11), f(0x22), f(0x33)], [F::ZERO; 5]);
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

/// Words 2 to 9 of an address and what follows it.
pub fn tail([a0, a1, a2]: [F; 3], [w5, w6, w7, w8, w9]: [F; 5]) -> [F; 8] {
    [a0, a1, a2, w5, w6, w7, w8, w9]
}

/// A deposit for the account's owner, with an `auth`.
pub fn deposit(amount: u64, auth: &Hash) -> Step {
    step(
        SlotWires {
            is_deposit: F::ONE,
            bridge_amount: f(amount),
            tail_words: tail(OWNER, hash_words(auth).map(f)),
            ..noop()
        },
        0,
        amount,
        0,
    )
}

/// Another `auth` for the account.
pub fn set_auth(sender: [F; 3], auth: &Hash) -> Step {
    let wires = SlotWires {
        is_set_auth: F::ONE,
        tail_words: tail(sender, hash_words(auth).map(f)),
        ..noop()
    };
    step(wires, 0, 0, 0)
}

/// Other flags for the account.
pub fn set_flags(flags: u64) -> Step {
    let wires = SlotWires {
        is_set_flags: F::ONE,
        fee_packed: f(flags),
        ..noop()
    };
    step(wires, 0, 0, 0)
}

/// A forced withdrawal, and what it pays.
pub fn force_withdrawal(sender: [F; 3], requested: u64, paid: u64, is_short: bool) -> Step {
    let wires = SlotWires {
        is_forced_withdrawal: F::ONE,
        bridge_amount: f(requested),
        tail_words: tail(sender, [f(paid), F::ZERO, F::ZERO, F::ZERO, F::ZERO]),
        is_short: F::from_bool(is_short),
        ..noop()
    };
    step(wires, paid, 0, 0)
}

/// A forced transfer to itself, and what it pays.
pub fn force_transfer(sender: [F; 3], requested: u64, paid: u64, is_short: bool) -> Step {
    let wires = SlotWires {
        is_forced_transfer: F::ONE,
        bridge_amount: f(requested),
        tail_words: tail(sender, [f(paid), f(INDEX.into()), F::ZERO, F::ZERO, F::ZERO]),
        is_short: F::from_bool(is_short),
        ..noop()
    };
    step(wires, paid, paid, 0)
}

/// The message of a slot, from its wires.
pub fn message(wires: &SlotWires<F>) -> Hash {
    let kinds = [
        wires.is_deposit,
        wires.is_transfer,
        wires.is_withdraw,
        wires.is_set_auth,
        wires.is_forced_withdrawal,
        wires.is_forced_transfer,
        wires.is_set_flags,
    ];
    let numbered = kinds.into_iter().zip(1..).map(|(flag, number)| flag * f(number));
    let kind = numbered.fold(F::ZERO, |sum, kind| sum + kind);
    let address: [F; 3] = core::array::from_fn(|i| {
        wires.is_transfer * wires.destination.head.l1_owner[i] + wires.tail_words[i]
    });
    let [a0, a1, a2] = address;
    let amount = wires.is_transfer * wires.amount_packed + wires.is_withdraw * wires.bridge_amount;
    let [d0, d1, d2, d3] = DOMAIN.words();
    let nonce = wires.source.head.nonce;
    let elements = [
        d0,
        d1,
        d2,
        d3,
        kind,
        wires.from,
        wires.is_transfer * wires.to,
        a0,
        a1,
        a2,
        wires.token,
        amount,
        wires.fee_packed,
        nonce,
        wires.valid_until,
        wires.clause.place,
    ];
    hash_no_pad(Role::Message, &elements)
}

/// Places a step on an account, then no-ops: consistent paths, root, signature and fee credit.
pub fn forge(account: Forged, step: Step) -> ChunkAssignment {
    let (mut account, mut wires) = (account, step.wires);
    let old_root = AccountPath::empty().root(account.digest(), INDEX);
    let signed = wires.is_transfer + wires.is_withdraw != F::ZERO;
    let forced = wires.is_forced_withdrawal + wires.is_forced_transfer;
    if signed || forced + wires.is_set_auth + wires.is_set_flags != F::ZERO {
        wires.source = account.wires();
        account.balance -= step.debit;
        account.nonce += F::from_bool(signed);
    }
    if wires.is_deposit + wires.is_transfer + wires.is_forced_transfer != F::ZERO {
        wires.destination = account.wires();
        account.balance += step.credit;
        account.exists |= wires.is_deposit != F::ZERO;
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
    wires.head = account.head();
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
