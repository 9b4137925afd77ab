//! A client against a real sequencer and the real contract on a real EVM. Nothing is proved here: a verifier that accepts
//! everything stands for the generated one, which has its own tests.

mod faults;
mod money;
mod queue;
mod support;
