//! The threads that jobs run on, for what each of them costs: CPU time of the process is that of all of them.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use ashlar_report::cpu::Thread;

/// The threads of the jobs that are under way.
#[derive(Debug, Default)]
pub struct Threads(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    next: u64,
    running: Vec<Running>,
    /// What jobs that are over took on their threads.
    over: Duration,
}

#[derive(Debug, Clone)]
struct Running {
    job: u64,
    thread: Thread,
    /// Its time when the job began.
    before: Duration,
}

impl Running {
    fn time(&self) -> Duration {
        self.thread.time().saturating_sub(self.before)
    }
}

/// A job on its thread, until it is dropped.
#[derive(Debug)]
pub struct Member<'a> {
    threads: &'a Threads,
    me: Running,
}

impl Threads {
    /// A job begins on the calling thread, and stays on it.
    pub fn join(&self) -> Member<'_> {
        let thread = Thread::current();
        let mut known = self.known();
        let me = Running {
            job: known.next,
            before: thread.time(),
            thread,
        };
        known.next += 1;
        known.running.push(me.clone());
        drop(known);
        Member { threads: self, me }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Member<'_> {
    /// CPU time of this job's thread since it began.
    pub fn time(&self) -> Duration {
        self.me.time()
    }

    /// CPU time of the threads of all other jobs, those that are over included. Only differences mean anything.
    pub fn others(&self) -> Duration {
        let known = self.threads.known();
        let others = known.running.iter().filter(|other| other.job != self.me.job);
        known.over + others.map(Running::time).sum::<Duration>()
    }
}

impl Drop for Member<'_> {
    fn drop(&mut self) {
        let mut known = self.threads.known();
        known.running.retain(|other| other.job != self.me.job);
        known.over += self.me.time();
    }
}

#[cfg(all(test, target_os = "linux"))]
pub mod tests {
    use std::{hint, sync::Barrier, thread};

    use super::*;

    /// For tests that measure CPU time of the process.
    pub fn alone() -> MutexGuard<'static, ()> {
        static ALONE: Mutex<()> = Mutex::new(());
        ALONE.lock().unwrap_or_else(PoisonError::into_inner)
    }

    impl Threads {
        pub fn count(&self) -> usize {
            self.known().running.len()
        }
    }

    /// Works until the calling thread has used as much CPU time more.
    pub fn work(milliseconds: u64) {
        let (thread, start) = (Thread::current(), Thread::current().time());
        while thread.time() - start < Duration::from_millis(milliseconds) {
            hint::spin_loop();
        }
    }

    #[test]
    fn what_others_use_is_told_while_they_work_and_when_they_are_over() {
        let _alone = alone();
        let (threads, step) = (Threads::default(), Barrier::new(2));
        let (threads, step) = (&threads, &step);
        let me = threads.join();
        // Judged afterwards: a panic in between would leave the other waiting.
        let [during, all] = thread::scope(|scope| {
            scope.spawn(move || {
                work(50); // is no job's
                let job = threads.join();
                work(100);
                step.wait();
                step.wait();
                work(100);
                drop(job);
                step.wait();
            });
            let before = me.others();
            step.wait();
            let during = me.others() - before;
            step.wait();
            step.wait();
            [during, me.others() - before]
        });
        assert!((100..150).contains(&during.as_millis()), "{during:?}");
        assert!((200..300).contains(&all.as_millis()), "{all:?}");
        let (before, mine) = (me.others(), me.time());
        work(100);
        assert_eq!(me.others(), before, "my own is not among it");
        assert!(me.time() >= mine + Duration::from_millis(100));
    }
}
