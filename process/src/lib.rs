//! What every long-running process does alike. It stops when it is asked to, within a bound ([`signal`]); its server keeps
//! its connections few, closes the silent ones and ends all of them when it stops ([`server`]); and no child outlives it
//! ([`children`]).

pub mod children;
pub mod server;
pub mod signal;
