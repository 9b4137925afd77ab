//! The permutation as Yul: on words `a0` to `a3`, with `p` and `m` (the modulus of words) on the stack.
//!
//! **S-box.** `x·y³ mod p` with `y = x² mod p`: any word may come in. In a full round an element stays where it is in its
//! word. In lane 2 it is worth x·2^160: then `y³ = x^6·2^960 = x^6`, since 2^192 = 1, and `(x·2^160)·y³` modulo
//! `p·2^160` is `(x^7 mod p)·2^160`. In lane 1, x·2^80, `y³ = x^6·2^480 = -x^6`, since 2^96 = -1: so the multiple of p
//! less x comes in, and x^7 comes out.
//!
//! **Partial rounds, two at a time.** C is the circulant, e the first unit vector, M = C + 8·e·eᵀ the layer. From u,
//! whose element 0 has been through its S-box as y, the first layer's element 0 is `v = (M·u)₀`, a dot product. With z
//! for what the second S-box makes of v, the second layer ends in `M·(M·u + (z - v)·e)`, which is
//! `C²·u + (z + 8·y - v)·C·e + 8·z·e`: one layer in place of two.

use std::fmt::Write;

use num_bigint::BigUint;

use super::{
    constants::{Constants, DIAGONAL, P, sbox},
    lanes::{LANE_BITS, LANES, Packed, Split, TOP, Vector, WIDTH, WORDS, dot, in_lane, modulus, pack, place},
};

/// Binary logarithm of the factor 8 of the layer's diagonal.
const DIAGONAL_BITS: u32 = DIAGONAL.ilog2();
const _: () = assert!(DIAGONAL == 1 << DIAGONAL_BITS);
/// A multiple of p, by a power of 2, that no lane reaches.
const NEGATED_BITS: u32 = 17;
const _: () = assert!((P as u128) << NEGATED_BITS >= 1 << LANE_BITS);

/// Lines of Yul.
#[derive(Debug, Default)]
pub(super) struct Lines(pub String);

impl Lines {
    pub(super) fn add(&mut self, line: &str) {
        let closing = line.starts_with('}');
        let depth = self.0.matches('{').count() - self.0.matches('}').count() - usize::from(closing);
        let _ = writeln!(self.0, "{}{line}", "    ".repeat(4 + depth)); // a String takes everything
    }
}

/// Where a hash comes from and goes to, as Yul.
pub(super) struct Hash<'a> {
    /// Lines that declare `left` and `right`, the digests.
    pub pair: &'a [String],
    /// The tag's S-box, in its place.
    pub tag: &'a str,
    /// Address of the word that takes the digest.
    pub digest_at: usize,
}

/// A permutation of the elements of two digests and a tag, then zeros; the first four elements are the digest.
///
/// The lines are for a compiler that takes variables as they stand: no more of them at a time than are in reach.
pub(super) fn permutation(constants: &Constants, hash: &Hash<'_>, lines: &mut Lines) {
    lines.add("let a0 let a1 let a2 let a3");
    lines.add("// Full rounds. Zeros and tag of the input are constants, through their S-boxes already.");
    lines.add("{");
    for line in hash.pair {
        lines.add(line);
    }
    absorb(constants, hash.tag, lines);
    lines.add("}");
    for added in &constants.first[1..] {
        layer(constants, added, lines);
        sboxes(lines);
    }
    layer(constants, &[0; WIDTH], lines);
    for (number, added) in constants.partial.iter().enumerate() {
        lines.add(&format!(
            "// Partial rounds {} and {}",
            2 * number,
            2 * number + 1
        ));
        for word in 0..WORDS {
            reduce(word, lines);
        }
        // The last full rounds' first constants come behind the last pair.
        let behind = if number + 1 == constants.partial.len() {
            constants.last[0]
        } else {
            [0; WIDTH]
        };
        pair(constants, added, &behind, lines);
    }
    lines.add("// Full rounds");
    for added in &constants.last[1..] {
        sboxes(lines);
        layer(constants, added, lines);
    }
    sboxes(lines);
    squeeze(constants, hash.digest_at, lines);
}

/// S-boxes of the first round, with its constants.
fn absorb(constants: &Constants, tag: &str, lines: &mut Lines) {
    let added = &constants.first[0];
    let mut fixed = [0; WIDTH];
    for (fixed, added) in fixed.iter_mut().zip(added).skip(9) {
        *fixed = sbox(*added);
    }
    for (word, fixed) in pack(&fixed).iter().enumerate() {
        lines.add("{");
        let mut sum = if *fixed == BigUint::ZERO {
            tag.to_owned()
        } else {
            hex(fixed)
        };
        for element in (0..8).filter(|element| place(*element).0 == word) {
            let digest = if element < 4 { "left" } else { "right" };
            let limb = and(&shr(64 * (element as u32 % 4), digest), &BigUint::from(u64::MAX));
            square(element, &format!("add({limb}, {:#x})", added[element]), lines);
            let power = power(element, "p");
            sum = add(&sum, &shl(LANE_BITS * place(element).1 as u32, &power));
        }
        lines.add(&format!("a{word} := {sum}"));
        lines.add("}");
    }
}

/// Declares what an S-box takes, and its square.
fn square(element: usize, value: &str, lines: &mut Lines) {
    lines.add(&format!(
        "let x{element} := {value} let y{element} := mulmod(x{element}, x{element}, p)"
    ));
}

/// The seventh power of what [`square`] declared.
fn power(element: usize, modulus: &str) -> String {
    format!("mulmod(x{element}, mul(y{element}, mul(y{element}, y{element})), {modulus})")
}

/// The S-box of every element, each in its lane.
fn sboxes(lines: &mut Lines) {
    for word in 0..WORDS {
        lines.add("{");
        let mut sum = String::new();
        for lane in 0..LANES {
            let mask = ((BigUint::from(1u32) << LANE_BITS) - 1u32) << (LANE_BITS * lane as u32);
            let mut element = and(&a(word), &mask);
            if lane == 1 {
                element = format!("sub({}, {element})", hex(&(in_lane(P, lane) << NEGATED_BITS)));
            }
            square(lane, &element, lines);
            let modulus = if lane == 0 {
                "p".to_owned()
            } else {
                hex(&in_lane(P, lane))
            };
            sum = add(&power(lane, &modulus), &sum);
        }
        lines.add(&format!("a{word} := {sum}"));
        lines.add("}");
    }
}

/// The linear layer of a full round, and what is added behind it.
fn layer(constants: &Constants, added: &Vector, lines: &mut Lines) {
    lines.add("{");
    lines.add(&format!(
        "let y := {}",
        shl(DIAGONAL_BITS, &and("a0", &BigUint::from(u64::MAX)))
    ));
    let behind = ["y".to_owned(), String::new(), String::new(), String::new()];
    split(&constants.layer.split(), added, &behind, lines);
    lines.add("}");
}

/// `a0` to `a3` through a split layer. `behind` is added to them, if not empty, and `added` in any case.
///
/// Four moduli more make up for what is subtracted: q is below two moduli, and below three with its constant; what is
/// behind is less than one below zero (see `bounds`).
fn split(layer: &Split, added: &Vector, behind: &[String; WORDS], lines: &mut Lines) {
    let (modulus, added) = (modulus(), pack(added));
    let half = BigUint::from(1u32) << (LANE_BITS * LANES as u32 - 1);
    lines.add("let u0 := add(a0, a2) let v0 := add(a0, sub(m, a2))");
    lines.add("let u1 := add(a1, a3) let v1 := add(a1, sub(m, a3))");
    let sum = |[x, f]: [&str; 2], [y, g]: [&str; 2]| format!("add(mulmod({x}, {f}, m), mulmod({y}, {g}, m))");
    let [g0, g1, d0, d1, e1] = [&layer.g[0], &layer.g[1], &layer.d[0], &layer.d[1], &layer.e1].map(hex);
    let products = [
        (sum(["u0", &g0], ["u1", &g1]), sum(["v0", &d0], ["v1", &d1])),
        (sum(["u1", &g0], ["u0", &g1]), sum(["v1", &d0], ["v0", &e1])),
    ];
    for (word, (p, q)) in products.into_iter().enumerate() {
        // Half sum and half difference of what is added to the two words.
        let (low, high) = (&added[word], &added[word + 2]);
        let to_p = (low + high) * &half % &modulus + &modulus * 4u32;
        let to_q = (&modulus + low - high) * &half % &modulus;
        lines.add("{");
        lines.add(&format!("let k := {}", add(&p, &hex(&to_p))));
        let q = if to_q == BigUint::ZERO {
            q
        } else {
            add(&q, &hex(&to_q))
        };
        lines.add(&format!("let l := {q}"));
        for (word, op) in [(word, "add"), (word + 2, "sub")] {
            let value = add(&format!("{op}(k, l)"), &behind[word]);
            lines.add(&format!("a{word} := mod({value}, m)"));
        }
        lines.add("}");
    }
}

/// Takes from each lane the multiple of p that its bits above 64 count.
fn reduce(word: usize, lines: &mut Lines) {
    let high = pack(&[(1 << (LANE_BITS - 64)) - 1; WIDTH]);
    let a = a(word);
    let quotients = and(&shr(64, &a), &high[word]);
    lines.add(&format!("{a} := sub({a}, mul({quotients}, p))"));
}

fn pair(constants: &Constants, added: &[u64; 2], behind: &Vector, lines: &mut Lines) {
    lines.add("{");
    lines.add("let d let z");
    lines.add("{");
    let mask = (BigUint::from(1u32) << LANE_BITS) - 1u32;
    lines.add(&format!("let o := {}", and("a0", &mask)));
    square(0, &format!("add(o, {:#x})", added[0]), lines);
    lines.add(&format!("let y := {}", power(0, "p")));
    lines.add("a0 := add(sub(a0, o), y)");
    lines.add(&format!("let v := {}", dot_product(&constants.row(0))));
    square(1, &format!("add(v, {:#x})", added[1]), lines);
    lines.add(&format!("z := {}", power(1, "p")));
    lines.add(&format!("d := sub(add(z, {}), v)", shl(DIAGONAL_BITS, "y")));
    lines.add("}");
    let column = pack(&constants.layer.of_first());
    let mut terms = column.map(|column| format!("mul(d, {})", hex(&column)));
    terms[0] = add(&terms[0], &shl(DIAGONAL_BITS, "z"));
    split(&constants.layer.squared().split(), behind, &terms, lines);
    lines.add("}");
}

/// The first four elements of what the last layer makes.
fn squeeze(constants: &Constants, digest_at: usize, lines: &mut Lines) {
    let element = |new: usize| {
        let element = format!("mod({}, p)", dot_product(&constants.row(new)));
        shl(64 * new as u32, &element)
    };
    let digest = (1..4).fold(element(0), |digest, new| add(&element(new), &digest));
    lines.add(&format!("mstore({digest_at:#x}, {digest})"));
}

fn dot_product(row: &Vector) -> String {
    let factors: Packed = dot(row);
    let product = |word: usize| format!("mul({}, {})", a(word), hex(&factors[word]));
    let sum = (1..WORDS).fold(product(0), |sum, word| add(&product(word), &sum));
    shr(TOP, &sum)
}

fn a(word: usize) -> String {
    format!("a{word}")
}

pub(super) fn hex(value: &BigUint) -> String {
    format!("{value:#x}")
}

fn add(a: &str, b: &str) -> String {
    if b.is_empty() {
        return a.to_owned();
    }
    format!("add({a}, {b})")
}

fn and(a: &str, mask: &BigUint) -> String {
    format!("and({a}, {})", hex(mask))
}

fn shl(bits: u32, value: &str) -> String {
    shift("shl", bits, value)
}

fn shr(bits: u32, value: &str) -> String {
    shift("shr", bits, value)
}

fn shift(op: &str, bits: u32, value: &str) -> String {
    if bits == 0 {
        return value.to_owned();
    }
    format!("{op}({bits}, {value})")
}
