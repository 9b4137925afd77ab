//! `ashlar wallet multisig new`, `deal` and `finish`: the key ceremony of `ashlar_frost::dkg`.

use std::path::{Path, PathBuf};

use anyhow::bail;
use ashlar_frost::{
    Terms,
    dkg::{Stage, open},
};

use super::{Folder, store};
use crate::{commands::wallet::files, keys};

#[derive(Debug, clap::Args)]
pub struct New {
    #[command(flatten)]
    folder: Folder,
    /// How many parties sign.
    #[arg(long, value_name = "NUMBER")]
    threshold: u16,
    /// How many parties there are.
    #[arg(long, value_name = "NUMBER")]
    parties: u16,
    /// Which of them this is, from 1.
    #[arg(long, value_name = "NUMBER")]
    party: u16,
    /// New file for this party's opening.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

#[derive(Debug, clap::Args)]
pub struct Deal {
    #[command(flatten)]
    folder: Folder,
    /// The openings of all other parties.
    #[arg(value_name = "OPENING", required = true)]
    openings: Vec<PathBuf>,
    /// New file for this party's dealing.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

#[derive(Debug, clap::Args)]
pub struct Finish {
    #[command(flatten)]
    folder: Folder,
    /// The dealings of all other parties.
    #[arg(value_name = "DEALING", required = true)]
    dealings: Vec<PathBuf>,
}

/// The password of the folder.
pub fn password(file: Option<&Path>, folder: &Folder) -> anyhow::Result<String> {
    keys::password(file, &format!("Password of {}: ", folder.folder.display()))
}

/// In groups that people can read out to each other.
fn readable(fingerprint: &[u8; 32]) -> String {
    let groups: Vec<_> = fingerprint[..16].chunks(2).map(hex::encode).collect();
    groups.join(" ")
}

pub fn new(password_file: Option<&Path>, args: &New) -> anyhow::Result<()> {
    let terms = Terms::new(args.threshold, args.parties)?;
    files::require_new(&args.out)?;
    args.folder.create()?;
    let password = keys::new_password(password_file, "Password for this party's share: ")?;
    let (opened, opening) = open(terms, args.party, &mut rand::rngs::OsRng)?;
    args.folder.keep_stage(&Stage::Opened(opened), &password)?;
    store::write(&args.out, &opening)?;
    crate::say!(
        "opening of party {} of {}: give {} to all other parties, and run `deal` when theirs are here",
        args.party,
        args.parties,
        args.out.display()
    )?;
    Ok(())
}

pub fn deal(password_file: Option<&Path>, args: &Deal) -> anyhow::Result<()> {
    files::require_new(&args.out)?;
    let openings = store::read_all(&args.openings)?;
    let password = password(password_file, &args.folder)?;
    let Stage::Opened(opened) = args.folder.stage(&password)? else {
        bail!("this party has dealt already: run `finish` when the dealings of all others are here");
    };
    let (dealt, dealing) = opened.deal(&openings, &mut rand::rngs::OsRng)?;
    let fingerprint = readable(&dealt.fingerprint());
    // In this order: a dealing that could not be written is made once more.
    store::write(&args.out, &dealing)?;
    args.folder.keep_stage(&Stage::Dealt(dealt), &password)?;
    crate::say!(
        "dealing of party {}: give {} to all other parties, and run `finish` when theirs are here",
        dealing.party(),
        args.out.display()
    )?;
    crate::say!("fingerprint  {fingerprint}")?;
    crate::say!(
        "compare it by voice: a party that reads out another one has somebody between it and the rest"
    )?;
    Ok(())
}

pub fn finish(password_file: Option<&Path>, args: &Finish) -> anyhow::Result<()> {
    let dealings = store::read_all(&args.dealings)?;
    let password = password(password_file, &args.folder)?;
    let Stage::Dealt(dealt) = args.folder.stage(&password)? else {
        bail!("this party has not dealt: run `deal` with the openings of all others first");
    };
    let signer = dealt.finish(&dealings)?;
    args.folder.keep_signer(&signer, &password)?;
    let terms = signer.quorum().terms();
    crate::say!(
        "party {} has its share: any {} of {} sign",
        signer.party(),
        terms.threshold(),
        terms.parties()
    )?;
    crate::say!(
        "public key   0x{}",
        hex::encode(signer.quorum().public_key().to_bytes())
    )?;
    crate::say!("fingerprint  {}", readable(&dealt.fingerprint()))?;
    crate::say!(
        "the folder and its password are this party's share: {} lost shares and the key is gone",
        terms.parties() - terms.threshold() + 1
    )?;
    Ok(())
}
