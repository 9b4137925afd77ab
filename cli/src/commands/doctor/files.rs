//! What the cache holds.

use std::{fs, path::Path, time::SystemTime};

use ashlar_engine::wrap_k;
use ashlar_kzg::{
    CacheError,
    srs::{NotForProduction, Srs, SrsKind},
};
use ashlar_report::chain;
use ashlar_statement::Security;

use super::finding::{Finding, Status};
use crate::cache::Cache;

pub fn all(cache: &Cache, security: Security) -> Vec<Finding> {
    let mut findings = vec![srs(cache, wrap_k(security)), circuits(&cache.cache_dir, security)];
    findings.extend(clock(&cache.cache_dir, SystemTime::now()));
    findings
}

fn srs(cache: &Cache, k: u32) -> Finding {
    let load = |kind| Srs::load(&Srs::path(&cache.cache_dir, kind, k));
    match load(SrsKind::PowersOfTau) {
        Ok(Some(srs)) => return judge(srs.require_production(), k),
        Ok(None) => {}
        Err(error) => return damaged(error),
    }
    if cache.production {
        let fact = format!("none of a ceremony in {}", cache.cache_dir.display());
        let remedy = "load a Perpetual Powers of Tau file: ashlar setup --ptau FILE";
        return Finding::new("srs", Status::Failed, fact, remedy);
    }
    match load(SrsKind::InsecureDevelopment) {
        Ok(Some(_)) => Finding::new(
            "srs",
            Status::Warning,
            "the development string: anybody can forge proofs under it",
            "for real use: ashlar setup --ptau FILE, then --production everywhere",
        ),
        Ok(None) => Finding::new(
            "srs",
            Status::Note,
            format!("none yet in {}", cache.cache_dir.display()),
            "ashlar setup makes the insecure development string; ashlar setup --ptau FILE loads a ceremony's",
        ),
        Err(error) => damaged(error),
    }
}

/// A string that says that it is a ceremony's. Every command would take it, so that a known secret fails without
/// `--production`, too.
fn judge(outcome: Result<(), NotForProduction>, k: u32) -> Finding {
    match outcome {
        Ok(()) => Finding::ok(
            "srs",
            format!("of a ceremony, k = {k}, checksum right, no secret known"),
        ),
        Err(error) => {
            let remedy = "remove the file and load a Perpetual Powers of Tau file: ashlar setup --ptau FILE";
            Finding::new("srs", Status::Failed, chain(&error), remedy)
        }
    }
}

fn damaged(error: CacheError) -> Finding {
    let remedy = "remove the file and run ashlar setup again";
    Finding::new("srs", Status::Failed, chain(&error), remedy)
}

fn circuits(directory: &Path, security: Security) -> Finding {
    let path = ashlar_payments_engine::circuits_path(directory, security);
    match fs::metadata(&path) {
        Ok(file) => Finding::ok(
            "circuits",
            format!("cached, {:.0} MiB", file.len() as f64 / (1u64 << 20) as f64),
        ),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Finding::new(
            "circuits",
            Status::Note,
            "not cached for this build",
            "the first start builds circuits and keys (about half a minute); ashlar setup does it now",
        ),
        Err(error) => Finding::new(
            "circuits",
            Status::Failed,
            format!("{} cannot be read: {error}", path.display()),
            "give this user access to it, or choose another folder with --cache-dir",
        ),
    }
}

/// Files from the future show a clock that is behind.
fn clock(directory: &Path, now: SystemTime) -> Option<Finding> {
    let files = fs::read_dir(directory).ok()?;
    let newest = files
        .filter_map(|file| file.ok()?.metadata().ok()?.modified().ok())
        .max()?;
    let ahead = newest.duration_since(now).ok()?.as_secs();
    (ahead > 60).then(|| {
        Finding::new(
            "clock",
            Status::Warning,
            format!("a file of the cache is {ahead} s younger than this machine's clock"),
            "set the clock, and keep it with NTP: leases and L1 deadlines depend on it",
        )
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use ashlar_kzg::srs::KnownSecret;

    use super::*;

    fn cache(directory: &Path, production: bool) -> Cache {
        Cache {
            cache_dir: directory.to_owned(),
            production,
        }
    }

    #[test]
    fn an_empty_cache_is_a_note_but_not_for_production() {
        let folder = tempfile::tempdir().unwrap();
        let statuses = |production| {
            all(&cache(folder.path(), production), Security::default())
                .iter()
                .map(|f| f.status)
                .collect::<Vec<_>>()
        };
        assert_eq!(statuses(false), [Status::Note, Status::Note]);
        assert_eq!(statuses(true), [Status::Failed, Status::Note]);
    }

    #[test]
    fn a_known_secret_fails_by_its_name() {
        assert_eq!(judge(Ok(()), 18).status, Status::Ok);
        let finding = judge(
            Err(NotForProduction::KnownSecret(KnownSecret::SeededTest(42))),
            18,
        );
        assert_eq!(finding.status, Status::Failed);
        assert!(
            finding.fact.contains("generator of tests with seed 42"),
            "{}",
            finding.fact
        );
    }

    #[test]
    fn a_damaged_string_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = Srs::path(folder.path(), SrsKind::InsecureDevelopment, 18);
        fs::write(&path, b"no reference string").unwrap();
        let finding = srs(&cache(folder.path(), false), 18);
        assert_eq!(finding.status, Status::Failed);
        assert!(finding.fact.contains("srs-"), "{}", finding.fact);
    }

    #[test]
    fn a_clock_behind_its_files_is_told() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("file"), b"").unwrap();
        let now = SystemTime::now();
        assert_eq!(clock(folder.path(), now), None);
        let finding = clock(folder.path(), now - Duration::from_secs(3_600)).unwrap();
        assert_eq!(finding.status, Status::Warning);
    }
}
