//! `ashlar wallet`: an account of the rollup, from the key alone. The wallet remembers nothing: its account is found by
//! its L1 address and what its rollup key signs for, its history and its withdrawals are read off L1.

mod claim;
mod force;
mod history;
mod key;
mod new;
mod pay;
mod show;
mod watch;

pub use key::Source;

use alloy::{primitives::Address, signers::local::PrivateKeySigner};
use anyhow::{Context, bail};
use ashlar_client::{Account, AccountKey, Client, ClientError, L1, Sender, auth_of};
use ashlar_ecgfp5::SecretKey;
use ashlar_statement::hash::Hash;

use crate::links::Links;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    links: Links,
    #[command(flatten)]
    key: Source,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Make a key and keep it, encrypted, in the new file that --key-file names.
    New,
    /// Show the wallet's L1 address, and what its accounts on this rollup name for its key to sign for them.
    Address,
    /// Move money from L1 to the rollup; opens the account if there is none.
    Deposit(pay::Deposit),
    /// Show what the wallet holds, on the rollup and on L1.
    Balance(show::Balance),
    /// Pay another account.
    Transfer(pay::Transfer),
    /// Move money to an L1 address. Once its batch is proven, `claim` pays it.
    Withdraw(pay::Withdraw),
    /// Have L1 set what signs for an account of the wallet: the wallet's key, unless told otherwise.
    SetAuth(force::SetAuth),
    /// Withdraw to the wallet's L1 address by order of L1, which no sequencer can refuse. `claim` pays it.
    ForceWithdraw(force::ForceWithdraw),
    /// Pay another account by order of L1, which no sequencer can refuse.
    ForceTransfer(force::ForceTransfer),
    /// Have L1 pay what was withdrawn and is proven.
    Claim(claim::Args),
    /// List the wallet's operations, from L1's data alone or, with --remote, from the sequencer's index.
    History(history::Args),
    /// Follow batches and the wallet's operations in them, until interrupted.
    Watch(watch::Args),
}

/// The wallet's key, and both ends that it talks to.
struct Wallet {
    ethereum: PrivateKeySigner,
    key: SecretKey,
    links: Links,
}

impl Wallet {
    async fn both(&self) -> anyhow::Result<(Client, L1)> {
        self.links.both(Some(self.ethereum.clone())).await
    }

    async fn l1(&self) -> anyhow::Result<L1> {
        self.links.l1(Some(self.ethereum.clone())).await
    }

    /// Who owns its accounts.
    fn owner(&self) -> Address {
        self.ethereum.address()
    }

    /// What accounts name that its key signs for.
    fn auth(&self) -> Hash {
        auth_of(&self.key.public_key())
    }

    /// The account that its key signs for, or else the first one of its L1 address, which a deposit by somebody else has
    /// opened.
    async fn account(&self, client: &Client) -> Result<Option<Account>, ClientError> {
        let named = |auth| AccountKey::Owner {
            l1_owner: self.owner(),
            auth,
        };
        match client.account(named(Some(self.auth()))).await? {
            Some(account) => Ok(Some(account)),
            None => client.account(named(None)).await,
        }
    }

    /// The account that its key signs for, ready to pay.
    async fn sender(&self, client: &Client) -> anyhow::Result<Sender> {
        match client.sender(self.owner(), self.key.clone()).await {
            Err(error @ ClientError::NoAccount { .. }) => match self.account(client).await? {
                Some(account) => bail!(
                    "the wallet's key does not sign for account {}, which is its L1 address's: `ashlar wallet set-auth` gives it the key",
                    account.index
                ),
                None => Err(error).context("the wallet has no account"),
            },
            sender => Ok(sender?),
        }
    }
}

pub fn run(args: Args) -> anyhow::Result<()> {
    if let Command::New = args.command {
        return new::run(&args.key, &args.links);
    }
    let ethereum = args.key.signer()?;
    let links = args.links;
    let is_watch = matches!(args.command, Command::Watch(_));
    crate::shutdown::run(async |interrupted| {
        let command = async {
            let domain = links.domain().await?;
            let wallet = Wallet {
                key: super::key::derive(&ethereum, &domain)?,
                ethereum,
                links,
            };
            match args.command {
                Command::New => Ok(()),
                Command::Address => Ok(show::address(&wallet)?),
                Command::Deposit(args) => pay::deposit(&wallet, args).await,
                Command::Balance(args) => show::balance(&wallet, &args).await,
                Command::Transfer(args) => pay::transfer(&wallet, args).await,
                Command::Withdraw(args) => pay::withdraw(&wallet, args).await,
                Command::SetAuth(args) => force::set_auth(&wallet, &args).await,
                Command::ForceWithdraw(args) => force::withdraw(&wallet, &args).await,
                Command::ForceTransfer(args) => force::transfer(&wallet, &args).await,
                Command::Claim(args) => claim::run(&wallet, &args).await,
                Command::History(args) => history::run(&wallet, &args).await,
                Command::Watch(args) => watch::run(&wallet, &args).await,
            }
        };
        tokio::select! {
            outcome = command => outcome,
            () = interrupted.cancelled(), if is_watch => Ok(()),
            () = interrupted.cancelled() => anyhow::bail!("interrupted"),
        }
    })
}
