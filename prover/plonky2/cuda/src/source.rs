//! Sources of kernels that evaluate one gate, made of the gate's program.

use std::fmt::Write;

use ashlar_lanes::program::{Node, Op, Product, Program};

/// Columns of a line.
const WIDTH: usize = 118;
/// Operations after which a wire is read again: a cache has it, and a register is free meanwhile.
const FAR: usize = 24;

/// The unit `kernels/gate_NAME.cu`: each operation of the program once, each constraint once it is computed.
pub fn unit(name: &str, id: &str, program: &Program) -> String {
    let mut body = Body {
        program,
        lines: String::new(),
        column: 0,
        last_uses: vec![None; program.ops().len()],
        computed: 0,
    };
    let mut constraints = vec![Vec::new(); program.ops().len()];
    for (place, node) in program.constraints().iter().enumerate() {
        constraints[node.index()].push(place);
    }
    for (place, op) in program.ops().iter().enumerate() {
        if !op.is_leaf() {
            body.read(&op.operands());
            let value = body.value(op);
            body.statement(&format!("Fp v{place} = {value};"));
            body.computed += 1;
        }
        for constraint in &constraints[place] {
            let value = body.leaf(op).unwrap_or_else(|| format!("v{place}"));
            body.statement(&format!("terms({constraint}, {value});"));
        }
    }
    let lines = body.lines.trim_start_matches('\n');
    format!(
        "// {id}: made of what the processor evaluates, by the test `gate_kernels` of ashlar-plonky2. Not to be edited.
#include \"quotient.cuh\"

namespace KERNELS {{
struct gate_{name}_constraints {{
    DEVICE void evaluate(const Row& row, Terms& terms) const
    {{
{lines}
    }}
}};

__global__ void __launch_bounds__(BLOCK, BLOCKS_OF_GATES) gate_{name}(const Quotient quotient, const Selection selection)
{{
    add_gate(quotient, selection, gate_{name}_constraints());
}}
}} // namespace KERNELS

using namespace KERNELS;

ENTRY(gate_{name})(cudaStream_t stream, const Quotient* quotient, u32 proofs, const Selection* selection)
{{
    LAUNCH(gate_{name}, over_points(*quotient, proofs), BLOCK, 0, stream, *quotient, *selection);
    return LAUNCHED();
}}
"
    )
}

struct Body<'a> {
    program: &'a Program,
    lines: String,
    /// Where the last line ends.
    column: usize,
    /// After how many operations each leaf was used.
    last_uses: Vec<Option<usize>>,
    /// Operations so far.
    computed: usize,
}

impl Body<'_> {
    /// Adds a statement, to the last line if it fits.
    fn statement(&mut self, statement: &str) {
        if self.column == 0 || self.column + 1 + statement.len() > WIDTH {
            self.lines.push_str("\n        ");
            self.column = 8;
        } else {
            self.lines.push(' ');
            self.column += 1;
        }
        self.lines.push_str(statement);
        self.column += statement.len();
    }

    /// Reads the columns among these for the first time, and wires after a while.
    fn read(&mut self, operands: &[Node]) {
        for operand in operands {
            let place = operand.index();
            let op = &self.program.ops()[place];
            let Some(value) = self.leaf(op).filter(|_| !matches!(op, Op::Value(_))) else {
                continue;
            };
            match (self.last_uses[place], op) {
                (None, _) => self.statement(&format!("Fp v{place} = {value};")),
                (Some(last), Op::Wire(i)) if self.computed - last > FAR => {
                    self.statement(&format!("v{place} = row.wire_again({i});"));
                }
                _ => {}
            }
            self.last_uses[place] = Some(self.computed);
        }
    }

    fn leaf(&self, op: &Op) -> Option<String> {
        match op {
            Op::Wire(i) => Some(format!("row.wire({i})")),
            Op::Constant(i) => Some(format!("row.constant({i})")),
            Op::PublicInputsHash(i) => Some(format!("row.public_inputs_hash({i})")),
            Op::Value(value) => Some(format!("Fp{{{value}ull}}")),
            _ => None,
        }
    }

    fn operand(&self, node: &Node) -> String {
        match self.program.ops()[node.index()] {
            Op::Value(value) => format!("Fp{{{value}ull}}"),
            _ => format!("v{}", node.index()),
        }
    }

    /// A constant of 32 bits.
    fn small(&self, node: &Node) -> Option<u32> {
        match self.program.ops()[node.index()] {
            Op::Value(value) => u32::try_from(value).ok(),
            _ => None,
        }
    }

    fn value(&self, op: &Op) -> String {
        let of = |node: &Node| self.operand(node);
        match op {
            Op::Wire(_) | Op::Constant(_) | Op::PublicInputsHash(_) | Op::Value(_) => {
                unreachable!("what is given is not computed")
            }
            Op::Add(a, b) => format!("{} + {}", of(a), of(b)),
            Op::Sub(a, b) => format!("{} - {}", of(a), of(b)),
            Op::Mul(a, b) if a == b => format!("square({})", of(a)),
            Op::Mul(a, b) => match (self.small(a), self.small(b)) {
                (Some(c), _) => format!("scaled({}, {c}u)", of(b)),
                (_, Some(c)) => format!("scaled({}, {c}u)", of(a)),
                _ => format!("{} * {}", of(a), of(b)),
            },
            Op::MulAdd(a, b, c) => format!("multiply_add({}, {}, {})", of(a), of(b), of(c)),
            Op::Products(products) => self.products(products),
            Op::Low(a) => format!("low_half({})", of(a)),
            Op::High(a) => format!("high_half({})", of(a)),
            Op::Join(low, high) => format!("joined({}, {})", of(low), of(high)),
            Op::Plus(a, b) => format!("plus({}, {})", of(a), of(b)),
            Op::Minus(a, b) => format!("minus({}, {})", of(a), of(b)),
            Op::Shifted(a, bits) => format!("shifted({}, {bits})", of(a)),
        }
    }

    fn products(&self, products: &[Product]) -> String {
        let mut groups = Vec::new();
        for group in products.chunk_by(|a, b| a.weight == b.weight) {
            let mut sum = String::new();
            for Product { a, b, .. } in group {
                let plus = if sum.is_empty() { "" } else { " + " };
                let _ = write!(sum, "{plus}product({}, {})", self.operand(a), self.operand(b));
            }
            groups.push(match group[0].weight {
                1 => sum,
                weight => format!("({sum}) * {weight}u"),
            });
        }
        format!("reduce({})", groups.join(" + "))
    }
}
