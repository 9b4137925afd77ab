//! A program that is killed, or told twice to stop, leaves nobody behind.

use std::{
    collections::BTreeSet,
    fs,
    net::TcpListener,
    os::unix::process::CommandExt,
    path::Path,
    process::Command,
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::support::{ANY_PORT, BOUND, PATIENCE, PREPARATION, Process, wait};

/// One whole stack at a time: each takes every core and gigabytes.
fn alone() -> MutexGuard<'static, ()> {
    static STACK: Mutex<()> = Mutex::new(());
    STACK.lock().unwrap_or_else(PoisonError::into_inner) // another test's failure says nothing about this one
}

/// Processes that name `folder` in their arguments, as all of a demo with that work folder do, or whose ancestor does.
fn naming(folder: &Path) -> BTreeSet<u32> {
    let folder = folder.to_str().expect("UTF-8");
    let processes = fs::read_dir("/proc").expect("Linux").flatten();
    let ids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    ids.filter(|id| {
        let arguments = fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        String::from_utf8_lossy(&arguments).contains(folder) && !stat.contains(") Z ")
    })
    .collect()
}

/// A demo with its sequencer, farm and worker at work, down to the process that wraps, told apart by their work folder.
fn demo(folder: &Path) -> Process {
    let work = folder.join("demo");
    fs::create_dir(&work).expect("a folder");
    let arguments = [
        "demo",
        "--transactions",
        "4",
        "--devnet",
        "embedded",
        "--isolate",
        "always",
    ];
    let mut demo = Process::start(
        folder,
        arguments
            .into_iter()
            .chain(["--work-dir", work.to_str().expect("UTF-8")]),
    );
    demo.until("a wrap process is started", PREPARATION, |_| {
        let log = fs::read_to_string(work.join("worker.log")).unwrap_or_default();
        log.contains("wrap process started")
    });
    assert!(
        children(demo.child.id()).len() >= 5,
        "devnet, farm, worker with its wrap process, sequencer"
    );
    demo
}

/// All of a rollup, started by `ashlar up`.
fn up(folder: &Path) -> Process {
    // Held together, so that they differ. `up` tells each of its processes where the others are, so it must know.
    let ports = [ANY_PORT; 3].map(|any| TcpListener::bind(any).expect("a free port"));
    let addresses = ports.map(|port| port.local_addr().expect("it is bound"));
    let sections = ["devnet", "farm", "sequencer"]
        .into_iter()
        .zip(addresses)
        .map(|(section, address)| format!("[{section}]\nlisten = \"{address}\"\n"))
        .collect::<String>();
    let (config, data) = (folder.join("ashlar.toml"), folder.join("data"));
    fs::write(&config, sections).expect("a file");
    let [config, data] = [&config, &data].map(|path| path.to_str().expect("UTF-8"));
    let mut up = Process::start(folder, ["up", "--config", config, "--data-dir", data]);
    up.until("it is ready", PREPARATION, |up| up.text().contains("ready:"));
    up
}

/// The child whose arguments hold this word.
fn child(children: &BTreeSet<u32>, word: &str) -> u32 {
    let found = children.iter().find(|id| {
        let arguments = fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
        arguments
            .split(|byte| *byte == 0)
            .any(|argument| argument == word.as_bytes())
    });
    *found.expect("it runs")
}

/// All descendants of a process.
fn children(parent: u32) -> BTreeSet<u32> {
    let processes = fs::read_dir("/proc").expect("Linux").flatten();
    let ids: Vec<u32> = processes
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect();
    let parent_of = |id: u32| -> Option<u32> {
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
        let (_, after_name) = stat.rsplit_once(") ")?;
        after_name.split(' ').nth(1)?.parse().ok()
    };
    let parents: Vec<(u32, u32)> = ids
        .into_iter()
        .filter_map(|id| Some((id, parent_of(id)?)))
        .collect();
    let mut found = BTreeSet::new();
    let mut open = vec![parent];
    while let Some(parent) = open.pop() {
        for &(id, of) in &parents {
            if of == parent && found.insert(id) {
                open.push(id);
            }
        }
    }
    found
}

fn all_end(children: &BTreeSet<u32>) {
    wait("the children end", BOUND, || {
        let alive = children.iter().any(|id| {
            let stat = fs::read_to_string(format!("/proc/{id}/stat"));
            stat.is_ok_and(|stat| stat.contains("(ashlar)") && !stat.contains(") Z "))
        });
        (!alive).then_some(())
    });
}

#[test]
fn no_child_outlives_a_demo_that_is_killed() {
    let _alone = alone();
    let folder = tempfile::tempdir().expect("a folder");
    let mut demo = demo(folder.path());
    let children = children(demo.child.id());
    demo.signal("-KILL");
    demo.ends();
    all_end(&children);
    assert_eq!(naming(folder.path()), BTreeSet::new());
}

/// A demo ends so soon after the first signal that a second one finds nobody; `up` waits for its children, of which one
/// is held here.
#[test]
fn a_second_signal_ends_up_and_a_child_that_does_not_stop() {
    let _alone = alone();
    let folder = tempfile::tempdir().expect("a folder");
    let mut up = up(folder.path());
    let children = children(up.child.id());
    let held = child(&children, "farm").to_string();
    let stopped = Command::new("kill").args(["-STOP", &held]).status();
    assert!(stopped.expect("kill runs").success());
    up.signal("-INT");
    up.until("it takes the signal", PATIENCE, |up| {
        up.text().contains("stopping")
    });
    up.signal("-INT");
    assert_eq!(up.ends().code(), Some(130), "{}", up.text());
    all_end(&children);
    assert_eq!(naming(folder.path()), BTreeSet::new());
}

#[test]
fn a_program_of_others_ends_with_what_it_started_when_its_starter_is_killed() {
    let folder = tempfile::tempdir().expect("a folder");
    let mark = folder.path().join("mark");
    let mark = mark.to_str().expect("UTF-8");
    // A launcher that starts the program proper, as anvil's does; both name the mark. The starter stands for the demo.
    let program = format!("sh -c 'sleep 1000; : {mark}' & sleep 1000; : {mark}");
    let ashlar = env!("CARGO_BIN_EXE_ashlar");
    let starter = format!("{ashlar} --parent $$ attend -- sh -c \"$1\" & wait");
    let mut starter = Command::new("sh")
        .args(["-c", &starter, "starter", &program])
        .process_group(0)
        .spawn()
        .expect("sh runs");
    let wanted = 3; // attend, launcher, program
    let started = || naming(folder.path()).len() > wanted; // and the starter
    wait("they start", PATIENCE, || started().then_some(()));
    starter.kill().expect("it runs");
    starter.wait().expect("it ends");
    wait("they end", BOUND, || {
        naming(folder.path()).is_empty().then_some(())
    });
}

#[test]
fn a_child_whose_parent_is_gone_already_does_not_start() {
    // The number of a process that has ended is nobody's parent.
    let mut ended = Command::new("true").spawn().expect("it runs");
    let parent = ended.id().to_string();
    ended.wait().expect("it ends");
    let output = Command::new(env!("CARGO_BIN_EXE_ashlar"))
        .args(["--parent", &parent, "devnet", "--listen", ANY_PORT])
        .output()
        .expect("the binary runs");
    assert!(!output.status.success());
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(errors.contains("has ended"), "{errors}");
}
