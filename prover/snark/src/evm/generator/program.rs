//! A list of Yul statements over a [`Graph`], and how it becomes text.
//!
//! Field elements are kept unreduced while that is safe: 5r < 2^256, so sums of up to five elements need no `addmod`,
//! and `mulmod` takes any word. A node used often enough to be worth it is kept in a memory slot, whose address is used
//! again after its last reader.

use halo2_proofs::{arithmetic::Field, halo2curves::bn256::Fr};
use num_bigint::BigUint;

use super::{
    field::{Graph, Id, Node},
    layout::WORD,
};
use crate::snark::to_be_bytes;

/// `r`, the order of the scalar field.
pub(super) const SCALAR_ORDER: &str = "0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001";
/// Largest multiple of r that a word holds.
const LARGEST_BOUND: u32 = 5;
/// Words on the stack for one expression, so that the variables below stay within reach of DUP16.
const LARGEST_NEED: u32 = 6;
/// Gas of `mload(constant)` or `calldataload(constant)`.
const LOAD_GAS: u32 = 6;
/// Gas of `mstore(constant, …)`.
const STORE_GAS: u32 = 6;

#[derive(Debug)]
enum Statement {
    Line(String),
    /// Prefix, expression, suffix.
    With(String, Id, String),
    /// `acc := acc·factor + term`
    Fold {
        factor: Id,
        term: Id,
    },
}

/// Statements in the making.
#[derive(Debug)]
pub(super) struct Program {
    pub(super) graph: Graph,
    statements: Vec<Statement>,
    memory_end: u32,
}

impl Program {
    /// The first `reserved` bytes of memory are the caller's.
    pub(super) fn new(reserved: u32) -> Self {
        Self {
            graph: Graph::default(),
            statements: vec![],
            memory_end: reserved,
        }
    }

    /// Memory that nothing else uses.
    pub(super) fn allocate(&mut self, bytes: u32) -> u32 {
        let address = self.memory_end;
        self.memory_end += bytes;
        address
    }

    /// An empty line, then a comment.
    pub(super) fn section(&mut self, title: &str) {
        self.line("");
        self.comment(title);
    }

    pub(super) fn comment(&mut self, text: &str) {
        self.line(&format!("// {text}"));
    }

    pub(super) fn line(&mut self, line: &str) {
        self.statements.push(Statement::Line(line.to_owned()));
    }

    /// A line with the value of `id` in it, reduced or not.
    pub(super) fn line_with(&mut self, prefix: &str, id: Id, suffix: &str) {
        self.statements
            .push(Statement::With(prefix.to_owned(), id, suffix.to_owned()));
    }

    pub(super) fn fold(&mut self, factor: Id, term: Id) {
        self.statements.push(Statement::Fold { factor, term });
    }

    /// Yul of all statements, and the end of the memory that they use.
    pub(super) fn render(&self) -> (String, u32) {
        let plan = Plan::new(&self.graph, &self.statements);
        let mut renderer = Renderer {
            nodes: self.graph.nodes(),
            slots: vec![None; plan.uses.len()],
            plan,
            finished: vec![],
            free: vec![],
            memory_end: self.memory_end,
            text: String::new(),
        };
        for statement in &self.statements {
            renderer.statement(statement);
        }
        (renderer.text, renderer.memory_end)
    }
}

/// What is decided about nodes before any is written.
struct Plan {
    /// How often the node's value is read, counting a stored node's operands once.
    uses: Vec<u32>,
    /// Whether the node is kept in memory.
    stored: Vec<bool>,
    /// The value is at most this many times r.
    bounds: Vec<u32>,
    /// Words on the stack at most while the value is computed.
    needs: Vec<u32>,
}

impl Plan {
    fn new(graph: &Graph, statements: &[Statement]) -> Self {
        let nodes = graph.nodes();
        let leaf = |node: &Node| operands(node).is_empty();
        let mut roots = vec![0; nodes.len()];
        for statement in statements {
            match statement {
                Statement::Line(_) => {}
                Statement::With(_, id, _) => roots[id.index()] += 1,
                Statement::Fold { factor, term } => {
                    roots[factor.index()] += 1;
                    roots[term.index()] += 1;
                }
            }
        }
        let shared: Vec<bool> = nodes.iter().map(|node| !leaf(node)).collect();
        let uses = count_uses(nodes, &roots, &shared);
        let mut stored = vec![false; nodes.len()];
        let (mut costs, mut needs, mut bounds) = (vec![], vec![], vec![]);
        for (index, node) in nodes.iter().enumerate() {
            let bound = bound(node, &bounds, nodes);
            let operands = operands(node);
            let mut need = need(node, &needs, &stored);
            while need > LARGEST_NEED {
                let deepest = operands
                    .iter()
                    .max_by_key(|id| if stored[id.index()] { 0 } else { needs[id.index()] });
                stored[deepest.expect("a leaf needs one word").index()] = true;
                need = self::need(node, &needs, &stored);
            }
            let cost: u32 = operands
                .iter()
                .map(|id: &Id| {
                    if stored[id.index()] {
                        LOAD_GAS
                    } else {
                        costs[id.index()]
                    }
                })
                .sum::<u32>()
                + operation_gas(node, bound);
            let reads = uses[index];
            stored[index] = !leaf(node) && reads > 1 && reads * cost > cost + STORE_GAS + reads * LOAD_GAS;
            costs.push(cost);
            needs.push(need);
            bounds.push(bound);
        }
        let uses = count_uses(nodes, &roots, &stored);
        Self {
            uses,
            stored,
            bounds,
            needs,
        }
    }
}

/// Reads of each node; a node in `stored` reads its operands once, another as often as it is read.
fn count_uses(nodes: &[Node], roots: &[u32], stored: &[bool]) -> Vec<u32> {
    let mut uses = roots.to_vec();
    for (index, node) in nodes.iter().enumerate().rev() {
        let times = if stored[index] {
            uses[index].min(1)
        } else {
            uses[index]
        };
        for operand in operands(node) {
            uses[operand.index()] += times;
        }
    }
    uses
}

fn operands(node: &Node) -> Vec<Id> {
    match node {
        Node::Constant(_) | Node::Calldata(_) | Node::Memory(_) => vec![],
        Node::Add(a, b) | Node::Sub(a, b) | Node::Mul(a, b) => vec![*a, *b],
    }
}

/// Factor of a product that plain `mul` can take.
fn small(nodes: &[Node], id: Id) -> Option<u32> {
    match nodes[id.index()] {
        Node::Constant(value) => (2..=LARGEST_BOUND).find(|small| Fr::from(u64::from(*small)) == value),
        _ => None,
    }
}

fn bound(node: &Node, bounds: &[u32], nodes: &[Node]) -> u32 {
    match node {
        Node::Constant(_) | Node::Calldata(_) | Node::Memory(_) => 1,
        Node::Add(a, b) | Node::Sub(a, b) => {
            // A difference adds the bound's multiple of r, less the subtrahend.
            let left = if is_zero(nodes, *a) { 0 } else { bounds[a.index()] };
            let sum = left + bounds[b.index()];
            if sum <= LARGEST_BOUND { sum } else { 1 }
        }
        Node::Mul(a, b) => match small(nodes, *a).map(|factor| factor * bounds[b.index()]) {
            Some(product) if product <= LARGEST_BOUND => product,
            _ => 1,
        },
    }
}

fn is_zero(nodes: &[Node], id: Id) -> bool {
    nodes[id.index()] == Node::Constant(Fr::ZERO)
}

/// Words on the stack at most while the node is computed; operands are computed last to first.
fn need(node: &Node, needs: &[u32], stored: &[bool]) -> u32 {
    let of = |id: &Id| if stored[id.index()] { 1 } else { needs[id.index()] };
    match node {
        Node::Constant(_) | Node::Calldata(_) | Node::Memory(_) => 1,
        Node::Sub(a, b) => (of(b) + 1).max(of(a) + 2).max(4),
        Node::Add(a, b) | Node::Mul(a, b) => {
            let (deep, shallow) = (of(a).max(of(b)), of(a).min(of(b)));
            (deep + 1).max(shallow + 2)
        }
    }
}

fn operation_gas(node: &Node, bound: u32) -> u32 {
    match node {
        Node::Constant(_) => 3,
        Node::Calldata(_) | Node::Memory(_) => LOAD_GAS,
        Node::Add(..) if bound > 1 => 3,
        Node::Add(..) | Node::Mul(..) => 11,
        Node::Sub(..) => 9,
    }
}

struct Renderer<'a> {
    nodes: &'a [Node],
    plan: Plan,
    /// Where stored nodes are.
    slots: Vec<Option<u32>>,
    /// Slots without further readers, free once the statement is written.
    finished: Vec<u32>,
    free: Vec<u32>,
    memory_end: u32,
    text: String,
}

impl Renderer<'_> {
    fn statement(&mut self, statement: &Statement) {
        match statement {
            Statement::Line(line) => self.write(line),
            Statement::With(prefix, id, suffix) => {
                let value = self.value(*id);
                self.write(&format!("{prefix}{value}{suffix}"));
            }
            Statement::Fold { factor, term } => {
                let bound = self.plan.bounds[term.index()];
                let (factor, term) = (self.value(*factor), self.value(*term));
                self.write(&if bound < LARGEST_BOUND {
                    format!("acc := add({term}, mulmod(acc, {factor}, r))")
                } else {
                    format!("acc := addmod({term}, mulmod(acc, {factor}, r), r)")
                });
            }
        }
        self.free.append(&mut self.finished);
    }

    fn write(&mut self, line: &str) {
        if !line.is_empty() {
            self.text.push_str("            ");
            self.text.push_str(line);
        }
        self.text.push('\n');
    }

    /// An expression for the node, after writing the statements that it depends on.
    fn value(&mut self, id: Id) -> String {
        let index = id.index();
        if !self.plan.stored[index] {
            return self.compute(id);
        }
        let slot = match self.slots[index] {
            Some(slot) => slot,
            None => {
                let value = self.compute(id);
                let slot = self.free.pop().unwrap_or_else(|| {
                    self.memory_end += WORD;
                    self.memory_end - WORD
                });
                self.write(&format!("mstore({slot:#x}, {value})"));
                self.slots[index] = Some(slot);
                slot
            }
        };
        self.plan.uses[index] -= 1;
        if self.plan.uses[index] == 0 {
            self.finished.push(slot);
        }
        format!("mload({slot:#x})")
    }

    fn compute(&mut self, id: Id) -> String {
        let bound = self.plan.bounds[id.index()];
        match self.nodes[id.index()] {
            Node::Constant(value) => literal(&value),
            Node::Calldata(offset) => format!("calldataload({offset:#x})"),
            Node::Memory(address) => format!("mload({address:#x})"),
            Node::Add(a, b) => {
                let reduced = self.sum_bound(a, b) > LARGEST_BOUND;
                let (a, b) = self.deepest_last(a, b);
                if reduced {
                    format!("addmod({a}, {b}, r)")
                } else {
                    format!("add({a}, {b})")
                }
            }
            Node::Sub(a, b) => {
                let subtrahend = self.plan.bounds[b.index()];
                let zero = is_zero(self.nodes, a);
                let reduced = !zero && self.sum_bound(a, b) > LARGEST_BOUND;
                let b = self.value(b);
                let negated = format!("sub({}, {b})", multiple_of_order(subtrahend));
                match (zero, reduced) {
                    (true, _) => negated,
                    (false, true) => format!("addmod({}, {negated}, r)", self.value(a)),
                    (false, false) => format!("add({}, {negated})", self.value(a)),
                }
            }
            Node::Mul(a, b) => match small(self.nodes, a) {
                Some(factor) if factor * self.plan.bounds[b.index()] == bound => {
                    format!("mul({factor}, {})", self.value(b))
                }
                _ => {
                    let (a, b) = self.deepest_last(a, b);
                    format!("mulmod({a}, {b}, r)")
                }
            },
        }
    }

    fn sum_bound(&self, a: Id, b: Id) -> u32 {
        self.plan.bounds[a.index()] + self.plan.bounds[b.index()]
    }

    /// The operand that needs more stack goes last, since it is computed first.
    fn deepest_last(&mut self, a: Id, b: Id) -> (String, String) {
        let need = |id: Id| {
            if self.plan.stored[id.index()] {
                1
            } else {
                self.plan.needs[id.index()]
            }
        };
        let (first, last) = if need(a) > need(b) { (b, a) } else { (a, b) };
        (self.value(first), self.value(last))
    }
}

/// `k·r`; r itself is a variable.
fn multiple_of_order(k: u32) -> String {
    if k == 1 {
        return "r".to_owned();
    }
    let order = BigUint::parse_bytes(&SCALAR_ORDER.as_bytes()[2..], 16).expect("hex digits");
    format!("{:#x}", order * k)
}

/// A constant; small ones in decimal.
pub(super) fn literal(value: &Fr) -> String {
    let value = BigUint::from_bytes_be(&to_be_bytes(value));
    if value < BigUint::from(1u32 << 20) {
        format!("{value}")
    } else {
        format!("{value:#x}")
    }
}
