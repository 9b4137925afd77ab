//! A client against a real sequencer and the real contract on a real EVM. Nothing is proved here: a verifier that accepts
//! everything stands for the generated one, which has its own tests.

mod authenticator;
mod exit_mode;
mod fast_exit;
mod faults;
mod lost;
mod money;
mod passkey;
mod policy;
mod queue;
mod signatures;
mod sponsored;
mod support;
mod watch;
