//! The halo2 circuit: columns, gates, layout and the wrap circuit.
