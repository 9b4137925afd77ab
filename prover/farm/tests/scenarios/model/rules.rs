//! The rules of the farm in plain memory: what the database must come to.

use std::collections::{BTreeMap, BTreeSet};

use ashlar_farm::{graph, model::JobState};
use ashlar_proto::{
    Digest, JobKind,
    farm::v1::{BatchState, complete_response::Outcome as Delivered},
};

/// So many workers must find a job impossible; so many must deliver bad proofs.
const VERDICTS: usize = 2;
const LIARS: usize = 3;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    Completed,
    Failed,
    HandedBack,
    Rejected,
    Condemned,
    Superseded,
}

impl Ending {
    fn is_bad(self) -> bool {
        !matches!(self, Self::Completed | Self::HandedBack)
    }
}

#[derive(Debug)]
struct Job {
    batch: usize,
    kind: JobKind,
    stage: u32,
    ordinal: u32,
    producers: Vec<usize>,
    state: JobState,
    verdicts: u32,
    faults: u32,
    /// Leases before this one no longer speak against it.
    judged_from: usize,
}

#[derive(Debug)]
struct Batch {
    tenant: u8,
    number: u64,
    chunks: u32,
    state: BatchState,
}

#[derive(Debug)]
struct Lease {
    job: usize,
    worker: usize,
    ending: Option<Ending>,
    rejected: bool,
}

#[derive(Debug)]
struct Tenant {
    name: u8,
    paused: bool,
    priority: i32,
    weight: usize,
    /// Leases for its weight, by priority, times [`LEASE`].
    served: BTreeMap<i32, usize>,
}

/// Every weight divides it.
const LEASE: usize = 12;

#[derive(Debug, Default)]
pub struct Rules {
    /// Where the tenant stood that was served last, by priority.
    reached: BTreeMap<i32, usize>,
    draining: BTreeMap<usize, bool>,
    /// In the order in which they were first seen.
    tenants: Vec<Tenant>,
    batches: Vec<Batch>,
    jobs: Vec<Job>,
    leases: Vec<Lease>,
    paused: bool,
}

impl Rules {
    /// Whether it was known; `None` if there is another of that number.
    pub fn submit(&mut self, tenant: u8, number: u64, chunks: u32) -> Option<bool> {
        if let Some(known) = self
            .batches
            .iter()
            .find(|batch| (batch.tenant, batch.number) == (tenant, number))
        {
            return (known.chunks == chunks).then_some(true);
        }
        self.tenant(tenant);
        let (batch, first) = (self.batches.len(), self.jobs.len());
        self.batches.push(Batch {
            tenant,
            number,
            chunks,
            state: BatchState::Running,
        });
        self.jobs.extend(graph::plan(chunks).into_iter().map(|job| {
            Job {
                batch,
                kind: job.kind,
                stage: job.stage,
                ordinal: job.ordinal,
                state: if job.producers.is_empty() {
                    JobState::Ready
                } else {
                    JobState::Blocked
                },
                producers: job
                    .producers
                    .into_iter()
                    .map(|producer| first + producer)
                    .collect(),
                verdicts: 0,
                faults: 0,
                judged_from: 0,
            }
        }));
        Some(false)
    }

    fn tenant(&mut self, name: u8) -> &mut Tenant {
        let known = self.tenants.iter().position(|known| known.name == name);
        let place = known.unwrap_or_else(|| {
            self.tenants.push(Tenant {
                name,
                paused: false,
                priority: 0,
                weight: 1,
                served: BTreeMap::new(),
            });
            self.tenants.len() - 1
        });
        &mut self.tenants[place]
    }

    pub fn set_quota(&mut self, tenant: u8, priority: i32, weight: u32) {
        let tenant = self.tenant(tenant);
        (tenant.priority, tenant.weight) = (priority, weight as usize);
    }

    /// Where a tenant is among those of its priority: who is away keeps no turns.
    fn standing(&self, place: usize) -> usize {
        let tenant = &self.tenants[place];
        let of = |by: &BTreeMap<i32, usize>| by.get(&tenant.priority).copied().unwrap_or(0);
        of(&tenant.served).max(of(&self.reached))
    }

    pub fn register(&mut self, worker: usize) {
        self.draining.insert(worker, false);
        let held: Vec<usize> = (0..self.leases.len())
            .filter(|&lease| self.leases[lease].worker == worker && self.is_current(lease))
            .collect();
        for lease in held {
            self.end_if_current(lease, Ending::Superseded);
            self.jobs[self.leases[lease].job].faults += 1;
        }
    }

    pub fn is_draining(&self, worker: usize) -> bool {
        self.draining[&worker]
    }

    pub fn drain(&mut self, worker: usize, draining: bool) {
        self.draining.insert(worker, draining);
    }

    /// Whether there is such a tenant; 0 means everybody.
    pub fn pause(&mut self, tenant: u8, paused: bool) -> bool {
        if tenant == 0 {
            self.paused = paused;
            return true;
        }
        let known = self.tenants.iter_mut().find(|known| known.name == tenant);
        known.map(|known| known.paused = paused).is_some()
    }

    /// The job that the worker gets.
    pub fn lease(&mut self, worker: usize) -> Option<usize> {
        if self.paused || self.is_draining(worker) {
            return None;
        }
        let leased = |tenant| {
            let of_tenant =
                |job: &&Job| self.batches[job.batch].tenant == tenant && job.state == JobState::Leased;
            self.jobs.iter().filter(of_tenant).count()
        };
        let mut turns: Vec<_> = (0..self.tenants.len())
            .filter(|&place| !self.tenants[place].paused)
            .map(|place| {
                let tenant = &self.tenants[place];
                let share = leased(tenant.name) * LEASE / tenant.weight;
                (-tenant.priority, share, self.standing(place), place)
            })
            .collect();
        turns.sort_unstable();
        let (job, place) = turns.into_iter().find_map(|(.., place)| {
            let job = self.next_of(self.tenants[place].name, worker)?;
            Some((job, place))
        })?;
        let stood = self.standing(place);
        let tenant = &mut self.tenants[place];
        self.reached.insert(tenant.priority, stood);
        tenant
            .served
            .insert(tenant.priority, stood + LEASE / tenant.weight);
        self.jobs[job].state = JobState::Leased;
        self.leases.push(Lease {
            job,
            worker,
            ending: None,
            rejected: false,
        });
        Some(job)
    }

    fn next_of(&self, tenant: u8, worker: usize) -> Option<usize> {
        let could_be = |&job: &usize| {
            let batch = &self.batches[self.jobs[job].batch];
            self.jobs[job].state == JobState::Ready
                && batch.tenant == tenant
                && batch.state == BatchState::Running
                && !self.is_left_to_another(job, worker)
        };
        (0..self.jobs.len()).filter(could_be).min_by_key(|&job| {
            let found = &self.jobs[job];
            (
                self.batches[found.batch].number,
                u32::MAX - found.stage,
                found.ordinal,
                job,
            )
        })
    }

    fn is_left_to_another(&self, job: usize, worker: usize) -> bool {
        let failed_at = |worker| {
            let mut leases = self
                .leases
                .iter()
                .filter(|lease| lease.job == job && lease.worker == worker);
            leases.any(|lease| lease.ending.is_some_and(Ending::is_bad))
        };
        let another = |&other: &usize| other != worker && !self.is_draining(other) && !failed_at(other);
        failed_at(worker) && self.draining.keys().any(another)
    }

    pub fn is_current(&self, lease: usize) -> bool {
        self.leases[lease].ending.is_none()
    }

    pub fn end_if_current(&mut self, lease: usize, ending: Ending) -> bool {
        let current = self.is_current(lease);
        if current {
            self.leases[lease].ending = Some(ending);
            self.put_back(self.leases[lease].job);
        }
        current
    }

    fn put_back(&mut self, job: usize) {
        let ready = self.jobs[job]
            .producers
            .iter()
            .all(|&producer| self.jobs[producer].state == JobState::Done);
        self.jobs[job].state = if ready { JobState::Ready } else { JobState::Blocked };
    }

    fn workers_with(&self, job: usize, counts: impl Fn(&Lease) -> bool) -> BTreeSet<usize> {
        let from = self.jobs[job].judged_from;
        let of_job = self
            .leases
            .iter()
            .enumerate()
            .filter(|(place, lease)| *place >= from && lease.job == job);
        of_job
            .filter(|(_, lease)| counts(lease))
            .map(|(_, lease)| lease.worker)
            .collect()
    }

    fn poison(&mut self, job: usize) {
        self.jobs[job].state = JobState::Poisoned;
        let batch = &mut self.batches[self.jobs[job].batch];
        if batch.state == BatchState::Running {
            batch.state = BatchState::Failed;
        }
    }

    pub fn fail(&mut self, lease: usize, retryable: bool) -> bool {
        let ending = if retryable {
            Ending::Failed
        } else {
            Ending::Condemned
        };
        if !self.end_if_current(lease, ending) {
            return false;
        }
        let Lease { job, worker, .. } = self.leases[lease];
        if retryable {
            self.jobs[job].faults += 1;
            return true;
        }
        self.jobs[job].verdicts += 1;
        let judges = self.workers_with(job, |lease| lease.ending == Some(Ending::Condemned));
        let another =
            |&other: &usize| other != worker && !self.is_draining(other) && !judges.contains(&other);
        let alone = !self.draining.keys().any(another);
        if judges.len() >= VERDICTS || self.jobs[job].verdicts as usize >= VERDICTS && alone {
            self.poison(job);
        }
        true
    }

    pub fn deliver(&mut self, lease: usize, valid: bool) -> Delivered {
        let job = self.leases[lease].job;
        if self.jobs[job].state == JobState::Done {
            return Delivered::Ignored;
        }
        if valid {
            self.prove(job, lease);
            return Delivered::Accepted;
        }
        if !std::mem::replace(&mut self.leases[lease].rejected, true) {
            if self.end_if_current(lease, Ending::Rejected) {
                self.jobs[job].faults += 1;
            }
            let liars = self.workers_with(job, |lease| lease.rejected);
            let free = matches!(self.jobs[job].state, JobState::Ready | JobState::Blocked);
            if free && liars.len() >= LIARS {
                self.poison(job);
            }
        }
        Delivered::Rejected
    }

    fn prove(&mut self, job: usize, lease: usize) {
        self.jobs[job].state = JobState::Done;
        self.leases[lease].ending = Some(Ending::Completed);
        for other in &mut self.leases {
            if other.job == job && other.ending.is_none() {
                other.ending = Some(Ending::HandedBack);
            }
        }
        for consumer in 0..self.jobs.len() {
            if self.jobs[consumer].state == JobState::Blocked && self.jobs[consumer].producers.contains(&job)
            {
                self.put_back(consumer);
            }
        }
        let batch = self.jobs[job].batch;
        if self.jobs[job].kind == JobKind::Wrap || self.batches[batch].state == BatchState::Failed {
            self.settle(batch);
        }
    }

    /// What follows from the jobs.
    fn settle(&mut self, batch: usize) {
        let has = |kind: Option<JobKind>, state| {
            let of_batch = self.jobs.iter().filter(|job| job.batch == batch);
            of_batch
                .filter(|job| kind.is_none_or(|kind| job.kind == kind))
                .any(|job| job.state == state)
        };
        let state = if has(Some(JobKind::Wrap), JobState::Done) {
            BatchState::Done
        } else if self.batches[batch].state == BatchState::Cancelled {
            BatchState::Cancelled
        } else if has(None, JobState::Poisoned) {
            BatchState::Failed
        } else {
            BatchState::Running
        };
        self.batches[batch].state = state;
    }

    fn numbered(&self, number: u64) -> Option<Vec<usize>> {
        let found: Vec<usize> = (0..self.batches.len())
            .filter(|&batch| self.batches[batch].number == number)
            .collect();
        (!found.is_empty()).then_some(found)
    }

    /// How many jobs have new attempts.
    pub fn requeue(&mut self, number: u64) -> Option<u32> {
        let mut requeued = 0;
        for batch in self.numbered(number)? {
            if self.batches[batch].state == BatchState::Cancelled {
                self.batches[batch].state = BatchState::Running;
            }
            for job in 0..self.jobs.len() {
                if self.jobs[job].batch == batch && self.jobs[job].state == JobState::Poisoned {
                    self.jobs[job].judged_from = self.leases.len();
                    (self.jobs[job].verdicts, self.jobs[job].faults) = (0, 0);
                    self.put_back(job);
                    requeued += 1;
                }
            }
            self.settle(batch);
        }
        Some(requeued)
    }

    /// How many batches ran or had failed.
    pub fn cancel(&mut self, number: u64) -> Option<u32> {
        let mut cancelled = 0;
        for batch in self.numbered(number)? {
            if !matches!(
                self.batches[batch].state,
                BatchState::Running | BatchState::Failed
            ) {
                continue;
            }
            self.batches[batch].state = BatchState::Cancelled;
            cancelled += 1;
            for lease in 0..self.leases.len() {
                if self.jobs[self.leases[lease].job].batch == batch {
                    self.end_if_current(lease, Ending::HandedBack);
                }
            }
        }
        Some(cancelled)
    }

    /// State, verdicts and faults of each job.
    pub fn jobs(&self) -> Vec<(JobState, u32, u32)> {
        self.jobs
            .iter()
            .map(|job| (job.state, job.verdicts, job.faults))
            .collect()
    }

    /// Tenant, number and state of each batch.
    pub fn batches(&self) -> Vec<(u8, u64, BatchState)> {
        self.batches
            .iter()
            .map(|batch| (batch.tenant, batch.number, batch.state))
            .collect()
    }

    pub fn snark(&self, tenant: u8, number: u64) -> Digest {
        let batch = self
            .batches
            .iter()
            .find(|batch| (batch.tenant, batch.number) == (tenant, number));
        super::snark(number, batch.expect("it was submitted").chunks)
    }
}
