//! A list of Yul statements over a [`Graph`], and how it becomes text.
//!
//! Field elements are kept unreduced while that is safe: 5r < 2^256, so sums of up to five elements need no `addmod`,
//! and `mulmod` takes any word. A node used often enough to be worth it is kept in a memory slot, whose address is used
//! again after its last reader.

use ashlar_kzg::to_be_bytes;
use halo2_proofs::halo2curves::bn256::Fr;
use num_bigint::BigUint;

use super::{
    field::{Graph, Id, Node},
    layout::WORD,
    plan::{LARGEST_BOUND, Plan, is_zero, small},
};

/// `r`, the order of the scalar field.
pub(super) const SCALAR_ORDER: &str = "0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001";
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
        let mut roots = vec![0; self.graph.nodes().len()];
        for statement in &self.statements {
            match statement {
                Statement::Line(_) => {}
                Statement::With(_, id, _) => roots[id.index()] += 1,
                Statement::Fold { factor, term } => {
                    roots[factor.index()] += 1;
                    roots[term.index()] += 1;
                }
            }
        }
        let plan = Plan::new(&self.graph, &roots);
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
