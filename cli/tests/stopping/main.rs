//! Every process ends when it is told to, whatever its neighbours do, and no child outlives its parent. Real processes.

mod orphans;
mod servers;
mod support;
