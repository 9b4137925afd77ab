//! What becomes of a card's faults, over the stand-in library, which is told by its environment to have them. It reads it
//! once, so every case is a process of its own: this program again, with one of the ignored tests.
//!
//! `scripts/check-icicle` links the stand-in and sets `ASHLAR_ICICLE_STAND_IN`; without it every test says that it was
//! skipped.
#![cfg(feature = "icicle")]

use std::{
    env,
    process::{Command, Output},
};

use ashlar_accel::{
    AccelError, Msm, Ntt,
    icicle::{IcicleBackend, Options},
    short_test, testing,
    testing::msm::{KnownBases, Scalars},
};
use halo2curves::bn256::Fr;

/// Runs the ignored test `case` with these settings of the stand-in, and returns what it printed; `None` if skipped.
fn run(case: &str, settings: &[(&str, u64)]) -> Option<String> {
    let settings: Vec<_> = settings
        .iter()
        .map(|(name, value)| (*name, value.to_string()))
        .collect();
    run_with(case, &settings)
}

fn run_with(case: &str, settings: &[(&str, String)]) -> Option<String> {
    if env::var_os("ASHLAR_ICICLE_STAND_IN").is_none() {
        println!("skipped: the stand-in is not linked, see scripts/check-icicle");
        return None;
    }
    let program = env::current_exe().expect("the running program has a path");
    let mut command = Command::new(program);
    command.args([case, "--exact", "--ignored", "--nocapture", "--test-threads=1"]);
    for (name, value) in settings {
        command.env(format!("ASHLAR_STAND_IN_{name}"), value);
    }
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().expect("the running program can be run");
    let (stdout, stderr) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    assert!(
        status.success() && stdout.contains("1 passed"),
        "{case} with {settings:?}: {status}\n{stdout}\n{stderr}"
    );
    Some(stdout.into_owned())
}

/// All that a prover does with a backend, small: each step's error, or right answers.
fn work() -> Result<(), AccelError> {
    let backend = IcicleBackend::new(Options {
        staging_bytes: 1 << 12,
        max_log_size: 10,
        ..Options::default()
    })?;
    let known = KnownBases::new(40);
    let bases = backend.prepare_bases(&known.points)?;
    let columns = [
        Scalars::Full.draw(40, 1),
        Scalars::Edges.draw(40, 2),
        Scalars::Small(16).draw(7, 3),
    ];
    let slices: Vec<&[Fr]> = columns.iter().map(Vec::as_slice).collect();
    let sums = backend.msm_batch(&bases, &slices)?;
    for (sum, scalars) in sums.iter().zip(&columns) {
        assert_eq!(*sum, known.expected(scalars));
    }
    let domain = Ntt::<Fr>::prepare_domain(&backend, 6)?;
    let coset = backend.prepare_coset(&domain, Fr::from(7))?;
    let original = testing::ntt::columns::<Fr>(6);
    let mut columns = original.clone();
    for direction in testing::ntt::DIRECTIONS {
        let mut slices: Vec<&mut [Fr]> = columns.iter_mut().map(Vec::as_mut_slice).collect();
        let transform = ashlar_accel::Transform {
            direction,
            order: ashlar_accel::Order::NaturalToNatural,
            coset: Some(&coset),
        };
        backend.ntt_batch(&domain, transform, &mut slices)?;
    }
    assert!(columns == original, "there and back again");
    let plain = |direction| ashlar_accel::Transform {
        direction,
        order: ashlar_accel::Order::NaturalToNatural,
        coset: None,
    };
    let slices = columns.iter_mut().map(Vec::as_mut_slice).collect();
    let held = backend.ntt_hold(&domain, plain(ashlar_accel::Direction::Inverse), slices)?;
    println!("held on the device: {}", held.is_on_device());
    let mut out = vec![vec![Fr::zero(); 1 << 6]; original.len()];
    let mut slices: Vec<&mut [Fr]> = out.iter_mut().map(Vec::as_mut_slice).collect();
    backend.ntt_from(
        &domain,
        plain(ashlar_accel::Direction::Forward),
        &held,
        &mut slices,
    )?;
    assert!(out == original, "back from what was held");
    Ok(())
}

#[test]
#[ignore = "a case of another test"]
fn case_no_device() {
    match work() {
        Err(error @ AccelError::Unavailable { .. }) => {
            let text = error.to_string();
            assert!(
                text.contains("cudaErrorNoDevice") && text.contains("CUDA_VISIBLE_DEVICES"),
                "{text}"
            );
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn no_device_is_unavailable() {
    run("case_no_device", &[("DEVICES", 0)]);
}

/// 1 MiB of memory, less what is asked to be left alone: bases of 2^14 points do not fit, and the driver is not asked for
/// them; smaller ones go on.
#[test]
#[ignore = "a case of another test"]
fn case_small_card() {
    let backend = IcicleBackend::new(Options {
        reserve_bytes: 1 << 18,
        staging_bytes: 1 << 12,
        ..Options::default()
    })
    .unwrap();
    let known = KnownBases::new(1 << 14);
    match backend.prepare_bases(&known.points).map(|_| ()) {
        Err(AccelError::OutOfMemory { requested_bytes, .. }) => assert_eq!(requested_bytes, 1 << 20),
        other => panic!("1 MiB of bases: {other:?}"),
    }
    assert_eq!(backend.bytes_in_use(), 0);
    // The first allocation of all is this one: were the one above tried, it would be the one told to fail.
    match backend.prepare_bases(&known.points[..16]).map(|_| ()) {
        Err(AccelError::OutOfMemory { requested_bytes, .. }) => assert_eq!(requested_bytes, 1 << 10),
        other => panic!("the first allocation: {other:?}"),
    }
    assert_eq!(backend.bytes_in_use(), 0);
    let bases = backend.prepare_bases(&known.points[..16]).unwrap();
    assert_eq!(backend.bytes_in_use(), 1 << 10);
    drop(bases);
    assert_eq!(backend.bytes_in_use(), 0);
}

#[test]
fn a_small_card_is_not_filled() {
    run(
        "case_small_card",
        &[("MEMORY_BYTES", 1 << 20), ("FAIL_ALLOCATION", 1)],
    );
}

/// The first try meets the failure, the second finds everything in order.
#[test]
#[ignore = "a case of another test"]
fn case_allocation_fails_once() {
    match work() {
        Ok(()) => return println!("no failure"),
        Err(AccelError::OutOfMemory { requested_bytes, .. }) => {
            assert!(requested_bytes > 0);
            println!("out of memory");
        }
        Err(other) => panic!("{other}"),
    }
    work().expect("the second try");
}

#[test]
#[ignore = "a case of another test"]
fn case_short_test() {
    let backend = IcicleBackend::new(Options::default()).expect("it opens");
    match short_test(&backend) {
        Ok(_) => println!("passed"),
        Err(error) => println!("refused: {error}"),
    }
}

#[test]
fn a_card_that_computes_wrongly_or_is_lost_does_not_pass_the_short_self_test() {
    let lies = [("MISBEHAVE", "case_short_test=lie".to_owned())];
    let Some(printed) = run_with("case_short_test", &lies) else {
        return;
    };
    assert!(
        printed.contains("refused: icicle: a wrong result of msm for a known input"),
        "{printed}"
    );
    let printed = run("case_short_test", &[("LOSE_AT_CALL", 20)]).expect("it is linked");
    assert!(printed.contains("refused: icicle: device lost"), "{printed}");
    let printed = run("case_short_test", &[]).expect("it is linked");
    assert!(printed.contains("passed"), "{printed}");
}

#[test]
fn every_allocation_may_fail() {
    let mut failures = 0;
    for allocation in 1.. {
        let Some(printed) = run("case_allocation_fails_once", &[("FAIL_ALLOCATION", allocation)]) else {
            return;
        };
        if printed.contains("no failure") {
            assert!(
                printed.contains("held on the device: false"),
                "the last one is memory to keep columns, without which the work goes on"
            );
            break;
        }
        assert!(printed.contains("held on the device: true"), "{printed}");
        failures += 1;
    }
    assert_eq!(failures, 5, "bases, and two slots with two buffers each");
}

#[test]
#[ignore = "a case of another test"]
fn case_device_lost() {
    match work() {
        Ok(()) => println!("not lost"),
        Err(error @ AccelError::DeviceLost { .. }) => {
            assert!(error.to_string().contains("cudaErrorLaunchFailure"), "{error}");
            assert!(
                matches!(work(), Err(AccelError::DeviceLost { .. })),
                "it stays lost"
            );
        }
        Err(other) => panic!("{other}"),
    }
}

/// Whatever call meets the loss, it becomes that error, and nothing panics on the way out.
#[test]
fn a_device_may_be_lost_at_every_call() {
    for call in 1.. {
        let Some(printed) = run("case_device_lost", &[("LOSE_AT_CALL", call)]) else {
            return;
        };
        if printed.contains("not lost") {
            assert!(call > 30, "the work takes more calls than {call}");
            return;
        }
    }
}
