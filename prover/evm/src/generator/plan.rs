//! Which nodes are kept in memory, and how large their values may be.

use halo2_proofs::{arithmetic::Field, halo2curves::bn256::Fr};

use super::field::{Graph, Id, Node};

/// Largest multiple of r that a word holds.
pub(super) const LARGEST_BOUND: u32 = 5;
/// Words on the stack for one expression, so that the variables below stay within reach of DUP16.
const LARGEST_NEED: u32 = 6;
/// Gas of `mload(constant)` or `calldataload(constant)`.
const LOAD_GAS: u32 = 6;
/// Gas of `mstore(constant, …)`.
const STORE_GAS: u32 = 6;

/// What is decided about nodes before any is written.
pub(super) struct Plan {
    /// How often the node's value is read, counting a stored node's operands once.
    pub(super) uses: Vec<u32>,
    /// Whether the node is kept in memory.
    pub(super) stored: Vec<bool>,
    /// The value is at most this many times r.
    pub(super) bounds: Vec<u32>,
    /// Words on the stack at most while the value is computed.
    pub(super) needs: Vec<u32>,
}

impl Plan {
    /// `roots`: how often each node is read by statements.
    pub(super) fn new(graph: &Graph, roots: &[u32]) -> Self {
        let nodes = graph.nodes();
        let leaf = |node: &Node| operands(node).is_empty();
        let shared: Vec<bool> = nodes.iter().map(|node| !leaf(node)).collect();
        let uses = count_uses(nodes, roots, &shared);
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
        let uses = count_uses(nodes, roots, &stored);
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
pub(super) fn small(nodes: &[Node], id: Id) -> Option<u32> {
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

pub(super) fn is_zero(nodes: &[Node], id: Id) -> bool {
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
