//! What the circuit does once per fee slot, link, element of a root or public input, broken at each of them in turn: a
//! loop that leaves one out must not go unnoticed.

use ashlar_payments::{
    account::Account,
    chunk::{ChunkAssignment, FeeWires, SlotWires},
    witness::FEE_SLOTS,
};
use ashlar_statement::{SpanPublicInputs, hash::F};
use plonky2::field::types::Field;

use crate::{
    common::{
        builder,
        forge::{FORGED_SLOTS, Forged, Step, TOKEN, accepted, f, forge, rejected, transfer},
        funded, signed, transfer as transfer_between, withdraw,
    },
    paid, plain,
};

/// A transfer of 100 with a fee of 7 that is charged to one fee slot, of this token; the other slots have token 0.
fn charged(account: Forged, index: usize, token: u8) -> ChunkAssignment {
    let step = transfer(100 << 5, 100, 7);
    let one_hot = |value: F| std::array::from_fn(|i| if i == index { value } else { F::ZERO });
    forge(
        account,
        Step {
            wires: SlotWires {
                fee_selector: one_hot(F::ONE),
                ..step.wires
            },
            fees: one_hot(f(7)),
            fee_tokens: std::array::from_fn(|i| if i == index { token } else { 0 }),
            ..step
        },
    )
}

#[test]
fn every_fee_slot_charges_its_token_and_credits_within_range() {
    let account = Forged::new(1000, 5);
    let full = (1 << 62) - 1;
    for index in 0..FEE_SLOTS {
        let honest = charged(account, index, TOKEN);
        accepted(&honest);
        rejected(
            &charged(account, index, TOKEN + 1),
            &format!("fee slot {index} of another token"),
        );
        let mut off = honest;
        off.fee.enabled = F::ZERO;
        rejected(&off, &format!("a fee in slot {index} that is not credited"));
        // The balance before is above the limit, and the debit brings it below: only the fee's credit is at fault.
        let mut above = transfer(0, 0, 7);
        above.wires.fee_selector = std::array::from_fn(|i| F::from_bool(i == index));
        above.fees = above.wires.fee_selector.map(|selector| selector * f(7));
        above.fee_tokens = [TOKEN; FEE_SLOTS];
        accepted(&forge(Forged::new(full, 0), above));
        rejected(
            &forge(Forged::new(full + 4, 0), above),
            &format!("a credit to 2^62 in fee slot {index}"),
        );
        // Charged elsewhere, so that nothing compares this slot's token.
        let mut wide = charged(account, (index + 1) % FEE_SLOTS, TOKEN);
        wide.fee.tokens[index] += f(256);
        rejected(&wide, &format!("a wide token in fee slot {index}"));
    }
}

#[test]
fn every_fee_selector_is_boolean() {
    for index in 0..FEE_SLOTS {
        // Two fees less one, which leaves a sum of one: only this selector is at fault.
        let selector: [F; FEE_SLOTS] = std::array::from_fn(|i| match (i + FEE_SLOTS - index) % FEE_SLOTS {
            0 => -F::ONE,
            1 | 2 => F::ONE,
            _ => F::ZERO,
        });
        let step = transfer(100 << 5, 100, 7);
        let forged = forge(
            Forged::new(1000, 5),
            Step {
                wires: SlotWires {
                    fee_selector: selector,
                    ..step.wires
                },
                fees: selector.map(|selector| selector * f(7)),
                fee_tokens: [TOKEN; FEE_SLOTS],
                ..step
            },
        );
        rejected(&forged, &format!("a negative fee in slot {index}"));
    }
}

/// The fee slots from `link` on start from another balance tree, in which the account has a million of another token.
/// They are consistent among themselves.
fn minted_at(link: usize, honest: &FeeWires<F>) -> FeeWires<F> {
    let mut running = Account::new([0; 20], Forged::new(0, 0).auth);
    running.set_balance(TOKEN, 993); // the fee has left, and is not back
    let mut fee = *honest;
    for index in 0..FEE_SLOTS {
        if index == link {
            running.set_balance(TOKEN + 1, 1_000_000);
        }
        let (token, credit) = if index == 0 { (TOKEN, 7) } else { (0, 0) };
        let balance = running.balance(token);
        fee.balances[index] = f(balance);
        fee.balance_siblings[index] = running.balance_path(token).siblings.map(|hash| hash.elements);
        running.set_balance(token, balance + credit);
    }
    fee
}

#[test]
fn every_link_of_the_fee_credits_is_bound() {
    let mut honest = paid();
    honest.fee = minted_at(FEE_SLOTS, &honest.fee);
    accepted(&honest);
    for link in 1..FEE_SLOTS {
        let mut minted = honest.clone();
        minted.fee = minted_at(link, &honest.fee);
        rejected(&minted, &format!("a balance from nowhere before fee slot {link}"));
    }
}

#[test]
fn every_element_of_the_old_root_is_bound() {
    for base in [plain(), paid()] {
        for element in 0..4 {
            let mut other = base.clone();
            let value = &mut other.public_inputs.old_root[element];
            *value = value.map(|value| value + F::ONE);
            rejected(&other, &format!("element {element} of the old root"));
        }
    }
}

/// All values of the claim are given, and from the native transition, so that the circuit derives none of them.
#[test]
fn every_public_input_is_bound() {
    let store = funded(3, &[0]);
    let mut builder = builder(&store, FORGED_SLOTS);
    let operations = [transfer_between(1, 2, 0, 100, 10, 0), withdraw(2, 0, 50, 10, 0)];
    for operation in operations {
        builder.push(signed(operation)).expect("valid");
    }
    let (batch, _) = builder.seal(1).expect("not empty");
    let assigned = |claim| ChunkAssignment::new(&batch.chunks[0], &claim);
    let honest = batch.spans[0];
    assert_eq!(accepted(&assigned(honest)), honest);
    const FREE: usize = 27; // the time: these operations are good at any, and its range is tested with the other claims
    for index in (0..SpanPublicInputs::<F>::LEN).filter(|index| *index != FREE) {
        let mut claim = honest.to_vec();
        claim[index] += F::ONE;
        let claim = SpanPublicInputs::from_slice(&claim).expect("as many");
        rejected(&assigned(claim), &format!("public input {index}"));
    }
}
