//! What the farm charged the rollup, beside what its batches came to on L1.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::time::sleep;

use crate::stack::Stack;

/// Until a sequencer that was started anew has told the farm everything.
const LIMIT: Duration = Duration::from_secs(60);

/// Each batch was charged once, with all its transactions and all its gas, whoever was killed before or after telling it.
pub async fn once(stack: &Stack) {
    let (client, l1) = (stack.links().client().await, stack.links().l1(0).await);
    let batches = l1.state().await.expect("L1 answers").proven_batches;
    let (mut transactions, mut gas) = (0, 0);
    for number in 1..=batches {
        transactions += l1.batch_data(number).await.expect("its data").records.len();
        let batch = client.batch(number).await.expect("it answers");
        gas += batch.expect("it is known").l1_gas();
    }
    let start = Instant::now();
    let settled = loop {
        let tenants: Value =
            serde_json::from_str(&stack.operator(&["tenants", "--json"])).expect("one JSON value");
        let settled = tenants[0]["settled"].clone();
        if settled["batches"] == batches || start.elapsed() > LIMIT {
            break settled;
        }
        sleep(Duration::from_millis(500)).await;
    };
    println!("charged: {settled}");
    let of = |name: &str| settled[name].clone();
    assert_eq!(
        [of("batches"), of("transactions"), of("l1_gas")],
        [json!(batches), json!(transactions), json!(gas)]
    );
    let cpu = settled["cost"]["cpu_seconds"].as_f64().expect("a number");
    assert!(
        cpu > batches as f64,
        "a batch takes more than a second of CPU: {settled}"
    );
}
