//! One file for all processes.

use std::fs;

use super::{ashlar, refused, said};

const REFERENCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/ashlar.toml");

#[test]
fn the_file_of_the_guide_is_good_and_a_typo_in_it_is_not() {
    let text = said(&ashlar(&["config", "check", REFERENCE], &[]));
    assert!(text.contains("all good"), "{text}");

    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ashlar.toml");
    let path_text = path.display().to_string();
    let broken = fs::read_to_string(REFERENCE)
        .expect("readable")
        .replace("max_age_secs", "max_age_sec");
    fs::write(&path, broken).expect("writes");
    // Any command that reads it says so, not only the check.
    for arguments in [&["config", "check"][..], &["wallet", "address"]] {
        let error = refused(&ashlar(arguments, &[("ASHLAR_CONFIG", &path_text)]));
        assert!(
            error.contains("[sequencer] has no key `max_age_sec`; the nearest is `max_age_secs`"),
            "{error}"
        );
    }
    fs::write(&path, "[sequencer]\nlisten = 'port 7'\n").expect("writes");
    let error = refused(&ashlar(&["config", "check", &path_text], &[]));
    assert!(
        error.contains("[sequencer]") && error.contains("port 7"),
        "{error}"
    );
}

#[test]
fn every_key_of_the_list_has_a_variable_that_is_heard() {
    let text = said(&ashlar(&["config", "keys", "farm"], &[]));
    for expected in [
        "[farm]",
        "ASHLAR_FARM_LISTEN",
        "ASHLAR_FARM_DATA_DIR",
        "ASHLAR_CACHE_DIR",
    ] {
        assert!(text.contains(expected), "{expected} is not in {text}");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let data_dir = folder.path().display().to_string();
    let variables = [
        ("ASHLAR_FARM_LISTEN", "nowhere"),
        ("ASHLAR_FARM_DATA_DIR", data_dir.as_str()),
    ];
    let error = refused(&ashlar(&["farm"], &variables));
    assert!(error.contains("nowhere"), "{error}");
    refused(&ashlar(&["config", "keys", "nothing"], &[]));
}
