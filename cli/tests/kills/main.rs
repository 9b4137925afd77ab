//! Every process of a rollup is killed again and again while users pay, withdraw, deposit and order through L1's queue. What was acknowledged is
//! executed exactly once, nothing else is, and L1's proven root is the sequencer's. Real processes, real proofs; the farm is
//! at another address, over TLS.
//!
//! `KILL_SEED=n` repeats a run's choices; what happens in between is the machine's.

mod audit;
mod charged;
mod queue;
mod reader;
#[allow(dead_code, reason = "others have committees")]
mod stack;
mod users;

use std::time::Duration;

use rand::{Rng, SeedableRng, rngs::StdRng, seq::SliceRandom};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use stack::{Role, Stack};

/// How often each is killed: 42 times in all.
const KILLS: [(Role, usize); 5] = [
    (Role::Devnet, 12),
    (Role::Sequencer, 14),
    (Role::Farm, 8),
    (Role::WorkerOne, 4),
    (Role::WorkerTwo, 4),
];
/// Between two kills, in milliseconds: some hit processes that have hardly started.
const PAUSE: std::ops::Range<u64> = 300..2_200;
/// Until a killed process is started again.
const AWAY: std::ops::Range<u64> = 0..700;

mod slow {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    #[ignore = "slow: some three minutes of killing and proving"]
    async fn nothing_acknowledged_is_lost_and_nothing_happens_twice_when_every_process_is_killed() {
        let seed = std::env::var("KILL_SEED").map_or(11, |seed| seed.parse().expect("a number"));
        println!("KILL_SEED={seed}");
        let mut rng = StdRng::seed_from_u64(seed);
        let mut stack = Stack::start().await;
        let users = users::fund(&stack).await;

        let accounts = users.iter().map(users::User::account).collect();
        let stop = CancellationToken::new();
        let mut at_work = tokio::task::JoinSet::new();
        for (number, user) in users.into_iter().enumerate() {
            at_work.spawn(user.pay(StdRng::seed_from_u64(seed + 1 + number as u64), stop.clone()));
        }
        let orders = tokio::spawn(queue::order(
            stack.links(),
            accounts,
            StdRng::seed_from_u64(!seed),
            stop.clone(),
        ));

        let mut order: Vec<Role> = KILLS
            .iter()
            .flat_map(|(role, times)| std::iter::repeat_n(*role, *times))
            .collect();
        order.shuffle(&mut rng);
        for role in order {
            sleep(Duration::from_millis(rng.gen_range(PAUSE))).await;
            stack.kill(role);
            sleep(Duration::from_millis(rng.gen_range(AWAY))).await;
            stack.run(role);
        }
        stop.cancel();
        let ledgers = at_work.join_all().await;
        let orders = orders.await.expect("no panic");
        stack.settle().await;
        let job = stack.operator(&["job", "1"]);
        assert!(
            job.starts_with("job 1: chunk 0 of batch 1 of 31337:0x")
                && job.contains(", done\n")
                && job.contains("completed"),
            "{job}"
        );
        let workers = stack.operator(&["workers"]);
        assert!(
            workers.contains("one (cpu)") && workers.contains("two (cpu)"),
            "{workers}"
        );
        audit::audit(&stack.links(), &ledgers, &orders).await;
        charged::once(&stack).await;
        reader::agrees(&stack.links()).await;
    }
}
