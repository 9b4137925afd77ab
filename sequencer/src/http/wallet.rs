//! The browser wallet: files that `scripts/build-web` makes, served from a folder, since a program that embedded them
//! could not be built without Node.

use std::{collections::BTreeMap, fs, io, path::Path, sync::Arc};

use axum::{
    extract::{Path as Name, State},
    http::header,
    response::{IntoResponse, Redirect, Response},
};

use super::{Gateway, problem::Problem};

/// As the explorer's, and the module may be compiled. No inline script or style, no other host, no frame.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// What the page is called.
const PAGE: &str = "index.html";

/// The files, as they were when the process started: a request reaches no file system.
#[derive(Clone, Debug, Default)]
pub struct Wallet(Arc<BTreeMap<String, (&'static str, Vec<u8>)>>);

/// `None` for what no page of ours is made of.
fn kind(name: &str) -> Option<&'static str> {
    Some(match name.rsplit_once('.')?.1 {
        "html" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "wasm" => "application/wasm",
        _ => return None,
    })
}

impl Wallet {
    /// Reads a folder that `scripts/build-web` has filled.
    ///
    /// # Errors
    /// Those of the operating system; among them that there is no page.
    pub fn load(folder: &Path) -> io::Result<Self> {
        let mut files = BTreeMap::new();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else {
                continue;
            };
            if let Some(kind) = kind(&name) {
                files.insert(name, (kind, fs::read(entry.path())?));
            }
        }
        if !files.contains_key(PAGE) {
            return Err(io::Error::new(
                io::ErrorKind::NotFound,
                "it has no index.html: scripts/build-web makes one",
            ));
        }
        Ok(Self(Arc::new(files)))
    }

    fn file(&self, name: &str) -> Result<Response, Problem> {
        let (kind, bytes) = self
            .0
            .get(name)
            .ok_or_else(|| Problem::not_found("there is no such file of the wallet (--wallet-dir)"))?;
        let headers = [
            (header::CONTENT_TYPE, *kind),
            (header::CONTENT_SECURITY_POLICY, POLICY),
            (header::REFERRER_POLICY, "no-referrer"),
            (header::CACHE_CONTROL, "no-cache"),
        ];
        Ok((headers, bytes.clone()).into_response())
    }
}

/// So that the page's relative addresses are right.
pub(super) async fn to_page() -> Redirect {
    Redirect::permanent("/wallet/")
}

pub(super) async fn page(State(gateway): State<Gateway>) -> Result<Response, Problem> {
    gateway.wallet.file(PAGE)
}

pub(super) async fn file(
    State(gateway): State<Gateway>,
    Name(name): Name<String>,
) -> Result<Response, Problem> {
    gateway.wallet.file(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_of_the_folder_are_served_and_only_known_kinds() {
        let folder = tempfile::tempdir().expect("a folder");
        let error = Wallet::load(folder.path()).expect_err("empty");
        assert!(error.to_string().contains("scripts/build-web"), "{error}");
        for name in [PAGE, "ashlar.wasm", "notes.txt"] {
            fs::write(folder.path().join(name), name).expect("writable");
        }
        let wallet = Wallet::load(folder.path()).expect("a page");
        let module = wallet.file("ashlar.wasm").expect("served");
        assert_eq!(module.headers()[header::CONTENT_TYPE], "application/wasm");
        for name in ["notes.txt", "../secret.js", "", "missing.js"] {
            wallet.file(name).expect_err(name);
        }
    }
}
