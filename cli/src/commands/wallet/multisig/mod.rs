//! `ashlar wallet multisig`: a key that parties hold together (`ashlar_frost`), each on a machine of its own. They hand
//! over files, by any channel; what must stay with a party is in its folder, encrypted.

mod ceremony;
mod draft;
mod owner;
mod sign;
mod store;

use std::path::{Path, PathBuf};

use crate::links::Links;

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Begin a key with others, first round: make a folder for this party, and its opening, which all others get.
    New(ceremony::New),
    /// Second round, with the openings of all others: make this party's dealing, which all others get.
    Deal(ceremony::Deal),
    /// Third round, with the dealings of all others: keep this party's share of the key.
    Finish(ceremony::Finish),
    /// Show what an account names for the group to sign for it, and what the account's L1 owner calls to that end.
    Auth(owner::Auth),
    /// Write a transfer to a file, for the parties to sign.
    Transfer(draft::TransferArgs),
    /// Write a withdrawal to a file, for the parties to sign.
    Withdraw(draft::WithdrawArgs),
    /// Sign a transaction, first round: show what it pays, and make this party's commitment, which all signers get.
    Commit(sign::Commit),
    /// Second round, with the commitments of all signers: make this party's share of the signature.
    Sign(sign::Sign),
    /// With the shares of all signers: put the signature together, and send the transaction.
    Aggregate(sign::Aggregate),
}

/// Where this party keeps what is its own.
#[derive(Debug, clap::Args)]
pub struct Folder {
    /// Folder of this party.
    #[arg(long, value_name = "DIR")]
    folder: PathBuf,
}

pub fn run(password_file: Option<&Path>, links: &Links, command: Command) -> anyhow::Result<()> {
    match command {
        Command::New(args) => return ceremony::new(password_file, &args),
        Command::Deal(args) => return ceremony::deal(password_file, &args),
        Command::Finish(args) => return ceremony::finish(password_file, &args),
        _ => {}
    }
    crate::shutdown::run(async |interrupted| {
        let command = async {
            match command {
                Command::New(_) | Command::Deal(_) | Command::Finish(_) => Ok(()),
                Command::Auth(args) => owner::auth(links, &args).await,
                Command::Transfer(args) => draft::transfer(links, args).await,
                Command::Withdraw(args) => draft::withdraw(links, args).await,
                Command::Commit(args) => sign::commit(password_file, links, &args).await,
                Command::Sign(args) => sign::sign(password_file, links, &args).await,
                Command::Aggregate(args) => sign::aggregate(links, &args).await,
            }
        };
        tokio::select! {
            outcome = command => outcome,
            () = interrupted.cancelled() => anyhow::bail!("interrupted"),
        }
    })
}
