//! `ashlar wallet passkey send`: what a passkey has signed, to L1.

use std::path::{Path, PathBuf};

use anyhow::Context;
use ashlar_client::{Assertion, L1};
use serde::Deserialize;

use super::{super::pay::Wait, from_base64, request::Request};
use crate::links::Links;

#[derive(Debug, clap::Args)]
pub struct Send {
    /// What was asked for, as `ask` has written it.
    #[arg(long, value_name = "FILE")]
    request: PathBuf,
    /// What the browser returned: the JSON of `PublicKeyCredential.toJSON()`.
    #[arg(long, value_name = "FILE")]
    assertion: PathBuf,
    #[command(flatten)]
    wait: Wait,
}

/// `AuthenticationResponseJSON` of WebAuthn level 3, as much of it as is needed.
#[derive(Deserialize)]
struct Credential {
    response: Response,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Response {
    authenticator_data: String,
    #[serde(rename = "clientDataJSON")]
    client_data_json: String,
    signature: String,
}

fn load(path: &Path) -> anyhow::Result<Assertion> {
    let read = || -> anyhow::Result<Assertion> {
        let text = std::fs::read_to_string(path)?;
        let credential: Credential = serde_json::from_str(&text)
            .context("not what `PublicKeyCredential.toJSON()` gives for an assertion")?;
        let response = credential.response;
        let client_data = from_base64(&response.client_data_json).context("clientDataJSON")?;
        Ok(Assertion {
            authenticator_data: from_base64(&response.authenticator_data).context("authenticatorData")?,
            client_data_json: String::from_utf8(client_data).context("clientDataJSON")?,
            signature: from_base64(&response.signature).context("signature")?,
        })
    };
    read().with_context(|| format!("cannot read {}", path.display()))
}

pub async fn send(links: &Links, l1: &L1, args: &Send) -> anyhow::Result<()> {
    let request = Request::load(&args.request, l1)?;
    let assertion = load(&args.assertion)?;
    let owner = l1.passkey_owner(request.owner).await?;
    let actions = [request.action.for_owner(l1).await?];
    request.require_current(owner.challenge(&actions, request.deadline).await?)?;
    let queued = owner.execute(&actions, request.deadline, &assertion).await?;
    crate::say!("done: {}", request.action.describe(l1).await?)?;
    for queued in queued {
        crate::say!("L1 operation {queued}")?;
        if let Some(milestone) = args.wait.milestone() {
            let client = links.client().await?;
            let receipt = client
                .wait_for_l1_operation(queued, milestone, args.wait.limit())
                .await?;
            match receipt.batch_number {
                Some(batch) => crate::say!("{milestone}: batch {batch}")?,
                None => crate::say!("{milestone}: in the open batch")?,
            }
        }
    }
    Ok(())
}
