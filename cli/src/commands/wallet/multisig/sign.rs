//! `ashlar wallet multisig commit`, `sign` and `aggregate`: the two rounds of a signature, and its end.

use std::path::{Path, PathBuf};

use anyhow::Context;
use ashlar_frost::Session;

use super::{Folder, ceremony::password, draft::Draft, store};
use crate::{
    commands::wallet::{
        files,
        pay::{Wait, send},
    },
    links::Links,
};

#[derive(Debug, clap::Args)]
pub struct Commit {
    #[command(flatten)]
    folder: Folder,
    /// The transaction that is signed.
    #[arg(long, value_name = "FILE")]
    transaction: PathBuf,
    /// New file for this party's commitment.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

#[derive(Debug, clap::Args)]
pub struct Sign {
    #[command(flatten)]
    folder: Folder,
    /// The transaction that is signed.
    #[arg(long, value_name = "FILE")]
    transaction: PathBuf,
    /// The commitments of all who sign, this party's among them: the same for each of them.
    #[arg(long, value_name = "FILE", required = true, num_args = 1..)]
    commitments: Vec<PathBuf>,
    /// New file for this party's share of the signature.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

#[derive(Debug, clap::Args)]
pub struct Aggregate {
    #[command(flatten)]
    folder: Folder,
    /// The transaction that was signed.
    #[arg(long, value_name = "FILE")]
    transaction: PathBuf,
    /// The commitments of all who have signed.
    #[arg(long, value_name = "FILE", required = true, num_args = 1..)]
    commitments: Vec<PathBuf>,
    /// Their shares of the signature.
    #[arg(long, value_name = "FILE", required = true, num_args = 1..)]
    shares: Vec<PathBuf>,
    #[command(flatten)]
    wait: Wait,
}

pub async fn commit(password_file: Option<&Path>, links: &Links, args: &Commit) -> anyhow::Result<()> {
    files::require_new(&args.out)?;
    let quorum = args.folder.quorum()?;
    let draft = Draft::load(&args.transaction, &links.domain().await?, &quorum)?;
    let message = draft.message()?;
    crate::say!("{}", draft.describe())?;
    let password = password(password_file, &args.folder)?;
    let signer = args.folder.signer(&password)?;
    // What was committed to and not used is sent again: it can be used once all the same.
    let nonces = match args.folder.nonces(&message, &password)? {
        Some(nonces) => nonces,
        None => {
            let (nonces, _) = signer.commit(&message, &mut rand::rngs::OsRng)?;
            args.folder.keep_nonces(&message, &nonces, &password)?;
            nonces
        }
    };
    store::write(&args.out, nonces.commitment())?;
    crate::say!(
        "commitment of party {}: give {} to all who sign, and run `sign` when theirs are here",
        signer.party(),
        args.out.display()
    )?;
    Ok(())
}

pub async fn sign(password_file: Option<&Path>, links: &Links, args: &Sign) -> anyhow::Result<()> {
    files::require_new(&args.out)?;
    let quorum = args.folder.quorum()?;
    let draft = Draft::load(&args.transaction, &links.domain().await?, &quorum)?;
    let message = draft.message()?;
    crate::say!("{}", draft.describe())?;
    let password = password(password_file, &args.folder)?;
    let signer = args.folder.signer(&password)?;
    let session = Session::new(signer.quorum(), &message, &store::read_all(&args.commitments)?)?;
    let nonces = args.folder.nonces(&message, &password)?.context(
        "this party has no nonces for this transaction: it has not committed to it, or has signed with them. `commit` first, or again",
    )?;
    session.require(nonces.commitment())?;
    // A share that leaves while its nonces can still be found could be followed by a second one, which gives the key away.
    args.folder.remove_nonces(&message)?;
    let share = signer.sign(nonces, &session)?;
    store::write(&args.out, &share)?;
    crate::say!(
        "share of party {}: give {} to whoever runs `aggregate`",
        signer.party(),
        args.out.display()
    )?;
    Ok(())
}

pub async fn aggregate(links: &Links, args: &Aggregate) -> anyhow::Result<()> {
    let quorum = args.folder.quorum()?;
    let client = links.client().await?;
    let draft = Draft::load(&args.transaction, client.domain(), &quorum)?;
    let session = Session::new(&quorum, &draft.message()?, &store::read_all(&args.commitments)?)?;
    let signature = session.aggregate(&store::read_all(&args.shares)?)?;
    crate::say!("{}", draft.describe())?;
    crate::say!("signed by parties {}", ashlar_frost::list(&session.signers()))?;
    send(&client, &draft.signed(&quorum, signature)?, &args.wait).await
}
