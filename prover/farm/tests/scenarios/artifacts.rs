//! What artifacts promise, of a folder and of S3 alike.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    path::PathBuf,
    time::{Duration, SystemTime},
};

use ashlar_farm::{ArtifactStore, ArtifactsAt, FarmError, RENEWED_AFTER, Stored, testing::S3Server};
use ashlar_proto::{Bytes, Digest};
use futures::TryStreamExt;
use rand::{Rng, SeedableRng, rngs::StdRng, seq::SliceRandom};

/// A store, and the way past it.
enum Place {
    Folder(tempfile::TempDir),
    S3(S3Server),
}

const PREFIX: &str = "farm/artifacts";

impl Place {
    /// Every kind that this machine has.
    fn all() -> Vec<Self> {
        let folder = Self::Folder(tempfile::tempdir().unwrap());
        let s3 = S3Server::start(env!("CARGO_TARGET_TMPDIR")).map(Self::S3);
        std::iter::once(folder).chain(s3).collect()
    }

    async fn open(&self) -> ArtifactStore {
        let at = match self {
            Self::Folder(_) => ArtifactsAt::Folder(self.path("")),
            Self::S3(server) => server.at(PREFIX),
        };
        ArtifactStore::open(&at).await.unwrap()
    }

    fn path(&self, name: &str) -> PathBuf {
        match self {
            Self::Folder(dir) => dir.path().join("made").join(name),
            Self::S3(_) => PathBuf::from(PREFIX).join(name),
        }
    }

    async fn read(&self, name: &str) -> Option<Bytes> {
        let path = self.path(name);
        match self {
            Self::Folder(_) => fs::read(path).ok().map(Bytes::from),
            Self::S3(server) => server.read(path.to_str().unwrap()).await,
        }
    }

    async fn write(&self, name: &str, bytes: impl Into<Bytes>) {
        let (path, bytes) = (self.path(name), bytes.into());
        match self {
            Self::Folder(_) => fs::write(path, bytes).unwrap(),
            Self::S3(server) => server.write(path.to_str().unwrap(), bytes).await,
        }
    }

    async fn names(&self) -> Vec<String> {
        let mut names = match self {
            Self::Folder(_) => fs::read_dir(self.path(""))
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect(),
            Self::S3(server) => server.names().await,
        };
        for name in &mut names {
            *name = name.trim_start_matches(&format!("{PREFIX}/")).to_owned();
        }
        names.sort();
        names
    }

    fn aside(&self, digest: Digest) -> String {
        match self {
            Self::Folder(_) => format!("{digest}.damaged"),
            Self::S3(_) => format!("damaged/{digest}"),
        }
    }
}

async fn list(store: &ArtifactStore) -> Vec<Stored> {
    let mut found: Vec<_> = store.list().try_collect().await.unwrap();
    found.sort_by_key(|stored| stored.digest);
    found
}

fn is_damaged(result: Result<Bytes, FarmError>, digest: Digest) -> bool {
    matches!(result, Err(FarmError::ArtifactDamaged(found)) if found == digest)
}

fn is_unknown(result: Result<Bytes, FarmError>, digest: Digest) -> bool {
    matches!(result, Err(FarmError::UnknownArtifact(found)) if found == digest)
}

#[tokio::test]
async fn what_was_put_is_read_and_listed_once_until_it_is_deleted() {
    for place in Place::all() {
        let store = place.open().await;
        assert_eq!(place.names().await, [""; 0], "the probe is gone");
        let mut sizes = BTreeMap::new();
        for size in [0, 1, 1000, 6 << 20] {
            let bytes: Bytes = (0..size).map(|i: u32| (i % 251) as u8).collect::<Vec<_>>().into();
            let digest = store.put(bytes.clone()).await.unwrap();
            assert_eq!(digest, Digest::of(&bytes));
            assert_eq!(store.put(bytes.clone()).await.unwrap(), digest);
            assert_eq!(store.get(digest).await.unwrap(), bytes);
            sizes.insert(digest, u64::from(size));
        }
        let listed = list(&store).await;
        let found: BTreeMap<_, _> = listed
            .iter()
            .map(|stored| (stored.digest, stored.size_bytes))
            .collect();
        assert_eq!((listed.len(), found), (4, sizes.clone()));
        for stored in listed {
            assert!(stored.last_modified.elapsed().unwrap_or_default() < Duration::from_secs(600));
        }
        assert_eq!(place.open().await.at().to_string(), store.at().to_string());
        for digest in sizes.into_keys() {
            store.delete(digest).await.unwrap();
            store.delete(digest).await.expect("deleted already");
            assert!(is_unknown(store.get(digest).await, digest));
        }
        assert_eq!(place.names().await, [""; 0]);
    }
}

#[tokio::test]
async fn every_flipped_byte_and_every_other_length_is_found_and_put_mends_it() {
    for place in Place::all() {
        let store = place.open().await;
        let bytes = Bytes::from_static(b"a witness");
        let digest = Digest::of(&bytes);
        let flipped = (0..bytes.len()).map(|i| {
            let mut damaged = bytes.to_vec();
            damaged[i] ^= 1;
            damaged
        });
        let others = [vec![], bytes[..8].to_vec(), [&bytes[..], b"s"].concat()];
        for damaged in flipped.chain(others) {
            place.write(&digest.to_string(), damaged.clone()).await;
            assert!(is_damaged(store.get(digest).await, digest));
            assert!(is_unknown(store.get(digest).await, digest), "set aside");
            assert_eq!(
                place.read(&place.aside(digest)).await.unwrap(),
                damaged,
                "and kept"
            );
            assert_eq!(list(&store).await, []);
            // Not yet read, a damaged copy is replaced by `put` all the same.
            place.write(&digest.to_string(), damaged).await;
            store.put(bytes.clone()).await.unwrap();
            assert_eq!(store.get(digest).await.unwrap(), bytes);
        }
    }
}

/// Random calls, and what a map says of them.
#[tokio::test]
async fn it_is_a_map_whatever_is_done_to_it() {
    for place in Place::all() {
        let store = place.open().await;
        let mut rng = StdRng::seed_from_u64(7);
        let contents: Vec<Bytes> = (0..6).map(|i| format!("artifact {i}").into()).collect();
        let mut model: BTreeMap<Digest, bool> = BTreeMap::new(); // whether it is sound
        for step in 0..200 {
            let bytes = contents.choose(&mut rng).unwrap().clone();
            let digest = Digest::of(&bytes);
            match rng.gen_range(0..5) {
                0 | 1 => {
                    assert_eq!(store.put(bytes).await.unwrap(), digest);
                    model.insert(digest, true);
                }
                2 => {
                    let found = store.get(digest).await;
                    let as_expected = match model.get(&digest) {
                        Some(true) => found.is_ok_and(|found| found == bytes),
                        Some(false) => is_damaged(found, digest),
                        None => is_unknown(found, digest),
                    };
                    assert!(as_expected, "step {step}: {:?}", model.get(&digest));
                    model.retain(|of, sound| *of != digest || *sound);
                }
                3 => {
                    store.delete(digest).await.unwrap();
                    model.remove(&digest);
                }
                _ => {
                    place.write(&digest.to_string(), "noise").await;
                    model.insert(digest, false);
                }
            }
            let listed = list(&store).await;
            assert!(
                listed
                    .iter()
                    .map(|stored| stored.digest)
                    .eq(model.keys().copied()),
                "step {step}"
            );
        }
    }
}

#[tokio::test]
async fn a_copy_that_is_being_mended_is_not_set_aside() {
    for place in Place::all() {
        let store = place.open().await;
        let bytes = Bytes::from(vec![7; 200_000]);
        let digest = Digest::of(&bytes);
        for round in 0..30 {
            place.write(&digest.to_string(), "noise").await;
            let (found, put) = tokio::join!(store.get(digest), store.put(bytes.clone()));
            put.unwrap();
            assert!(
                found.as_ref().is_ok_and(|found| *found == bytes) || is_damaged(found, digest),
                "round {round}"
            );
            assert_eq!(
                store.get(digest).await.unwrap(),
                bytes,
                "round {round}: put was answered"
            );
        }
    }
}

#[tokio::test]
async fn a_reader_never_sees_part_of_an_artifact() {
    for place in Place::all() {
        let store = place.open().await;
        let bytes = Bytes::from(vec![3; 3 << 20]);
        let digest = Digest::of(&bytes);
        let writer = async {
            for _ in 0..8 {
                store.delete(digest).await.unwrap();
                store.put(bytes.clone()).await.unwrap();
            }
        };
        let reader = async {
            loop {
                match store.get(digest).await {
                    Ok(found) => assert_eq!(found, bytes),
                    Err(error) => assert!(matches!(error, FarmError::UnknownArtifact(_)), "{error}"),
                }
            }
        };
        tokio::select! {
            () = writer => {}
            () = reader => {}
        }
        assert_eq!(store.get(digest).await.unwrap(), bytes);
    }
}

#[tokio::test]
async fn a_sound_copy_is_left_alone() {
    for place in Place::all() {
        let store = place.open().await;
        store.put("proof".into()).await.unwrap();
        let before = list(&store).await;
        tokio::time::sleep(Duration::from_millis(1100)).await; // S3 counts in seconds
        store.put("proof".into()).await.unwrap();
        assert_eq!(list(&store).await, before);
    }
}

#[tokio::test]
async fn a_sound_copy_that_is_old_is_as_new_after_put() {
    let place = Place::Folder(tempfile::tempdir().unwrap());
    let store = place.open().await;
    let digest = store.put("proof".into()).await.unwrap();
    let old = SystemTime::now() - RENEWED_AFTER - Duration::from_secs(60);
    let file = File::options().write(true).open(place.path(&digest.to_string()));
    file.unwrap().set_modified(old).unwrap();
    assert_eq!(list(&store).await[0].last_modified, old);
    store.put("proof".into()).await.unwrap();
    assert!(list(&store).await[0].last_modified.elapsed().unwrap_or_default() < Duration::from_secs(60));
}

#[tokio::test]
async fn what_a_crash_left_is_cleaned_by_age_and_nothing_else_is() {
    for place in Place::all() {
        let store = place.open().await;
        let digest = store.put("proof".into()).await.unwrap();
        let mut left = vec!["probe-0123456789abcdef".to_owned()];
        if matches!(place, Place::Folder(_)) {
            left.push(format!("{digest}#1"));
            left.push(format!("{}#23", Digest::of(b"other")));
            left.push("probe-0123456789abcdef#1".to_owned());
        }
        let others = ["notes.txt", "probe-", "probe-letters of 16ch", "a folder/file"];
        if let Place::Folder(_) = place {
            fs::create_dir(place.path("a folder")).unwrap();
        }
        for name in left.iter().map(String::as_str).chain(others) {
            place.write(name, "part of").await;
        }
        place.write(&place.aside(digest), "noise").await;

        let mut found: Vec<_> = store.leftovers().await.unwrap();
        found.sort_by(|a, b| a.name.cmp(&b.name));
        left.sort();
        assert!(found.iter().map(|leftover| &leftover.name).eq(&left), "{found:?}");
        assert!(found.iter().all(|leftover| leftover.size_bytes == 7));

        assert_eq!(
            store.clean(Duration::from_secs(3600)).await.unwrap(),
            0,
            "too young"
        );
        let before = place.names().await.len();
        tokio::time::sleep(Duration::from_millis(1100)).await;
        assert_eq!(store.clean(Duration::from_millis(1)).await.unwrap(), left.len());
        assert_eq!(place.names().await.len(), before - left.len());
        assert_eq!(store.leftovers().await.unwrap(), []);
        assert_eq!(store.get(digest).await.unwrap(), "proof");
        assert_eq!(list(&store).await.len(), 1);
    }
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_refused_with_its_path() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a file");
    fs::write(&path, "").unwrap();
    let error = ArtifactStore::open(&ArtifactsAt::Folder(path.clone()))
        .await
        .unwrap_err();
    assert_eq!(error.to_string(), format!("cannot access {}", path.display()));
}
