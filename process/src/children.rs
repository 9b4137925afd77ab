//! Children that do not outlive their parent.
//!
//! A child of this program is told its parent's number and calls [`end_with_parent`] first of all; it is ended by the
//! kernel then, however the parent dies. A parent that leaves of itself ends the groups of its children ([`Group`]), with
//! what those have started.

use std::{
    collections::BTreeSet,
    io,
    process::Child,
    sync::{Mutex, MutexGuard, PoisonError},
};

pub use rustix::process::Signal;
use rustix::process::{Pid, kill_process_group};

/// The kernel sends this process `signal` when the thread that started it ends, even where a hung driver keeps it from
/// noticing anything. So a parent starts its children from threads that last, such as its first.
///
/// # Errors
/// If the parent, expected to be the process of that number, has ended already; or if the kernel refuses.
#[cfg(target_os = "linux")]
pub fn end_with_parent(expected: Option<u32>, signal: Signal) -> io::Result<()> {
    rustix::process::set_parent_process_death_signal(Some(signal))?;
    // From here on the kernel watches. Before, the parent may have died unnoticed.
    let parent = rustix::process::getppid().map(|pid| pid.as_raw_nonzero().get());
    match expected {
        Some(expected) if parent != i32::try_from(expected).ok() => Err(io::Error::other(format!(
            "process {expected}, which started this one, has ended"
        ))),
        Some(_) | None => Ok(()),
    }
}

/// Other systems have no such signal.
#[cfg(not(target_os = "linux"))]
pub fn end_with_parent(_expected: Option<u32>, _signal: Signal) -> io::Result<()> {
    Ok(())
}

/// Groups that end when this process is told twice to stop.
static GROUPS: Mutex<BTreeSet<i32>> = Mutex::new(BTreeSet::new());

fn groups() -> MutexGuard<'static, BTreeSet<i32>> {
    GROUPS.lock().unwrap_or_else(PoisonError::into_inner) // a set is whole after every call
}

/// A child that leads a process group (`Command::process_group(0)`), with all that it started there.
#[derive(Debug)]
pub struct Group {
    leader: Pid,
}

impl Group {
    /// The group of `child`. [`kill_groups`] ends it for as long as this is kept.
    pub fn of(child: &Child) -> Self {
        let leader = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        let leader = leader.expect("a process has a positive number");
        groups().insert(leader.as_raw_nonzero().get());
        Self { leader }
    }

    /// Signals everybody in it. Nobody may be left to hear it, which is as well.
    pub fn signal(&self, signal: Signal) {
        let _ = kill_process_group(self.leader, signal);
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        groups().remove(&self.leader.as_raw_nonzero().get());
    }
}

/// Ends every [`Group`] that is kept now.
pub fn kill_groups() {
    for leader in groups().iter().copied().filter_map(Pid::from_raw) {
        let _ = kill_process_group(leader, Signal::KILL); // nobody may be left in it
    }
}

/// Makes this process the leader of a group of its own, if it leads none.
///
/// # Errors
/// Those of the operating system.
pub fn lead_group() -> io::Result<()> {
    if rustix::process::getpgrp() == rustix::process::getpid() {
        return Ok(());
    }
    Ok(rustix::process::setpgid(None, None)?)
}

/// Ends the group that this process leads, itself included; does nothing in a process that leads none.
pub fn kill_own_group() {
    let own = rustix::process::getpid();
    if rustix::process::getpgrp() == own {
        let _ = kill_process_group(own, Signal::KILL);
    }
}
