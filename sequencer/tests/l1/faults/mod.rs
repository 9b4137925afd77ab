//! Two hundred and more faults in a random order: a chain that is reorganised as deep as finality allows, drops and replaces
//! transactions, or makes no blocks; a node that hangs; endpoints that lag, empty, limit, forget, break, lose and lie; and a
//! sequencer that crashes meanwhile. In the end L1 and the sequencer hold the same root, and nothing is lost or done twice.

pub mod anvil;
mod endpoint;
mod fault;
mod log;
mod users;
mod verdict;
mod world;

use std::{
    str::FromStr,
    time::{Duration, Instant},
};

use rand::{Rng, SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;

use fault::{Fault, OF_ENDPOINTS};
use world::{DEPTH, World};

/// All faults together.
const LEAST: u32 = 200;
/// Faults of endpoints, each kind.
const LEAST_OF_ENDPOINTS: u32 = 4;
/// What happens to chain, node and sequencer.
const EVENTS: [(Fault, u32); 5] = [
    (Fault::Dropped, 5),
    (Fault::Replaced, 5),
    (Fault::NotMined, 5),
    (Fault::Hang, 4),
    (Fault::Crash, 5),
];
/// Reorganisations of each depth.
const REORGANISATIONS: u32 = 5;
/// What users do meanwhile, and blocks that are made.
const ACTS: u32 = 100;
const BLOCKS: u32 = 40;
/// Bounds the run when the machine is slow.
const LONGEST: Duration = Duration::from_secs(180);

/// What happens next.
#[derive(Clone, Copy, Debug)]
enum Event {
    Fault(Fault),
    Act,
    Mine,
}

/// So many times what is listed above, shuffled.
fn deck(times: u32, rng: &mut ChaCha8Rng) -> Vec<Event> {
    let reorganisations = (1..=DEPTH).map(|depth| (Fault::Reorganisation(depth), REORGANISATIONS));
    let faults = EVENTS.into_iter().chain(reorganisations);
    let faults = faults.map(|(fault, count)| (Event::Fault(fault), count));
    let mut deck: Vec<_> = faults
        .chain([(Event::Act, ACTS), (Event::Mine, BLOCKS)])
        .flat_map(|(event, count)| std::iter::repeat_n(event, (times * count) as usize))
        .collect();
    deck.shuffle(rng);
    deck
}

fn given<T: FromStr>(variable: &str, default: T) -> T {
    let value = std::env::var(variable).ok();
    value.and_then(|value| value.parse().ok()).unwrap_or(default)
}

#[tokio::test(flavor = "multi_thread")]
async fn random_faults_and_reorganisations_end_in_equal_roots() {
    log::start();
    let seed = given("ASHLAR_FAULT_SEED", 2026);
    let times = given("ASHLAR_FAULT_TIMES", 1);
    println!("seed {seed} (ASHLAR_FAULT_SEED), {times} times (ASHLAR_FAULT_TIMES)");
    let Some(mut world) = World::start(seed).await else {
        println!("skipped: anvil is not installed (verifier-contracts/script/install does that)");
        return;
    };
    let mut deck = deck(times, &mut ChaCha8Rng::seed_from_u64(seed));
    let lacking = |world: &World| world.tally.rarer_than(times * LEAST_OF_ENDPOINTS, &OF_ENDPOINTS);
    world.begin();
    let start = Instant::now();
    while !deck.is_empty() || !lacking(&world).is_empty() {
        assert!(
            start.elapsed() < times * LONGEST,
            "only {}: {deck:?} is left, and {:?}",
            world.tally,
            lacking(&world)
        );
        let next = deck.pop().unwrap_or(Event::Act);
        tracing::info!(?next, left = deck.len());
        match next {
            Event::Act => world.act().await,
            Event::Mine => world.mine(1).await,
            // It is tried again later, after something else.
            Event::Fault(fault) => {
                if !world.suffer(fault).await {
                    deck.insert(deck.len() / 2, Event::Fault(fault));
                }
            }
        }
        world.prove(3);
        let pause = world.rng.gen_range(0..60);
        tokio::time::sleep(Duration::from_millis(pause)).await;
    }
    println!(
        "{} faults in {:?}: {}",
        world.tally.total(),
        start.elapsed(),
        world.tally
    );
    for (fault, least) in EVENTS {
        assert!(world.tally.of(fault) >= times * least, "{fault:?}");
    }
    for depth in 1..=DEPTH {
        let seen = world.tally.of(Fault::Reorganisation(depth));
        assert!(seen >= times * REORGANISATIONS, "depth {depth}");
    }
    assert!(world.tally.total() >= times * LEAST);

    world.heal().await;
    let settled = world.settle().await;
    println!("settled after {:?}", start.elapsed());
    verdict::pass(&world.l1, &world.users, &settled).await;
}
